"""Whose a receipt is: the segment that it speaks of.

By the id that submit_sm_resp told, or by another notation of it; else by what the receipt repeats. What
points to several segments points to none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from gatewayd.ledger.fold import SETTLED
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.receipt_content import Contents
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import Segment
from gatewayd.smpp.receipt import Receipt
from gatewayd.smpp.receipt_fit import same_number
from gatewayd.smpp.receipt_ids import CONVERSIONS, Notation, compare, key, means, other_keys, trusted


class Owners:
    """The segments that the receipts of one operation may speak of."""

    def __init__(self, tables: Tables, rules: Rules, progress: Progress) -> None:
        self._tables, self._rules, self._progress = tables, rules, progress
        self._contents = Contents(tables, rules, progress)
        self._keyed: dict[tuple[str, str], list[Segment]] = {}
        self._trusted: dict[str, frozenset[Notation]] = {}

    def load(self, receipts: Iterable[tuple[str, Receipt]]) -> None:
        """Read what has the ids of these receipts, and where none has, what has another notation of them."""
        receipts, wanted = list(receipts), dict[str, set[str]]()
        if not receipts:
            return
        self._progress.journal.flush_segments()
        for link, receipt in receipts:
            wanted.setdefault(link, set()).update(map(key, receipt.ids))
        self._load(wanted)
        others: dict[str, set[str]] = {}
        for link, receipt in receipts:
            if self._is_converting(link) or not self._exact(link, receipt):
                others.setdefault(link, set()).update(*map(other_keys, receipt.ids))
        if others:
            self._load(others)

    def _load(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Segments by link and key of the id, with all segments of their messages."""
        found = [s for link, keys in wanted.items() for s in self._tables.segments_by_key(link, keys)]
        messages = {segment.message for segment in found}
        self._progress.load(messages)
        for message in messages:
            for segment in self._progress.segments[message]:
                self.name(segment)

    def name(self, segment: Segment) -> None:
        """From now on its id finds it."""
        if segment.smsc_id is not None:
            known = self._keyed.setdefault((segment.link, key(segment.smsc_id)), [])
            if all(one is not segment for one in known):
                known.append(segment)

    def find(self, link: str, receipt: Receipt) -> Segment | None:
        """The segment that `receipt`, which must have been loaded, is about; None: nobody's, or unclear."""
        if self._is_converting(link) and len(receipt.ids) == 1:  # what looks the same is another's
            by_id = self._renamed(link, receipt) or self._exact(link, receipt)
        else:
            by_id = self._exact(link, receipt) or self._renamed(link, receipt)
        return by_id or self._contents.find(link, receipt)

    # by id

    def _exact(self, link: str, receipt: Receipt) -> Segment | None:
        for name in receipt.ids:
            segments = [s for s in self._keyed.get((link, key(name)), ()) if s.smsc_id == name]
            if segments:
                return segments[0] if len(segments) == 1 else _meant(segments)
        return None

    def _renamed(self, link: str, receipt: Receipt) -> Segment | None:
        """The one segment that has the id in another notation; an open one first.

        Where the link does not tell the notation, the handset must agree too.
        """
        known = self._named_otherwise(link, receipt)
        if known and self._rules.dialect(link).notation is Notation.AUTO and receipt.source:
            handset = receipt.source.decode("latin-1")
            known = [segment for segment in known if same_number(handset, segment.to)]
        fitting = [segment for segment in known if segment.stage not in SETTLED] or known
        if len({(segment.message, segment.smsc_id) for segment in fitting}) > 1:
            self._tables.effects.count("receipts_ambiguous", link)
            return None
        return _meant(fitting) if fitting else None

    def _named_otherwise(self, link: str, receipt: Receipt) -> list[Segment]:
        notation = self._rules.dialect(link).notation
        sure = self._sure(link, notation)
        return [
            segment
            for name in receipt.ids
            for other in (key(name), *other_keys(name))
            for segment in self._keyed.get((link, other), ())
            if means(segment.smsc_id or "", name, notation, sure)
        ]

    def _is_converting(self, link: str) -> bool:
        """Whether the link's ids are surely in another notation."""
        return self._rules.dialect(link).notation in CONVERSIONS

    def _sure(self, link: str, notation: Notation) -> Collection[Notation]:
        """What real pairs of the link have shown."""
        if notation is not Notation.AUTO:
            return ()
        if link not in self._trusted:
            self._trusted[link] = trusted(self._tables.id_pairs(link))
        return self._trusted[link]


def matching(tables: Tables, link: str, receipts: Sequence[Receipt]) -> tuple[list[Notation], int]:
    """Of receipts without an owner: the notations by which just one segment to the same handset fits.

    And how many receipts fit several.
    """
    wanted = [{k for name in receipt.ids for k in (key(name), *other_keys(name))} for receipt in receipts]
    known: dict[str, list[Segment]] = {}
    for segment in tables.segments_by_key(link, set().union(*wanted)):
        known.setdefault(key(segment.smsc_id or ""), []).append(segment)
    found, ambiguous = list[Notation](), 0
    for receipt, keys in zip(receipts, wanted, strict=True):
        handset = receipt.source.decode("latin-1")
        near = [s for k in keys for s in known.get(k, ()) if same_number(handset, s.to)]
        fitting = {(s.message, s.smsc_id): notation for s in near if (notation := written(s, receipt))}
        ambiguous += len(fitting) > 1
        found += fitting.values() if len(fitting) == 1 else ()
    return found, ambiguous


def written(segment: Segment, receipt: Receipt) -> Notation | None:
    """How the receipt writes the id of the segment: the nearest of its notations."""
    seen = [compare(segment.smsc_id or "", name) for name in receipt.ids]
    return next((notation for notation in Notation if notation in seen), None)


def _meant(segments: Sequence[Segment]) -> Segment:
    """Of segments with one id the newest message's, since SMSCs use ids again after some time.

    Some give all segments of a message one id: each receipt then settles the next open one.
    """
    newest = max(segments, key=lambda s: s.claimed_at)
    open_ones = (s for s in segments if s.message == newest.message and s.stage not in SETTLED)
    return next(open_ones, newest)
