"""How many submit_sm a second an account may send, as SMSCs count it, each in its way."""

import math
import random
from collections import deque

from simulator.settings import Throttle


class Gate:
    """One account's, over all its sessions. The limit is drawn once and told to nobody."""

    def __init__(self, settings: Throttle, rng: random.Random) -> None:
        low, high = settings.limit, settings.up_to
        self.limit = rng.randint(low, high) if high > low else low
        self._counter = settings.counter
        self._burst = settings.burst or self.limit
        self._passed: deque[float] = deque(maxlen=self.limit)
        self._second, self._count = -math.inf, 0
        self._tokens, self._filled_at = float(self._burst), -math.inf

    def passes(self, now: float) -> bool:
        """Whether this submit_sm stays within the limit; one that does not, counts for nothing."""
        if not self.limit:
            return True
        match self._counter:
            case "sliding":
                return self._slides(now)
            case "second":
                return self._counts(now)
            case "bucket":
                return self._takes(now)

    def load(self, now: float) -> int:
        """Percent of the limit that passed within the last second."""
        if not self.limit:
            return 0
        recent = sum(now - at < 1 for at in self._passed)
        return min(100, 100 * recent // self.limit)

    def _slides(self, now: float) -> bool:
        if len(self._passed) == self.limit and now - self._passed[0] < 1:
            return False
        self._passed.append(now)
        return True

    def _counts(self, now: float) -> bool:
        if math.floor(now) != self._second:
            self._second, self._count = math.floor(now), 0
        if self._count == self.limit:
            return False
        self._count += 1
        self._passed.append(now)
        return True

    def _takes(self, now: float) -> bool:
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self.limit)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        self._passed.append(now)
        return True
