"""Connection: one client on the stream socket. Reads, answers, pushes events, within its window."""

from collections.abc import Awaitable, Sequence
from typing import Any, Final

import msgspec
import trio

from gatewayd import __version__
from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.consumers import Gone
from gatewayd.metrics import Metrics
from gatewayd.model import Refusal
from gatewayd.upstream import replies, wire
from gatewayd.upstream.desk import Desk
from gatewayd.upstream.outbox import Outbox, Outboxes

_READ: Final = 65_536  # octets
_OVERLOADED: Final = Refusal("overloaded", "the store cannot take it now", retryable=True)
_INTERNAL: Final = Refusal("internal", "a fault of the gateway; its log knows more")
_NOT_SUBSCRIBED: Final = Refusal("not_found", "no subscription of this connection", "consumer")


class Terms(msgspec.Struct, frozen=True):
    """What holds for a connection as long as it lives.

    window: requests outstanding. line_length: octets. event_window: unacknowledged events under way.
    """

    client: str
    window: int
    line_length: int
    event_window: int


class Position(msgspec.Struct, frozen=True):
    """The cursor that events of a subscription start after, or would start after."""

    cursor: int


class Connection:
    """Requests become tasks in batches; each is outstanding until its reply is written.

    So a client that does not read its replies is not read from any more, and nothing else happens.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        terms: Terms,
        desk: Desk,
        outboxes: Outboxes,
        metrics: Metrics,
        log: Any,
    ) -> None:
        self._stream = stream
        self._terms = terms
        self._desk = desk
        self._outboxes = outboxes
        self._metrics = metrics
        self._log = log
        self._subscriptions: dict[str, Outbox] = {}
        self._writing = trio.Lock()
        self._outstanding = 0
        self._fewer = trio.Event()

    async def run(self) -> None:
        """Serve until the client leaves or is beyond hope, then answer what is outstanding."""
        async with trio.open_nursery() as self._nursery:
            terms = self._terms
            await self._send(replies.line(replies.Greeting(__version__, terms.client, terms.window)))
            await self._read_all()
            while self._outstanding:
                await self._until_fewer()
            self._nursery.cancel_scope.cancel()

    async def _read_all(self) -> None:
        reader = wire.Reader(self._terms.line_length)
        while not reader.hopeless and (data := await self._receive()):
            requests = reader.feed(data)
            while requests:
                while not (room := self._terms.window - self._outstanding):
                    await self._until_fewer()
                self._begin(requests[:room])
                del requests[:room]

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some(_READ))
        except trio.BrokenResourceError:
            return b""

    async def _until_fewer(self) -> None:
        self._fewer = trio.Event()
        await self._fewer.wait()

    async def _send(self, lines: bytes) -> None:
        """Whole lines only: a task is not cancelled here unless the connection ends."""
        async with self._writing:
            try:
                await self._stream.send_all(lines)
            except trio.BrokenResourceError:
                self._nursery.cancel_scope.cancel()

    async def _reply(self, lines: bytes, requests: int = 1) -> None:
        await self._send(lines)
        self._outstanding -= requests
        self._fewer.set()

    # requests

    def _begin(self, requests: Sequence[wire.Request | wire.Malformed]) -> None:
        """Start a batch: its submits in one task, its acks in one, the rest in order in one."""
        self._outstanding += len(requests)
        submits = [request for request in requests if isinstance(request, wire.Submit)]
        acks = [request for request in requests if isinstance(request, wire.Ack)]
        if submits:
            self._nursery.start_soon(self._submit, submits)
        if acks:
            self._nursery.start_soon(self._acknowledge, acks)
        if len(submits) + len(acks) < len(requests):
            others = [request for request in requests if not isinstance(request, wire.Submit | wire.Ack)]
            self._nursery.start_soon(self._each, others)

    async def _submit(self, submits: Sequence[wire.Submit]) -> None:
        lines = await self._guarded(submits, self._desk.submit(self._terms.client, submits))
        await self._reply(lines, len(submits))

    async def _acknowledge(self, acks: Sequence[wire.Ack]) -> None:
        await self._reply(await self._guarded(acks, self._acknowledged(acks)), len(acks))

    async def _acknowledged(self, acks: Sequence[wire.Ack]) -> bytes:
        lines, reached = await self._desk.acknowledge(self._terms.client, acks)
        for consumer, cursor in reached.items():
            self._outboxes.acknowledged(self._terms.client, consumer, cursor)
        return lines

    async def _each(self, requests: Sequence[wire.Request | wire.Malformed]) -> None:
        if bad := [request for request in requests if isinstance(request, wire.Malformed)]:
            self._note(bad)
        for request in requests:
            match request:
                case wire.Malformed():
                    lines = replies.failed(request.seq, request.refusal)
                case wire.Subscribe():
                    lines = await self._guarded([request], self._subscribe(request))
                case wire.Unsubscribe():
                    lines = await self._guarded([request], self._unsubscribe(request))
                case wire.Submit() | wire.Ack():
                    raise AssertionError("these go in batches")
                case _:
                    work = self._desk.answer(self._terms.client, request)
                    lines = await self._guarded([request], work)
            if lines:
                await self._reply(lines)

    def _note(self, bad: Sequence[wire.Malformed]) -> None:
        """One log line for a batch; what the lines held is for their sender only."""
        for line in bad:
            self._metrics.child(self._metrics.stream_errors, line.refusal.code).inc()
        self._log.warning("bad_lines", lines=len(bad), code=bad[0].refusal.code)

    async def _guarded(self, requests: Sequence[wire.Request], work: Awaitable[bytes]) -> bytes:
        """The reply lines; if the work cannot be done, the same refusal for each request."""
        try:
            return await work
        except StoreUnavailable:
            refusal = _OVERLOADED
        except Exception:  # noqa: BLE001  one client's request harms no other; the traceback is logged
            self._log.exception("request_failed", op=type(requests[0]).__name__.lower())
            refusal = _INTERNAL
        return b"".join([replies.failed(request.seq, refusal) for request in requests])

    # subscriptions

    async def _subscribe(self, request: wire.Subscribe) -> bytes:
        """Why not, or nothing: then the outbox's own task replies, so that no event goes before."""
        terms = self._terms
        start = await self._desk.subscribe(terms.client, request)
        match start:
            case Gone(oldest=oldest):
                refusal = Refusal("gone", "events after this cursor are no longer kept", "after")
                return replies.failed(request.seq, refusal, oldest)
            case Refusal():
                return replies.failed(request.seq, start)
        outbox = self._outboxes.open(terms.client, request.consumer, start, terms.event_window, self._send)
        self._subscriptions[request.consumer] = outbox
        self._nursery.start_soon(self._push, outbox, replies.done(request.seq, Position(start)))
        return b""

    async def _push(self, outbox: Outbox, reply: bytes) -> None:
        try:
            await self._reply(reply)
            await outbox.run()
        finally:
            self._outboxes.close(outbox)
            if self._subscriptions.get(outbox.consumer) is outbox:
                del self._subscriptions[outbox.consumer]

    async def _unsubscribe(self, request: wire.Unsubscribe) -> bytes:
        """What the outbox is just writing goes before this reply, and nothing after it."""
        outbox = self._subscriptions.pop(request.consumer, None)
        if outbox is None:
            return replies.failed(request.seq, _NOT_SUBSCRIBED)
        outbox.end()
        position = await self._desk.position(self._terms.client, request.consumer)
        return replies.done(request.seq, Position(position))
