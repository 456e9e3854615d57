"""The SQLite store on real files: lock, reopening, migrations, grouped commits, trouble with the disk."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
import trio
import trio.testing

from gatewayd.errors import StoreError, StoreLocked, StoreUnavailable
from gatewayd.ledger.tables import Effects, Event, Tables
from gatewayd.model import Content, Lane, LaneId, Message, MessageId, Stage
from gatewayd.store import sqlite as sqlite_store
from gatewayd.store.base import Store
from gatewayd.store.open import open_store
from gatewayd.store.schema import VERSION
from gatewayd.store.sqlite import SqliteStore, sqlite_path

NOW = 1_795_000_000_000
LANE = Lane("first:a", "otp", "acme", "shop")
Opening = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def opening(path: Path) -> Opening:
    return lambda: open_store(f"sqlite://{path}", 1000)


def add(tables: Tables, text: str = "hello", lane: Lane = LANE, now: int = NOW) -> MessageId:
    """A message and an event of it."""
    identifier = tables.new_id(now)
    content = Content(
        to="8613800138000",
        sender="106900",
        text=text,
        data=None,
        udh=b"",
        encoding="gsm7",
        segments=1,
        state="queued",
        accepted_at=NOW,
        expires_at=NOW + 10,
    )
    place = tables.lane_id(lane)
    tables.insert_messages([Message(identifier, place, Stage.READY, content, NOW, NOW, 1)])
    tables.append_events([Event(tables.next_cursor(), "acme", identifier, NOW, text.encode())])
    tables.effects.stages[place, Stage.READY] += 1
    return identifier


def texts(tables: Tables) -> list[str]:
    return [event.body.decode() for event in tables.events_after("acme", 0, 100_000)]


def size(path: Path) -> int:
    return path.stat().st_size


class Gate:
    """Holds the writer inside one operation until it is opened."""

    def __init__(self) -> None:
        self._entered, self._opened = threading.Event(), threading.Event()

    def hold(self, tables: Tables) -> None:
        add(tables, "held")
        self._entered.set()
        assert self._opened.wait(10)

    async def reached(self) -> None:
        assert await trio.to_thread.run_sync(self._entered.wait, 10)

    def open(self) -> None:
        self._opened.set()


def commits(store: Store) -> list[float]:
    """Seconds of each commit from here on."""
    seen: list[float] = []

    def watcher(effects: Effects) -> None:
        seen.extend(value for metric, value, _ in effects.observations if metric == "store_commit")

    store.watch(watcher)
    return seen


def python(script: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process that has the package."""
    command = [sys.executable, "-c", script, *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )


# one daemon per store

HOLD = """
import sys, trio
from gatewayd.store.open import open_store

async def main():
    async with open_store(f"sqlite://{sys.argv[1]}", 10):
        print("open", flush=True)
        await trio.to_thread.run_sync(sys.stdin.read)

trio.run(main)
"""


