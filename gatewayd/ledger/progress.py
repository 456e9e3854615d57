"""What a message does next once its segments have changed."""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from gatewayd.ledger import line
from gatewayd.ledger.fold import FAILED, Standing, best_attempts, failure_of, fold
from gatewayd.ledger.journal import Journal
from gatewayd.ledger.rules import ClassRule, Rules
from gatewayd.ledger.tables import SINCE_DELIVERED, SINCE_FAILED, Tables
from gatewayd.model import STATE_OF, Failure, Message, MessageId, Millis, Segment, SegmentStage, Stage
from gatewayd.policy.subject import Hold
from gatewayd.retry import Table
from gatewayd.routing import parse_spec
from gatewayd.smpp.consts import status_name

_DOUBTFUL: Final = (Stage.IN_DOUBT, Stage.RESUME)
_LOOK_AGAIN: Final[Millis] = 60_000  # half sent, and held until somebody changes something
_NOT_TAKEN: Final = (SegmentStage.WAITING, SegmentStage.CLAIMED)
_TAKEN: Final = (
    SegmentStage.CLAIMED,
    SegmentStage.ACCEPTED,
    SegmentStage.IN_DOUBT,
    SegmentStage.DELIVERED,
)
_WAITING: Final = (Stage.READY, Stage.RESUME)


