"""What every store does alike: each row operation of Tables, transactions, effects, reads.

The operations of the ledger themselves run on every store's tables in tests/ledger.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest
import trio

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.tables import Consumer, Effects, Event, OptOut, ParkedReceipt, Part, Tables, Try, Wanted
from gatewayd.model import (
    Content,
    Failure,
    Lane,
    LaneId,
    Message,
    MessageId,
    Segment,
    SegmentStage,
    Stage,
)
from gatewayd.smpp.receipt_ids import key as id_key
from gatewayd.store.base import Store

NOW = 1_795_000_000_000
LANE, OTHER = Lane("first:a", "otp", "acme", "shop"), Lane("first:b", "otp", "acme", "shop")
NUMBER = "8613800138000"


def content(**fields: Any) -> Content:
    plain: dict[str, Any] = {
        "to": NUMBER,
        "sender": "106900",
        "text": "您好 🎉 \u0000",
        "data": None,
        "udh": b"",
        "encoding": "ucs2",
        "segments": 1,
        "state": "queued",
        "accepted_at": NOW,
        "expires_at": NOW + 10,
    }
    return Content(**{**plain, **fields})


def message(identifier: int, **fields: Any) -> Message:
    plain: dict[str, Any] = {
        "id": MessageId(identifier),
        "lane": LaneId(1),
        "stage": Stage.READY,
        "content": content(),
        "due": NOW,
        "changed_at": NOW,
        "segments": 1,
    }
    return Message(**{**plain, **fields})


def segment(identifier: int, number: int = 1, attempt: int = 1, **fields: Any) -> Segment:
    plain: dict[str, Any] = {
        "message": MessageId(identifier),
        "number": number,
        "attempt": attempt,
        "stage": SegmentStage.CLAIMED,
        "link": "a",
        "owner": 1,
        "claimed_at": NOW,
        "to": NUMBER,
    }
    return Segment(**{**plain, **fields})


def ids(rows: Sequence[Message]) -> list[int]:
    return [row.id for row in rows]


async def both(store: Store, write: Callable[[Tables], object], read: Callable[[Tables], Any]) -> Any:
    """Write in one transaction; what a look on the writer's side and a reader's side agree on."""
    await store.write(write)
    seen, told = await store.write(read), await store.read(read)
    assert seen == told
    return told


# rows


async def test_lanes(store: Store) -> None:
    """One id for each lane, the same again; known by id on both sides and told with the commit."""

    def write(tables: Tables) -> None:
        assert tables.lane_id(LANE) == tables.lane_id(LANE) != tables.lane_id(OTHER)

    lanes = await both(store, write, lambda tables: tables.lanes())
    assert set(lanes.values()) == {LANE, OTHER}
    assert store.lanes == lanes

    def look(tables: Tables) -> None:
        for identifier, lane in lanes.items():
            assert tables.lane(identifier) == lane

    await store.read(look)
    await store.write(look)
    assert await store.write(lambda tables: [tables.lane_id(lane) for lane in lanes.values()]) == list(lanes)


async def test_messages_keep_every_field(store: Store) -> None:
    """Content, failure and all columns come back as they went in; update writes every mutable one."""
    full = message(
        1,
        content=content(
            data=b"\0\xff", udh=b"\x05", send_at=NOW, key="k", tag="t", order_key="o", fingerprint=b"f"
        ),
        link="a",
        attempts=3,
        resent=True,
        reference=7,
        reason="retry",
        until=NOW + 5,
        error=Failure("c", "d", "e", "f", "g", 2),
        refused=("a", "b-1"),
    )
    bare = message(2, content=content(text=None, data=b""), due=None)

    def write(tables: Tables) -> None:
        tables.insert_messages([full, bare])

    found = await both(store, write, lambda tables: tables.messages([full.id, bare.id, MessageId(99)]))
    assert found == {full.id: full, bare.id: bare}
    changed = message(
        1, content=full.content, lane=LaneId(4), stage=Stage.DELIVERED, due=None, changed_at=NOW + 9
    )
    found = await both(
        store, lambda t: t.update_messages([changed, message(55)]), lambda t: t.messages([full.id])
    )
    assert found == {full.id: changed}
    assert await store.read(lambda tables: tables.messages([MessageId(55)])) == {}


async def test_what_is_given_out_is_a_copy(store: Store) -> None:
    """A record changed outside changes nothing inside before it is written; nor one handed in."""
    mine, its = message(1), segment(1)

    def write(tables: Tables) -> None:
        tables.insert_messages([mine])
        tables.insert_segments([its])
        mine.attempts, its.owner = 9, 9
        tables.messages([mine.id])[mine.id].attempts = 8
        tables.segments([mine.id])[mine.id][0].owner = 8
        tables.claimable(LaneId(1), MessageId(0), 1)[0].attempts = 8

    await store.write(write)
    assert (await store.read(lambda t: t.messages([mine.id])))[mine.id].attempts == 0
    assert (await store.read(lambda t: t.segments([mine.id])))[mine.id][0].owner == 1


async def test_ids_rise(store: Store) -> None:
    """Each new id is greater, also where the clock stands still or goes back."""
    made = await store.write(lambda t: [t.new_id(now) for now in (NOW, NOW, NOW - 5, *[NOW] * 2000, NOW + 1)])
    assert made == sorted(set(made))


async def test_choosing_messages(store: Store) -> None:
    """Each look gives what it names, in its order, up to its limit."""
    rows = [
        message(1, stage=Stage.SCHEDULED, due=NOW + 9),
        message(2, due=NOW + 3),
        message(3, stage=Stage.RESUME, due=NOW + 1),
        message(4, lane=LaneId(2), due=NOW + 2, content=content(tag="t")),
        message(5, stage=Stage.CLAIMED, due=None, content=content(tag="t")),
        message(6, stage=Stage.RETRY, due=NOW + 1, content=content(tag="t", to="86")),
        message(7, stage=Stage.DELIVERED, due=None, content=content(tag="t")),
        message(8, stage=Stage.HELD, due=NOW + 9),
        message(9, due=NOW + 4),
        message(10, stage=Stage.IN_DOUBT, due=NOW + 5),
        message(11, stage=Stage.SUBMITTED, due=NOW + 5),
    ]
    await store.write(lambda tables: tables.insert_messages(rows))

    def look(tables: Tables) -> None:
        one, two = LaneId(1), LaneId(2)
        zero = MessageId(0)
        assert ids(tables.claimable(one, zero, 9)) == [2, 3, 9]
        assert ids(tables.claimable(one, zero, 2)) == [2, 3]
        assert ids(tables.claimable(one, MessageId(3), 9)) == [9]
        assert ids(tables.claimable(two, zero, 9)) == [4]
        assert tables.claimable(LaneId(3), zero, 9) == []
        assert (tables.oldest_ready(one), tables.oldest_ready(two), tables.oldest_ready(LaneId(3))) == (
            2,
            4,
            None,
        )
        assert ids(tables.due(NOW, 9)) == []
        assert ids(tables.due(NOW + 3, 9)) == [3, 6, 4, 2]
        assert ids(tables.due(NOW + 3, 3)) == [3, 6, 4]
        assert ids(tables.queued_after(MessageId(2), 9)) == [4, 6, 8, 9]
        assert ids(tables.queued_after(MessageId(2), 2)) == [4, 6]
        assert ids(tables.tagged("t", [one, two], zero, 9)) == [4, 5, 6]
        assert ids(tables.tagged("t", [one], zero, 9)) == [5, 6]
        assert ids(tables.tagged("t", [one, two], MessageId(4), 1)) == [5]
        assert tables.tagged("u", [one, two], zero, 9) == []
        assert sorted(ids(tables.waiting_for(NUMBER, [one]))) == [1, 2, 3, 8, 9]
        assert ids(tables.waiting_for("86", [one, two])) == [6]
        assert tables.stage_counts() == {
            (one, Stage.SCHEDULED): 1,
            (one, Stage.READY): 2,
            (one, Stage.RESUME): 1,
            (two, Stage.READY): 1,
            (one, Stage.CLAIMED): 1,
            (one, Stage.RETRY): 1,
            (one, Stage.HELD): 1,
            (one, Stage.IN_DOUBT): 1,
            (one, Stage.SUBMITTED): 1,
        }

    await store.write(look)
    await store.read(look)


async def test_the_newest_that_are_wanted(store: Store) -> None:
    """Newest first, from one id until before another, by any of number, tag, lanes and stages."""
    rows = [
        message(1, content=content(tag="t")),
        message(2, stage=Stage.DELIVERED, due=None, content=content(tag="t")),
        message(3, lane=LaneId(2), content=content(to="86")),
        message(4, stage=Stage.HELD, content=content(tag="u")),
    ]

    def look(tables: Tables) -> None:
        def ids(limit: int = 9, **fields: Any) -> list[int]:
            wanted = Wanted(**{"since": MessageId(0), "before": MessageId(9), **fields})
            return [found.id for found in tables.newest(wanted, limit)]

        assert (ids(), ids(2)) == ([4, 3, 2, 1], [4, 3])
        assert ids(since=MessageId(2), before=MessageId(4)) == [3, 2]
        assert (ids(number=NUMBER), ids(tag="t"), ids(number="86", tag="t")) == ([4, 2, 1], [2, 1], [])
        assert (ids(lanes=[LaneId(2)]), ids(lanes=[])) == ([3], [])
        assert ids(stages=[Stage.DELIVERED, Stage.HELD]) == [4, 2]

    await store.write(lambda tables: tables.insert_messages(rows))
    await store.read(look)


async def test_what_was_refused_for_now_is_kept(store: Store) -> None:
    """By message; the same sending once, by segment and time."""
    one, two = Try(MessageId(1), 1, NOW, "a", NOW + 5, 20), Try(MessageId(1), 1, NOW + 9, "b", NOW + 10, 88)
    other = Try(MessageId(2), 1, NOW, "a", NOW + 5, 20)

    def look(tables: Tables) -> None:
        assert tables.tries_of(MessageId(1)) == [one, two]
        assert tables.tries_of(MessageId(3)) == []

    await store.write(lambda tables: tables.put_tries([two, other]))
    await store.write(lambda tables: tables.put_tries([one, two]))
    await store.read(look)


async def test_the_first_in_line(store: Store) -> None:
    """The earliest of a client, number and order_key of which something may leave; in doubt only then."""
    key, other = content(order_key="k"), content(order_key="k", to="86")
    rows = [
        message(1, stage=Stage.DELIVERED, due=None, content=key),
        message(2, stage=Stage.SUBMITTED, content=key),
        message(3, stage=Stage.IN_DOUBT, content=key),
        message(4, content=content(order_key="l")),
        message(5, content=other),
        message(6, content=content()),
        message(7, lane=LaneId(2), content=key),
        message(8, stage=Stage.IN_DOUBT, content=key),
        message(9, stage=Stage.RETRY, content=key),
    ]

    def write(tables: Tables) -> None:
        tables.lane_id(Lane("r", "otp", "shop", "mall"))
        tables.lane_id(Lane("r", "otp", "bank", "mall"))
        tables.insert_messages(rows)
        tables.insert_segments([segment(3, stage=SegmentStage.IN_DOUBT)])
        tables.insert_segments([segment(8, stage=SegmentStage.IN_DOUBT), segment(8, 2)])

    def look(tables: Tables) -> None:
        assert [first(tables, *asked) for asked in asks] == [8, 5, 4, 7, None]
        rest = list(tables.messages([MessageId(8)]).values())
        rest[0].stage = Stage.SUBMITTED
        tables.update_messages(rest)
        assert first(tables, "shop", NUMBER, "k") == 9

    def first(tables: Tables, client: str, number: str, order_key: str) -> int | None:
        found = tables.first_in_line(client, number, order_key)
        return None if found is None else found.id

    asks = [
        ("shop", NUMBER, "k"),
        ("shop", "86", "k"),
        ("shop", NUMBER, "l"),
        ("bank", NUMBER, "k"),
        ("bank", NUMBER, "l"),
    ]
    await store.write(write)
    await store.write(look)


async def test_keys(store: Store) -> None:
    """Per client; a key that is free again may be used again."""

    def write(tables: Tables) -> None:
        tables.insert_keys(
            [("acme", "k", MessageId(1)), ("acme", "ключ", MessageId(2)), ("other", "k", MessageId(3))]
        )
        tables.insert_keys([("acme", "k", MessageId(4))])

    found = await both(store, write, lambda tables: tables.keyed("acme", ["k", "ключ", "no"]))
    assert found == {"k": 4, "ключ": 2}
    assert await store.read(lambda tables: tables.keyed("nobody", ["k"])) == {}


async def test_segments(store: Store) -> None:
    """Every field comes back; by message, by id of the SMSC, without an id, claimed."""
    full = segment(
        1,
        2,
        1,
        stage=SegmentStage.ACCEPTED,
        smsc_id="0xID-1",
        answered_at=NOW,
        status=5,
        stat="s",
        err="e",
        receipt_at=NOW,
    )
    rows = [
        segment(1, 1, 2),
        segment(1, 1, 1, stage=SegmentStage.IN_DOUBT),
        full,
        segment(2, stage=SegmentStage.ACCEPTED, smsc_id="00id-1", link="b"),
        segment(3, stage=SegmentStage.ACCEPTED),
        segment(4, stage=SegmentStage.WAITING),
        segment(5, to="86"),
        segment(6, link="b"),
        segment(7, stage=SegmentStage.DELIVERED),
    ]
    await store.write(lambda tables: tables.insert_segments(rows))

    def look(tables: Tables) -> None:
        found = tables.segments([MessageId(n) for n in (1, 2, 99)])
        assert found == {1: [rows[1], rows[0], full], 2: [rows[3]]}
        assert tables.segments_by_key("a", ["id-1", "y"]) == [full]
        assert tables.segments_by_key("b", ["id-1"]) == [rows[3]]
        assert tables.segments_by_key("c", ["id-1"]) == []
        unnamed = tables.unnamed_segments("a", NUMBER)
        assert sorted((s.message, s.number, s.attempt) for s in unnamed) == [(1, 1, 1), (1, 1, 2), (3, 1, 1)]
        assert {s.message for s in tables.claimed_segments(9)} == {1, 5, 6}
        assert len(tables.claimed_segments(2)) == 2

    await store.write(look)
    await store.read(look)
    changed = segment(1, 1, 1, stage=SegmentStage.ACCEPTED, smsc_id="z", owner=3, claimed_at=NOW + 1)

    def write(tables: Tables) -> None:
        tables.update_segments([changed, segment(1, 9)])
        tables.delete_segments(MessageId(2))

    found = await both(store, write, lambda tables: tables.segments([MessageId(1), MessageId(2)]))
    assert found == {1: [changed, rows[0], full]}
    assert await store.read(lambda tables: tables.segments_by_key("a", ["z"])) == [changed]


async def test_segments_by_the_key_of_their_id(store: Store) -> None:
    """The key that a store has an index of is the one of `receipt_ids`, for any id there may be."""
    ids = ["0", "x", "0x0X", "00Ab12", "0x00ab12", "ÄB-1", "äb-1", "İ", "{5F2B}", "q83v/EjQ+w==", "10.0.0.1"]
    rows = [segment(n, stage=SegmentStage.ACCEPTED, smsc_id=name) for n, name in enumerate(ids)]

    def look(tables: Tables) -> list[list[str | None]]:
        return [[s.smsc_id for s in tables.segments_by_key("a", [id_key(name)])] for name in ids]

    found = await both(store, lambda tables: tables.insert_segments(rows), look)
    assert found == [[other for other in ids if id_key(other) == id_key(name)] for name in ids]


async def test_named_segments(store: Store) -> None:
    """Open ones with an id, of the newest messages to one number."""
    rows = [
        segment(1, stage=SegmentStage.ACCEPTED, smsc_id="1"),
        segment(2, stage=SegmentStage.ACCEPTED, smsc_id="2"),
        segment(3, stage=SegmentStage.ACCEPTED, smsc_id="3", link="b"),
        segment(3, 2, stage=SegmentStage.DELIVERED, smsc_id="4"),
        segment(3, 3, stage=SegmentStage.ACCEPTED),
        segment(4, stage=SegmentStage.ACCEPTED, smsc_id="5", to="86"),
    ]

    def write(tables: Tables) -> None:
        tables.insert_messages([message(1), message(2), message(3), message(4, content=content(to="86"))])
        tables.insert_segments(rows)

    found = await both(store, write, lambda tables: tables.named_segments("a", NUMBER, 9))
    assert found == rows[:2]
    assert await store.read(lambda tables: tables.named_segments("a", NUMBER, 2)) == rows[1:2]
    assert await store.read(lambda tables: tables.named_segments("b", NUMBER, 9)) == rows[2:3]


async def test_settling_segments(store: Store) -> None:
    """Only what a receipt changes is written."""
    before = segment(1, stage=SegmentStage.ACCEPTED, smsc_id="x", answered_at=NOW, status=0)
    told = {"stage": SegmentStage.DELIVERED, "stat": "DELIVRD", "err": "000", "receipt_at": NOW + 1}
    settled = msgspec.structs.replace(before, **told)
    await store.write(lambda tables: tables.insert_segments([before]))

    def write(tables: Tables) -> None:
        tables.settle_segments(
            [msgspec.structs.replace(settled, smsc_id="y", owner=9, status=7), segment(1, 2)]
        )

    assert await both(store, write, lambda tables: tables.segments([before.message])) == {1: [settled]}


async def test_concatenation_references(store: Store) -> None:
    """From where it was told to start, one by one, per sender and number, over the end of 16 bits."""

    def write(tables: Tables) -> list[int]:
        pairs = [("s", "n"), ("s", "n"), ("s", "m"), ("r", "n"), ("s", "n")]
        return [tables.next_reference(*pair, 65534) for pair in pairs]

    assert await store.write(write) == [65534, 65535, 65534, 65534, 0]
    assert await store.write(lambda tables: tables.next_reference("s", "n", 500)) == 1


async def test_parked_receipts(store: Store) -> None:
    """By id, by number and once adopted by message, in the order they came; ids are given."""

    def write(tables: Tables) -> None:
        tables.park(
            [
                ParkedReceipt(0, "a", "x", "86", NOW, None, b"1"),
                ParkedReceipt(0, "a", "y", "87", NOW, None, b"2"),
                ParkedReceipt(0, "b", "x", "86", NOW, None, b"3"),
                ParkedReceipt(0, "a", "x", "86", NOW, MessageId(5), b"4"),
                ParkedReceipt(0, "a", "x", "86", NOW, None, b"5"),
            ]
        )

    def bodies(rows: Sequence[ParkedReceipt]) -> bytes:
        return b"".join(row.body for row in rows)

    found = await both(store, write, lambda tables: tables.parked("a", ["x", "z"]))
    assert bodies(found) == b"15"
    assert bodies(await store.read(lambda tables: tables.parked("a", ["y", "x"]))) == b"125"
    assert bodies(await store.read(lambda tables: tables.parked_from("a", ["86", "87"]))) == b"125"
    assert bodies(await store.read(lambda tables: tables.parked_from("b", ["86"]))) == b"3"
    first = found[0]
    adopted = await both(
        store, lambda t: t.adopt(first.id, MessageId(5)), lambda t: t.receipts_of(MessageId(5))
    )
    assert bodies(adopted) == b"14"
    assert adopted[0] == ParkedReceipt(first.id, "a", "x", "86", NOW, MessageId(5), b"1")
    assert bodies(await store.read(lambda tables: tables.parked("a", ["x"]))) == b"5"


async def test_parked_receipts_of_a_link(store: Store) -> None:
    """What is nobody's yet, step by step in the order it came; how many, and when the newest came."""

    def write(tables: Tables) -> None:
        rows = [("a", None), ("b", None), ("a", MessageId(5)), ("a", None), ("a", None)]
        tables.park(
            [ParkedReceipt(0, link, "x", "86", NOW + n, m, b"%d" % n) for n, (link, m) in enumerate(rows)]
        )

    first = await both(store, write, lambda tables: tables.parked_after("a", 0, 2))
    assert [row.body for row in first] == [b"0", b"3"]
    rest = await store.read(lambda tables: tables.parked_after("a", first[-1].id, 2))
    assert [row.body for row in rest] == [b"4"]

    def told(tables: Tables, link: str) -> tuple[int, int | None]:
        return tables.parked_count(link), tables.newest_parked(link)

    assert await store.read(told, "a") == (3, NOW + 4)
    assert await store.read(told, "b") == (1, NOW + 1)
    assert await store.read(told, "c") == (0, None)