async def test_a_store_has_one_daemon(path: Path, opening: Opening) -> None:
    """While another process holds it: StoreLocked with that pid; after its death, however, it opens (G12)."""
    with python(HOLD, str(path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match=f"in use by the gatewayd with pid {holder.pid}$") as caught:
            async with opening():
                pass
        assert caught.value.pid == holder.pid
        holder.send_signal(signal.SIGKILL)
    async with opening() as store:
        assert store.owner == 2


async def test_the_lock_is_held_for_life(opening: Opening) -> None:
    """Also within one process; closed, it is free."""
    async with opening():
        with pytest.raises(StoreLocked) as caught:
            async with opening():
                pass
        assert caught.value.pid == os.getpid()
    async with opening():
        pass


# reopening


async def test_reopening_keeps_everything(opening: Opening) -> None:
    """Rows, lanes and counts are as they were; this life has a new number."""
    async with opening() as store:
        identifier = await store.write(add)
        owner, lanes, counts = store.owner, store.lanes, store.counts
    async with opening() as store:
        assert store.owner == owner + 1
        assert (store.lanes, store.counts) == (lanes, counts)
        assert list(await store.read(lambda tables: tables.messages([identifier]))) == [identifier]


async def test_ids_and_cursors_are_never_used_again(opening: Opening) -> None:
    """Not after reopening, not after a purge of all events, not if the clock goes back."""
    ids: list[int] = []
    cursors: list[int] = []
    for life in range(3):
        async with opening() as store:
            for _ in range(3):
                ids.append(await store.write(add, "hello", LANE, NOW - life))
                cursors.append(await store.write(lambda tables: tables.last_cursor()))
            await store.write(lambda tables: tables.purge_events(NOW + 1, 100))
            assert await store.read(texts) == []
    assert ids == sorted(set(ids))
    assert cursors == sorted(set(cursors))


async def test_what_was_answered_survives_kill_9(path: Path, opening: Opening) -> None:
    """Each write that returned is there after the process was killed (G1)."""
    script = """
import sys, trio
from gatewayd.ledger.tables import Event
from gatewayd.store.open import open_store

def add(tables, number):
    tables.append_events([Event(tables.next_cursor(), "acme", None, 0, b"%d" % number)])

async def main():
    async with open_store(f"sqlite://{sys.argv[1]}", 10) as store:
        for number in range(1_000_000):
            await store.write(add, number)
            print(number, flush=True)

trio.run(main)
"""
    with python(script, str(path)) as writer:
        assert writer.stdout is not None
        for _ in range(50):
            writer.stdout.readline()
        writer.kill()
        told = 50 + len(writer.stdout.read().split())
    async with opening() as store:
        kept = await store.read(texts)
    assert kept[:told] == [str(number) for number in range(told)]


async def test_closing_finishes_what_waits(opening: Opening) -> None:
    """Jobs that were queued when the store closes are committed, and their writers told."""
    done: list[MessageId] = []

    async def write(store: Store) -> None:
        done.append(await store.write(add))

    async with trio.open_nursery() as nursery:
        async with opening() as store:
            for _ in range(50):
                nursery.start_soon(write, store)
            await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(StoreUnavailable):
            await store.write(add)
    async with opening() as store:
        assert len(done) == len(await store.read(texts)) == 50


# what it opens


async def test_a_new_file_is_ours_alone(path: Path, opening: Opening) -> None:
    """Mode 0600 whatever the umask, for the database and the files beside it."""
    before = os.umask(0)
    try:
        async with opening() as store:
            await store.write(add)
            files = sorted(path.parent.iterdir())
            modes = [stat.S_IMODE(file.stat().st_mode) for file in files]
    finally:
        os.umask(before)
    assert [file.name for file in files] == ["store.db", "store.db-shm", "store.db-wal", "store.db.lock"]
    assert modes == [0o600] * 4


async def test_the_schema_has_a_version(path: Path, opening: Opening) -> None:
    """user_version tells it; a second opening finds nothing to do."""
    for _ in range(2):
        async with opening():
            pass
        with closing(sqlite3.connect(path)) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_a_commit_waits_for_the_disk(opening: Opening) -> None:
    """synchronous=FULL on the writer's connection: a commit returns after fsync (G1)."""
    async with opening() as store:
        assert isinstance(store, SqliteStore)
        assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_a_newer_schema_is_refused(path: Path, opening: Opening) -> None:
    """Both versions are named, and what to do; the file is left as it was."""
    async with opening() as store:
        await store.write(add)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 7}")
    expected = f"schema version {VERSION + 7}, this gatewayd knows {VERSION}: start the newer gatewayd again"
    for _ in range(2):
        with pytest.raises(StoreError, match=expected):
            async with opening():
                pass


async def test_a_file_that_is_no_database_is_refused(path: Path, opening: Opening) -> None:
    """The path is named, and the file is not touched."""
    file, junk = trio.Path(path), b"not a database" * 1000
    await file.write_bytes(junk)
    with pytest.raises(StoreError, match=f"{path}: .*; move the file away or restore a backup"):
        async with opening():
            pass
    assert await file.read_bytes() == junk


