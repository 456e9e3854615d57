"""What is due later: one heap and one task, however many delayed responses and receipts there are."""

import math
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

import trio

TICK = 0.005
"""Seconds. What falls due within one tick is done as one batch, never early."""

Batch = Callable[[list[object]], None]


class Agenda:
    """Items with the batch function that gets them when they are due, in order of time, then of adding."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Batch, object]] = []
        self._number = count()
        self._sleep = trio.CancelScope()

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, when: float, batch: Batch, item: object) -> None:
        """when: trio clock, seconds."""
        when = math.ceil(when / TICK) * TICK
        heappush(self._heap, (when, next(self._number), batch, item))
        self._sleep.deadline = min(self._sleep.deadline, when)

    async def run(self) -> None:
        """Call what is due, for ever."""
        while True:
            with trio.CancelScope(deadline=self._heap[0][0] if self._heap else math.inf) as self._sleep:
                await trio.sleep_forever()
            for batch, items in self._due(trio.current_time()).items():
                batch(items)

    def _due(self, now: float) -> dict[Batch, list[object]]:
        due: dict[Batch, list[object]] = {}
        while self._heap and self._heap[0][0] <= now:
            _, _, batch, item = heappop(self._heap)
            due.setdefault(batch, []).append(item)
        return due
