"""Claiming: from queued messages to segments in the hands of one link, durable before the wire (G2)."""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Final, NamedTuple, Protocol

import msgspec

from gatewayd.errors import GatewayError
from gatewayd.ledger import line
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
from gatewayd.policy.subject import Asking, Facts
from gatewayd.policy.uses import Use
from gatewayd.smpp.text import Part

_PAGE: Final = 500  # messages read of a lane at once where those in front have to be passed by
_MOST_PASSED: Final = 2000  # messages that one claim passes by in a lane, as they wait for another link
_MOST_STOPPED: Final = 500  # messages that one claim stops at most, as expired, refused, held or delayed


class Want(msgspec.Struct, frozen=True):
    """Lanes that may give up to so many segments now: of what stands in front the earliest deadline first."""

    lanes: tuple[LaneId, ...]
    limit: int


class Picker(Protocol):
    """What may be claimed now: chooses the link of each message, and counts down what links can take."""

    @property
    def wants(self) -> Iterable[Want]:
        """Whose turn it is, one after the other; a lane may have several turns."""

    def room(self, lane: LaneId) -> int:
        """Segments at most that may leave a lane now."""

    def pick(self, message: Message, bound: str | None) -> str | Millis | None:
        """The link that takes it; when it may be asked again; or None: not now.

        bound: the one link it has to leave by, since it began to; else None.
        """


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """One message in the hands of `link`: the segments to send now, in order, with their octets."""

    message: MessageId
    lane: LaneId
    link: str
    class_: str
    content: Content
    segments: tuple[tuple[Segment, Part], ...]


class Claims(NamedTuple):
    """more: it was left off before the end of a lane though its links have room; to go on at once."""

    claimed: list[Claimed]
    more: bool


def claim(tables: Tables, picker: Picker, rules: Rules, owner: int, start: int, now: Millis) -> Claims:
    """Claim what the links can take. `start`: a random number a new reference counter begins with."""
    claiming = _Claiming(tables, picker, rules, owner, start, now)
    for want in picker.wants:
        claiming.want(want)
    claiming.close()
    return Claims(claiming.claimed, claiming.more)


class _Candidate(NamedTuple):
    message: Message
    lane: Lane
    asking: Asking


class _Front:
    """What stands in front of one lane. head: the next message; None: no more of it leaves by this claim.

    passed: how many were passed by, so that what may leave can stand far behind.
    """

    def __init__(self, candidates: Iterator[_Candidate]) -> None:
        self.passed = 0
        self._candidates = candidates
        self.head = next(candidates, None)

    @property
    def deadline(self) -> Millis:
        return self.head.message.content.expires_at if self.head is not None else 0

    def advance(self) -> None:
        self.head = next(self._candidates, None)

    def close(self) -> None:
        self.head, self._candidates = None, iter(())


