"""A stream listener on a real socket, with the real intake, over the store in memory."""

import json
import os
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, Self

import trio

from gatewayd.config import parse_config
from gatewayd.errors import StoreUnavailable
from gatewayd.intake import Intake
from gatewayd.ledger.accept import accept
from gatewayd.ledger.lookup import cancel_tag
from gatewayd.ledger.tables import Tables
from gatewayd.metrics import Metrics
from gatewayd.model import MessageId
from gatewayd.outlook import Outlook
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import P, T
from gatewayd.store.memory import MemoryStore
from gatewayd.upstream.desk import Desk
from gatewayd.upstream.listener import open_listener
from gatewayd.upstream.server import Server

NOW = 1_795_000_000_000
CONFIG = """
store: sqlite:///nowhere/not-used.db
links: {smsc: {host: localhost, system_id: x, receipts: %(receipts)s}}
brands:
  mall: {signature: null, sender: "10690001"}
  bank: {signature: null, sender: "10690002"}
clients:
  other: {users: [nobody-of-this-name], brands: [mall], classes: ["*"]}
  shop:
    {users: ["%(uid)d"], brands: [mall], classes: ["*"], admin: %(admin)s, holds_consent: %(holds)s,
     window: %(window)d, rate: %(rate)d}
limits: {stream_connections: %(connections)d, event_window: %(event_window)d, line_length: 4096}
"""


def settings(**given: object) -> Snapshot:
    """The configuration of these tests; this process is the client `shop`."""
    defaults = {
        "uid": os.getuid(),
        "admin": "false",
        "holds": "true",
        "window": 50,
        "rate": 0,
        "connections": 5,
        "event_window": 10,
        "receipts": "{}",
    }
    return Snapshot.build(parse_config((CONFIG % {**defaults, **given}).encode(), "test.yml"))


class Upstream:
    """A client that sends and expects lines. events: those that came between replies."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.events: deque[dict[str, Any]] = deque()
        self._rest = b""
        self._lines: deque[bytes] = deque()
        self._seq = 0

    async def send(self, *requests: dict[str, Any]) -> None:
        await self.stream.send_all(b"".join(json.dumps(r).encode() + b"\n" for r in requests))

    async def line(self) -> dict[str, Any] | None:
        """The next line; None at the end of the connection."""
        while not self._lines:
            try:
                data = await self.stream.receive_some()
            except trio.BrokenResourceError:
                return None
            if not data:
                return None
            *lines, self._rest = (self._rest + bytes(data)).split(b"\n")
            self._lines.extend(lines)
        found: dict[str, Any] = json.loads(self._lines.popleft())
        return found

    async def reply(self) -> dict[str, Any]:
        while True:
            found = await self.line()
            assert found is not None
            if "event" not in found:
                return found
            self.events.append(found)

    async def event(self) -> dict[str, Any]:
        """The next event; a reply must not be waiting."""
        if self.events:
            return self.events.popleft()
        found = await self.line()
        assert found is not None
        assert "event" in found
        return found

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        self._seq += 1
        await self.send({"op": op, "seq": self._seq, **fields})
        found = await self.reply()
        assert found["seq"] == self._seq
        return found

    async def submit(self, count: int = 1, **fields: Any) -> list[dict[str, Any]]:
        """Messages of the tag `t`, all accepted."""
        base = {"op": "submit", "to": "13800138000", "class": "notice", "text": "hi", "tag": "t", **fields}
        await self.send(*({**base, "seq": 1000 + n} for n in range(count)))
        replies = [await self.reply() for _ in range(count)]
        assert all(reply["ok"] for reply in replies), replies
        return sorted(replies, key=lambda reply: reply["seq"])


class WatchedStore(MemoryStore):
    """The store in memory, whose writes a test can count, hold back and let fail."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.submitted = 0
        self.failing = False
        self._gate = trio.Event()
        self._gate.set()

    async def hold(self) -> None:
        """Writes wait from now on."""
        self._gate = trio.Event()

    async def release(self) -> None:
        self._gate.set()

    async def write(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        self.writes.append(operation.__name__)
        if operation is accept:
            self.submitted += len(args[1])  # type: ignore[arg-type]  # the submissions
        await self._gate.wait()
        if self.failing:
            raise StoreUnavailable("disk full")
        return await super().write(operation, *args, **kwargs)


class Gateway:
    """The server under test, and what a test may do behind its back."""

    def __init__(self, path: Path, store: WatchedStore) -> None:
        self.path = str(path / "gatewayd.sock")
        self.store = store
        self.metrics = Metrics()
        self.snapshot = settings()
        self.intake = Intake(store, self.snapshot, lambda: NOW, self.outlook)
        self.statuses = 0
        self.links: dict[str, object] = {}
        self.queues: dict[str, object] = {}
        self.speeds: dict[str, float] = {}
        self.desk = Desk(store, self.intake, lambda: self.snapshot, self, lambda: NOW)
        self.server = Server(store, self.desk, lambda: self.snapshot, self.metrics)

    async def report(self) -> dict[str, Any]:
        self.statuses += 1
        return {"links": self.links, "queues": self.queues}

    def waits(self) -> dict[str, str]:
        return {}

    def outlook(self) -> Outlook:
        """speeds: of the link `smsc`, segments a second."""
        priorities = {name: class_.priority for name, class_ in self.snapshot.classes.items()}
        return Outlook.of(self.store.lanes, self.store.counts, self.speeds, priorities)

    def configure(self, **given: object) -> Self:
        self.snapshot = self.intake._snapshot = settings(**given)
        return self

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        with open_listener(self.path, 0o600) as listener:
            async with trio.open_nursery() as nursery:
                await nursery.start(self.server.serve, [listener])
                yield
                nursery.cancel_scope.cancel()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Upstream]:
        """A client that has been greeted."""
        async with await trio.open_unix_socket(self.path) as stream:
            client = Upstream(stream)
            greeting = await client.line()
            assert greeting is not None
            assert greeting["client"] == "shop"
            yield client

    async def make_events(self, client: str = "shop") -> None:
        """Each message of the tag `t` that waits ends as cancelled, which is one event."""
        await self.store.write(cancel_tag, client, "t", MessageId(0), 100_000, NOW)

    def connections(self) -> float:
        value = self.metrics.registry.get_sample_value("gatewayd_stream_connections")
        assert value is not None
        return value
