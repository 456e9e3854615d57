"""Whose a receipt is that names no id, an unknown one, or what is left of one: by what it repeats (G2).

A guess would be a lie about a message: what fits several open segments fits none.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from gatewayd.errors import GatewayError
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import Message, Segment, SegmentStage, message_reference
from gatewayd.smpp.receipt import Receipt
from gatewayd.smpp.receipt_fit import Candidate, fit
from gatewayd.smpp.receipt_ids import Notation, is_truncated
from gatewayd.smpp.text import Part
from gatewayd.smpp.udh import UDHI, user_data

NEWEST: Final = 1000
"""Messages to one number among which one is looked for whose id is known; older ones are hardly open."""
_UNREADABLE: Final = Part(b"", False, 4, (), 1, 1)


class Contents:
    """The open segments of one operation, looked through for one that a receipt fits."""

    def __init__(self, tables: Tables, rules: Rules, progress: Progress) -> None:
        self._tables, self._rules, self._progress = tables, rules, progress

    def find(self, link: str, receipt: Receipt) -> Segment | None:
        """The one open segment that the receipt fits by reference or by content; None: none, or unclear.

        One whose response is still awaited counts among them, but is left to that response.
        """
        self._progress.journal.flush_segments()
        number, told = self._rules.number(receipt.source.decode("latin-1")), receipt.ids
        found = self._truncated(link, receipt, number, told) if told else None
        if found is None:
            rows = self._tables.unnamed_segments(link, number)
            if not told:
                rows += self._tables.named_segments(link, number, NEWEST)
            found = self._fitting(receipt, rows)
        return None if found is None or found.stage is SegmentStage.CLAIMED else found

    def _truncated(self, link: str, receipt: Receipt, number: str, told: Sequence[str]) -> Segment | None:
        """The one whose id the receipt has cut short; nothing that it repeats may speak against it."""
        if self._rules.dialect(link).notation is not Notation.AUTO:
            return None
        known = self._tables.named_segments(link, number, NEWEST)
        cut = [s for s in known if any(is_truncated(s.smsc_id or "", name) for name in told)]
        return self._fitting(receipt, cut, named=True)

    def _fitting(self, receipt: Receipt, rows: Sequence[Segment], *, named: bool = False) -> Segment | None:
        self._progress.load(row.message for row in rows)
        segments = [self._same(row) for row in rows]
        candidates = [self._candidate(place, segment) for place, segment in enumerate(segments)]
        fits = (fit(receipt, choice, named=named) for choice in _choices(candidates, segments))
        found = next(filter(None, fits), None)
        return None if found is None else segments[found.key[0]]

    def _same(self, row: Segment) -> Segment:
        """The segment of a row as this operation knows it."""
        mine = self._progress.segments[row.message]
        return next(s for s in mine if (s.number, s.attempt) == (row.number, row.attempt))

    def _candidate(self, place: int, segment: Segment) -> Candidate:
        message = self._progress.messages[segment.message]
        part = self._part(message, segment) or _UNREADABLE
        data = user_data(UDHI * part.udhi, part.short_message, part.tlvs)
        return Candidate(
            key=(place,),
            destination=message.content.to,
            source=message.content.sender,
            sent_at=datetime.fromtimestamp(segment.claimed_at / 1000, UTC),
            head=data.octets,
            data_coding=part.data_coding,
            elements=data.elements,
            reader=self._rules.reader(segment.link),
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
