"""Outboxes: the events of one client to one consumer, in order, at least once, until acknowledged (G5)."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import trio

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.consumers import Gone
from gatewayd.ledger.tables import Effects, Event, Tables
from gatewayd.store.base import Store
from gatewayd.upstream import replies

_BATCH: Final = 1000
Send: TypeAlias = Callable[[bytes], Awaitable[None]]


def next_events(tables: Tables, client: str, after: int, limit: int) -> list[Event] | Gone:
    """What follows a cursor; Gone if some of it is no longer kept."""
    oldest = tables.oldest_cursor(client)
    return tables.events_after(client, after, limit) if after >= oldest else Gone(oldest)


def lags(tables: Tables) -> dict[tuple[str, str], int]:
    """(client, consumer) -> 0 if it has acknowledged all, else how many cursors it is behind.

    Cursors are shared by all clients, so with several this is the most its own events can be.
    """
    last = tables.last_cursor()
    return {
        (consumer.client, consumer.name): last - consumer.acknowledged
        if tables.events_after(consumer.client, consumer.acknowledged, 1)
        else 0
        for consumer in tables.consumers()
    }


class Outbox:
    """One subscription. `window`: unacknowledged events that may be under way."""

    def __init__(self, store: Store, client: str, consumer: str, after: int, window: int, send: Send) -> None:
        self.client = client
        self.consumer = consumer
        self._store = store
        self._cursor = after
        self._window = window
        self._send = send
        self._under_way: deque[int] = deque()
        self._news = trio.Event()
        self._ending = False
        self._idle = trio.Event()
        self._last_words = b""

    def wake(self) -> None:
        """There is something to do: events, room in the window, an end."""
        self._news.set()

    def acknowledged(self, cursor: int) -> None:
        """Make room; only a full window was waiting for that."""
        was_full = len(self._under_way) >= self._window
        while self._under_way and self._under_way[0] <= cursor:
            self._under_way.popleft()
        if was_full:
            self.wake()

    def end(self, closed: replies.Closed | None = None) -> None:
        """Stop after the batch in hand, and tell why unless the client itself asked for it."""
        self._ending = True
        self._last_words = b"" if closed is None else replies.line(closed)
        self.wake()

    async def flush(self) -> None:
        """Wait until all there is has been sent, or as much as the window takes."""
        idle = self._idle = trio.Event()
        self.wake()
        await idle.wait()

    async def run(self) -> None:
        """Send until the end."""
        try:
            await self._run()
        finally:
            self._idle.set()

    async def _run(self) -> None:
        """The wake-up is armed before the look, so that none is lost between."""
        while not self._ending:
            self._news = trio.Event()
            room = min(_BATCH, self._window - len(self._under_way))
            events = await self._look(room) if room > 0 else []
            if events and not self._ending:
                await self._push(events)
            if len(events) < room or len(self._under_way) >= self._window:
                await self._rest()
        if self._last_words:
            await self._send(self._last_words)

    async def _rest(self) -> None:
        """All there is has been sent, or as much as the window takes."""
        if not self._news.is_set():
            self._idle.set()
        await self._news.wait()

    async def _look(self, room: int) -> list[Event]:
        try:
            found = await self._store.read(next_events, self.client, self._cursor, room)
        except StoreUnavailable:
            self.end(replies.Closed(self.consumer, "overloaded"))
            return []
        if isinstance(found, Gone):
            self.end(replies.Closed(self.consumer, "gone", found.oldest))
            return []
        return found

    async def _push(self, events: list[Event]) -> None:
        self._cursor = events[-1].cursor
        self._under_way.extend([event.cursor for event in events])
        await self._send(b"\n".join([event.body for event in events]) + b"\n")


class Outboxes:
    """All subscriptions of the daemon: at most one for each consumer of a client."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: dict[str, dict[str, Outbox]] = {}
        store.watch(self._committed)

    def open(self, client: str, consumer: str, after: int, window: int, send: Send) -> Outbox:
        """A new subscription; it takes over from one that there is. The caller runs it."""
        outbox = Outbox(self._store, client, consumer, after, window, send)
        mine = self._open.setdefault(client, {})
        if (former := mine.get(consumer)) is not None:
            former.end(replies.Closed(consumer, "taken_over"))
        mine[consumer] = outbox
        return outbox

    def close(self, outbox: Outbox) -> None:
        """Forget a subscription, unless another has its place already."""
        mine = self._open.get(outbox.client, {})
        if mine.get(outbox.consumer) is outbox:
            del mine[outbox.consumer]

    async def flush(self) -> None:
        """Let every subscription send what there is; the caller bounds the time."""
        async with trio.open_nursery() as nursery:
            for mine in self._open.values():
                for outbox in mine.values():
                    nursery.start_soon(outbox.flush)

    def acknowledged(self, client: str, consumer: str, cursor: int) -> None:
        outbox = self._open.get(client, {}).get(consumer)
        if outbox is not None:
            outbox.acknowledged(cursor)

    def _committed(self, effects: Effects) -> None:
        for client in effects.clients:
            for outbox in self._open.get(client, {}).values():
                outbox.wake()
