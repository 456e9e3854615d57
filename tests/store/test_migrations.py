"""A database of an older gatewayd is brought to the present schema, with what it holds."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from gatewayd.ledger.tables import ParkedReceipt
from gatewayd.store.open import open_store
from gatewayd.store.schema import MIGRATIONS, VERSION
from tests.store.test_conformance import message


def made_by(version: int, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        db.execute(f"PRAGMA user_version = {version}")
        db.execute(
            "INSERT INTO receipts (link, smsc_id, number, at, message, body)"
            " VALUES ('a', 'q', '86', 7, NULL, x'31'), ('a', 'y', '86', 8, 5, x'32')"
        )


async def test_version_1_learns_to_keep_id_pairs(tmp_path: Path) -> None:
    """Parked receipts are there still, are counted, and pairs can be learnt."""
    path = tmp_path / "store.db"
    made_by(1, path)
    async with open_store(f"sqlite://{path}", 100) as store:
        assert await store.read(lambda t: t.parked_after("a", 0, 9)) == [
            ParkedReceipt(1, "a", "q", "86", 7, None, b"1")
        ]
        assert await store.read(lambda t: (t.parked_count("a"), t.newest_parked("a"))) == (1, 7)
        await store.write(lambda t: t.add_id_pairs([("a", "as_is", 2)]))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert db.execute("SELECT * FROM id_pairs").fetchall() == [("a", "as_is", 2)]


async def test_version_2_learns_which_links_refused(tmp_path: Path) -> None:
    """Messages of before were refused by none."""
    path = tmp_path / "store.db"
    made_by(2, path)
    kept = message(7)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        content = msgspec.msgpack.encode(kept.content)
        db.execute(
            "INSERT INTO messages (id, lane, stage, content, due, changed_at, segments, attempts, resent,"
            " number) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, '86')",
            (kept.id, kept.lane, kept.stage, content, kept.due, kept.changed_at, kept.segments),
        )
    async with open_store(f"sqlite://{path}", 100) as store:
        assert await store.read(lambda tables: tables.messages([kept.id])) == {kept.id: kept}


async def test_version_9_learns_of_lines(tmp_path: Path) -> None:
    """Messages of before stand in none: their order_key was not in force."""
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for script in MIGRATIONS[:9]:
            db.executescript(script)
        db.execute("PRAGMA user_version = 9")
    async with open_store(f"sqlite://{path}", 100) as store:
        assert await store.read(lambda tables: tables.first_in_line("shop", "86", "k")) is None
    with closing(sqlite3.connect(path)) as db:
        names = [row[1] for row in db.execute("PRAGMA table_info(messages)")]
        assert names[-1] == "order_key"


async def test_version_3_finds_ids_in_any_case_and_padding(tmp_path: Path) -> None:
    """Segments of before, and receipts that were parked."""
    path = tmp_path / "store.db"
    made_by(3, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE receipts SET smsc_id = '00AB-1'")
        db.execute(
            "INSERT INTO segments"
            " (message, number, attempt, stage, link, owner, claimed_at, destination, smsc_id)"
            " VALUES (1, 1, 1, 2, 'a', 1, 7, '86', '0xAB-1')"
        )
    async with open_store(f"sqlite://{path}", 100) as store:
        [parked] = await store.read(lambda tables: tables.parked("a", ["ab-1"]))
        assert parked.key == "ab-1"
        [segment] = await store.read(lambda tables: tables.segments_by_key("a", ["ab-1"]))
        assert segment.smsc_id == "0xAB-1"
