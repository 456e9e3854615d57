"""How often something happens, from a count that only grows."""

from collections import deque
from typing import Final

SPAN: Final = 10  # seconds


class Meter:
    """Of the last ten seconds. Times: seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._began = now
        self._counted = deque([(int(now) - 1, 0)], maxlen=SPAN + 2)  # second, the count at its end

    def note(self, now: float, count: int) -> None:
        """Call it whenever the count may have grown."""
        second = int(now)
        if self._counted[-1][0] == second:
            self._counted.pop()
        self._counted.append((second, count))

    def per_second(self, now: float) -> float:
        """Over ten seconds of the clock; over less, if it has not run so long."""
        before = max((count for second, count in self._counted if second <= now - SPAN), default=0)
        return (self._counted[-1][1] - before) / min(SPAN, max(1.0, now - self._began))