class Progress:
    """The messages of one operation with their segments: read once, always the same objects.

    tags: (client, tag) of marketing that has arrived or failed.
    """

    def __init__(
        self, tables: Tables, rules: Rules, now: Millis, usable: frozenset[str] = frozenset()
    ) -> None:
        self.journal = Journal(tables, now)
        self.messages: dict[MessageId, Message] = {}
        self.segments: dict[MessageId, list[Segment]] = {}
        self.tags: set[tuple[str, str]] = set()
        self._tables, self._rules, self._now, self._usable = tables, rules, now, usable

    def load(self, ids: Iterable[MessageId]) -> None:
        missing = set(ids) - self.messages.keys()
        if missing:
            self.messages.update(self._tables.messages(missing))
            self._load_segments(missing)

    def add(self, messages: Iterable[Message]) -> None:
        """Messages already read; what was never claimed has no segments to read."""
        fresh = {message.id: message for message in messages}
        self.messages.update(fresh)
        claimed = [message.id for message in fresh.values() if message.link is not None]
        if claimed:
            self._load_segments(claimed)

    def _load_segments(self, messages: Collection[MessageId]) -> None:
        found = self._tables.segments(messages)
        self.segments.update({message: found.get(message, []) for message in messages})

    def class_rule(self, message: Message) -> ClassRule:
        return self._rules.class_rule(self.class_of(message))

    def class_of(self, message: Message) -> str:
        return self._tables.lane(message.lane).class_

    def fold(self, identifier: MessageId) -> None:
        """Bring a claimed message to where its segments stand."""
        message = self.messages[identifier]
        if message.final:
            return
        if message.resent:
            self._withdraw(self.segments[identifier])
        standing = fold(self.segments[identifier], self._decisive(message))
        if standing.failed is not None:
            self._fail(message, standing.stage, _failure(standing.failed))
        elif standing.stage in _WAITING:
            self._wait(message, standing)
        elif standing.stage in (Stage.SUBMITTED, Stage.IN_DOUBT):
            self._to(message, standing.stage, self._receipt_due(message))
        elif standing.stage is Stage.CLAIMED and message.stage is Stage.SUBMITTED:
            # what was accepted late has failed while its resend is on its way: no way back to queued
            self._to(message, Stage.SUBMITTED, self._receipt_due(message))
        else:
            self._to(message, standing.stage, None)

    def _decisive(self, message: Message) -> int | None:
        """The number of the only segment of a long message that its link's SMSC reports on."""
        if message.segments == 1 or message.link is None:
            return None
        match self._rules.dialect(message.link).segments:
            case "all":
                return None
            case "first":
                return 1
            case "last":
                return message.segments

    def stop(self, message: Message, stage: SegmentStage, failure: Failure) -> None:
        """What still waits of a message will not leave: it failed, unless a resend was all that waited.

        A message in doubt whose resend cannot go any more may have arrived: it stays in doubt (G2).
        """
        segments = self.segments.get(message.id, [])
        waiting = [segment for segment in segments if segment.stage is SegmentStage.WAITING]
        for segment in waiting:
            segment.stage = stage
            self.journal.segment(segment)
        if len(waiting) == len(segments):
            self._fail(message, FAILED[stage], failure)
            return
        failed = fold(segments).failed
        if failed is not None and failed in waiting:
            self._fail(message, FAILED[stage], msgspec.structs.replace(failure, segment=failed.number))
        else:
            self.fold(message.id)

    def hold(self, message: Message, hold: Hold) -> None:
        """Policy lets it leave later. What is in doubt stays so to the outside while it waits."""
        expires = message.content.expires_at
        if hold.until is not None and hold.until >= expires:
            self.stop(message, SegmentStage.REJECTED, Failure(hold.code, hold.in_vain))
        elif message.stage is Stage.RESUME:
            self._to(message, Stage.IN_DOUBT, hold.until or min(expires, self._now + _LOOK_AGAIN))
        else:
            due = hold.until or expires
            self.journal.move(message, Stage.HELD, due, reason=hold.reason, until=hold.until)

    def wait_in_line(self, message: Message) -> None:
        """An earlier message of its order_key has to leave before it."""
        self.journal.move(message, Stage.RETRY, message.content.expires_at, reason=line.WAITS)

    def resend(self, identifier: MessageId) -> None:
        """Queue what is in doubt for its one resend, if the class wants it and nothing else is awaited."""
        message, segments = self.messages[identifier], self.segments[identifier]
        if message.stage not in _DOUBTFUL or message.resent or message.content.expires_at <= self._now:
            return
        if any(s.stage is SegmentStage.CLAIMED for s in segments) or not self.class_rule(message).resend:
            return
        fresh = [_second(segment) for segment in segments if segment.stage is SegmentStage.IN_DOUBT]
        message.resent = True
        segments.extend(fresh)
        self.journal.new_segments(fresh)
        self.fold(identifier)
        for segment in fresh:
            self._tables.effects.count("resent", segment.link, self.class_of(message))

    def _withdraw(self, segments: Iterable[Segment]) -> None:
        """A resend that has not left is needless once its first sending is not in doubt any more."""
        answered = {s.number for s in segments if s.attempt == 1 and s.stage is not SegmentStage.IN_DOUBT}
        for segment in segments:
            if segment.attempt > 1 and segment.stage is SegmentStage.WAITING and segment.number in answered:
                segment.stage = SegmentStage.REFUSED
                self.journal.segment(segment)

    def _arrival(self, message: Message, stage: Stage, counted: str) -> None:
        """The SMSC has had the last word: how well do messages of its kind arrive?"""
        lane, content = self._tables.lane(message.lane), message.content
        carrier = self._rules.carrier(content.to) or "other"
        outcome = STATE_OF[stage].value
        self._tables.effects.count("arrivals", message.link or "", lane.class_, carrier, outcome)
        if content.tag is not None and self.class_rule(message).marketing:
            self.journal.count_tag(message, counted)
            self.tags.add((lane.client, content.tag))

    def _to(self, message: Message, stage: Stage, due: Millis | None) -> None:
        if stage is Stage.DELIVERED:
            self._arrival(message, stage, SINCE_DELIVERED)
        if message.stage is Stage.HELD and stage in (Stage.SUBMITTED, Stage.IN_DOUBT):
            # a resend was held, and what was sent first has the word; there is no way but by queued
            self.journal.move(message, Stage.READY, due)
        if message.stage is not stage or message.due != due:
            self.journal.move(message, stage, due)

    def _fail(self, message: Message, stage: Stage, failure: Failure) -> None:
        if not any(_was_taken(s) for s in self.segments.get(message.id, ())):
            self.journal.give_back(message)
        if failure.command_status is not None or failure.stat is not None:
            self._arrival(message, stage, SINCE_FAILED)
        self.journal.move(message, stage, None, error=failure)

    def _wait(self, message: Message, standing: Standing) -> None:
        """Segments wait: for the next claim, for a refusal to pass, or in vain."""
        expires, again = message.content.expires_at, self._retry_at(message)
        if expires <= self._now:
            self.stop(message, SegmentStage.EXPIRED, self._expired(message))
        elif again <= self._now:
            self._to(message, standing.stage, expires)
        else:
            self._delay(message, standing.stage, again)

    def delay(self, message: Message, until: Millis) -> None:
        """What could leave waits all the same: its link's SMSC takes nothing for its destination now."""
        self._delay(message, message.stage, until)

    def _delay(self, message: Message, stage: Stage, until: Millis) -> None:
        until = min(until, message.content.expires_at)
        if stage is Stage.RESUME:
            self._to(message, Stage.IN_DOUBT, until)
        else:
            self.journal.move(message, Stage.RETRY, until, reason="retry", until=until)

    def _retry_at(self, message: Message) -> Millis:
        """When the temporary refusals of its last sending will have passed; 0 if there were none."""
        waiting = [s for s in self._best(message) if s.stage is SegmentStage.WAITING and s.status]
        if waiting and self.elsewhere(message):
            waiting = [s for s in waiting if not self.retry(s).rule(s.status or 0).failover]
        waits = ((s.answered_at or 0, self.retry(s).delay(s.status or 0, message.attempts)) for s in waiting)
        return max((at + int(delay * 1000) for at, delay in waits if delay is not None), default=0)

    def retry(self, segment: Segment) -> Table:
        return self._rules.retry(segment.link)

    def elsewhere(self, message: Message) -> bool:
        """Another link of its route may take it now: none of it was taken or is in doubt (G2)."""
        segments = self.segments[message.id]
        if not self._usable or not all(s.stage in _NOT_TAKEN and s.attempt == 1 for s in segments):
            return False
        links = parse_spec(self._tables.lane(message.lane).route).links
        return any(link in self._usable and link not in message.refused for link in links)

    def _best(self, message: Message) -> Iterable[Segment]:
        return best_attempts(self.segments[message.id]).values()

    def _expired(self, message: Message) -> Failure:
        refused = [s for s in self._best(message) if s.status]
        return Failure("expired", command_status=status_name(refused[-1].status or 0) if refused else None)

    def _receipt_due(self, message: Message) -> Millis:
        """The end of the wait for receipts, which begins with the last submit_sm."""
        last = max(max(s.claimed_at, s.answered_at or 0) for s in self.segments[message.id])
        return last + self.class_rule(message).receipt_wait


def _was_taken(segment: Segment) -> bool:
    """The SMSC has it, had it, or may have it."""
    return segment.stage in _TAKEN or segment.receipt_at is not None


def _failure(segment: Segment) -> Failure:
    return failure_of(segment, None if segment.status is None else status_name(segment.status))


def _second(segment: Segment) -> Segment:
    return Segment(
        segment.message,
        segment.number,
        segment.attempt + 1,
        SegmentStage.WAITING,
        segment.link,
        owner=0,
        claimed_at=segment.claimed_at,
        to=segment.to,
    )