async def test_id_pairs(store: Store) -> None:
    """Added up for each link and notation."""
    await store.write(lambda tables: tables.add_id_pairs([("a", "as_is", 3), ("b", "as_is", 1)]))
    found = await both(
        store,
        lambda tables: tables.add_id_pairs([("a", "as_is", 2), ("a", "any_case", 1)]),
        lambda tables: (tables.id_pairs("a"), tables.id_pairs("b"), tables.id_pairs("c")),
    )
    assert found == ({"any_case": 1, "as_is": 5}, {"as_is": 1}, {})


async def test_events(store: Store) -> None:
    """In order of their cursors, per client and per message; a purge tells each client how far it went."""

    def write(tables: Tables) -> list[Event]:
        events = [
            Event(tables.next_cursor(), client, owner, NOW + n, b"%d" % n)
            for n, (client, owner) in enumerate(
                [("acme", MessageId(1)), ("other", None), ("acme", MessageId(2)), ("acme", MessageId(1))]
            )
        ]
        tables.append_events(events)
        assert tables.last_cursor() == events[-1].cursor
        return events

    one, two, three, four = await store.write(write)
    assert one.cursor < two.cursor < three.cursor < four.cursor

    def look(tables: Tables) -> None:
        assert tables.events_after("acme", 0, 9) == [one, three, four]
        assert tables.events_after("acme", one.cursor, 1) == [three]
        assert tables.events_after("nobody", 0, 9) == []
        assert tables.events_of(MessageId(1)) == [one, four]
        assert (tables.oldest_cursor("acme"), tables.last_cursor()) == (0, four.cursor)

    await store.write(look)
    await store.read(look)
    assert await store.write(lambda tables: tables.purge_events(NOW + 3, 2)) == 2
    assert await store.write(lambda tables: tables.purge_events(NOW + 3, 2)) == 1
    assert await store.write(lambda tables: tables.purge_events(NOW + 3, 2)) == 0

    def after(tables: Tables) -> None:
        assert tables.events_after("acme", 0, 9) == [four]
        clients = ("acme", "other", "nobody")
        assert [tables.oldest_cursor(name) for name in clients] == [three.cursor, two.cursor, 0]

    await store.write(after)
    await store.read(after)


