"""Receipts: whose they are, what they change, and where they are kept when they change nothing.

By id where the segment has one; else by what a receipt repeats of a segment in doubt (G2). What belongs
to nobody is kept, since the response that tells its id may still be on its way.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from gatewayd.errors import GatewayError
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import ParkedReceipt, Tables
from gatewayd.model import Message, MessageId, Millis, Segment, SegmentStage, message_reference
from gatewayd.smpp.receipt import Receipt, ReceiptState
from gatewayd.smpp.receipt_fit import Candidate, fit
from gatewayd.smpp.text import Part
from gatewayd.smpp.udh import UDHI, user_data

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Receipt).decode

_STAGE: Final[Mapping[ReceiptState, SegmentStage]] = {
    ReceiptState.DELIVERED: SegmentStage.DELIVERED,
    ReceiptState.ACCEPTED: SegmentStage.DELIVERED,  # only where the link calls ACCEPTD final
    ReceiptState.UNDELIVERABLE: SegmentStage.UNDELIVERABLE,
    ReceiptState.EXPIRED: SegmentStage.EXPIRED,
    ReceiptState.REJECTED: SegmentStage.REJECTED,
    ReceiptState.DELETED: SegmentStage.DELETED,
}
_SETTLED: Final = frozenset(_STAGE.values()) | {SegmentStage.REFUSED}


class Receipts:
    """The receipts of one operation."""

    def __init__(self, tables: Tables, rules: Rules, progress: Progress, now: Millis) -> None:
        self._tables, self._rules, self._progress, self._now = tables, rules, progress, now
        self._journal = progress.journal
        self._named: dict[tuple[str, str], list[Segment]] = {}

    def receive(self, receipts: Sequence[tuple[str, Receipt]]) -> None:
        """Receipts as they came, each with its link."""
        self._load_named(receipts)
        for link, receipt in receipts:
            self._tables.effects.count("receipts", link, receipt.state.value)
            segment = self._find(link, receipt)
            if segment is None:
                self._park(link, receipt)
            else:
                self._apply(segment, link, receipt)

    def early(self, named: Mapping[str, Sequence[str]], unnamed: Iterable[MessageId]) -> None:
        """Receipts that came before the response.

        named: link -> ids that responses told. unnamed: messages with segments that got no id.
        """
        parked = [r for link, ids in named.items() for r in self._tables.parked(link, ids)]
        early = {receipt.id for receipt in parked}
        numbers: dict[str, set[str]] = {}
        for message in map(self._progress.messages.__getitem__, unnamed):
            numbers.setdefault(message.link or "", set()).add(message.content.to)
        parked += [r for link, those in numbers.items() for r in self._tables.parked_from(link, those)]
        receipts = {row.id: (row.link, _decode(row.body)) for row in parked}
        self._load_named(receipts.values())
        for identifier, (link, receipt) in receipts.items():
            segment = self._find(link, receipt)
            if segment is not None:
                self._tables.adopt(identifier, segment.message)
                if identifier in early:
                    self._tables.effects.count("receipts_early", link)
                self._apply(segment, link, receipt, kept=True)

    # whose it is

    def _load_named(self, receipts: Iterable[tuple[str, Receipt]]) -> None:
        """What has the ids of these receipts, with all segments of its message."""
        names: dict[str, set[str]] = {}
        for link, receipt in receipts:
            names.setdefault(link, set()).update(_names(receipt))
        if names:
            self._journal.flush_segments()
        found = [s for link, ids in names.items() for s in self._tables.segments_by_smsc_id(link, ids)]
        messages = {segment.message for segment in found}
        self._progress.load(messages)
        for message in messages:
            for segment in self._progress.segments[message]:
                self._name(segment)

    def _name(self, segment: Segment) -> None:
        if segment.smsc_id is not None:
            self._named.setdefault((segment.link, segment.smsc_id), []).append(segment)

    def _find(self, link: str, receipt: Receipt) -> Segment | None:
        for name in _names(receipt):
            segments = self._named.get((link, name))
            if segments:
                return _meant(segments)
        return self._fitting(link, receipt)

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

    # what it changes

    def _apply(self, segment: Segment, link: str, receipt: Receipt, *, kept: bool = False) -> None:
        message, settled = self._progress.messages[segment.message], segment.stage in _SETTLED
        if receipt.final and segment.stage is _STAGE[receipt.state]:
            self._tables.effects.count("receipts_repeated", link)
            return
        if message.final or settled or not receipt.final:
            if not kept and not self._keep(link, receipt, message.id):
                return
            if message.final or receipt.final:
                self._late(message, segment, link, receipt)
        if not settled:
            self._advance(segment, link, receipt)
            self._progress.fold(message.id)

    def _late(self, message: Message, segment: Segment, link: str, receipt: Receipt) -> None:
        self._tables.effects.count("receipts_late", link)
        if message.final:
            stat = receipt.stat or receipt.state.value
            self._journal.late_receipt(message, segment.number, stat, receipt.err or None, link)

    def _advance(self, segment: Segment, link: str, receipt: Receipt) -> None:
        """A final receipt settles the segment; any other at least proves that the SMSC has it."""
        if receipt.final:
            segment.stage, segment.receipt_at = _STAGE[receipt.state], self._now
            if segment.answered_at is not None:
                waited = (self._now - segment.answered_at) / 1000
                self._tables.effects.observe("submit_to_receipt", waited, link)
        elif segment.stage is SegmentStage.IN_DOUBT:
            segment.stage = SegmentStage.ACCEPTED
        segment.stat, segment.err = receipt.stat or receipt.state.value, receipt.err or None
        if segment.smsc_id is None and receipt.smsc_message_id:
            segment.smsc_id = receipt.smsc_message_id
            self._name(segment)
            self._journal.segment(segment)
        else:
            self._journal.settled(segment)

    # where it is kept

    def _park(self, link: str, receipt: Receipt) -> None:
        if self._keep(link, receipt, None):
            self._tables.effects.count("receipts_unmatched", link)

    def _keep(self, link: str, receipt: Receipt, message: MessageId | None) -> bool:
        """Keep it beside the segments; False if it is there already."""
        tables, body, name = self._tables, _encode(receipt), receipt.smsc_message_id
        number = self._rules.number(receipt.source.decode("latin-1"))
        if message is not None:
            twins = tables.receipts_of(message)
        else:
            twins = tables.parked(link, [name]) if name else tables.parked_from(link, [number])
        if any(twin.body == body and twin.link == link for twin in twins):
            tables.effects.count("receipts_repeated", link)
            return False
        tables.park([ParkedReceipt(0, link, name, number, self._now, message, body)])
        return True


def _names(receipt: Receipt) -> tuple[str, ...]:
    return tuple(name for name in (receipt.smsc_message_id, receipt.text_message_id) if name)


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
    open_ones = (s for s in segments if s.message == newest.message and s.stage not in _SETTLED)
    return next(open_ones, newest)
