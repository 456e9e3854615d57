"""SQLite finds what the ledger asks for by an index: no statement of a life reads a table through."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from gatewayd.store.schema import migrate
from tests.ledger.conftest import sqlite_world
from tests.ledger.world import DAY, World, claimed_segments

SMALL = frozenset({"lanes", "meta", "consumers"})  # as many rows as the configuration has names
FEW = (  # unfinished long MOs; segments without an answer; paused tags
    "SCAN parts",
    "SCAN s USING INDEX segments_unnamed",
    "SCAN paused_tags",
)


@pytest.fixture
def traced() -> Iterator[tuple[World, sqlite3.Connection, list[str]]]:
    statements: list[str] = []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db, ":memory:")
        world = sqlite_world(db)
        db.set_trace_callback(statements.append)
        yield world, db, statements


def live(world: World) -> None:
    """Every kind of life, so that every kind of statement is made."""
    message, segments = world.send("hello", key="k", tag="t")
    for _ in range(2):
        world.submit(order_key="o")
    world.answer(*claimed_segments(world.claim()))
    (name,) = world.answer(*segments)
    world.deliver(world.receipt(name), world.receipt("unknown"))
    doubtful, segments = world.send("doubt", class_="otp")
    world.doubt(*segments)
    world.deliver(world.echo(segments[0]))
    world.answer(*claimed_segments(world.claim()))
    world.accept(world.wish("again", key="k"), world.wish("promotion", class_="member"))
    world.receive(world.mo("TD"))
    world.recover()
    world.cancel(doubtful)
    world.told(message)
    world.events()
    world.wait(4 * DAY)


def test_no_statement_of_a_life_reads_a_table_through(
    traced: tuple[World, sqlite3.Connection, list[str]],
) -> None:
    """A look-up of messages, segments, events or receipts is by an index, or by a range of time."""
    world, db, statements = traced
    live(world)
    db.set_trace_callback(None)
    asked = {s for s in statements if s.startswith(("SELECT", "UPDATE", "DELETE"))}
    plans = {s: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {s}")] for s in asked}
    assert len(plans) > 20
    bad = {s: step for s, plan in plans.items() for step in plan if _reads_through(step)}
    assert not bad


def _reads_through(step: str) -> bool:
    table = step.split()[1] if step.startswith(("SCAN", "SEARCH")) else ""
    if step.startswith("SCAN") and "VIRTUAL TABLE" not in step and "CONSTANT ROW" not in step:
        return table not in SMALL and not step.startswith(FEW) and "json_each" not in step
    return step.startswith("SEARCH") and "smsc_id>" in step