async def test_consumers(store: Store) -> None:
    """One row for each client and name; put overwrites."""

    def write(tables: Tables) -> None:
        tables.put_consumer(Consumer("acme", "c", 5, NOW))
        tables.put_consumer(Consumer("acme", "c", 7, NOW + 1))
        tables.put_consumer(Consumer("acme", "d", 1, NOW))

    found = await both(store, write, lambda tables: tables.consumers())
    assert found == [Consumer("acme", "c", 7, NOW + 1), Consumer("acme", "d", 1, NOW)]
    assert await store.read(lambda tables: tables.consumer("acme", "c")) == found[0]
    assert await store.read(lambda tables: tables.consumer("other", "c")) is None


async def test_optouts(store: Store) -> None:
    """The first wish stays; asked for in pairs of number and brand; deleted by brand."""
    first = OptOut(NUMBER, "shop", NOW, "reply", "MO")

    def write(tables: Tables) -> None:
        tables.put_optouts([first, OptOut(NUMBER, "bank", NOW, "api")])
        tables.put_optouts([OptOut(NUMBER, "shop", NOW + 9, "api")])

    rows = await both(store, write, lambda tables: tables.optouts(NUMBER))
    assert sorted(row.brand for row in rows) == ["bank", "shop"]
    assert first in rows
    pairs = {(NUMBER, "shop"), (NUMBER, "club"), ("86", "shop")}
    assert await store.read(lambda tables: tables.opted_out(pairs)) == {(NUMBER, "shop")}
    assert await store.write(lambda tables: tables.delete_optouts(NUMBER, ["shop", "club"])) == 1
    assert await store.read(lambda tables: tables.opted_out(pairs)) == set()
    assert len(await store.read(lambda tables: tables.optouts(NUMBER))) == 1


