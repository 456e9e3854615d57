"""Store in memory: for tests in virtual time, with which a writer thread does not mix.

Keeps nothing beyond the process. Every row given out or taken in is a copy, as SQL would have it, and a
failing operation is undone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from itertools import count, islice, takewhile
from typing import Concatenate

import trio

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.tables import Consumer, Effects, Event, OptOut, ParkedReceipt, Part, Tables, Wanted
from gatewayd.model import (
    CLAIMABLE,
    FIRST_FINAL,
    IdMaker,
    Lane,
    LaneId,
    Message,
    MessageId,
    Millis,
    Segment,
    SegmentStage,
    Stage,
)
from gatewayd.smpp.receipt_ids import key as id_key
from gatewayd.store.base import Committed, P, T
from gatewayd.store.memory_consents import MemoryConsents
from gatewayd.store.memory_tags import MemoryTags
from gatewayd.store.memory_templates import MemoryTemplates
from gatewayd.store.memory_tries import MemoryTries
from gatewayd.store.memory_uses import MemoryUses
from gatewayd.store.rows import Rows, Undo

_UNNAMED = (SegmentStage.CLAIMED, SegmentStage.ACCEPTED, SegmentStage.IN_DOUBT)
_WAITING = (Stage.SCHEDULED, Stage.HELD, Stage.READY, Stage.RETRY)


class MemoryTables(MemoryTags, MemoryUses, MemoryConsents, MemoryTemplates, MemoryTries):
    """See `ledger.tables.Tables`."""

    def __init__(self) -> None:
        self.effects = Effects()
        self._undo: Undo = []
        for family in (MemoryTags, MemoryUses, MemoryConsents, MemoryTemplates, MemoryTries):
            family.__init__(self, self._undo)
        self._lanes: Rows[LaneId, Lane] = Rows(self._undo)
        self._messages: Rows[MessageId, Message] = Rows(self._undo)
        self._keys: Rows[tuple[str, str], MessageId] = Rows(self._undo)
        self._segments: Rows[tuple[MessageId, int, int], Segment] = Rows(self._undo)
        self._references: Rows[tuple[str, str], int] = Rows(self._undo)
        self._receipts: Rows[int, ParkedReceipt] = Rows(self._undo)
        self._id_pairs: Rows[tuple[str, str], int] = Rows(self._undo)
        self._events: Rows[int, Event] = Rows(self._undo)
        self._floors: Rows[str, int] = Rows(self._undo)
        self._consumers: Rows[tuple[str, str], Consumer] = Rows(self._undo)
        self._optouts: Rows[tuple[str, str], OptOut] = Rows(self._undo)
        self._inbound: Rows[MessageId, tuple[Millis, bytes]] = Rows(self._undo)
        self._deliveries: Rows[bytes, tuple[int, Millis]] = Rows(self._undo)
        self._parts: Rows[tuple[str, int], Part] = Rows(self._undo)
        self._maker = IdMaker()
        self._receipt_ids = count(1)
        self._cursor = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo everything if the body raises; ids and cursors given out stay used."""
        self.effects = Effects()
        self._undo.clear()
        try:
            yield
        except BaseException:
            self.rollback()
            raise

    def rollback(self) -> bool:
        """Undo the transaction so far; True if there was anything."""
        changed = bool(self._undo)
        while self._undo:
            rows, key, row = self._undo.pop()
            rows.restore(key, row)
        self.effects = Effects()
        return changed

    def touch(self) -> None:
        """Writing to memory always works."""

    # lanes

    def lane_id(self, lane: Lane) -> LaneId:
        for identifier, known in self._lanes.items():
            if known == lane:
                return identifier
        identifier = LaneId(len(self._lanes) + 1)
        self._lanes[identifier] = self.effects.lanes[identifier] = lane
        return identifier

    def lane(self, lane_id: LaneId) -> Lane:
        return self._lanes[lane_id]

    def lanes(self) -> dict[LaneId, Lane]:
        return dict(self._lanes)

    # messages

    def new_id(self, now: Millis) -> MessageId:
        return self._maker.next(now)

    def insert_messages(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._messages.insert(message.id, copy(message))

    def update_messages(self, messages: Sequence[Message]) -> None:
        for message in messages:
            if message.id in self._messages:
                self._messages[message.id] = copy(message)

    def messages(self, ids: Iterable[MessageId]) -> dict[MessageId, Message]:
        return {i: copy(self._messages[i]) for i in ids if i in self._messages}

    def _chosen(self, limit: int, test: Callable[[Message], bool]) -> list[Message]:
        """Copies of the first that pass, in the order of their ids."""
        ordered = sorted(i for i, message in self._messages.items() if test(message))
        return [copy(self._messages[i]) for i in islice(ordered, limit)]

    def claimable(self, lane: LaneId, after: MessageId, limit: int) -> list[Message]:
        return self._chosen(limit, lambda m: m.lane == lane and m.stage in CLAIMABLE and m.id > after)

    def due(self, now: Millis, limit: int) -> list[Message]:
        late = [(m.due, m.id) for m in self._messages.values() if m.due is not None and m.due <= now]
        return [copy(self._messages[i]) for _, i in sorted(late)[:limit]]

    def queued_after(self, after: MessageId, limit: int) -> list[Message]:
        return self._chosen(limit, lambda m: m.stage in _WAITING and m.id > after)

    def held_for(self, reason: str, after: MessageId, limit: int) -> list[Message]:
        def held(message: Message) -> bool:
            return message.stage is Stage.HELD and message.until is None and message.reason == reason

        return self._chosen(limit, lambda message: message.id > after and held(message))

    def tagged(self, tag: str, lanes: Sequence[LaneId], after: MessageId, limit: int) -> list[Message]:
        return self._chosen(
            limit, lambda m: m.content.tag == tag and m.lane in lanes and m.id > after and not m.final
        )

    def waiting_for(self, number: str, lanes: Sequence[LaneId]) -> list[Message]:
        stages = (*_WAITING, Stage.RESUME)
        return self._chosen(
            len(self._messages), lambda m: m.content.to == number and m.lane in lanes and m.stage in stages
        )

    def first_in_line(self, client: str, number: str, order_key: str) -> Message | None:
        def in_line(m: Message) -> bool:
            mine = (m.content.to, m.content.order_key) == (number, order_key)
            return mine and self._lanes[m.lane].client == client and self._may_leave(m)

        return next(iter(self._chosen(1, in_line)), None)

    def _may_leave(self, m: Message) -> bool:
        if m.stage is Stage.IN_DOUBT:
            stages = [s.stage for s in self._segments.values() if s.message == m.id]
            return SegmentStage.WAITING in stages or SegmentStage.CLAIMED in stages
        return m.stage < FIRST_FINAL and m.stage is not Stage.SUBMITTED

    def newest(self, wanted: Wanted, limit: int) -> list[Message]:
        def fits(m: Message) -> bool:
            return (
                wanted.since <= m.id < wanted.before
                and wanted.number in (None, m.content.to)
                and wanted.tag in (None, m.content.tag)
                and (wanted.lanes is None or m.lane in wanted.lanes)
                and (wanted.stages is None or m.stage in wanted.stages)
            )

        return self._chosen(len(self._messages), fits)[: -limit - 1 : -1]

    def oldest_ready(self, lane: LaneId) -> MessageId | None:
        return next((message.id for message in self.claimable(lane, MessageId(0), 1)), None)

    def stage_counts(self) -> dict[tuple[LaneId, Stage], int]:
        return dict(Counter((m.lane, m.stage) for m in self._messages.values() if m.stage < FIRST_FINAL))

    # idempotency keys

    def keyed(self, client: str, keys: Iterable[str]) -> dict[str, MessageId]:
        return {key: self._keys[client, key] for key in keys if (client, key) in self._keys}

    def insert_keys(self, rows: Sequence[tuple[str, str, MessageId]]) -> None:
        for client, key, message in rows:
            self._keys[client, key] = message

    # segments

    def insert_segments(self, segments: Sequence[Segment]) -> None:
        for s in segments:
            self._segments.insert((s.message, s.number, s.attempt), copy(s))

    def update_segments(self, segments: Sequence[Segment]) -> None:
        for s in segments:
            if (s.message, s.number, s.attempt) in self._segments:
                self._segments[s.message, s.number, s.attempt] = copy(s)

    def settle_segments(self, segments: Sequence[Segment]) -> None:
        for s in segments:
            known = self._segments.get((s.message, s.number, s.attempt))
            if known is not None:
                changed = copy(known)
                changed.stage, changed.stat, changed.err, changed.receipt_at = (
                    s.stage,
                    s.stat,
                    s.err,
                    s.receipt_at,
                )
                self.update_segments([changed])

    def delete_segments(self, message: MessageId) -> None:
        for key in [key for key in self._segments if key[0] == message]:
            del self._segments[key]

    def _picked(self, test: Callable[[Segment], bool]) -> list[Segment]:
        return [copy(self._segments[key]) for key in sorted(self._segments) if test(self._segments[key])]

    def segments(self, messages: Iterable[MessageId]) -> dict[MessageId, list[Segment]]:
        wanted = set(messages)
        found: dict[MessageId, list[Segment]] = {}
        for segment in self._picked(lambda s: s.message in wanted):
            found.setdefault(segment.message, []).append(segment)
        return found

    def segments_by_key(self, link: str, keys: Iterable[str]) -> list[Segment]:
        wanted = set(keys)
        return self._picked(
            lambda s: s.link == link and s.smsc_id is not None and id_key(s.smsc_id) in wanted
        )

    def unnamed_segments(self, link: str, number: str) -> list[Segment]:
        return self._picked(
            lambda s: s.link == link and s.to == number and s.smsc_id is None and s.stage in _UNNAMED
        )

    def named_segments(self, link: str, number: str, newest: int) -> list[Segment]:
        owners = set(sorted(m.id for m in self._messages.values() if m.content.to == number)[-newest:])
        return self._picked(
            lambda s: (
                s.message in owners
                and s.link == link
                and s.smsc_id is not None
                and s.stage is SegmentStage.ACCEPTED
            )
        )

    def claimed_segments(self, limit: int) -> list[Segment]:
        return self._picked(lambda s: s.stage is SegmentStage.CLAIMED)[:limit]

    def next_reference(self, sender: str, number: str, start: int) -> int:
        last = self._references.get((sender, number))
        reference = (start if last is None else last + 1) & 0xFFFF
        self._references[sender, number] = reference
        return reference

    # receipts beside the segments

    def park(self, receipts: Sequence[ParkedReceipt]) -> None:
        for r in receipts:
            identifier = next(self._receipt_ids)
            self._receipts[identifier] = ParkedReceipt(
                identifier, r.link, r.key, r.number, r.at, r.message, r.body
            )

    def _kept(self, test: Callable[[ParkedReceipt], bool]) -> list[ParkedReceipt]:
        return [self._receipts[i] for i in sorted(self._receipts) if test(self._receipts[i])]

    def parked(self, link: str, keys: Iterable[str]) -> list[ParkedReceipt]:
        wanted = set(keys)
        return self._kept(lambda r: r.message is None and r.link == link and r.key in wanted)

    def parked_from(self, link: str, numbers: Iterable[str]) -> list[ParkedReceipt]:
        wanted = set(numbers)
        return self._kept(lambda r: r.message is None and r.link == link and r.number in wanted)

    def adopt(self, receipt: int, message: MessageId) -> None:
        if receipt in self._receipts:
            r = self._receipts[receipt]
            self._receipts[receipt] = ParkedReceipt(r.id, r.link, r.key, r.number, r.at, message, r.body)

    def receipts_of(self, message: MessageId) -> list[ParkedReceipt]:
        return self._kept(lambda r: r.message == message)

    def parked_after(self, link: str, after: int, limit: int) -> list[ParkedReceipt]:
        return self._kept(lambda r: r.message is None and r.link == link and r.id > after)[:limit]

    def parked_count(self, link: str) -> int:
        return len(self.parked_after(link, 0, len(self._receipts)))

    def newest_parked(self, link: str) -> Millis | None:
        rows = self.parked_after(link, 0, len(self._receipts))
        return rows[-1].at if rows else None

    def add_id_pairs(self, rows: Sequence[tuple[str, str, int]]) -> None:
        for link, notation, more in rows:
            self._id_pairs[link, notation] = self._id_pairs.get((link, notation), 0) + more

    def id_pairs(self, link: str) -> dict[str, int]:
        return {place[1]: self._id_pairs[place] for place in sorted(self._id_pairs) if place[0] == link}

    # events and their consumers

    def next_cursor(self) -> int:
        self._cursor += 1
        return self._cursor

    def last_cursor(self) -> int:
        return self._cursor

    def append_events(self, events: Sequence[Event]) -> None:
        for event in events:
            self._events.insert(event.cursor, event)

    def events_after(self, client: str, cursor: int, limit: int) -> list[Event]:
        later = (e for e in map(self._events.__getitem__, sorted(self._events)) if e.cursor > cursor)
        return list(islice((event for event in later if event.client == client), limit))

    def events_of(self, message: MessageId) -> list[Event]:
        return [self._events[i] for i in sorted(self._events) if self._events[i].message == message]

    def oldest_cursor(self, client: str) -> int:
        return self._floors.get(client, 0)

    def purge_events(self, before: Millis, limit: int) -> int:
        oldest = [self._events[cursor] for cursor in sorted(self._events)[:limit]]
        old = list(takewhile(lambda event: event.at < before, oldest))
        for event in old:
            self._floors[event.client] = event.cursor
            del self._events[event.cursor]
        return len(old)

    def consumer(self, client: str, name: str) -> Consumer | None:
        return self._consumers.get((client, name))

    def put_consumer(self, consumer: Consumer) -> None:
        self._consumers[consumer.client, consumer.name] = consumer

    def consumers(self) -> list[Consumer]:
        return [self._consumers[key] for key in sorted(self._consumers)]

    # opt-outs

    def opted_out(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        return {pair for pair in pairs if pair in self._optouts}

    def optouts(self, number: str) -> list[OptOut]:
        return [self._optouts[key] for key in sorted(self._optouts) if key[0] == number]

    def optouts_after(self, brands: Sequence[str], after: tuple[str, str], limit: int) -> list[OptOut]:
        keys = (key for key in sorted(self._optouts) if key > after and key[1] in brands)
        return [self._optouts[key] for key in islice(keys, limit)]

    def put_optouts(self, rows: Sequence[OptOut]) -> None:
        for row in rows:
            if (row.number, row.brand) not in self._optouts:
                self._optouts[row.number, row.brand] = row

    def delete_optouts(self, number: str, brands: Sequence[str]) -> int:
        gone = [(number, brand) for brand in set(brands) if (number, brand) in self._optouts]
        for key in gone:
            del self._optouts[key]
        return len(gone)

    # inbound

    def insert_inbound(self, message_id: MessageId, at: Millis, body: bytes) -> None:
        self._inbound.insert(message_id, (at, body))

    def seen_delivery(self, fingerprint: bytes) -> tuple[int, Millis] | None:
        return self._deliveries.get(fingerprint)

    def note_deliveries(self, rows: Sequence[tuple[bytes, int, Millis]]) -> None:
        for fingerprint, session, at in rows:
            self._deliveries[fingerprint] = (session, at)

    def purge_deliveries(self, before: Millis) -> None:
        for fingerprint in [f for f, (_, at) in self._deliveries.items() if at < before]:
            del self._deliveries[fingerprint]

    def put_part(self, part: Part) -> None:
        if (part.key, part.number) not in self._parts:
            self._parts[part.key, part.number] = part

    def parts(self, key: str) -> list[Part]:
        return [self._parts[place] for place in sorted(self._parts) if place[0] == key]

    def delete_parts(self, key: str) -> None:
        for place in [place for place in self._parts if place[0] == key]:
            del self._parts[place]

    def stale_parts(self, before: Millis, limit: int) -> list[str]:
        stale = {part.key for part in self._parts.values() if part.at <= before}
        return sorted(stale)[:limit]


class MemoryStore(Committed):
    """See `store.base.Store`. Its operations run where they are called, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.owner = 1
        self.waiting = 0
        self._tables = MemoryTables()

    async def write(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        await trio.lowlevel.checkpoint()
        with self._tables.transaction():
            result = operation(self._tables, *args, **kwargs)
        self._tables.effects.observe("store_commit", 0.0, "")
        self._announce(self._tables.effects)
        return result

    async def read(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        await trio.lowlevel.checkpoint()
        with self._tables.transaction():
            result = operation(self._tables, *args, **kwargs)
            if self._tables.rollback():
                raise StoreUnavailable("attempt to write in a read")
        return result
