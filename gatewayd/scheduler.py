"""What waits for a time: scheduled, held, retries, expiry, receipts that never came, retention."""

from collections.abc import Awaitable, Callable

import trio

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.holds import REASONS, release
from gatewayd.ledger.inbound import REPEAT_WINDOW, release_stale
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.timers import Past, purge, run_due
from gatewayd.log import logger
from gatewayd.model import MessageId, Millis
from gatewayd.store.base import Store

TICK = 0.25  # seconds; how late a time may be noticed
STEP = 500  # messages or events in one transaction, so that sending is not held up
PURGE_EVERY = 60.0  # seconds
DAY = 86_400_000


class Scheduler:
    """Two loops: what is due, and what may be forgotten."""

    def __init__(
        self, store: Store, rules: Rules, events_kept_days: int, millis: Callable[[], Millis]
    ) -> None:
        self._store, self._rules, self._millis = store, rules, millis
        self._events_kept = events_kept_days * DAY
        self._held = [(reason, MessageId(0), 0) for reason in REASONS]
        self._log = logger()

    async def serve(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._repeat, TICK, self._due)
            nursery.start_soon(self._repeat, PURGE_EVERY, self._purge)
            task_status.started()

    async def _repeat(self, interval: float, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except StoreUnavailable as error:
                self._log.error("store_unavailable", during="scheduler", detail=str(error))
            await trio.sleep(interval)

    async def _due(self) -> None:
        while await self._store.write(run_due, self._rules, self._millis(), STEP) == STEP:
            pass
        while self._held:
            await self._release(*self._held[-1])

    async def _release(self, reason: str, after: MessageId, total: int) -> None:
        """One step through what the last life held and this one's configuration, or a resume, lets go."""
        done = await self._store.write(release, self._rules, reason, after, STEP, self._millis())
        self._held.pop()
        total += done.released
        if done.after is not None:
            self._held.append((reason, done.after, total))
        elif total:
            self._log.info("hold_over", reason=reason, released=total)

    async def _purge(self) -> None:
        now = self._millis()
        await self._store.write(release_stale, self._rules, now)
        past = Past(now - self._events_kept, now - REPEAT_WINDOW, now - self._rules.uses_kept)
        while await self._store.write(purge, past, STEP) == STEP:
            pass
