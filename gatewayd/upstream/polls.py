"""Polls: the next events of a client for who asks again and again instead of subscribing."""

from collections import defaultdict
from typing import Final

import trio

from gatewayd.ledger.consumers import Gone
from gatewayd.ledger.tables import Effects, Event
from gatewayd.store.base import Store
from gatewayd.upstream.outbox import next_events

AT_MOST: Final = 1000  # events in one answer


class Polls:
    """One for the daemon."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news: defaultdict[str, trio.Event] = defaultdict(trio.Event)
        store.watch(self._committed)

    async def next(self, client: str, after: int, wait: float) -> list[Event] | Gone:
        """What follows a cursor; if there is nothing, what comes within `wait` seconds, maybe nothing.

        Raises StoreUnavailable.
        """
        found: list[Event] | Gone = []
        with trio.move_on_after(wait):
            while not found:
                news = self._news[client]
                with trio.CancelScope(shield=True):
                    found = await self._store.read(next_events, client, after, AT_MOST)
                if not found:
                    await news.wait()
        return found

    def _committed(self, effects: Effects) -> None:
        for client in effects.clients & self._news.keys():
            self._news.pop(client).set()
