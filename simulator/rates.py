"""How often something happens."""

from collections import deque
from typing import Final

SPAN: Final = 10  # seconds


class Meter:
    """Events a second over the last ten. Times: seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._counted: deque[tuple[int, int]] = deque(maxlen=SPAN + 1)  # second, events within it

    def add(self, now: float, events: int) -> None:
        second = int(now)
        if self._counted and self._counted[-1][0] == second:
            events += self._counted.pop()[1]
        self._counted.append((second, events))

    def per_second(self, now: float) -> float:
        """Of the last ten seconds, by the clock's; of less, if it has not run so long."""
        recent = sum(events for second, events in self._counted if second > now - SPAN)
        return recent / min(SPAN, max(1.0, now - self._began))
