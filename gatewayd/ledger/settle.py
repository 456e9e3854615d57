"""What the SMSC answered, or did not: outcomes of segments, and their receipts.

Settling is idempotent: an SMSC repeats itself, a late response may follow a receipt, and a
receipt may come before the response of the submit_sm it speaks of.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Final

import msgspec

from gatewayd import retry
from gatewayd.ledger.fold import failure_of, fold
from gatewayd.ledger.journal import Journal
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import ParkedReceipt, Tables
from gatewayd.model import (
    Failure,
    Message,
    MessageId,
    Millis,
    Segment,
    SegmentStage,
    Stage,
    message_reference,
)
from gatewayd.smpp.consts import status_name
from gatewayd.smpp.receipt import Receipt, ReceiptState
from gatewayd.smpp.receipt_fit import Candidate, fit
from gatewayd.smpp.udh import UDHI, user_data


class Kind(Enum):
    """ANSWERED: submit_sm_resp or generic_nack came (status tells). DOUBTFUL: no answer, or the bind
    is gone (G2). RELEASED: surely never on the wire. EXPIRED: not sent, its time was over (G8).
    """

    ANSWERED = "answered"
    DOUBTFUL = "doubtful"
    RELEASED = "released"
    EXPIRED = "expired"


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one claimed segment. smsc_id: "" where the SMSC gave none."""

    link: str
    message: MessageId
    number: int
    attempt: int
    kind: Kind
    at: Millis
    status: int = 0
    smsc_id: str = ""


_RECEIPT_STAGE: Final[Mapping[ReceiptState, SegmentStage]] = {
    ReceiptState.DELIVERED: SegmentStage.DELIVERED,
    ReceiptState.ACCEPTED: SegmentStage.DELIVERED,  # only where the link calls ACCEPTD final
    ReceiptState.UNDELIVERABLE: SegmentStage.UNDELIVERABLE,
    ReceiptState.EXPIRED: SegmentStage.EXPIRED,
    ReceiptState.REJECTED: SegmentStage.REJECTED,
    ReceiptState.DELETED: SegmentStage.DELETED,
}
_SETTLED: Final = frozenset(_RECEIPT_STAGE.values()) | {SegmentStage.REFUSED}


def settle(
    tables: Tables,
    outcomes: Sequence[Outcome],
    receipts: Sequence[tuple[str, Receipt]],
    rules: Rules,
    now: Millis,
) -> None:
    """Record what became of segments, then the receipts (link, receipt) that came with them."""
    settling = _Settling(tables, rules, now)
    if outcomes:
        settling.outcomes(outcomes)
    if receipts:
        settling.receipts(receipts)
    settling.journal.close()


def recover(tables: Tables, rules: Rules, now: Millis, limit: int = 1000) -> int:
    """Put up to `limit` claims of a life that is over in doubt (G2); returns how many it found."""
    segments = tables.claimed_segments(limit)
    outcomes = [Outcome(s.link, s.message, s.number, s.attempt, Kind.DOUBTFUL, now) for s in segments]
    settle(tables, outcomes, (), rules, now)
    return len(segments)