class _Claiming:
    def __init__(
        self, tables: Tables, picker: Picker, rules: Rules, owner: int, start: int, now: Millis
    ) -> None:
        self._tables, self._picker, self._rules, self._owner = tables, picker, rules, owner
        self._start, self._now = start, now
        self._progress = Progress(tables, rules, now)
        self._journal = self._progress.journal
        self._fronts: dict[LaneId, _Front] = {}
        self._known = Known(tables)
        self._stopped = 0
        self.claimed: list[Claimed] = []
        self._uses: list[tuple[str, Use]] = []

    def close(self) -> None:
        self._journal.close()
        if self._uses:
            self._tables.put_uses(self._uses)

    @property
    def more(self) -> bool:
        """So many were stopped that others should not wait until all of them are."""
        return self._stopped >= _MOST_STOPPED

    def want(self, want: Want) -> None:
        """Take from the lanes' fronts; how far that came is kept for their next turn."""
        left = want.limit
        fronts = [(self._front(lane, left), lane) for lane in want.lanes]
        heap = [(front.deadline, lane, front) for front, lane in fronts if front.head is not None]
        heapify(heap)
        while heap and left > 0 and not self.more:
            _, lane, front = heap[0]
            left -= self._consider(front)
            if front.head is None:
                heappop(heap)
            else:
                heapreplace(heap, (front.deadline, lane, front))

    def _front(self, lane: LaneId, limit: int) -> _Front:
        front = self._fronts.get(lane)
        if front is None:
            front = self._fronts[lane] = _Front(self._candidates(lane, limit))
        return front

    def _candidates(self, identifier: LaneId, limit: int) -> Iterator[_Candidate]:
        """A lane's messages, page by page: no more than may leave, while nothing has to be passed by."""
        lane, after = self._tables.lane(identifier), MessageId(0)
        limit = min(limit, self._picker.room(identifier))
        while limit > 0:
            messages = self._tables.claimable(identifier, after, limit)
            yield from self._page(lane, messages)
            if len(messages) < limit:
                return
            after = messages[-1].id
            limit = _PAGE if self._fronts[identifier].passed else min(_PAGE, self._picker.room(identifier))

    def _page(self, lane: Lane, messages: Sequence[Message]) -> Iterator[_Candidate]:
        """A page of a lane; the facts of all of it are read at once."""
        self._progress.add(messages)
        askings = [self._rules.asking(message.content, lane) for message in messages]
        self._known.load(askings)
        for message, asking in zip(messages, askings, strict=True):
            yield _Candidate(message, lane, asking)

    def _consider(self, front: _Front) -> int:
        """Claim the head if it may leave and a link takes it; gives how many segments were claimed.

        What has to wait for its own link, or for another than refused it, is passed by; else its lane waits.
        """
        assert front.head is not None
        message, lane, asking = front.head
        if self._stops(message, lane, self._known.facts(asking, message.id)):
            self._stopped += 1
            front.advance()
            return 0
        bound = message.link if _began(self._progress.segments.get(message.id, [])) else None
        link, taken = self._picker.pick(message, bound), 0
        if isinstance(link, str):
            taken = self._take(message, lane, link, began=bound is not None)
        elif link is not None:
            self._progress.delay(message, link)
            self._stopped += 1
        elif bound is None and not message.refused:
            front.close()
            return 0
        else:
            front.passed += 1
        if front.passed < _MOST_PASSED:
            front.advance()
        else:
            front.close()
        return taken

    def _stops(self, message: Message, lane: Lane, facts: Facts) -> bool:
        """Judge the message at the moment of sending (G7, G8)."""
        if message.content.expires_at <= self._now:
            self._progress.stop(message, SegmentStage.EXPIRED, Failure("expired"))
            return True
        outcome = self._rules.judge(message.content, lane, facts, self._now)
        if isinstance(outcome, Refusal):
            self._reject(message, outcome.code, outcome.detail)
        elif outcome is not None:
            self._progress.hold(message, outcome)
        return outcome is not None or self._waits_in_line(message)

    def _waits_in_line(self, message: Message) -> bool:
        """What has begun to leave does not wait any more."""
        if message.content.order_key is None or message.stage is not Stage.READY:
            return False
        if not line.waits(self._tables, message):
            return False
        self._progress.wait_in_line(message)
        return True

    def _reject(self, message: Message, code: str, detail: str) -> None:
        self._progress.stop(message, SegmentStage.REJECTED, Failure(code, detail))

    def _take(self, message: Message, lane: Lane, link: str, *, began: bool) -> int:
        try:
            parts = self._parts(message, link)
        except GatewayError as error:
            self._reject(message, "unencodable", str(error))
            return 0
        if began and len(parts) != message.segments:
            self._reject(message, "internal", f"{link} now cuts it otherwise than when it began to leave")
            return 0
        segments = self._resume(message) if began else self._begin(message, link, len(parts))
        self._count(message, lane)
        chosen = tuple((segment, parts[segment.number - 1]) for segment in segments)
        self.claimed.append(Claimed(message.id, message.lane, link, lane.class_, message.content, chosen))
        return len(segments)

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
