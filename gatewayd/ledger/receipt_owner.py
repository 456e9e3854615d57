"""Whose a receipt is: the segment that it speaks of.

By the id that submit_sm_resp told, or by another notation of it; else by what the receipt repeats of a
segment without an id (G2). What points to several segments points to none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from gatewayd.errors import GatewayError
from gatewayd.ledger.fold import SETTLED
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import Message, Segment, SegmentStage, message_reference
from gatewayd.smpp.receipt import Receipt
from gatewayd.smpp.receipt_fit import Candidate, fit, same_number
from gatewayd.smpp.receipt_ids import CONVERSIONS, Notation, candidates, compare, trusted
from gatewayd.smpp.text import Part
from gatewayd.smpp.udh import UDHI, user_data


class Owners:
    """The segments that the receipts of one operation may speak of."""

    def __init__(self, tables: Tables, rules: Rules, progress: Progress) -> None:
        self._tables, self._rules, self._progress = tables, rules, progress
        self._journal = progress.journal
        self._named: dict[tuple[str, str], list[Segment]] = {}
        self._trusted: dict[str, frozenset[Notation]] = {}

    def load(self, receipts: Iterable[tuple[str, Receipt]]) -> None:
        """Read what has the ids of these receipts, and where none has, what has another notation of them."""
        receipts, wanted = list(receipts), dict[str, set[str]]()
        if not receipts:
            return
        self._journal.flush_segments()
        for link, receipt in receipts:
            wanted.setdefault(link, set()).update(names(receipt))
        self._load(wanted)
        others: dict[str, set[str]] = {}
        for link, receipt in receipts:
            if self._is_converting(link) or not self._is_named(link, receipt):
                others.setdefault(link, set()).update(self._others(link, receipt))
        if others:
            self._load(others)

    def _load(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Segments by link and id, with all segments of their messages."""
        found = [s for link, ids in wanted.items() for s in self._tables.segments_by_smsc_id(link, ids)]
        messages = {segment.message for segment in found}
        self._progress.load(messages)
        for message in messages:
            for segment in self._progress.segments[message]:
                self.name(segment)

    def name(self, segment: Segment) -> None:
        """From now on its id finds it."""
        if segment.smsc_id is not None:
            known = self._named.setdefault((segment.link, segment.smsc_id), [])
            if all(one is not segment for one in known):
                known.append(segment)

    def find(self, link: str, receipt: Receipt) -> Segment | None:
        """The segment that `receipt`, which must have been loaded, is about; None: nobody's, or unclear."""
        if self._is_converting(link) and len(names(receipt)) == 1:  # what looks the same is another's
            by_id = self._renamed(link, receipt) or self._exact(link, receipt)
        else:
            by_id = self._exact(link, receipt) or self._renamed(link, receipt)
        return by_id or self._fitting(link, receipt)

    # by id

    def _exact(self, link: str, receipt: Receipt) -> Segment | None:
        for name in names(receipt):
            segments = self._named.get((link, name))
            if segments:
                return _meant(segments)
        return None

    def _renamed(self, link: str, receipt: Receipt) -> Segment | None:
        """The one segment that has the id in another notation; an open one first.

        Where the link does not tell the notation, the handset must agree too.
        """
        known = [s for other in self._others(link, receipt) for s in self._named.get((link, other), ())]
        if self._rules.dialect(link).notation is Notation.AUTO and receipt.source:
            handset = receipt.source.decode("latin-1")
            known = [segment for segment in known if same_number(handset, segment.to)]
        fitting = [segment for segment in known if segment.stage not in SETTLED] or known
        if len({(segment.message, segment.smsc_id) for segment in fitting}) > 1:
            self._tables.effects.count("receipts_ambiguous", link)
            return None
        return _meant(fitting) if fitting else None

    def _is_named(self, link: str, receipt: Receipt) -> bool:
        known = self._named
        return (link, receipt.smsc_message_id) in known or (link, receipt.text_message_id) in known

    def _is_converting(self, link: str) -> bool:
        """Whether the link's ids are surely in another notation."""
        return self._rules.dialect(link).notation in CONVERSIONS

    def _others(self, link: str, receipt: Receipt) -> Collection[str]:
        return [other for name in names(receipt) for other in self.notations(link, name)]

    def notations(self, link: str, name: str, *, of_receipt: bool = True) -> Collection[str]:
        """Ids of submit_sm_resp that a receipt's id may mean; or the other way about."""
        notation = self._rules.dialect(link).notation
        return candidates(name, notation if of_receipt else notation.inverse, self._sure(link, notation))

    def _sure(self, link: str, notation: Notation) -> Collection[Notation]:
        """Conversions that real pairs of the link have shown."""
        if notation is not Notation.AUTO:
            return ()
        if link not in self._trusted:
            self._trusted[link] = trusted(self._tables.id_pairs(link))
        return self._trusted[link]

    # by content

    def _fitting(self, link: str, receipt: Receipt) -> Segment | None:
        """The one open segment without an id that the receipt fits by reference or by content (G2).

        One whose response is still awaited counts among them, but is left to that response.
        """
        number = self._rules.number(receipt.source.decode("latin-1"))
        self._journal.flush_segments()
        rows = self._tables.unnamed_segments(link, number)
        self._progress.load(row.message for row in rows)
        segments = [self._same(row) for row in rows]
        candidates = [self._candidate(place, segment) for place, segment in enumerate(segments)]
        found = next(filter(None, (fit(receipt, choice) for choice in _choices(candidates, segments))), None)
        segment = None if found is None else segments[found.key[0]]
        return None if segment is None or segment.stage is SegmentStage.CLAIMED else segment

    def _same(self, row: Segment) -> Segment:
        """The segment of a row as this operation knows it."""
        mine = self._progress.segments[row.message]
        return next(s for s in mine if (s.number, s.attempt) == (row.number, row.attempt))

    def _candidate(self, place: int, segment: Segment) -> Candidate:
        message = self._progress.messages[segment.message]
        part = self._part(message, segment)
        head = b"" if part is None else user_data(UDHI * part.udhi, part.short_message, part.tlvs).octets
        return Candidate(
            key=(place,),
            destination=message.content.to,
            source=message.content.sender,
            sent_at=datetime.fromtimestamp(segment.claimed_at / 1000, UTC),
            head=head,
            data_coding=0 if part is None else part.data_coding,
            reference=self._reference(segment),
        )

    def _reference(self, segment: Segment) -> int | None:
        """What the submit_sm carried; some SMSCs put a reference of their own into receipts."""
        if not self._rules.sends_reference(segment.link):
            return None
        return message_reference(segment.message, segment.number)

    def _part(self, message: Message, segment: Segment) -> Part | None:
        """What was sent, as far as the configuration still cuts it like that."""
        try:
            parts = self._rules.parts(message.content, segment.link, message.reference or 0)
        except GatewayError:
            return None
        return parts[segment.number - 1] if segment.number <= len(parts) else None