class _Settling:
    """One batch: its messages and segments are read once and stay the same objects."""

    def __init__(self, tables: Tables, rules: Rules, now: Millis) -> None:
        self._tables, self._rules, self._now = tables, rules, now
        self.journal = Journal(tables, now)
        self._messages: dict[MessageId, Message] = {}
        self._segments: dict[MessageId, list[Segment]] = {}

    def _load(self, ids: Iterable[MessageId]) -> None:
        missing = set(ids) - self._messages.keys()
        if missing:
            self._messages.update(self._tables.messages(missing))
            self._segments.update(self._tables.segments(missing))

    # outcomes

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        self._load(outcome.message for outcome in outcomes)
        accepted: dict[str, dict[str, Segment]] = {}
        for outcome in outcomes:
            segment = self._segment(outcome)
            if segment is None:
                continue
            self._apply(outcome, segment)
            self.journal.segment(segment)
            if segment.smsc_id and outcome.kind is Kind.ANSWERED:
                accepted.setdefault(outcome.link, {})[segment.smsc_id] = segment
        for link, by_id in accepted.items():
            self._early(link, by_id)
        doubtful = {o.message for o in outcomes if o.kind is Kind.DOUBTFUL}
        for message in {outcome.message: None for outcome in outcomes}:
            self._fold(message)
        for message in doubtful:
            self._parked_for(message)

    def _segment(self, outcome: Outcome) -> Segment | None:
        for segment in self._segments.get(outcome.message, ()):
            if segment.number == outcome.number and segment.attempt == outcome.attempt:
                return segment
        return None

    def _apply(self, outcome: Outcome, segment: Segment) -> None:
        match outcome.kind:
            case Kind.ANSWERED:
                self._answered(outcome, segment)
            case Kind.DOUBTFUL:
                if segment.stage is SegmentStage.CLAIMED:
                    segment.stage = SegmentStage.IN_DOUBT
                    self._tables.effects.count("in_doubt", segment.link, self._class_of(segment))
            case Kind.RELEASED | Kind.EXPIRED:
                if segment.stage is SegmentStage.CLAIMED:
                    segment.stage = SegmentStage.WAITING

    def _answered(self, outcome: Outcome, segment: Segment) -> None:
        segment.status, segment.answered_at = outcome.status, outcome.at
        if outcome.status == 0:
            segment.smsc_id = outcome.smsc_id or None
            if segment.stage in (SegmentStage.CLAIMED, SegmentStage.IN_DOUBT, SegmentStage.WAITING):
                segment.stage = SegmentStage.ACCEPTED
        elif segment.stage in (SegmentStage.CLAIMED, SegmentStage.IN_DOUBT):
            segment.stage = SegmentStage.WAITING if self._again(segment) else SegmentStage.REFUSED

    def _again(self, segment: Segment) -> bool:
        """The refusal passes: the segment waits to be sent again. Counts the attempt."""
        message, status = self._messages[segment.message], segment.status or 0
        if retry.rule(status).class_ is not retry.Class.TEMPORARY:
            return retry.rule(status).class_ is not retry.Class.PERMANENT
        message.attempts += 1
        self.journal.touch(message)
        return retry.delay(status, message.attempts) is not None

    def _class_of(self, segment: Segment) -> str:
        return self._tables.lane(self._messages[segment.message].lane).class_

    # folding

    def _fold(self, identifier: MessageId) -> None:
        message = self._messages[identifier]
        if message.final:
            return
        self._move(message)
        if message.stage in (Stage.IN_DOUBT, Stage.RESUME) and self._may_resend(message):
            self._resend(message)

    def _move(self, message: Message) -> None:
        standing = fold(self._segments[message.id])
        if standing.failed is not None:
            status = standing.failed.status
            failure = failure_of(standing.failed, None if status is None else status_name(status))
            self.journal.move(message, standing.stage, None, error=failure)
        elif standing.stage is Stage.READY:
            self._requeue(message)
        elif standing.stage is Stage.RESUME:
            self.journal.move(message, Stage.RESUME, message.content.expires_at)
        elif standing.stage in (Stage.SUBMITTED, Stage.IN_DOUBT):
            if standing.stage is not message.stage or message.due is None:
                self.journal.move(message, standing.stage, self._receipt_due(message))
        elif standing.stage is not message.stage:
            self.journal.move(message, standing.stage, None)

    def _requeue(self, message: Message) -> None:
        """Segments wait: at once, after a refusal that passes later, or never again."""
        expires, waits = message.content.expires_at, self._retry_at(message)
        if expires <= self._now:
            self.journal.move(message, Stage.EXPIRED, None, error=self._expired(message))
        elif waits is None:
            self.journal.move(message, Stage.READY, expires)
        else:
            self.journal.move(
                message, Stage.RETRY, min(waits, expires), reason="retry", until=min(waits, expires)
            )

    def _retry_at(self, message: Message) -> Millis | None:
        refused = [
            s
            for s in self._segments[message.id]
            if s.stage is SegmentStage.WAITING and s.answered_at == self._now and s.status
        ]
        waits = [retry.delay(s.status or 0, message.attempts) for s in refused]
        return max((self._now + int(w * 1000) for w in waits if w is not None), default=None)

    def _expired(self, message: Message) -> Failure:
        refused = [s for s in self._segments[message.id] if s.status]
        status = status_name(refused[-1].status or 0) if refused else None
        return Failure("expired", command_status=status)

    def _receipt_due(self, message: Message) -> Millis:
        last = max(s.claimed_at for s in self._segments[message.id])
        rule = self._rules.class_rule(self._tables.lane(message.lane).class_)
        return max(last, self._now) + rule.receipt_wait

    # the one resend

    def _may_resend(self, message: Message) -> bool:
        rule = self._rules.class_rule(self._tables.lane(message.lane).class_)
        return rule.resend and not message.resent and message.content.expires_at > self._now

    def _resend(self, message: Message) -> None:
        doubtful = [s for s in self._segments[message.id] if s.stage is SegmentStage.IN_DOUBT]
        fresh = [_second(segment) for segment in doubtful]
        message.resent = True
        self.journal.new_segments(fresh)
        self._segments[message.id].extend(fresh)
        self._move(message)
        for segment in fresh:
            self._tables.effects.count("resent", segment.link, self._class_of(segment))

    # receipts

    def receipts(self, receipts: Sequence[tuple[str, Receipt]]) -> None:
        known = self._segments_named(receipts)
        touched: dict[MessageId, None] = {}
        for link, receipt in receipts:
            self._tables.effects.count("receipts", link, receipt.state.value)
            segment = self._newest(known, link, receipt) or self._fitting(link, receipt)
            if segment is None:
                self._park(link, receipt)
            elif self._receive(segment, link, receipt):
                touched[segment.message] = None
        for message in touched:
            self._fold(message)

    def _segments_named(
        self, receipts: Sequence[tuple[str, Receipt]]
    ) -> dict[tuple[str, str], list[Segment]]:
        names: dict[str, set[str]] = {}
        for link, receipt in receipts:
            names.setdefault(link, set()).update(_names(receipt))
        found = [s for link, ids in names.items() for s in self._tables.segments_by_smsc_id(link, ids)]
        self._load(segment.message for segment in found)
        known: dict[tuple[str, str], list[Segment]] = {}
        for message in {segment.message for segment in found}:
            for segment in self._segments[message]:
                if segment.smsc_id is not None:
                    known.setdefault((segment.link, segment.smsc_id), []).append(segment)
        return known

    def _newest(
        self, known: Mapping[tuple[str, str], list[Segment]], link: str, receipt: Receipt
    ) -> Segment | None:
        """SMSCs use ids again after some time: the newest segment of that id is meant."""
        for name in _names(receipt):
            segments = known.get((link, name))
            if segments:
                return max(segments, key=lambda s: s.claimed_at)
        return None

    def _fitting(self, link: str, receipt: Receipt) -> Segment | None:
        """The one in-doubt segment that the receipt fits by reference or by content (G2)."""
        number = self._rules.number(receipt.source.decode("latin-1"))
        segments = self._tables.segments_in_doubt(link, number) if number else []
        self._load(segment.message for segment in segments)
        open_ones = [
            mine
            for s in segments
            for mine in self._segments[s.message]
            if (mine.number, mine.attempt) == (s.number, s.attempt) and mine.stage is SegmentStage.IN_DOUBT
        ]
        found = fit(receipt, [self._candidate(place, s) for place, s in enumerate(open_ones)])
        return None if found is None else open_ones[found.key[0]]

    def _candidate(self, place: int, segment: Segment) -> Candidate:
        message = self._messages[segment.message]
        part = self._rules.parts(message.content, segment.link, message.reference or 0)[segment.number - 1]
        return Candidate(
            key=(place,),
            destination=message.content.to,
            source=message.content.sender,
            sent_at=datetime.fromtimestamp(segment.claimed_at / 1000, UTC),
            head=user_data(UDHI if part.udhi else 0, part.short_message, part.tlvs).octets,
            data_coding=part.data_coding,
            reference=message_reference(segment.message, segment.number),
        )

    def _receive(self, segment: Segment, link: str, receipt: Receipt) -> bool:
        """One receipt of a known segment; True if the segment changed."""
        message = self._messages[segment.message]
        if not receipt.final:
            return self._intermediate(segment, link, receipt)
        stage = _RECEIPT_STAGE[receipt.state]
        if segment.stage is stage:
            self._tables.effects.count("receipts_repeated", link)
            return False
        if segment.stage in _SETTLED or message.final:
            self._late(message, segment, link, receipt)
        if segment.stage in _SETTLED:
            return False
        segment.stage, segment.receipt_at = stage, self._now
        self._note(segment, receipt)
        if segment.answered_at is not None:
            waited = self._now - segment.answered_at
            self._tables.effects.observe("submit_to_receipt", waited / 1000, link)
        return True

    def _note(self, segment: Segment, receipt: Receipt) -> None:
        segment.stat, segment.err = receipt.stat or receipt.state.value, receipt.err or None
        if segment.smsc_id is None and receipt.smsc_message_id:
            segment.smsc_id = receipt.smsc_message_id
        self.journal.segment(segment)

    def _intermediate(self, segment: Segment, link: str, receipt: Receipt) -> bool:
        """ENROUTE and the like leave the state open, but they prove that the SMSC has the segment."""
        self._keep(link, receipt, segment.message)
        if segment.stage in _SETTLED:
            return False
        doubtful = segment.stage is SegmentStage.IN_DOUBT
        if doubtful:
            segment.stage = SegmentStage.ACCEPTED
        self._note(segment, receipt)
        return doubtful

    def _late(self, message: Message, segment: Segment, link: str, receipt: Receipt) -> None:
        self._keep(link, receipt, message.id)
        self._tables.effects.count("receipts_late", link)
        if message.final:
            stat = receipt.stat or receipt.state.value
            self.journal.late_receipt(message, segment.number, stat, receipt.err or None, link)

    # receipts beside the segments

    def _park(self, link: str, receipt: Receipt) -> None:
        body = msgspec.msgpack.encode(receipt)
        names = [receipt.smsc_message_id] if receipt.smsc_message_id else []
        if any(parked.body == body for parked in self._tables.parked(link, names)):
            self._tables.effects.count("receipts_repeated", link)
            return
        self._keep(link, receipt, None)
        self._tables.effects.count("receipts_unmatched", link)

    def _keep(self, link: str, receipt: Receipt, message: MessageId | None) -> None:
        number = self._rules.number(receipt.source.decode("latin-1"))
        body = msgspec.msgpack.encode(receipt)
        self._tables.park([ParkedReceipt(0, link, receipt.smsc_message_id, number, self._now, message, body)])

    def _early(self, link: str, by_id: Mapping[str, Segment]) -> None:
        """Receipts that came before the response that tells their id."""
        for parked in self._tables.parked(link, by_id):
            segment = by_id[parked.smsc_id]
            self._adopt(parked, segment)
            self._tables.effects.count("receipts_early", link)

    def _adopt(self, parked: ParkedReceipt, segment: Segment) -> None:
        self._tables.adopt(parked.id, segment.message)
        self._receive(segment, parked.link, msgspec.msgpack.decode(parked.body, type=Receipt))

    def _parked_for(self, identifier: MessageId) -> None:
        """A receipt may have come while the segment still awaited its answer."""
        message = self._messages[identifier]
        if message.link is None:
            return
        for parked in self._tables.parked_from(message.link, [message.content.to]):
            receipt = msgspec.msgpack.decode(parked.body, type=Receipt)
            self.journal.flush_segments()
            segment = self._fitting(parked.link, receipt)
            if segment is not None:
                self._tables.adopt(parked.id, segment.message)
                self._receive(segment, parked.link, receipt)
                self._fold(segment.message)


def _names(receipt: Receipt) -> tuple[str, ...]:
    return tuple(name for name in (receipt.smsc_message_id, receipt.text_message_id) if name)


def _second(segment: Segment) -> Segment:
    return Segment(
        segment.message,
        segment.number,
        segment.attempt + 1,
        SegmentStage.WAITING,
        segment.link,
        segment.owner,
        segment.claimed_at,
    )
