"""The nursery tree is the daemon: read down, its start order; read up, its stop order."""

import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

import trio
from starlette.applications import Starlette
from starlette.routing import Route

from gatewayd import __version__, log, systemd
from gatewayd.config import Config, Listener, load_config, missing_secrets
from gatewayd.errors import ConfigError, GatewayError, StoreUnavailable
from gatewayd.http.app import monitoring
from gatewayd.http.hosts import Hosts
from gatewayd.http.rest import Rest
from gatewayd.http.server import serve as serve_http
from gatewayd.intake import Intake
from gatewayd.ledger.settle import recover
from gatewayd.ledger.tables import Tables
from gatewayd.link.pool import Pool
from gatewayd.metrics import Metrics
from gatewayd.model import Millis
from gatewayd.rules import SnapshotRules
from gatewayd.scheduler import Scheduler
from gatewayd.snapshot import Snapshot
from gatewayd.status import Status
from gatewayd.store.base import Store
from gatewayd.store.open import open_store
from gatewayd.upstream.desk import Desk
from gatewayd.upstream.listener import open_listener, refuse_unknown
from gatewayd.upstream.polls import Polls
from gatewayd.upstream.server import Server

EX_CONFIG: Final = 78
STEP: Final = 500  # messages in one transaction of the work at start
LAST_WORDS: Final = 2.0  # seconds for unbinds to be answered, and for the last events to reach clients
SPARE: Final = 15  # seconds beyond drain_timeout until systemd may kill: last words, closing the store
SWITCH_INTERVAL: Final = 0.0005  # seconds a busy writer thread may keep the loop from running


def millis() -> Millis:
    """The wall clock."""
    return time.time_ns() // 1_000_000


def main(path: str) -> int:
    """Run until told to stop; returns the exit code (CONTRACT section 2)."""
    log.configure()
    try:
        config = _usable(path)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201  the operator's answer, as `check` gives it
        return EX_CONFIG
    sys.setswitchinterval(SWITCH_INTERVAL)
    codes: list[int] = []
    try:
        codes.append(trio.run(Daemon(config).run))
    except* GatewayError as group:
        for failure in _leaves(group):
            log.logger().critical("failed", detail=str(failure))
    return codes[0] if codes else 1


