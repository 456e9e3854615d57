"""How fast a link may send: a token bucket counted in segments.

Pure: the time is an argument, float seconds of one monotonic clock.
"""

import math

UNLIMITED = 1 << 30  # segments available where there is no limit

# What a late wake-up may make good, in seconds' worth of segments: without it a timer that is a millisecond
# late loses that millisecond for ever. With it a second holds 2 % above the rate at most. Below 10 a second
# the loss is under 1 %, but one segment too early would be a tenth too many.
_SLACK = 0.02
_SLACK_FROM = 10
_ROUNDING = 1e-3  # a part of a segment that float arithmetic may be short of at the very moment it is due


class Bucket:
    """Leave for at most `rate` segments a second, without a burst (G9).

    In any second at most `rate` * 1.02 + 1 segments are granted; below 10 a second never more than `rate`
    (rounded up), and below 50 never two at a time.
    It starts empty, so that the first segment waits its turn too.
    rate: segments a second, fractions allowed; 0: no limit, yet pauses are kept.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._empty_at = now  # when the bucket was, or will be, empty; it fills from there

    @property
    def rate(self) -> float:
        return self._rate

    def change(self, rate: float, now: float) -> None:
        """Go on at another rate; what has been filled so far, and a pause, are kept."""
        if now > self._empty_at and self._rate and rate:
            filled = min((now - self._empty_at) * self._rate, self._capacity)
            self._empty_at = now - filled / rate
        self._rate = rate

    def available(self, now: float) -> int:
        """Segments that may leave now."""
        if self._rate == 0:
            return UNLIMITED if now >= self._empty_at else 0
        return max(0, math.floor(min((now - self._empty_at) * self._rate, self._capacity) + _ROUNDING))

    def take(self, n: int, now: float) -> None:
        """Count `n` segments as leaving now. Raises ValueError if fewer are available."""
        if n > self.available(now):
            raise ValueError(f"{n} segments taken, {self.available(now)} available")
        if self._rate:
            self._empty_at = max(self._empty_at, now - self._capacity / self._rate) + n / self._rate

    def next_at(self, now: float, n: int = 1) -> float:
        """When `n` segments may leave at once, or half of what ever may: the other half is for being late."""
        if self._rate == 0:
            return max(now, self._empty_at)
        return max(now, self._empty_at + min(n, math.floor((1 + self._capacity) / 2)) / self._rate)

    def pause_until(self, until: float) -> None:
        """Nothing leaves before `until`; then it fills from empty. An earlier pause is not cut short."""
        self._empty_at = max(self._empty_at, until)

    def reset(self, now: float) -> None:
        """Empty as after a start: a new session owes the SMSC a fresh second. A pause is kept."""
        self._empty_at = max(self._empty_at, now)

    @property
    def _capacity(self) -> float:
        return 1 + self._rate * _SLACK if self._rate >= _SLACK_FROM else 1
