"""sd_notify, harmless if nobody listens; inherited sockets; the watchdog, fed as long as work is done."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Concatenate

import pytest
import trio
import trio.testing

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.tables import Tables
from gatewayd.store.base import P, T
from gatewayd.store.memory import MemoryStore
from gatewayd.store.open import open_store
from gatewayd.store.sqlite_tables import SqliteTables
from gatewayd.systemd import Watchdog, inherited, notify, watchdog_period


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_the_manager_is_told(manager: socket.socket) -> None:
    """One datagram, a state a line."""
    assert notify({"NOTIFY_SOCKET": manager.getsockname()}, "READY=1", "STATUS=up")
    assert manager.recv(100) == b"READY=1\nSTATUS=up"


def test_an_abstract_address_begins_with_an_at_sign(tmp_path: Path) -> None:
    """`@name` stands for the abstract address, whose first octet is NUL."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{tmp_path}")
        listener.settimeout(5)
        assert notify({"NOTIFY_SOCKET": f"@{tmp_path}"}, "STOPPING=1")
        assert listener.recv(100) == b"STOPPING=1"


def test_nobody_listens(manager: socket.socket, tmp_path: Path) -> None:
    """Not set, never there, gone since, or full: False, and no error that would end a daemon."""
    path = manager.getsockname()
    assert not notify({}, "READY=1")
    assert not notify({"NOTIFY_SOCKET": str(tmp_path / "none")}, "READY=1")
    while notify({"NOTIFY_SOCKET": path}, "WATCHDOG=1"):
        pass  # until its queue is full
    manager.close()
    assert not notify({"NOTIFY_SOCKET": path}, "STOPPING=1")


# environment


def test_sockets_are_inherited_by_the_process_they_are_for() -> None:
    """LISTEN_PID names it; what a parent passed on by mistake is not taken."""
    mine = str(os.getpid())
    assert list(inherited({"LISTEN_PID": mine, "LISTEN_FDS": "2"})) == [3, 4]
    assert not inherited({"LISTEN_PID": "1", "LISTEN_FDS": "2"})
    assert not inherited({})


def test_the_watchdog_is_fed_at_half_its_time() -> None:
    """WATCHDOG_USEC, unless WATCHDOG_PID is another process; absent or 0: there is none."""
    assert watchdog_period({"WATCHDOG_USEC": "60000000"}) == 30
    assert watchdog_period({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}) == 0.25
    assert watchdog_period({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}) is None
    assert watchdog_period({"WATCHDOG_USEC": "0"}) is None
    assert watchdog_period({}) is None


# watchdog

PERIOD = 30.0


class HangingStore(MemoryStore):
    """A store whose writer can be made to hang."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = trio.Event()
        self.gate.set()

    async def write(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        await self.gate.wait()
        return await super().write(operation, *args, **kwargs)


def fed(manager: socket.socket) -> int:
    """Signs of life since the last look."""
    manager.setblocking(False)
    count = 0
    try:
        while manager.recv(100) == b"WATCHDOG=1":
            count += 1
    except BlockingIOError:
        return count
    raise AssertionError("something else was sent")


async def test_fed_every_period_and_not_while_the_store_hangs(
    manager: socket.socket, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    """At once, then each period, but not while the writer does not answer; at once when it does again."""
    store = HangingStore()
    watchdog = Watchdog(store, PERIOD, {"NOTIFY_SOCKET": manager.getsockname()})
    await nursery.start(watchdog.feed)
    await trio.sleep(4.5 * PERIOD)
    assert fed(manager) == 5
    store.gate = trio.Event()
    await trio.sleep(4 * PERIOD)
    assert fed(manager) == 0
    store.gate.set()
    await trio.sleep(2 * PERIOD)
    assert fed(manager) == 3


async def test_other_work_of_the_writer_is_a_sign_of_life(
    manager: socket.socket, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    """The watchdog's own write may wait behind a long queue, as long as that moves."""
    store = HangingStore()
    store.gate = trio.Event()
    watchdog = Watchdog(store, PERIOD, {"NOTIFY_SOCKET": manager.getsockname()})
    await nursery.start(watchdog.feed)
    await trio.sleep(PERIOD / 2)
    await MemoryStore.write(store, lambda tables: tables.touch())
    await trio.sleep(PERIOD)
    assert fed(manager) == 1


async def test_a_full_disk_is_no_reason_to_restart(tmp_path: Path) -> None:
    """A transaction that fails has ended: the writer works, and a new process would find the same disk."""
    async with open_store(f"sqlite://{tmp_path / 'store.db'}") as store:
        await store.write(read_only)
        with pytest.raises(StoreUnavailable):
            await store.write(lambda tables: tables.touch())
        assert await Watchdog(store, PERIOD, {})._lives()


async def test_a_full_queue_alone_says_nothing(tmp_path: Path) -> None:
    """Where no more jobs are taken it counts whether the writer gets on with those it has."""
    held = threading.Event()
    async with open_store(f"sqlite://{tmp_path / 'store.db'}", 1) as store, trio.open_nursery() as nursery:
        began = trio.Event()
        token = trio.lowlevel.current_trio_token()
        nursery.start_soon(store.write, partial(hold, token, began, held))
        await began.wait()
        nursery.start_soon(store.write, lambda tables: tables.touch())
        await trio.testing.wait_all_tasks_blocked()
        assert store.waiting == 1
        assert not await Watchdog(store, 0.02, {})._lives()
        held.set()
        assert await Watchdog(store, PERIOD, {})._lives()


def read_only(tables: Tables) -> None:
    """From now on each transaction of the writer fails."""
    assert isinstance(tables, SqliteTables)
    tables._db.execute("PRAGMA query_only = ON")


def hold(token: trio.lowlevel.TrioToken, began: trio.Event, held: threading.Event, _: Tables) -> None:
    """Keeps the writer's thread."""
    token.run_sync_soon(began.set)
    held.wait(20)