async def test_inbound_rows(store: Store) -> None:
    """Deliveries by fingerprint, the newest sighting; parts by key, in order, the first of a number."""

    def write(tables: Tables) -> None:
        tables.insert_inbound(tables.new_id(NOW), NOW, b"body")
        tables.note_deliveries([(b"f", 1, NOW), (b"g", 1, NOW + 2)])
        tables.note_deliveries([(b"f", 2, NOW + 1)])
        for key, number, at, body in (
            ("k", 2, 3, b"2"),
            ("k", 1, 4, b"1"),
            ("k", 2, 9, b"no"),
            ("l", 1, 9, b"l"),
        ):
            tables.put_part(Part(key, number, NOW + at, body))

    def look(tables: Tables) -> None:
        assert (tables.seen_delivery(b"f"), tables.seen_delivery(b"h")) == ((2, NOW + 1), None)
        assert [part.body for part in tables.parts("k")] == [b"1", b"2"]
        assert tables.stale_parts(NOW + 2, 9) == []
        assert tables.stale_parts(NOW + 3, 9) == ["k"]
        assert sorted(tables.stale_parts(NOW + 9, 9)) == ["k", "l"]
        assert len(tables.stale_parts(NOW + 9, 1)) == 1

    await store.write(write)
    await store.write(look)
    await store.read(look)

    def forget(tables: Tables) -> None:
        tables.delete_parts("k")
        tables.purge_deliveries(NOW + 2)

    await store.write(forget)
    assert await store.read(lambda tables: (tables.parts("k"), len(tables.parts("l")))) == ([], 1)
    seen = await store.read(lambda tables: (tables.seen_delivery(b"f"), tables.seen_delivery(b"g")))
    assert seen == (None, (1, NOW + 2))


