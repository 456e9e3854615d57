"""How fast a link may send, and a client submit: token buckets.

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

    In any second at most `rate` * 1.02 + 1 segments are granted, and those `kept` once; below 10 a second
    never more than `rate` (rounded up), and below 50 never two at a time.
    It starts empty, so that the first segment waits its turn too.
    rate: segments a second, fractions allowed; 0: no limit, yet pauses are kept.
    keep: segments that are to be there for those in a hurry, see `kept`; as many more may be in it.
    """

    def __init__(self, rate: float, now: float, keep: int = 0) -> None:
        self._rate, self._keep = rate, keep
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
        self.owe(n, now)

    def owe(self, n: int, now: float) -> None:
        """Count `n` segments that cannot be parted, even if fewer are available; the next wait for them."""
        if self._rate:
            self._empty_at = max(self._empty_at, now - self._capacity / self._rate) + n / self._rate

    @property
    def kept(self) -> int:
        """Segments left in it by those in no hurry; none below 100 a second: there it is a burst."""
        return min(self._keep, math.floor(self._slack / 2))

    def next_at(self, now: float, n: int = 1, kept: int = 0) -> float:
        """When `n` segments beside `kept` ones may leave at once, or half of what ever may.

        The other half is for being late.
        """
        if self._rate == 0:
            return max(now, self._empty_at)
        enough = min(n, math.floor(1 + self._slack / 2)) + kept
        return max(now, self._empty_at + enough / self._rate)

    def pause_until(self, until: float) -> None:
        """Nothing leaves before `until`; then it fills from empty. An earlier pause is not cut short."""
        self._empty_at = max(self._empty_at, until)

    def reset(self, now: float) -> None:
        """Empty as after a start: a new session owes the SMSC a fresh second. A pause is kept."""
        self._empty_at = max(self._empty_at, now)

    @property
    def _slack(self) -> float:
        return self._rate * _SLACK if self._rate >= _SLACK_FROM else 0.0

    @property
    def _capacity(self) -> float:
        return 1 + self._slack + self.kept


class Allowance:
    """What one client may submit: `rate` a second, of which those of a whole second may come at once.

    At most twice `rate` in any second, and never more than `rate` a second over a longer time. Below one a
    second they come one by one. It starts full.
    """

    def __init__(self, rate: float, now: float) -> None:
        self._interval = 1 / rate
        self._burst = max(1.0, self._interval)
        self._used_until = now  # what was taken so far is what the rate gives until then

    def take(self, n: int, now: float) -> int:
        """Take up to `n`; gives how many there were."""
        used = max(self._used_until, now)
        given = min(n, math.floor((now + self._burst - used) / self._interval + _ROUNDING))
        self._used_until = used + given * self._interval
        return given

    def wait(self, now: float) -> float:
        """Seconds until there is one again."""
        return max(0.0, self._used_until + self._interval - self._burst - now)