def matching(tables: Tables, link: str, receipts: Sequence[Receipt]) -> list[Notation]:
    """Of receipts without an owner: the notations by which just one segment to the same handset fits."""
    forms = [
        {other for name in names(receipt) for other in candidates(name, Notation.AUTO, CONVERSIONS)}
        for receipt in receipts
    ]
    known: dict[str, list[Segment]] = {}
    for segment in tables.segments_by_smsc_id(link, set().union(*forms)):
        known.setdefault(segment.smsc_id or "", []).append(segment)
    found = []
    for receipt, others in zip(receipts, forms, strict=True):
        handset = receipt.source.decode("latin-1")
        fitting = [s for other in others for s in known.get(other, ()) if same_number(handset, s.to)]
        if len({(s.message, s.smsc_id) for s in fitting}) == 1:
            written = [compare(fitting[0].smsc_id or "", name) for name in names(receipt)]
            found += [notation for notation in Notation if notation in written][:1]
    return found


def names(receipt: Receipt) -> tuple[str, ...]:
    """Its ids: that of the TLV first."""
    first, second = receipt.smsc_message_id, receipt.text_message_id
    if not second:  # most
        return (first,) if first else ()
    return (first, second) if first else (second,)


def _choices(candidates: Sequence[Candidate], segments: Sequence[Segment]) -> Iterable[Iterable[Candidate]]:
    """All of them; then, of a segment sent twice, the later or the earlier attempt only.

    Whichever of the two arrived, the segment has arrived.
    """
    yield candidates
    later = {(s.message, s.number): place for place, s in enumerate(segments)}
    if len(later) < len(segments):
        places = reversed(range(len(segments)))
        earlier = {(segments[place].message, segments[place].number): place for place in places}
        yield [candidates[place] for place in later.values()]
        yield [candidates[place] for place in earlier.values()]


def _meant(segments: Sequence[Segment]) -> Segment:
    """Of segments with one id the newest message's, since SMSCs use ids again after some time.

    Some give all segments of a message one id: each receipt then settles the next open one.
    """
    newest = max(segments, key=lambda s: s.claimed_at)
    open_ones = (s for s in segments if s.message == newest.message and s.stage not in SETTLED)
    return next(open_ones, newest)
