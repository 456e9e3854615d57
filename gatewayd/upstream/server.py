"""Stream listeners: who connects, as which client, and how many at a time."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import trio

from gatewayd.log import logger
from gatewayd.metrics import Metrics
from gatewayd.model import Refusal
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.upstream import replies
from gatewayd.upstream.connection import Connection, Terms
from gatewayd.upstream.desk import Desk
from gatewayd.upstream.outbox import Outboxes
from gatewayd.upstream.peers import identify

_FULL: Final = Refusal("overloaded", "there are too many connections", retryable=True)
_NOBODY: Final = Refusal("not_permitted", "no client of this gateway has your user or one of your groups")


class Server:
    """All stream connections of the daemon, over any number of listeners."""

    def __init__(self, store: Store, desk: Desk, snapshot: Callable[[], Snapshot], metrics: Metrics) -> None:
        self._desk = desk
        self._outboxes = Outboxes(store)
        self._snapshot = snapshot
        self._metrics = metrics
        self._connections = 0

    async def serve(
        self,
        listeners: Sequence[trio.SocketListener],
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Accept until cancelled; every connection is a task below this one."""
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, self._serve_client, list(listeners))
            task_status.started()

    async def flush(self) -> None:
        """The last events, to clients that are still there."""
        await self._outboxes.flush()

    async def _serve_client(self, stream: trio.SocketStream) -> None:
        if self._connections >= self._snapshot().limits.stream_connections:
            logger().warning("connection_refused", reason="overloaded", connections=self._connections)
            await _turn_away(stream, _FULL)
            return
        self._count(+1)
        try:
            await self._admit(stream)
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self._connections += more
        self._metrics.stream_connections.set(self._connections)

    async def _admit(self, stream: trio.SocketStream) -> None:
        peer = await identify(stream.socket)
        snapshot = self._snapshot()
        client = snapshot.client_of(peer.users, peer.groups)
        if client is None:
            logger().warning("connection_refused", reason="not_permitted", uid=peer.uid, pid=peer.pid)
            await _turn_away(stream, _NOBODY)
            return
        limits = snapshot.limits
        terms = Terms(client, snapshot.clients[client].window, limits.line_length, limits.event_window)
        log = logger(client=client, uid=peer.uid, pid=peer.pid)
        log.info("client_connected")
        await Connection(stream, terms, self._desk, self._outboxes, self._metrics, log).run()
        log.info("client_disconnected")


async def _turn_away(stream: trio.SocketStream, refusal: Refusal) -> None:
    """One line, which a fresh socket always has room for."""
    with suppress(trio.BrokenResourceError):
        await stream.send_all(replies.turned_away(refusal))
