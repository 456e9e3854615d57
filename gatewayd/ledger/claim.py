"""Claiming: from queued messages to segments in the hands of one link, durable before the wire (G2)."""

from collections.abc import Callable, Sequence

import msgspec

from gatewayd.errors import GatewayError
from gatewayd.ledger.facts import Known
from gatewayd.ledger.fold import best_attempts
from gatewayd.ledger.progress import Progress
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
    Refusal,
    Segment,
    SegmentStage,
    Stage,
)
from gatewayd.policy.subject import Facts
from gatewayd.policy.uses import Use
from gatewayd.smpp.text import Part

Pick = Callable[[Message, str | None], str | Millis | None]


class Want(msgspec.Struct, frozen=True):
    """What a lane may give now; one for each lane.

    pick: message, the one link it is bound to or None -> the link that takes it; when it may be asked again;
    or None: not now.
    """

    lane: LaneId
    limit: int
    pick: Pick


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
    claiming.close()
    return claiming.claimed


class _Claiming:
    def __init__(self, tables: Tables, rules: Rules, owner: int, start: int, now: Millis) -> None:
        self._tables, self._rules, self._owner = tables, rules, owner
        self._start, self._now = start, now
        self._progress = Progress(tables, rules, now)
        self._journal = self._progress.journal
        self.claimed: list[Claimed] = []
        self._known = Known(tables)
        self._uses: list[tuple[str, Use]] = []

    def close(self) -> None:
        self._journal.close()
        if self._uses:
            self._tables.put_uses(self._uses)

    def lane(self, want: Want) -> None:
        """Take from the front of a lane until its links are full.

        What has to wait for its own link, or for another than refused it, is passed by, and does not count
        for the limit.
        """
        lane, more = self._tables.lane(want.lane), True
        after = MessageId(0)
        while more:
            messages = self._tables.claimable(want.lane, after, want.limit)
            more = self._page(lane, messages, want.pick) and len(messages) == want.limit
            after = messages[-1].id if messages else after

    def _page(self, lane: Lane, messages: Sequence[Message], pick: Pick) -> bool:
        """True if some were passed by, so that there may be room for later ones."""
        self._progress.add(messages)
        askings = [self._rules.asking(message.content, lane) for message in messages]
        self._known.load(askings)
        passed = False
        for message, asking in zip(messages, askings, strict=True):
            if self._stopped(message, lane, self._known.facts(asking, message.id)):
                continue
            segments = self._progress.segments.get(message.id, [])
            bound = message.link if _began(segments) else None
            link = pick(message, bound)
            if isinstance(link, str):
                self._take(message, lane, link, began=bound is not None)
            elif link is not None:
                self._progress.delay(message, link)
                passed = True
            elif bound is None and not message.refused:
                return False
            else:
                passed = True
        return passed

    def _stopped(self, message: Message, lane: Lane, facts: Facts) -> bool:
        """Judge the message at the moment of sending (G7, G8)."""
        if message.content.expires_at <= self._now:
            self._progress.stop(message, SegmentStage.EXPIRED, Failure("expired"))
            return True
        outcome = self._rules.judge(message.content, lane, facts, self._now)
        if isinstance(outcome, Refusal):
            self._reject(message, outcome.code, outcome.detail)
        elif outcome is not None:
            self._progress.hold(message, outcome)
        return outcome is not None

    def _reject(self, message: Message, code: str, detail: str) -> None:
        self._progress.stop(message, SegmentStage.REJECTED, Failure(code, detail))

    def _take(self, message: Message, lane: Lane, link: str, *, began: bool) -> None:
        try:
            parts = self._parts(message, link)
        except GatewayError as error:
            self._reject(message, "unencodable", str(error))
            return
        if began and len(parts) != message.segments:
            self._reject(message, "internal", f"{link} now cuts it otherwise than when it began to leave")
            return
        segments = self._resume(message) if began else self._begin(message, link, len(parts))
        self._count(message, lane)
        chosen = tuple((segment, parts[segment.number - 1]) for segment in segments)
        self.claimed.append(Claimed(message.id, link, lane.class_, message.content, chosen))

    def _count(self, message: Message, lane: Lane) -> None:
        """What counts when it leaves counts from now on."""
        use = self._rules.leaving(message.content, lane, self._now)
        if use is not None:
            use = msgspec.structs.replace(use, message=message.id)
            self._known.count(message.content.to, use)
            self._uses.append((message.content.to, use))

    def _parts(self, message: Message, link: str) -> tuple[Part, ...]:
        """The segments as `link` sends them; a long message gets its reference with the first claim."""
        content = message.content
        if message.reference is None and message.segments > 1:
            self._refer(message)
        parts = self._rules.parts(content, link, message.reference or 0)
        if len(parts) > 1 and message.reference is None:
            self._refer(message)
            parts = self._rules.parts(content, link, message.reference or 0)
        return parts

    def _refer(self, message: Message) -> None:
        content = message.content
        message.reference = self._tables.next_reference(content.sender, content.to, self._start)

    def _begin(self, message: Message, link: str, total: int) -> list[Segment]:
        """No segment ever left: cut anew for this link."""
        if message.link is not None:
            self._tables.delete_segments(message.id)
        message.link, message.segments = link, total
        owner, now, to = self._owner, self._now, message.content.to
        segments = [
            Segment(message.id, number, 1, SegmentStage.CLAIMED, link, owner, now, to)
            for number in range(1, total + 1)
        ]
        self._journal.new_segments(segments)
        self._journal.move(message, Stage.CLAIMED, None)
        return segments

    def _resume(self, message: Message) -> list[Segment]:
        """Some left already: only what surely has not left, or is resent, goes now."""
        best = best_attempts(self._progress.segments[message.id])
        waiting = [best[n] for n in sorted(best) if best[n].stage is SegmentStage.WAITING]
        for segment in waiting:
            segment.stage, segment.owner, segment.claimed_at = SegmentStage.CLAIMED, self._owner, self._now
            segment.status = segment.answered_at = None
            self._journal.segment(segment)
        self._progress.fold(message.id)
        return waiting


def _began(segments: Sequence[Segment]) -> bool:
    return any(segment.stage is not SegmentStage.WAITING for segment in segments)
