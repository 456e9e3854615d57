"""Every test of the ledger runs on the tables of every store."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from gatewayd.ledger.tables import Effects
from gatewayd.store.memory import MemoryTables
from gatewayd.store.schema import migrate
from gatewayd.store.sqlite_tables import SqliteTables
from tests.ledger.world import World


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        tables = MemoryTables()
        yield World(tables, tables.transaction)
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db, ":memory:")
        yield sqlite_world(db)


def sqlite_world(db: sqlite3.Connection) -> World:
    tables = SqliteTables(db)

    @contextmanager
    def transaction() -> Iterator[None]:
        tables.effects = Effects()
        db.execute("BEGIN")
        yield
        db.execute("COMMIT")

    return World(tables, transaction)
