"""Rows of consents and templates, and what is held without an end, on every store."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from gatewayd.ledger.tables import Tables
from gatewayd.model import Lane, MessageId, Stage
from gatewayd.policy.consents import Consent
from gatewayd.policy.template_sets import Review, Template
from gatewayd.store.base import Store
from gatewayd.store.schema import migrate
from gatewayd.store.sqlite_tables import SqliteTables
from tests.store.test_conformance import message

NUMBER, OTHER = "8613800138000", "8613800138001"


def said(
    at: int, *, number: str = NUMBER, brand: str = "mall", granted: bool = True, channel: str = "web"
) -> Consent:
    return Consent(number, brand, at, granted, channel, "v1", "p", 99, "shop")


async def put(store: Store, *rows: Consent) -> int:
    return await store.write(lambda tables: tables.put_consents(rows))


async def test_the_newest_consent_counts(store: Store) -> None:
    """Of one moment the withdrawal; each pair by itself."""
    rows = [
        *(said(5), said(9), said(7, granted=False)),
        *(said(5, brand="bank"), said(5, brand="bank", granted=False), said(3, number=OTHER)),
    ]
    assert await put(store, *rows) == 6
    pairs = [(NUMBER, "mall"), (NUMBER, "bank"), (OTHER, "mall"), (OTHER, "bank")]
    assert await store.read(lambda tables: tables.consents(pairs)) == {
        (NUMBER, "mall"): said(9),
        (NUMBER, "bank"): said(5, brand="bank", granted=False),
        (OTHER, "mall"): said(3, number=OTHER),
    }


async def test_what_was_said_twice_is_kept_once(store: Store) -> None:
    """Of one moment and channel; the first proof stays."""
    assert await put(store, said(5), said(5)) == 1
    later = msgspec.structs.replace(said(5), proof="q")
    assert await put(store, later, said(5, channel="shop"), said(5, granted=False)) == 2
    assert await put(store) == 0
    history = await store.read(lambda tables: tables.consents_of(NUMBER, ["mall", "bank"]))
    assert history == [said(5, granted=False), said(5), said(5, channel="shop")]


async def test_all_consents_in_pages(store: Store) -> None:
    """In the order in which they were told, of the brands asked for; what comes later is behind."""
    rows = [said(9), said(5, brand="bank"), said(1), said(2, number=OTHER)]
    await put(store, *rows)
    first = await store.read(lambda tables: tables.consents_after(["mall"], 0, 2))
    assert [row for _, row in first] == [rows[0], rows[2]]
    await put(store, said(0))
    rest = await store.read(lambda tables: tables.consents_after(["mall"], first[-1][0], 9))
    assert [row for _, row in rest] == [rows[3], said(0)]
    assert await store.read(lambda tables: tables.consents_of(OTHER, ["bank"])) == []


def version(number: int, *, name: str = "code", brand: str = "mall", review: Review) -> Template:
    return Template(brand, name, number, "text {v}", "otp", "risk_alert", review, 1, "shop", "why", 2, "boss")


async def test_templates(store: Store) -> None:
    """By name, the newest version first; all that is kept of them."""
    rows = [
        version(1, review=Review.APPROVED),
        version(2, review=Review.DRAFT),
        version(1, name="a", review=Review.REJECTED),
        version(1, brand="bank", review=Review.APPROVED),
    ]
    await store.write(lambda tables: tables.put_templates(rows, 7))
    assert await store.read(lambda tables: tables.templates("mall")) == [rows[2], rows[1], rows[0]]
    assert await store.read(lambda tables: tables.templates("mall", "code")) == [rows[1], rows[0]]
    approved = await store.read(lambda tables: tables.templates("mall", review=Review.APPROVED))
    assert approved == [rows[0]]


async def test_a_template_that_changes_is_stamped(store: Store) -> None:
    """Each brand for itself; a version is replaced in its place."""
    await store.write(lambda tables: tables.put_templates([version(1, review=Review.APPROVED)], 7))
    assert await store.read(lambda tables: tables.template_stamp("mall")) == 7
    withdrawn = version(1, review=Review.REJECTED)
    await store.write(lambda tables: tables.put_templates([withdrawn], 8))
    assert await store.read(lambda tables: tables.template_stamp("mall")) == 8
    assert await store.read(lambda tables: tables.template_stamp("bank")) == 0
    assert await store.read(lambda tables: tables.templates("mall")) == [withdrawn]


async def test_consents_and_templates_of_a_failing_operation_are_gone(store: Store) -> None:
    """As any other rows."""

    def fail(tables: Tables) -> None:
        tables.put_consents([said(5)])
        tables.put_templates([version(1, review=Review.APPROVED)], 7)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await store.write(fail)
    assert await store.read(lambda tables: tables.consents([(NUMBER, "mall")])) == {}
    assert await store.read(lambda tables: tables.template_stamp("mall")) == 0


async def test_what_is_held_until_somebody_changes_something(store: Store) -> None:
    """By its reason, in the order of ids; not what has a time of its own."""
    held = [
        message(1, stage=Stage.HELD, reason="suspended"),
        message(2, stage=Stage.HELD, reason="paused"),
        message(3, stage=Stage.HELD, reason="suspended", until=9),
        message(4, stage=Stage.READY),
        message(5, stage=Stage.HELD, reason="suspended"),
    ]

    def insert(tables: Tables) -> None:
        tables.lane_id(Lane("first:a", "otp", "acme", "shop"))
        tables.insert_messages(held)

    await store.write(insert)

    async def ids(after: int, limit: int) -> list[int]:
        found = await store.read(lambda tables: tables.held_for("suspended", MessageId(after), limit))
        return [one.id for one in found]

    assert (await ids(0, 9), await ids(0, 1), await ids(1, 9)) == ([1, 5], [1], [5])


def test_look_ups_use_their_indexes(tmp_path: Path) -> None:
    """However many rows there are."""
    asked: list[str] = []
    db = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    migrate(db, "s.db")
    tables = SqliteTables(db)
    db.set_trace_callback(asked.append)
    tables.consents([(NUMBER, "mall")])
    tables.consents_of(NUMBER, ["mall"])
    tables.template_stamp("mall")
    tables.held_for("suspended", MessageId(0), 5)
    db.set_trace_callback(None)
    plans = [" ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")) for sql in asked]
    db.close()
    assert len(plans) == 4
    for plan in plans:
        assert "SCAN c" not in plan
        assert "SCAN templates" not in plan
        assert "SCAN m" not in plan