def _leaves(group: BaseExceptionGroup[GatewayError]) -> Iterator[GatewayError]:
    """The errors themselves; each nursery they came through has put a group around them."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _usable(path: str) -> Config:
    """Raises ConfigError, also for secrets that are not there."""
    config = load_config(path)
    if missing := missing_secrets(config, os.environ):
        raise ConfigError(missing)
    return config


@asynccontextmanager
async def layer(
    serve: Callable[..., Awaitable[None]], drain: Callable[[], Awaitable[None]], grace: float
) -> AsyncIterator[None]:
    """A part that serves while those above it live. Drained when asked to stop, never after a crash."""
    async with trio.open_nursery() as nursery:
        await nursery.start(serve)
        yield
        with trio.move_on_after(grace):
            await drain()
        nursery.cancel_scope.cancel()


class Daemon:
    """One life with one configuration."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._snapshot = Snapshot.build(config)
        self._rules = SnapshotRules(self._snapshot)
        self._metrics = Metrics()
        self._log = log.logger()
        self._stop = trio.Event()
        self._forced = False

    async def run(self) -> int:
        """0 after a clean stop, 1 if a second signal cut it short."""
        async with trio.open_nursery() as root:
            await root.start(self._signals, root.cancel_scope)
            await self._live()
            root.cancel_scope.cancel()
        return 1 if self._forced else 0

    async def _signals(
        self, scope: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            task_status.started()
            async for number in signals:
                if number == signal.SIGHUP:
                    self._log.warning("reload_not_available", detail="restart to apply a changed file")
                elif self._stop.is_set():
                    self._forced = True
                    scope.cancel()
                else:
                    self._stop.set()

    async def _live(self) -> None:
        config, snapshot = self._config, self._snapshot
        for problem in config.warnings:
            self._log.warning("config_warning", detail=str(problem))
        self._tell_suspensions()
        async with open_store(config.store, snapshot.limits.store_queue) as store:
            store.watch(self._metrics.committed)
            await self._recover(store)
            pool = Pool(store, snapshot, self._rules, self._metrics, millis)
            status = Status(store, pool, snapshot, self._metrics, millis)
            intake = Intake(store, snapshot, millis, status.outlook, pool.expect)
            async with AsyncExitStack() as stack:
                await self._layers(stack, store, pool, intake, status)
                self._started()
                await self._stop.wait()
                self._stopping(intake)
        self._log.info("stopped")

    async def _layers(
        self, stack: AsyncExitStack, store: Store, pool: Pool, intake: Intake, status: Status
    ) -> None:
        """In start order; each is drained and stopped before the one above it in this list."""
        config, snapshot = self._config, self._snapshot
        timeout = config.drain_timeout
        scheduler = Scheduler(store, self._rules, snapshot.limits.events_kept_days, millis)
        desk = Desk(store, intake, lambda: snapshot, status, millis)
        server = Server(store, desk, lambda: snapshot, self._metrics)
        monitored = partial(monitoring, self._metrics, status.show, partial(_ready, store, intake))
        plain = snapshot.without_admins()
        over_tcp = Desk(store, intake, lambda: plain, status, millis)
        rest = partial(_rest, desk, over_tcp, Polls(store))
        nothing = trio.lowlevel.checkpoint
        if period := systemd.watchdog_period(os.environ):
            watchdog = systemd.Watchdog(store, period, os.environ)
            await stack.enter_async_context(layer(watchdog.feed, nothing, 0))
        refuse_unknown([listener.path for listener in config.listeners if listener.path])
        for listener in config.listeners:
            if listener.protocol == "http":
                app = monitored(Hosts(listener), rest(listener))
                await stack.enter_async_context(layer(partial(self._http, app, listener), nothing, 0))
        streams = [
            self._stream(stack, listener) for listener in config.listeners if listener.protocol == "stream"
        ]
        await stack.enter_async_context(layer(partial(server.serve, streams), server.flush, LAST_WORDS))
        await stack.enter_async_context(layer(scheduler.serve, nothing, 0))
        await stack.enter_async_context(_afterwards(pool.flush))
        await stack.enter_async_context(layer(pool.serve, partial(pool.drain, timeout), timeout + LAST_WORDS))

    def _tell_suspensions(self) -> None:
        """For the audit: who may not send from this start on, and why."""
        book = self._snapshot.book
        for client, found in book.suspended_clients.items():
            self._log.warning("suspended", client=client, action=found.action, reason=found.reason)
        for brand, found in book.suspended_brands.items():
            self._log.warning("suspended", brand=brand, action=found.action, reason=found.reason)

    def _stream(self, stack: AsyncExitStack, listener: Listener) -> trio.SocketListener:
        opened = stack.enter_context(open_listener(listener.path or "", listener.permissions))
        self._log.info("stream_listening", path=listener.path)
        return opened

    async def _http(
        self,
        app: Starlette,
        listener: Listener,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        async with trio.open_nursery() as nursery:
            where = await nursery.start(serve_http, app, listener)
            self._log.info("http_listening", address=where)
            task_status.started()

    async def _recover(self, store: Store) -> None:
        """What the last life claimed and did not hear of is in doubt (G2)."""
        total = 0
        while found := await store.write(recover, self._rules, millis(), STEP):
            total += found
        if total:
            self._log.warning("recovered", segments_in_doubt=total)

    def _started(self) -> None:
        self._metrics.reload_ok.set(1)
        self._metrics.reload_at.set_to_current_time()
        if self._config.encryption is None:
            self._log.warning("not_encrypted", detail="numbers and texts are stored in clear")
        self._log.info("started", version=__version__, pid=os.getpid())
        systemd.notify(os.environ, "READY=1")

    def _stopping(self, intake: Intake) -> None:
        intake.open = False
        self._log.info("draining", timeout=self._config.drain_timeout)
        microseconds = int((self._config.drain_timeout + SPARE) * 1_000_000)
        systemd.notify(os.environ, "STOPPING=1", f"EXTEND_TIMEOUT_USEC={microseconds}")


def _rest(desk: Desk, over_tcp: Desk, polls: Polls, listener: Listener) -> list[Route]:
    """The resources of the client that a listener names; admin operations are never served over TCP."""
    if listener.client is None:
        return []
    return Rest(over_tcp if listener.address else desk, polls, listener.client).routes()


@asynccontextmanager
async def _afterwards(step: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Do `step` after what is inside has stopped in good order; not after a crash."""
    yield
    await step()


async def _ready(store: Store, intake: Intake) -> str | None:
    """Why the gateway takes no submits; None if it does."""
    if not intake.open:
        return "draining"
    try:
        await store.write(_nothing)
    except StoreUnavailable:
        return "the store accepts no writes"
    return None


def _nothing(tables: Tables) -> None:
    """A transaction that proves that there can be one."""
    tables.touch()
