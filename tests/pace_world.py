"""SMSCs with a hidden limit, and a link that always has more to send, in virtual time."""

import heapq
import math
import random
from collections import Counter, deque
from collections.abc import Callable
from typing import Protocol

from gatewayd.pace_control import PaceControl
from gatewayd.pacing import Bucket


class Limit(Protocol):
    """The hidden limit of an SMSC; rate: segments a second."""

    rate: float

    def takes(self, now: float) -> bool:
        """Whether one more segment is taken now, which then counts."""


class PerSecond:
    """So many in each second of the SMSC's own clock."""

    def __init__(self, rate: float, rng: random.Random) -> None:
        self.rate, self._offset = float(round(rate)), rng.random()
        self._second, self._count = 0, 0

    def takes(self, now: float) -> bool:
        second = int(now + self._offset)
        if second != self._second:
            self._second, self._count = second, 0
        if self._count >= self.rate:
            return False
        self._count += 1
        return True


class Sliding:
    """So many in any second, as the bundled simulator counts."""

    def __init__(self, rate: float, rng: random.Random) -> None:
        del rng
        self.rate = float(round(rate))
        self._taken: deque[float] = deque()

    def takes(self, now: float) -> bool:
        while self._taken and now - self._taken[0] >= 1:
            self._taken.popleft()
        if len(self._taken) >= self.rate:
            return False
        self._taken.append(now)
        return True


class TokenBucket:
    """So many a second on average; a burst of a twentieth of a second to a whole one, drawn."""

    def __init__(self, rate: float, rng: random.Random) -> None:
        self.rate = rate
        self._seconds = rng.choice([0.05, 0.2, 1.0])
        self._tokens, self._at = self._burst, 0.0

    @property
    def _burst(self) -> float:
        return max(1.5, self.rate * self._seconds)

    def takes(self, now: float) -> bool:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class World:
    """A saturated link against a limit: what was taken and throttled in each second."""

    def __init__(self, limit: Limit, contract: float, rng: random.Random, window: int = 1000) -> None:
        self.limit, self.contract, self.now = limit, contract, 0.0
        self.bucket = Bucket(contract, 0.0)
        self.pace = PaceControl(self.bucket, None, 0.0)
        self.taken: Counter[int] = Counter()
        self.throttled: Counter[int] = Counter()
        self._rng, self._free = rng, window
        self._way = rng.uniform(0.002, 0.04)  # seconds one way
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def run(self, until: float) -> None:
        """Virtual time: what is on its way arrives, and what the bucket lets go is sent."""
        while self.now < until:
            ready = self.bucket.next_at(self.now) if self._free else math.inf
            if self._queue and self._queue[0][0] <= ready:
                self.now, _, arrive = heapq.heappop(self._queue)
                arrive()
            else:
                self.now = ready
                n = min(self._free, self.bucket.available(self.now), 50)
                self.bucket.take(n, self.now)
                for _ in range(n):
                    self._send()

    def _send(self) -> None:
        self._free -= 1
        sent = self.now
        self._later(lambda: self._arrived(sent))

    def _arrived(self, sent: float) -> None:
        taken = self.limit.takes(self.now)
        (self.taken if taken else self.throttled)[int(self.now)] += 1
        self._later(lambda: self._answered(sent, taken=taken))

    def _answered(self, sent: float, *, taken: bool) -> None:
        self._free += 1
        if taken:
            self.pace.accepted(self.now - sent, self.now)
        else:
            self.pace.throttled(self.now - sent, self.now)

    def _later(self, what: Callable[[], None]) -> None:
        self._number += 1
        at = self.now + self._way * self._rng.uniform(0.9, 1.2)
        heapq.heappush(self._queue, (at, self._number, what))

    def share_throttled(self, start: int, end: int) -> float:
        refused, taken = self._sum(self.throttled, start, end), self._sum(self.taken, start, end)
        return refused / max(1, refused + taken)

    def mean(self, start: int, end: int) -> float:
        """Segments a second that were taken."""
        return self._sum(self.taken, start, end) / (end - start)

    def _sum(self, counts: Counter[int], start: int, end: int) -> int:
        return sum(counts[second] for second in range(start, end))
