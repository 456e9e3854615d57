"""What a daemon needs of systemd: sd_notify(3), the sockets of sd_listen_fds(3), the watchdog."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import trio

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.tables import Effects
from gatewayd.log import logger
from gatewayd.store.base import Store

PATIENCE: Final = 1.0  # seconds for a manager whose queue is full
_FIRST_INHERITED: Final = 3  # SD_LISTEN_FDS_START


def notify(environ: Mapping[str, str], *states: str) -> bool:
    """Tell the manager `READY=1`, `STOPPING=1`, …; False if nobody takes it within a second. Never raises."""
    path = environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.settimeout(PATIENCE)
        try:
            manager.sendto("\n".join(states).encode(), address)
        except OSError:  # a manager that is gone or busy is no reason to fall over
            return False
    return True


def inherited(environ: Mapping[str, str]) -> range:
    """Descriptors of the sockets the manager has opened for this very process."""
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return range(0)
    return range(_FIRST_INHERITED, _FIRST_INHERITED + int(environ.get("LISTEN_FDS", "0")))


def watchdog_period(environ: Mapping[str, str]) -> float | None:
    """Seconds between two signs of life, half of what the manager allows; None if it waits for none."""
    meant = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    allowed = int(environ.get("WATCHDOG_USEC", "0"))
    return allowed / 2 / 1_000_000 if meant and allowed else None


class Watchdog:
    """Tells the manager that the daemon lives, as long as what only a restart would mend goes on.

    That is the loop, on which this runs, and the store's writer: it must end a transaction within each
    period. One that fails is a sign of life as well, since a new process finds the same full disk.
    """

    def __init__(self, store: Store, period: float, environ: Mapping[str, str]) -> None:
        self._store, self._period, self._environ = store, period, environ
        self._ended = trio.Event()
        store.watch(self._transaction_ended)

    async def feed(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until cancelled."""
        task_status.started()
        while True:
            began = trio.current_time()
            if await self._lives():
                notify(self._environ, "WATCHDOG=1")
            else:
                logger().error("watchdog_not_fed", seconds=self._period)
            await trio.sleep_until(began + self._period)

    async def _lives(self) -> bool:
        self._ended = trio.Event()
        with trio.move_on_after(self._period):
            with suppress(StoreUnavailable):  # its queue may be full, and the writer busy with it
                await self._store.write(lambda tables: tables.touch())
            await self._ended.wait()
        return self._ended.is_set()

    def _transaction_ended(self, _: Effects) -> None:
        self._ended.set()