# transactions


def fill(tables: Tables) -> None:
    """A row in every table, and effects of every kind."""
    lane = tables.lane_id(LANE)
    identifier = tables.new_id(NOW)
    tables.insert_messages([message(identifier, lane=lane)])
    tables.insert_keys([("acme", "k", identifier)])
    tables.insert_segments([segment(identifier)])
    tables.next_reference("s", "n", 1)
    tables.park([ParkedReceipt(0, "a", "x", NUMBER, NOW, None, b"1")])
    tables.append_events([Event(tables.next_cursor(), "acme", identifier, NOW, b"{}")])
    tables.put_consumer(Consumer("acme", "c", 5, NOW))
    tables.put_optouts([OptOut(NUMBER, "shop", NOW, "reply")])
    tables.insert_inbound(tables.new_id(NOW), NOW, b"body")
    tables.note_deliveries([(b"f", 1, NOW)])
    tables.put_part(Part("k", 1, NOW, b""))
    tables.effects.stages[lane, Stage.READY] += 1
    tables.effects.clients.add("acme")
    tables.effects.count("messages_accepted", "otp")


def everything(tables: Tables) -> tuple[object, ...]:
    return (
        tables.lanes(),
        tables.stage_counts(),
        tables.keyed("acme", ["k"]),
        tables.claimed_segments(9),
        tables.parked("a", ["x"]),
        tables.events_after("acme", 0, 9),
        tables.consumers(),
        tables.optouts(NUMBER),
        tables.seen_delivery(b"f"),
        tables.parts("k"),
    )


