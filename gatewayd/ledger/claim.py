"""Claiming: from queued messages to segments in the hands of one link, durable before the wire (G2)."""

from collections.abc import Callable, Sequence

import msgspec

from gatewayd.ledger.fold import best_attempts
from gatewayd.ledger.journal import Journal
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import (
    Content,
    Failure,
    Lane,
    LaneId,
    Message,
    MessageId,
    Millis,
    Segment,
    SegmentStage,
    Stage,
)
from gatewayd.smpp.text import Part


class Want(msgspec.Struct, frozen=True):
    """What a lane may give now.

    pick: message, the one link it is bound to or None -> the link that takes it, or None: not now.
    """

    lane: LaneId
    limit: int
    pick: Callable[[Message, str | None], str | None]


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """One message in the hands of `link`: the segments to send now, in order, with their octets."""

    message: MessageId
    link: str
    class_: str
    content: Content
    segments: tuple[tuple[Segment, Part], ...]


def claim(
    tables: Tables, wants: Sequence[Want], rules: Rules, owner: int, start: int, now: Millis
) -> list[Claimed]:
    """Claim what the links can take. `start`: a random number a new reference counter begins with."""
    claiming = _Claiming(tables, rules, owner, start, now)
    for want in wants:
        claiming.lane(want)
    claiming.journal.close()
    return claiming.claimed


class _Claiming:
    def __init__(self, tables: Tables, rules: Rules, owner: int, start: int, now: Millis) -> None:
        self._tables, self._rules, self._owner = tables, rules, owner
        self._start, self._now = start, now
        self.journal = Journal(tables, now)
        self.claimed: list[Claimed] = []

    def lane(self, want: Want) -> None:
        """Take from the front of a lane until its links are full."""
        lane = self._tables.lane(want.lane)
        messages = self._tables.claimable(want.lane, MessageId(0), want.limit)
        opted_out = self._opted_out(lane, messages)
        for message in messages:
            if self._ended(message, lane, opted_out=message.content.to in opted_out):
                continue
            segments = self._tables.segments([message.id]).get(message.id, []) if message.link else []
            bound = message.link if _began(segments) else None
            link = want.pick(message, bound)
            if link is not None:
                self._take(message, lane, link, segments if bound else None)
            elif bound is None:
                break

    def _opted_out(self, lane: Lane, messages: Sequence[Message]) -> set[str]:
        if not messages or not self._rules.class_rule(lane.class_).marketing:
            return set()
        pairs = self._tables.opted_out([(message.content.to, lane.brand) for message in messages])
        return {number for number, _ in pairs}

    def _ended(self, message: Message, lane: Lane, *, opted_out: bool) -> bool:
        """Judge the message at the moment of sending (G7, G8)."""
        if message.content.expires_at <= self._now:
            self.journal.move(message, Stage.EXPIRED, None, error=Failure("expired"))
            return True
        refusal = self._rules.judge(message.content, lane, opted_out=opted_out)
        if refusal is not None:
            self.journal.move(message, Stage.REJECTED, None, error=Failure(refusal.code, refusal.detail))
            return True
        return False

    def _take(self, message: Message, lane: Lane, link: str, begun: list[Segment] | None) -> None:
        parts = self._parts(message, link)
        segments = self._begin(message, link, len(parts)) if begun is None else self._resume(begun)
        if message.stage is Stage.RESUME:
            self.journal.move(message, Stage.IN_DOUBT, message.due)
        else:
            self.journal.move(message, Stage.CLAIMED, None)
        chosen = tuple((segment, parts[segment.number - 1]) for segment in segments)
        self.claimed.append(Claimed(message.id, link, lane.class_, message.content, chosen))

    def _parts(self, message: Message, link: str) -> tuple[Part, ...]:
        content = message.content
        parts = self._rules.parts(content, link, message.reference or 0)
        if len(parts) > 1 and message.reference is None:
            message.reference = self._tables.next_reference(content.sender, content.to, self._start)
            parts = self._rules.parts(content, link, message.reference)
        return parts

    def _begin(self, message: Message, link: str, total: int) -> list[Segment]:
        """No segment ever left: cut anew for this link."""
        if message.link is not None:
            self._tables.delete_segments(message.id)
        message.link, message.segments = link, total
        segments = [
            Segment(message.id, number, 1, SegmentStage.CLAIMED, link, self._owner, self._now)
            for number in range(1, total + 1)
        ]
        self.journal.new_segments(segments)
        return segments

    def _resume(self, begun: list[Segment]) -> list[Segment]:
        """Some left already: only what surely has not left, or is resent, goes now."""
        best = best_attempts(begun)
        waiting = [best[n] for n in sorted(best) if best[n].stage is SegmentStage.WAITING]
        for segment in waiting:
            segment.stage, segment.owner, segment.claimed_at = SegmentStage.CLAIMED, self._owner, self._now
            self.journal.segment(segment)
        return waiting


def _began(segments: Sequence[Segment]) -> bool:
    return any(s.stage is not SegmentStage.WAITING or s.attempt > 1 for s in segments)