async def test_the_database_of_another_program_is_refused(path: Path, opening: Opening) -> None:
    """Its tables stay alone."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE messages (a)")
    with pytest.raises(StoreError, match="is a database of another program"):
        async with opening():
            pass


async def test_places_where_no_store_can_be(tmp_path: Path) -> None:
    """A folder that is missing, a path that is a folder: told with the path, the lock is given back."""
    (tmp_path / "folder.db").mkdir()
    for place in (tmp_path / "missing" / "store.db", tmp_path / "folder.db"):
        with pytest.raises(StoreError, match=str(place)):
            async with open_store(f"sqlite://{place}", 10):
                pass


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://user@host/db", "PostgreSQL comes with a later version"),
        ("mysql://host/db", "no store of the kind 'mysql'"),
    ],
)
def test_kinds_of_store_there_are_not(url: str, message: str) -> None:
    """Refused with what to use instead."""
    with pytest.raises(StoreError, match=message):
        open_store(url, 10)


def test_paths_of_urls() -> None:
    """Three slashes: absolute, as in the contract; two: relative to where the daemon runs."""
    assert sqlite_path("sqlite:///var/lib/gatewayd/gatewayd.db") == "/var/lib/gatewayd/gatewayd.db"
    assert sqlite_path("sqlite://data/x.db") == "data/x.db"


# commits


async def test_all_that_waits_goes_into_one_commit(opening: Opening) -> None:
    """A hundred writers that wait for one commit share the next, and each gets its own result."""
    results: dict[int, MessageId] = {}

    async def write(store: Store, number: int) -> None:
        results[number] = await store.write(add, str(number))

    async with opening() as store, trio.open_nursery() as nursery:
        seen, gate = commits(store), Gate()
        nursery.start_soon(store.write, gate.hold)
        await gate.reached()
        for number in range(100):
            nursery.start_soon(write, store, number)
        await trio.testing.wait_all_tasks_blocked()
        assert store.waiting == 100
        gate.open()
        while len(results) < 100:
            await trio.testing.wait_all_tasks_blocked(0.001)
        assert len(seen) == 2
        found = await store.read(lambda tables: tables.messages(results.values()))
        assert {number: found[i].content.text for number, i in results.items()} == {
            number: str(number) for number in range(100)
        }


async def test_a_failing_job_harms_no_other_of_its_commit(opening: Opening) -> None:
    """Its rows and its effects go, those before and after it in the same commit stay."""
    outcomes: list[str] = []

    def operation(tables: Tables, number: int) -> None:
        add(tables, str(number), Lane("first:a", "otp", "acme", str(number)))
        if number % 2:
            raise ValueError(number)

    async def write(store: Store, number: int) -> None:
        try:
            await store.write(operation, number)
            outcomes.append(f"{number} done")
        except ValueError as error:
            outcomes.append(f"{error} failed")

    async with opening() as store, trio.open_nursery() as nursery:
        seen, gate = commits(store), Gate()
        nursery.start_soon(store.write, gate.hold)
        await gate.reached()
        for number in range(10):
            nursery.start_soon(write, store, number)
        await trio.testing.wait_all_tasks_blocked()
        gate.open()
        while len(outcomes) < 10:
            await trio.testing.wait_all_tasks_blocked(0.001)
        assert len(seen) == 2
        assert sorted(outcomes) == sorted(f"{n} {'failed' if n % 2 else 'done'}" for n in range(10))
        assert sorted(await store.read(texts)) == ["0", "2", "4", "6", "8", "held"]
        lanes = await store.read(lambda tables: tables.lanes())
        assert store.lanes == lanes
        assert {lane.brand for lane in lanes.values()} == {"shop", "0", "2", "4", "6", "8"}
        assert sum(store.counts.values()) == 6


async def test_readers_see_what_is_committed(opening: Opening) -> None:
    """A read goes on beside the writer, and sees nothing of a transaction that is under way."""
    async with opening() as store, trio.open_nursery() as nursery:
        gate = Gate()
        nursery.start_soon(store.write, gate.hold)
        await gate.reached()
        with trio.fail_after(5):
            assert await store.read(texts) == []
        gate.open()
        await store.write(add, "next")
        assert await store.read(texts) == ["held", "next"]


async def test_a_cancelled_writer_stops_waiting(opening: Opening) -> None:
    """The operation may still happen, as its caller cannot know; nobody else is disturbed."""
    async with opening() as store, trio.open_nursery() as nursery:
        gate = Gate()
        nursery.start_soon(store.write, gate.hold)
        await gate.reached()
        with trio.CancelScope() as scope:
            nursery.start_soon(store.write, add, "before")
            await trio.testing.wait_all_tasks_blocked()
            scope.cancel()
            await store.write(add, "cancelled")
        assert scope.cancelled_caught
        gate.open()
        await store.write(add, "after")
        assert await store.read(texts) == ["held", "before", "cancelled", "after"]


async def test_the_queue_of_the_writer_has_a_bound(path: Path) -> None:
    """Beyond it a write is refused at once, and may be tried again."""
    async with open_store(f"sqlite://{path}", 2) as store, trio.open_nursery() as nursery:
        gate = Gate()
        nursery.start_soon(store.write, gate.hold)
        await gate.reached()
        for _ in range(2):
            nursery.start_soon(store.write, add)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(StoreUnavailable, match="2 jobs wait"):
            await store.write(add)
        gate.open()
        while store.waiting:
            await trio.testing.wait_all_tasks_blocked(0.001)
        await store.write(add)


async def test_the_log_does_not_grow_without_bound(
    path: Path, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under writers that never pause and readers beside them the log starts over again and again."""
    pages, written = 200, 60
    monkeypatch.setattr(sqlite_store, "_LOG_PAGES", pages)
    monkeypatch.setattr(sqlite_store, "_CHECKPOINT_AFTER", 20)
    log, peak = path.with_name("store.db-wal"), 0

    def write(tables: Tables) -> None:
        for _ in range(20):
            add(tables, "x" * 2000)

    async with opening() as store:

        async def writer() -> None:
            nonlocal peak
            for _ in range(written):
                await store.write(write)
                peak = max(peak, size(log))

        async def reader() -> None:
            while True:
                await store.read(lambda tables: tables.events_after("acme", 0, 10))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(reader)
            async with trio.open_nursery() as writers:
                for _ in range(3):
                    writers.start_soon(writer)
            nursery.cancel_scope.cancel()
    assert size(path) > 12_000_000
    assert peak < 6_000_000