class Oops(Exception):
    """Raised by an operation."""


def fail(tables: Tables) -> None:
    fill(tables)
    tables.delete_optouts(NUMBER, ["shop"])
    tables.delete_parts("k")
    raise Oops


async def test_a_failing_operation_leaves_nothing(store: Store) -> None:
    """Its error reaches the caller; no row and no effect of it stays; the next one works."""
    seen: list[Effects] = []
    store.watch(seen.append)
    empty = await store.read(everything)
    with pytest.raises(Oops):
        await store.write(fail)
    assert await store.read(everything) == empty
    assert (store.lanes, dict(store.counts)) == ({}, {})
    assert not any(effects.clients or effects.stages or effects.counts for effects in seen)
    await store.write(fill)
    full = await store.read(everything)
    assert all(full)
    with pytest.raises(Oops):
        await store.write(fail)
    assert await store.read(everything) == full
    assert sum(store.counts.values()) == 1


async def test_a_failing_operation_harms_no_other(store: Store) -> None:
    """However many are under way at once: those that work are there, those that fail are not."""
    results: dict[int, str] = {}

    async def attempt(number: int) -> None:
        def operation(tables: Tables) -> None:
            tables.insert_messages([message(tables.new_id(NOW))])
            if number % 3 == 0:
                raise Oops

        try:
            await store.write(operation)
            results[number] = "done"
        except Oops:
            results[number] = "failed"

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for number in range(30):
                nursery.start_soon(attempt, number)
    assert results == {number: "done" if number % 3 else "failed" for number in range(30)}
    assert sum((await store.read(lambda tables: tables.stage_counts())).values()) == 20


