"""What the SMSC answered, or did not: the outcomes of segments, and the receipts that came with them.

Settling is idempotent: an SMSC repeats itself, a late response may follow a receipt, and a
receipt may come before the response of the submit_sm it speaks of.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final, assert_never

import msgspec

from gatewayd import retry
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.receipts import Receipts
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.ledger.tags import brake
from gatewayd.model import MessageId, Millis, Segment, SegmentStage
from gatewayd.sender_pace import Reception
from gatewayd.smpp.receipt import Receipt

_AWAITED: Final = (SegmentStage.CLAIMED, SegmentStage.IN_DOUBT)
_UNCOUNTED: Final = (retry.Class.THROTTLED, retry.Class.SESSION)
_UNNAMED: Final = (SegmentStage.ACCEPTED, SegmentStage.IN_DOUBT)


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


def settle(
    tables: Tables,
    outcomes: Sequence[Outcome],
    receipts: Sequence[tuple[str, Receipt]],
    rules: Rules,
    now: Millis,
    usable: frozenset[str] = frozenset(),
) -> None:
    """Record what became of segments, then the receipts (link, receipt) that came with them.

    usable: links that could take a message that another link's SMSC has refused.
    """
    progress = Progress(tables, rules, now, usable)
    box = Receipts(tables, rules, progress, now)
    if outcomes:
        _Settling(tables, progress, box).outcomes(outcomes)
    if receipts:
        box.receive(receipts)
    box.close()
    progress.journal.close()
    brake(tables, rules, progress.tags, now)


def recover(tables: Tables, rules: Rules, now: Millis, limit: int = 1000) -> int:
    """Put up to `limit` claims of a life that is over in doubt (G2); returns how many it found.

    Before anything is claimed in this life: it cannot tell old claims from new ones.
    """
    segments = tables.claimed_segments(limit)
    outcomes = [Outcome(s.link, s.message, s.number, s.attempt, Kind.DOUBTFUL, now) for s in segments]
    settle(tables, outcomes, (), rules, now)
    return len(segments)


class _Settling:
    def __init__(self, tables: Tables, progress: Progress, receipts: Receipts) -> None:
        self._tables, self._progress, self._receipts = tables, progress, receipts

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """First what the outcomes say, then what receipts that came before add, then what is still open."""
        self._progress.load(outcome.message for outcome in outcomes)
        touched: dict[MessageId, None] = {}
        unnamed: set[MessageId] = set()
        named: dict[str, list[str]] = {}
        for outcome in outcomes:
            segment = self._segment(outcome)
            if segment is None:
                continue
            self._apply(outcome, segment)
            self._progress.journal.segment(segment)
            touched[outcome.message] = None
            if outcome.smsc_id:
                named.setdefault(outcome.link, []).append(outcome.smsc_id)
            elif segment.stage in _UNNAMED:
                unnamed.add(outcome.message)
        for message in touched:
            self._progress.fold(message)
        self._receipts.early(named, touched, unnamed)
        for message in touched:
            self._progress.resend(message)

    def _segment(self, outcome: Outcome) -> Segment | None:
        for segment in self._progress.segments.get(outcome.message, ()):
            if segment.number == outcome.number and segment.attempt == outcome.attempt:
                return segment
        return None

    def _apply(self, outcome: Outcome, segment: Segment) -> None:
        claimed = segment.stage is SegmentStage.CLAIMED
        match outcome.kind:
            case Kind.ANSWERED:
                self._answered(outcome, segment)
            case Kind.DOUBTFUL:
                if claimed:
                    segment.stage = SegmentStage.IN_DOUBT
                    self._tables.effects.count("in_doubt", segment.link, self._class_of(segment))
            case Kind.RELEASED | Kind.EXPIRED:
                if claimed:
                    segment.stage = SegmentStage.WAITING
            case _:
                assert_never(outcome.kind)

    def _answered(self, outcome: Outcome, segment: Segment) -> None:
        segment.status, segment.answered_at = outcome.status, outcome.at
        segment.smsc_id = outcome.smsc_id or segment.smsc_id
        if segment.stage not in _AWAITED:
            return
        if outcome.status == 0:
            segment.stage = SegmentStage.ACCEPTED
            self._tell(segment, Reception.TAKEN)
        else:
            segment.stage = SegmentStage.WAITING if self._again(segment) else SegmentStage.REFUSED
            if self._refused(segment):
                self._progress.journal.refused_for_now(segment)

    def _tell(self, segment: Segment, reception: Reception) -> None:
        self._tables.effects.receptions[self._progress.messages[segment.message].lane, reception] += 1

    def _again(self, segment: Segment) -> bool:
        """The refusal passes: the segment waits to be sent again."""
        message, status = self._progress.messages[segment.message], segment.status or 0
        table = self._progress.retry(segment)
        rule = table.rule(status)
        if rule.class_ in _UNCOUNTED:
            return True
        if not any(self._refused(other) for other in self._progress.segments[message.id]):
            message.attempts += 1  # once for each sending of the message, however many segments it has
            message.refused = (*(link for link in message.refused if link != segment.link), segment.link)
            self._progress.journal.touch(message)
        if rule.class_ is retry.Class.PERMANENT:
            self._tell(segment, Reception.REFUSED)
            return rule.failover and self._progress.elsewhere(message)
        return table.delay(status, message.attempts) is not None

    def _refused(self, segment: Segment) -> bool:
        """Waits since its last sending was refused for now; the next claim forgets that."""
        if segment.stage is not SegmentStage.WAITING or not segment.status:
            return False
        return self._progress.retry(segment).rule(segment.status).class_ not in _UNCOUNTED

    def _class_of(self, segment: Segment) -> str:
        return self._progress.class_of(self._progress.messages[segment.message])
