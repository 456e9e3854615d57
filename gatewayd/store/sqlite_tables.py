"""Tables on one SQLite connection; the rows of one transaction."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any, Final

import msgspec

from gatewayd.ledger.tables import Consumer, Effects, Event, OptOut, ParkedReceipt, Part, Wanted
from gatewayd.model import (
    Content,
    Failure,
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
from gatewayd.policy.template_sets import TemplateSets
from gatewayd.store.sqlite_consents import SqliteConsents
from gatewayd.store.sqlite_tags import SqliteTags
from gatewayd.store.sqlite_templates import SqliteTemplates
from gatewayd.store.sqlite_tries import SqliteTries
from gatewayd.store.sqlite_uses import SqliteUses

_STAGES: Final = {int(stage): stage for stage in Stage}
_SEGMENT_STAGES: Final = {int(stage): stage for stage in SegmentStage}
_encode_content = msgspec.msgpack.Encoder().encode
_decode_content = msgspec.msgpack.Decoder(Content).decode
_encode_failure = msgspec.json.Encoder().encode
_decode_failure = msgspec.json.Decoder(Failure).decode

_MESSAGE: Final = (
    "m.id, m.lane, m.stage, m.content, m.due, m.changed_at, m.segments, m.link, m.attempts, m.resent,"
    " m.reference, m.reason, m.until, m.error, m.refused"
)
_SEGMENT: Final = (
    "s.message, s.number, s.attempt, s.stage, s.link, s.owner, s.claimed_at, s.destination, s.smsc_id,"
    " s.answered_at, s.status, s.stat, s.err, s.receipt_at"
)
_UNNAMED: Final = "s.smsc_id IS NULL AND s.stage IN (1, 2, 4)"  # as in the index; claimed ones have no id
_KEY: Final = "ltrim(lower(s.smsc_id), '0x')"  # receipt_ids.key, as in the index
_RECEIPT: Final = "id, link, key, number, at, message, body"


def _message(row: Any) -> Message:
    error = None if row[13] is None else _decode_failure(row[13])
    return Message(
        row[0], row[1], _STAGES[row[2]], _decode_content(row[3]), row[4], row[5], row[6],
        row[7], row[8], bool(row[9]), row[10], row[11], row[12], error,
        tuple(row[14].split(",")) if row[14] else (),
    )  # fmt: skip


def _segment(row: Any) -> Segment:
    return Segment(
        row[0], row[1], row[2], _SEGMENT_STAGES[row[3]], row[4], row[5], row[6],
        row[7], row[8], row[9], row[10], row[11], row[12], row[13],
    )  # fmt: skip


def _ids(values: Iterable[object]) -> str:
    return json.dumps(list(values))


class SqliteTables(SqliteTags, SqliteUses, SqliteConsents, SqliteTemplates, SqliteTries):
    """See `ledger.tables.Tables`. Caches lanes; hands out ids and cursors without asking the database."""

    def __init__(self, connection: sqlite3.Connection, node: int = 0) -> None:
        super().__init__()
        self.effects = Effects()
        self._db = connection
        self._node = node
        self.reload()

    def reload(self) -> None:
        """Read anew what is cached, after a rollback."""
        self.template_sets = TemplateSets()
        self._reload_lanes()
        last = self._one(
            "SELECT max(coalesce((SELECT max(id) FROM messages), 0),"
            " coalesce((SELECT max(id) FROM inbound), 0))"
        )
        self._maker = IdMaker(self._node, MessageId(last) if last else None)
        self.refresh()

    def refresh(self) -> None:
        """Learn how far events go; a reading connection must before each look."""
        self._cursor: int = self._one(
            "SELECT max(coalesce((SELECT max(cursor) FROM events), 0),"
            " coalesce((SELECT max(cursor) FROM floors), 0))"
        )

    def _reload_lanes(self) -> None:
        rows = self._db.execute("SELECT id, route, class, client, brand FROM lanes")
        self._lanes = {LaneId(row[0]): Lane(*row[1:]) for row in rows}
        self._lane_ids = {lane: identifier for identifier, lane in self._lanes.items()}

    def _one(self, sql: str, *args: object) -> Any:
        return self._db.execute(sql, args).fetchone()[0]

    def touch(self) -> None:
        self._db.execute("UPDATE meta SET value = value WHERE name = 'owner'")

    # lanes

    def lane_id(self, lane: Lane) -> LaneId:
        found = self._lane_ids.get(lane)
        if found is None:
            sql = "INSERT INTO lanes (route, class, client, brand) VALUES (?, ?, ?, ?)"
            cursor = self._db.execute(sql, (lane.route, lane.class_, lane.client, lane.brand))
            found = LaneId(cursor.lastrowid or 0)
            self._lanes[found], self._lane_ids[lane] = lane, found
            self.effects.lanes[found] = lane
        return found

    def lane(self, lane_id: LaneId) -> Lane:
        if lane_id not in self._lanes:  # a reading connection learns of new lanes here
            self._reload_lanes()
        return self._lanes[lane_id]

    def lanes(self) -> dict[LaneId, Lane]:
        return dict(self._lanes)

    # messages

    def new_id(self, now: Millis) -> MessageId:
        return self._maker.next(now)

    def insert_messages(self, messages: Sequence[Message]) -> None:
        self._db.executemany(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    m.id, m.lane, int(m.stage), _encode_content(m.content), m.due, m.changed_at, m.segments,
                    m.link, m.attempts, m.resent, m.reference, m.reason, m.until, _failure(m),
                    m.content.to, m.content.tag, ",".join(m.refused), m.content.order_key,
                )
                for m in messages
            ],
        )  # fmt: skip

    def update_messages(self, messages: Sequence[Message]) -> None:
        self._db.executemany(
            "UPDATE messages SET lane = ?, stage = ?, due = ?, changed_at = ?, segments = ?, link = ?,"
            " attempts = ?, resent = ?, reference = ?, reason = ?, until = ?, error = ?,"
            " refused = ? WHERE id = ?",
            [
                (
                    m.lane, int(m.stage), m.due, m.changed_at, m.segments, m.link,
                    m.attempts, m.resent, m.reference, m.reason, m.until, _failure(m),
                    ",".join(m.refused), m.id,
                )
                for m in messages
            ],
        )  # fmt: skip

    def _messages(self, where: str, *args: object) -> list[Message]:
        sql = f"SELECT {_MESSAGE} FROM messages m {where}"  # noqa: S608  fixed texts
        return [_message(row) for row in self._db.execute(sql, args)]

    def messages(self, ids: Iterable[MessageId]) -> dict[MessageId, Message]:
        where = "WHERE m.id IN (SELECT value FROM json_each(?))"
        return {message.id: message for message in self._messages(where, _ids(ids))}

    def claimable(self, lane: LaneId, after: MessageId, limit: int) -> list[Message]:
        where = "WHERE lane = ? AND stage IN (2, 7) AND id > ? ORDER BY id LIMIT ?"
        return self._messages(where, lane, after, limit)

    def due(self, now: Millis, limit: int) -> list[Message]:
        return self._messages("WHERE due <= ? ORDER BY due LIMIT ?", now, limit)

    def queued_after(self, after: MessageId, limit: int) -> list[Message]:
        return self._messages("WHERE stage <= 3 AND id > ? ORDER BY id LIMIT ?", after, limit)

    def held_for(self, reason: str, after: MessageId, limit: int) -> list[Message]:
        where = "WHERE stage = 1 AND until IS NULL AND reason = ? AND id > ? ORDER BY id LIMIT ?"
        return self._messages(where, reason, after, limit)

    def tagged(self, tag: str, lanes: Sequence[LaneId], after: MessageId, limit: int) -> list[Message]:
        where = (
            "WHERE tag = ? AND id > ? AND lane IN (SELECT value FROM json_each(?)) AND stage < 10"
            " ORDER BY id LIMIT ?"
        )
        return self._messages(where, tag, after, _ids(lanes), limit)

    def waiting_for(self, number: str, lanes: Sequence[LaneId]) -> list[Message]:
        where = "WHERE number = ? AND (stage <= 3 OR stage = 7) AND lane IN (SELECT value FROM json_each(?))"
        return self._messages(where, number, _ids(lanes))

    def first_in_line(self, client: str, number: str, order_key: str) -> Message | None:
        where = (
            "WHERE number = ? AND order_key = ? AND stage IN (0, 1, 2, 3, 4, 6, 7)"
            " AND lane IN (SELECT id FROM lanes WHERE client = ?) AND (stage <> 6 OR EXISTS"
            " (SELECT 1 FROM segments s WHERE s.message = m.id AND s.stage IN (0, 1))) ORDER BY id LIMIT 1"
        )
        return next(iter(self._messages(where, number, order_key, client)), None)

    def newest(self, wanted: Wanted, limit: int) -> list[Message]:
        asked: dict[str, object] = {"id >= ?": wanted.since, "id < ?": wanted.before}
        if wanted.number is not None:
            asked["number = ?"] = wanted.number
        if wanted.tag is not None:
            asked["tag = ?"] = wanted.tag
        if wanted.lanes is not None:
            asked["lane IN (SELECT value FROM json_each(?))"] = _ids(wanted.lanes)
        if wanted.stages is not None:
            asked["stage IN (SELECT value FROM json_each(?))"] = _ids(wanted.stages)
        where = " AND ".join(asked)
        return self._messages(f"WHERE {where} ORDER BY id DESC LIMIT ?", *asked.values(), limit)

    def oldest_ready(self, lane: LaneId) -> MessageId | None:
        sql = "SELECT min(id) FROM messages WHERE lane = ? AND stage IN (2, 7)"
        return self._one(sql, lane)  # type: ignore[no-any-return]  # an id, or None for an empty lane

    def stage_counts(self) -> dict[tuple[LaneId, Stage], int]:
        sql = "SELECT lane, stage, count(*) FROM messages WHERE stage < 10 GROUP BY lane, stage"
        return {(LaneId(row[0]), _STAGES[row[1]]): row[2] for row in self._db.execute(sql)}

    # idempotency keys

    def keyed(self, client: str, keys: Iterable[str]) -> dict[str, MessageId]:
        sql = "SELECT key, message FROM keys WHERE client = ? AND key IN (SELECT value FROM json_each(?))"
        return {row[0]: MessageId(row[1]) for row in self._db.execute(sql, (client, _ids(keys)))}

    def insert_keys(self, rows: Sequence[tuple[str, str, MessageId]]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", rows)

    # segments

    def insert_segments(self, segments: Sequence[Segment]) -> None:
        self._db.executemany(
            "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    s.message, s.number, s.attempt, int(s.stage), s.link, s.owner, s.claimed_at, s.to,
                    s.smsc_id, s.answered_at, s.status, s.stat, s.err, s.receipt_at,
                )
                for s in segments
            ],
        )  # fmt: skip

    def update_segments(self, segments: Sequence[Segment]) -> None:
        self._db.executemany(
            "UPDATE segments SET stage = ?, owner = ?, claimed_at = ?, smsc_id = ?, answered_at = ?,"
            " status = ?, stat = ?, err = ?, receipt_at = ? WHERE message = ? AND number = ? AND attempt = ?",
            [
                (
                    int(s.stage), s.owner, s.claimed_at, s.smsc_id, s.answered_at,
                    s.status, s.stat, s.err, s.receipt_at, s.message, s.number, s.attempt,
                )
                for s in segments
            ],
        )  # fmt: skip

    def settle_segments(self, segments: Sequence[Segment]) -> None:
        self._db.executemany(
            "UPDATE segments SET stage = ?, stat = ?, err = ?, receipt_at = ?"
            " WHERE message = ? AND number = ? AND attempt = ?",
            [(int(s.stage), s.stat, s.err, s.receipt_at, s.message, s.number, s.attempt) for s in segments],
        )

    def delete_segments(self, message: MessageId) -> None:
        self._db.execute("DELETE FROM segments WHERE message = ?", (message,))

    def _segments(self, rest: str, *args: object) -> list[Segment]:
        sql = f"SELECT {_SEGMENT} FROM segments s {rest}"  # noqa: S608  fixed texts
        return [_segment(row) for row in self._db.execute(sql, args)]

    def segments(self, messages: Iterable[MessageId]) -> dict[MessageId, list[Segment]]:
        found: dict[MessageId, list[Segment]] = {}
        for segment in self._segments("WHERE s.message IN (SELECT value FROM json_each(?))", _ids(messages)):
            found.setdefault(segment.message, []).append(segment)
        return found

    def segments_by_key(self, link: str, keys: Iterable[str]) -> list[Segment]:
        # CROSS JOIN fixes the order: with IN the planner prefers to read every segment of the link
        sql = (
            f"SELECT {_SEGMENT} FROM json_each(?) wanted CROSS JOIN segments s"  # noqa: S608  fixed texts
            f" WHERE s.link = ? AND {_KEY} = wanted.value AND s.smsc_id IS NOT NULL"
        )
        return [_segment(row) for row in self._db.execute(sql, (_ids(keys), link))]

    def unnamed_segments(self, link: str, number: str) -> list[Segment]:
        return self._segments(f"WHERE s.link = ? AND s.destination = ? AND {_UNNAMED}", link, number)

    def named_segments(self, link: str, number: str, newest: int) -> list[Segment]:
        # + keeps the planner from reading every segment of the link
        where = (
            "WHERE s.message IN (SELECT id FROM messages WHERE number = ? ORDER BY id DESC LIMIT ?)"
            " AND +s.link = ? AND s.stage = 2 AND s.smsc_id IS NOT NULL"
        )
        return self._segments(f"{where} ORDER BY s.message, s.number, s.attempt", number, newest, link)

    def claimed_segments(self, limit: int) -> list[Segment]:
        return self._segments(f"WHERE s.stage = 1 AND {_UNNAMED} LIMIT ?", limit)

    def next_reference(self, sender: str, number: str, start: int) -> int:
        sql = (
            "INSERT INTO concatenation VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET reference = (reference + 1) & 65535 RETURNING reference"
        )
        return int(self._one(sql, sender, number, start & 0xFFFF))

    # receipts beside the segments

    def park(self, receipts: Sequence[ParkedReceipt]) -> None:
        self._db.executemany(
            "INSERT INTO receipts (link, key, number, at, message, body) VALUES (?, ?, ?, ?, ?, ?)",
            [(r.link, r.key, r.number, r.at, r.message, r.body) for r in receipts],
        )

    def _receipts(self, where: str, *args: object) -> list[ParkedReceipt]:
        sql = f"SELECT {_RECEIPT} FROM receipts WHERE {where} ORDER BY id"  # noqa: S608  fixed texts
        return [ParkedReceipt(*row) for row in self._db.execute(sql, args)]

    def parked(self, link: str, keys: Iterable[str]) -> list[ParkedReceipt]:
        where = "link = ? AND key IN (SELECT value FROM json_each(?)) AND message IS NULL"
        return self._receipts(where, link, _ids(keys))

    def parked_from(self, link: str, numbers: Iterable[str]) -> list[ParkedReceipt]:
        where = "link = ? AND number IN (SELECT value FROM json_each(?)) AND message IS NULL"
        return self._receipts(where, link, _ids(numbers))

    def adopt(self, receipt: int, message: MessageId) -> None:
        self._db.execute("UPDATE receipts SET message = ? WHERE id = ?", (message, receipt))

    def receipts_of(self, message: MessageId) -> list[ParkedReceipt]:
        return self._receipts("message = ?", message)

    def parked_after(self, link: str, after: int, limit: int) -> list[ParkedReceipt]:
        sql = (
            f"SELECT {_RECEIPT} FROM receipts WHERE link = ? AND message IS NULL AND id > ?"  # noqa: S608  fixed
            " ORDER BY id LIMIT ?"
        )
        return [ParkedReceipt(*row) for row in self._db.execute(sql, (link, after, limit))]

    def parked_count(self, link: str) -> int:
        return int(self._one("SELECT count(*) FROM receipts WHERE link = ? AND message IS NULL", link))

    def newest_parked(self, link: str) -> Millis | None:
        sql = "SELECT at FROM receipts WHERE link = ? AND message IS NULL ORDER BY id DESC LIMIT 1"
        row = self._db.execute(sql, (link,)).fetchone()
        return None if row is None else row[0]

    def add_id_pairs(self, rows: Sequence[tuple[str, str, int]]) -> None:
        sql = "INSERT INTO id_pairs VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET pairs = pairs + excluded.pairs"
        self._db.executemany(sql, rows)

    def id_pairs(self, link: str) -> dict[str, int]:
        sql = "SELECT notation, pairs FROM id_pairs WHERE link = ? ORDER BY notation"
        return dict(self._db.execute(sql, (link,)).fetchall())

    # events and their consumers

    def next_cursor(self) -> int:
        self._cursor += 1
        return self._cursor

    def last_cursor(self) -> int:
        return self._cursor

    def append_events(self, events: Sequence[Event]) -> None:
        rows = [(e.cursor, e.client, e.message, e.at, e.body) for e in events]
        self._db.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)

    def events_after(self, client: str, cursor: int, limit: int) -> list[Event]:
        sql = (
            "SELECT cursor, client, message, at, body FROM events WHERE client = ? AND cursor > ?"
            " ORDER BY cursor LIMIT ?"
        )
        return [Event(*row) for row in self._db.execute(sql, (client, cursor, limit))]

    def events_of(self, message: MessageId) -> list[Event]:
        sql = "SELECT cursor, client, message, at, body FROM events WHERE message = ? ORDER BY cursor"
        return [Event(*row) for row in self._db.execute(sql, (message,))]

    def oldest_cursor(self, client: str) -> int:
        sql = "SELECT coalesce((SELECT cursor FROM floors WHERE client = ?), 0)"
        return int(self._one(sql, client))

    def purge_events(self, before: Millis, limit: int) -> int:
        rows = self._db.execute("SELECT cursor, at FROM events ORDER BY cursor LIMIT ?", (limit,)).fetchall()
        old = [row[0] for row in takewhile(lambda row: row[1] < before, rows)]
        if old:
            sql = "SELECT client, max(cursor) FROM events WHERE cursor <= ? GROUP BY client"
            self._db.execute(f"INSERT OR REPLACE INTO floors {sql}", (old[-1],))
            self._db.execute("DELETE FROM events WHERE cursor <= ?", (old[-1],))
        return len(old)

    def consumer(self, client: str, name: str) -> Consumer | None:
        sql = "SELECT client, name, acknowledged, at FROM consumers WHERE client = ? AND name = ?"
        row = self._db.execute(sql, (client, name)).fetchone()
        return None if row is None else Consumer(*row)

    def put_consumer(self, consumer: Consumer) -> None:
        row = (consumer.client, consumer.name, consumer.acknowledged, consumer.at)
        self._db.execute("INSERT OR REPLACE INTO consumers VALUES (?, ?, ?, ?)", row)

    def consumers(self) -> list[Consumer]:
        return [
            Consumer(*row) for row in self._db.execute("SELECT client, name, acknowledged, at FROM consumers")
        ]

    # opt-outs

    def opted_out(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        sql = (
            "SELECT o.number, o.brand FROM json_each(?) j CROSS JOIN optouts o"
            " ON o.number = j.value ->> 0 AND o.brand = j.value ->> 1"
        )
        return set(self._db.execute(sql, (_ids(pairs),)))

    def optouts(self, number: str) -> list[OptOut]:
        sql = "SELECT number, brand, since, source, reason FROM optouts WHERE number = ?"
        return [OptOut(*row) for row in self._db.execute(sql, (number,))]

    def optouts_after(self, brands: Sequence[str], after: tuple[str, str], limit: int) -> list[OptOut]:
        sql = (
            "SELECT number, brand, since, source, reason FROM optouts WHERE (number, brand) > (?, ?)"
            " AND brand IN (SELECT value FROM json_each(?)) ORDER BY number, brand LIMIT ?"
        )
        return [OptOut(*row) for row in self._db.execute(sql, (*after, _ids(brands), limit))]

    def put_optouts(self, rows: Sequence[OptOut]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO optouts VALUES (?, ?, ?, ?, ?)",
            [(r.number, r.brand, r.since, r.source, r.reason) for r in rows],
        )

    def delete_optouts(self, number: str, brands: Sequence[str]) -> int:
        sql = "DELETE FROM optouts WHERE number = ? AND brand IN (SELECT value FROM json_each(?))"
        return self._db.execute(sql, (number, _ids(brands))).rowcount

    # inbound

    def insert_inbound(self, message_id: MessageId, at: Millis, body: bytes) -> None:
        self._db.execute("INSERT INTO inbound VALUES (?, ?, ?)", (message_id, at, body))

    def seen_delivery(self, fingerprint: bytes) -> tuple[int, Millis] | None:
        sql = "SELECT session, at FROM deliveries WHERE fingerprint = ?"
        row = self._db.execute(sql, (fingerprint,)).fetchone()
        return None if row is None else (row[0], row[1])

    def note_deliveries(self, rows: Sequence[tuple[bytes, int, Millis]]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?)", rows)

    def purge_deliveries(self, before: Millis) -> None:
        self._db.execute("DELETE FROM deliveries WHERE at < ?", (before,))

    def put_part(self, part: Part) -> None:
        row = (part.key, part.number, part.at, part.body)
        self._db.execute("INSERT OR IGNORE INTO parts VALUES (?, ?, ?, ?)", row)

    def parts(self, key: str) -> list[Part]:
        sql = "SELECT key, number, at, body FROM parts WHERE key = ? ORDER BY number"
        return [Part(*row) for row in self._db.execute(sql, (key,))]

    def delete_parts(self, key: str) -> None:
        self._db.execute("DELETE FROM parts WHERE key = ?", (key,))

    def stale_parts(self, before: Millis, limit: int) -> list[str]:
        sql = "SELECT key FROM parts GROUP BY key HAVING min(at) <= ? LIMIT ?"
        return [row[0] for row in self._db.execute(sql, (before, limit))]


def _failure(message: Message) -> bytes | None:
    return None if message.error is None else _encode_failure(message.error)