async def test_a_row_that_is_there_already_fails_its_operation(store: Store) -> None:
    """A programming error, and nobody else's trouble."""
    await store.write(lambda tables: tables.insert_messages([message(1)]))
    with pytest.raises(Exception, match=r".") as caught:
        await store.write(lambda tables: tables.insert_messages([message(2), message(1)]))
    assert not isinstance(caught.value, StoreUnavailable)
    assert await store.read(lambda tables: list(tables.messages([MessageId(1), MessageId(2)]))) == [1]


async def test_a_read_cannot_write(store: Store) -> None:
    """It is refused, and nothing of it stays."""
    empty = await store.read(everything)
    with pytest.raises(StoreUnavailable):
        await store.read(fill)
    assert await store.read(everything) == empty
    await store.write(fill)


async def test_effects_are_told_before_the_writer_goes_on(store: Store) -> None:
    """Watchers, counts and lanes know of a commit when its writer wakes; a commit is observed."""
    seen: list[Effects] = []
    store.watch(seen.append)
    await store.write(fill)
    merged = Effects()
    for effects in seen:
        merged.merge(effects)
    ((lane, stage),) = merged.stages
    assert (merged.clients, stage, merged.lanes) == ({"acme"}, Stage.READY, {lane: LANE})
    assert merged.counts == {("messages_accepted", "otp"): 1}
    assert [metric for metric, _, _ in merged.observations] == ["store_commit"]
    assert (store.counts[lane, stage], store.lanes) == (1, {lane: LANE})


async def test_writes_happen_one_after_the_other(store: Store) -> None:
    """Each sees all of those before it, however many are asked for at once."""
    seen: list[int] = []

    def operation(tables: Tables, number: int) -> None:
        tables.insert_messages([message(number)])
        seen.append(len(tables.messages(map(MessageId, range(20)))))

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(store.write, operation, number)
    assert seen == list(range(1, 21))


async def test_waiting_and_owner(store: Store) -> None:
    """Nothing waits in a store at rest; this life has a number."""
    await store.write(fill)
    assert store.waiting == 0
    assert store.owner >= 1
