"""Journal: the only place that changes a message's stage; each change of state makes one event."""

from collections import Counter
from collections.abc import Sequence

from gatewayd import rfc3339
from gatewayd.ledger import line
from gatewayd.ledger.events import late_receipt_event, state_event
from gatewayd.ledger.tables import Event, Tables, TagKey, Try
from gatewayd.model import (
    ALLOWED,
    FIRST_FINAL,
    Failure,
    Lane,
    LaneId,
    Message,
    MessageId,
    Millis,
    Segment,
    Stage,
)


class Journal:
    """Collects what one operation changes and writes it in batches at `close`.

    A message that is touched must be handed in by `touch` or `move`, always the same object.
    """

    def __init__(self, tables: Tables, now: Millis) -> None:
        self._tables = tables
        self._now = now
        self._at = rfc3339.write(now)
        self._messages: dict[MessageId, Message] = {}
        self._segments: dict[tuple[MessageId, int, int], Segment] = {}
        self._settled: dict[tuple[MessageId, int, int], Segment] = {}
        self._fresh: list[Segment] = []
        self._events: list[Event] = []
        self._given_back: list[tuple[str, MessageId]] = []
        self._tries: list[Try] = []
        self._tags: Counter[TagKey] = Counter()
        self._moved_on: list[Message] = []

    def move(
        self,
        message: Message,
        stage: Stage,
        due: Millis | None,
        *,
        reason: str | None = None,
        until: Millis | None = None,
        error: Failure | None = None,
    ) -> None:
        """Bring a message to `stage`; tell upstream if that is another state for it."""
        before, stage_before = message.state, message.stage
        message.stage, message.due, message.reason, message.until = stage, due, reason, until
        message.error = error if error is not None else message.error
        self._messages[message.id] = message
        if message.content.order_key is not None and stage >= Stage.SUBMITTED:
            self._moved_on.append(message)
        stages = self._tables.effects.stages
        stages[message.lane, stage_before] -= 1
        if stage < FIRST_FINAL:
            stages[message.lane, stage] += 1
        if message.state is not before:
            assert message.state in ALLOWED[before], (before, message.state)
            message.changed_at = self._now
            self._tell(message)
            if message.content.tag is not None:
                self.count_tag(message, before, -1)
                self.count_tag(message, message.state)

    def change_lane(self, message: Message, lane: LaneId) -> None:
        """Let a waiting message queue elsewhere; upstream is not told."""
        stages = self._tables.effects.stages
        stages[message.lane, message.stage] -= 1
        message.lane = lane
        stages[message.lane, message.stage] += 1
        self._messages[message.id] = message

    def touch(self, message: Message) -> None:
        """Columns of `message` other than its stage have changed."""
        self._messages[message.id] = message

    def count_tag(self, message: Message, state: str, by: int = 1) -> None:
        """One more message of its tag in `state`, or one less."""
        client, tag = self._tables.lane(message.lane).client, message.content.tag
        if tag is not None:
            self._tags[client, tag, state] += by

    def give_back(self, message: Message) -> None:
        """Nothing of it has reached the SMSC, nor will: caps need not count it."""
        self._given_back.append((message.content.to, message.id))

    def refused_for_now(self, segment: Segment) -> None:
        """It will be sent again, and its row will tell of that only."""
        s = segment
        row = Try(s.message, s.number, s.claimed_at, s.link, s.answered_at or self._now, s.status or 0)
        self._tries.append(row)

    def segment(self, segment: Segment) -> None:
        """A known segment has changed."""
        self._segments[segment.message, segment.number, segment.attempt] = segment

    def settled(self, segment: Segment) -> None:
        """A receipt has come for a segment whose id was known; nothing else of it has changed."""
        self._settled[segment.message, segment.number, segment.attempt] = segment

    def new_segments(self, segments: Sequence[Segment]) -> None:
        self._fresh.extend(segments)

    def late_receipt(self, message: Message, segment: int, stat: str, err: str | None, link: str) -> None:
        """Tell upstream of a receipt that changes nothing any more."""
        cursor = self._tables.next_cursor()
        body = late_receipt_event(cursor, message, segment, stat, err, link, self._at)
        self.event(cursor, self._tables.lane(message.lane).client, message.id, body)

    def event(self, cursor: int, client: str, message: MessageId | None, body: bytes) -> None:
        self._events.append(Event(cursor, client, message, self._now, body))
        self._tables.effects.clients.add(client)

    def _tell(self, message: Message) -> None:
        lane: Lane = self._tables.lane(LaneId(message.lane))
        cursor = self._tables.next_cursor()
        self.event(cursor, lane.client, message.id, state_event(cursor, message, lane, self._at))
        if message.final:
            self._tables.effects.count("messages_final", lane.class_, message.state.value)
            if message.state == "rejected" and message.error is not None:
                self._count_refusal(message.error)

    def _count_refusal(self, error: Failure) -> None:
        if error.command_status is None and error.stat is None:
            self._tables.effects.count("policy_refusals", error.code)

    def flush_segments(self) -> None:
        """Write what segments have become so far, so that a later look-up finds it."""
        if self._fresh:
            self._tables.insert_segments(self._fresh)
            self._fresh = []
        if self._segments:
            self._tables.update_segments(list(self._segments.values()))
            self._segments = {}
        if self._settled:
            self._tables.settle_segments(list(self._settled.values()))
            self._settled = {}

    def _flush_messages(self) -> None:
        if self._messages:
            self._tables.update_messages(list(self._messages.values()))
            self._messages = {}

    def _let_follow(self) -> None:
        """What stands in line behind those that have moved on may be next."""
        moved = {
            (self._tables.lane(m.lane).client, m.content.to, m.content.order_key): m for m in self._moved_on
        }
        for message in moved.values():
            following = line.next_after(self._tables, message)
            if following is not None:
                self.move(following, Stage.READY, following.content.expires_at)
        self._moved_on = []
        self._flush_messages()

    def close(self) -> None:
        """Write everything: the operation is done, or is about to read what it may have changed."""
        self._flush_messages()
        self.flush_segments()
        if self._moved_on:
            self._let_follow()
        if self._tries:
            self._tables.put_tries(self._tries)
            self._tries = []
        if self._given_back:
            self._tables.give_back_uses(self._given_back)
            self._given_back = []
        if self._events:
            self._tables.append_events(self._events)
            self._events = []
        if self._tags:
            self._tables.count_tags(self._tags)
            self._tags = Counter()