# trouble with the disk

FULL = """
import json, resource, sys, threading, trio, trio.testing
from pathlib import Path
from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.tables import Event
from gatewayd.model import Lane
from gatewayd.store.open import open_store

path, told = sys.argv[1], {}

def add(tables, name, size=10):
    tables.lane_id(Lane("r", "c", "acme", name))
    tables.effects.clients.add(name)
    tables.append_events([Event(tables.next_cursor(), "acme", None, 0, name.encode() + b" " * size)])

def limit(octets):
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))

async def attempt(store, name, size):
    try:
        await store.write(add, name, size)
        told[name] = "done"
    except StoreUnavailable as error:
        told[name] = str(error)

async def main():
    async with open_store(f"sqlite://{path}", 100) as store:
        clients = set()
        store.watch(lambda effects: clients.update(effects.clients))
        await attempt(store, "first", 10)
        entered, opened = threading.Event(), threading.Event()
        def hold(tables):
            entered.set()
            opened.wait(10)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(store.write, hold)
            await trio.to_thread.run_sync(entered.wait)
            for name, size in (("small", 10), ("huge", 3_000_000), ("late", 10)):
                nursery.start_soon(attempt, store, name, size)
            await trio.testing.wait_all_tasks_blocked()
            limit(Path(path + "-wal").stat().st_size + 1_000_000)
            opened.set()
        during = [dict(told), sorted(clients), len(store.lanes)]
        reading = await store.read(lambda tables: len(tables.events_after("acme", 0, 99)))
        limit(resource.RLIM_INFINITY)
        for name in ("small", "late", "huge"):
            await attempt(store, name, 3_000_000)
        events = await store.read(lambda tables: [(e.cursor, e.body.split()[0].decode())
                                                  for e in tables.events_after("acme", 0, 99)])
        lanes = await store.read(lambda tables: tables.lanes())
        assert store.lanes == lanes
        print(json.dumps([during, reading, told, events, sorted(clients), len(lanes)]))

trio.run(main)
"""


async def test_a_full_disk_refuses_and_recovers(path: Path, opening: Opening) -> None:
    """Nothing of a commit that found no room has happened, each of its writers hears it, reading goes on.

    Once there is room again the same open store takes writes, with nothing lost or used twice.
    """
    with python(FULL, str(path)) as process:
        output, _ = process.communicate(timeout=30)
    during, reading, told, events, clients, lanes = json.loads(output)
    assert during[0]["first"] == "done"
    assert {name for name, what in during[0].items() if what != "done"} == {"small", "huge", "late"}
    assert during[1:] == [["first"], 1]
    assert reading == 1
    assert told == {"first": "done", "small": "done", "late": "done", "huge": "done"}
    assert [name for _, name in events] == ["first", "small", "late", "huge"]
    assert len({cursor for cursor, _ in events}) == 4
    assert clients == ["first", "huge", "late", "small"]
    assert lanes == 4
    async with opening() as store:
        assert len(await store.read(texts)) == 4


async def test_a_broken_page_is_an_error_of_that_write_only(path: Path, opening: Opening) -> None:
    """Damage in one table makes writes that meet it fail as unavailable; others go on."""
    async with opening() as store:
        await store.write(add)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'optouts'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    async with opening() as store:
        with pytest.raises(StoreUnavailable, match="malformed"):
            await store.write(lambda tables: tables.optouts("86"))
        await store.write(add, "fine")
        assert await store.read(texts) == ["hello", "fine"]
        assert list(store.lanes) == [LaneId(1)]
