"""The rate a link may send at now, learnt from what its SMSC answers: between a floor and the contract (G9).

Most SMSCs do not tell their limit, and it changes. Only throttled answers show it, so the rate must touch
the limit now and then, rarely and gently. The curve of recovery is that of TCP CUBIC (RFC 9438 section 4.2)
for the same reason: steps that are small near the last known limit, and larger the longer nothing is
refused. Where nothing is known yet, the rate is multiplied each second until it is.

Pure: the time is an argument, float seconds of one monotonic clock. Counted in segments.
"""

import math
from collections import deque
from enum import StrEnum
from typing import Final

from gatewayd.pacing import Bucket

LOWEST: Final = 0.1  # segments a second that are always tried
FIRST: Final = 1.0  # segments a second that a search begins with at least
FASTER: Final = 3.0  # what a search multiplies the rate by each second
LEAST_SHARE: Final = 0.001  # of the contract: the floor
GENTLE: Final = 0.95  # what a cut leaves of the level that met the limit
DEEP: Final = 0.8  # how far down what the last second took may bring the level in one cut
DEEPEST: Final = 0.5  # the same once pauses have followed each other
LEAST_ACTIVE: Final = 0.5  # seconds without a pause that the last second counts for at least
SETTLED: Final = 1.5  # seconds of a search before the last second can be trusted
SLOWER: Final = 0.9  # what a cut for response time or congestion leaves
MOST_SLOWER: Final = 0.5  # how far down such cuts may go: a slow SMSC still takes messages
UNDER: Final = 0.985  # the level to return to, as a share of what met the limit
UNDER_SOON: Final = 0.95  # the same when the limit is met again at once: it lies clearly below
SOON: Final = 4.0  # seconds after a cut
RISE: Final = 1e-4  # of that level, per cubed second: it is exceeded by 1.5 % after 5 s, doubled after 22 s
TICK: Final = 0.1  # seconds between two looks at the curve
PAUSE: Final = 0.1  # seconds of the first pause; doubled while pauses follow each other
LONGEST_PAUSE: Final = 1.0  # a per-second counter is free again by then
LOST: Final = 3  # throttled so often in a row: the limit has fallen
NEAR: Final = 91  # congestion_state above which it slows down (5.0 section 4.8.4.18)
FULL: Final = 100  # congestion_state: congested
SLOW_AGAIN: Final = 1.0  # seconds between cuts for response time or congestion


class Reason(StrEnum):
    """Why the rate is what it is; the last one that lowered it."""

    CONTRACT = "contract"
    THROTTLED = "throttled"
    RESPONSE_TIME = "response_time"
    CONGESTION = "congestion"


class PaceControl:
    """Sets the rate of a link's bucket, whose rate at first is the contract; 0: none, what is learnt holds.

    pause: seconds of rest after ESME_RTHROTTLED; None: as long as it takes, at most a second.
    Answers to what left before a cut tell nothing of the rate after it, so each call says how long its own
    answer took, in seconds.
    """

    def __init__(self, bucket: Bucket, pause: float | None, now: float) -> None:
        self.reason = Reason.CONTRACT
        self._bucket, self._fixed_pause = bucket, pause
        self._contract = bucket.rate or math.inf
        self._floor = min(self._contract, max(LOWEST, bucket.rate * LEAST_SHARE))
        self._rate = self._level = self._base = self._contract
        self._searching, self._searching_since = False, now
        self._grown, self._ticked_at = 0.0, now
        self._cut_at, self._resumed_at, self._in_a_row = -math.inf, -math.inf, 0
        self._accepted = _LastSecond()
        self._times = _ResponseTimes(now)

    def accepted(self, seconds: float, now: float) -> Reason | None:
        """A segment was taken, `seconds` after it was sent. Gives the reason if the rate fell."""
        self._accepted.add(now)
        if self._times.rising(seconds, now):
            self._ticked_at = now
            return self._slower(seconds, now, Reason.RESPONSE_TIME)
        if self._searching or now - self._ticked_at >= TICK:
            self._grow(now)
        return None

    def throttled(self, seconds: float, now: float) -> float:
        """ESME_RTHROTTLED. Gives the seconds that nothing leaves for; 0 if this one tells nothing new."""
        sent = now - seconds
        if sent < self._cut_at:
            return 0.0
        self._in_a_row = self._in_a_row + 1 if sent - self._resumed_at < LONGEST_PAUSE else 1
        pause = self._fixed_pause or min(LONGEST_PAUSE, PAUSE * 2.0 ** (self._in_a_row - 1))
        self._cut(now)
        self._rest(pause, now)
        return pause

    def congestion(self, state: int, seconds: float, now: float) -> Reason | None:
        """congestion_state of a response, 0 to 100. Gives the reason if the rate fell."""
        if state < NEAR:
            return None
        cut = self._slower(seconds, now, Reason.CONGESTION)
        if state >= FULL and now - seconds >= self._resumed_at:
            self._rest(LONGEST_PAUSE, now)
        return cut

    def _rest(self, pause: float, now: float) -> None:
        self._resumed_at = now + pause
        self._bucket.pause_until(self._resumed_at)

    def _cut(self, now: float) -> None:
        """Down to what the last second took; gently, where the limit is known to be near."""
        taken = self._accepted.count(now)
        if self._unknown(taken, now):
            first = not self._searching
            self._searching_since = now if first else self._searching_since
            self._searching = True
            least = min(self._contract, FIRST) if first else self._base
            rate = self._level = max(self._floor, least, taken)
        else:
            self._searching = False
            self._level = self._met(taken, now)
            rate = self._level * GENTLE
        self._set(max(self._floor, rate), Reason.THROTTLED, now)

    def _met(self, taken: int, now: float) -> float:
        """The level just under the limit, as the last second shows it."""
        rested = max(0.0, self._resumed_at - max(self._cut_at, now - 1))
        measured = (taken + 0.5) / max(LEAST_ACTIVE, 1 - rested)
        least = self._rate * (DEEPEST if self._in_a_row >= LOST else DEEP)
        under = UNDER_SOON if now - self._cut_at < SOON else UNDER
        return max(self._floor, min(self._rate, max(least, measured)) * under)

    def _unknown(self, taken: int, now: float) -> bool:
        """Whether the last second says little of the limit: it was met at once, or far below the contract."""
        if self._searching:
            return now - self._searching_since < SETTLED
        return self._rate == math.inf or (self.reason is Reason.CONTRACT and taken < self._rate * DEEP)

    def _slower(self, seconds: float, now: float, reason: Reason) -> Reason | None:
        """A sign of load that is no refusal: down in steps, to half of what it was at most."""
        if now - seconds < self._cut_at + SLOW_AGAIN:
            return None
        if self._rate == math.inf:
            self._rate = float(self._accepted.count(now))
        self._level = max(
            self._floor, self._rate, 0.0 if self._searching else min(self._level, self._contract)
        )
        self._searching = False
        rate = max(self._floor, self._level * MOST_SLOWER, self._rate * SLOWER)
        if rate >= self._rate:
            return None
        self._set(rate, reason, now)
        return reason

    def _set(self, rate: float, reason: Reason, now: float) -> None:
        self.reason, self._base, self._grown = reason, rate, 0.0
        self._cut_at = self._ticked_at = now
        self._apply(rate, now)

    def _apply(self, rate: float, now: float) -> None:
        self._rate = rate
        self._bucket.change(0.0 if rate == math.inf else rate, now)

    def _grow(self, now: float) -> None:
        """Follow the curve; beyond the known level only if the rate is used, else it would prove nothing."""
        passed = min(now - self._ticked_at, max(1.0, 2 / self._rate))
        self._ticked_at = now
        if self._rate >= self._contract:
            return
        taken = self._accepted.count(now)
        if self._searching:
            self._base = max(self._base, taken)  # answers to what left before the first cut come after it
        used = 2 * taken >= self._rate
        if used or (not self._searching and self._grown < self._return_time):
            self._grown += passed
            self._apply(min(self._contract, self._curve()), now)
        if self._rate == self._contract:
            self.reason = Reason.CONTRACT

    @property
    def _return_time(self) -> float:
        """Seconds until the curve is back at its level."""
        return float(math.cbrt((1 - self._base / self._level) / RISE))

    def _curve(self) -> float:
        if self._searching:
            return self._base * math.pow(FASTER, min(self._grown, 20.0))
        return self._level * (1 + RISE * (self._grown - self._return_time) ** 3)


class _LastSecond:
    """How many segments were accepted in the last second; in steps of 10 ms, so that memory is bounded."""

    def __init__(self) -> None:
        self._steps: deque[tuple[int, int]] = deque(maxlen=128)
        self._sum = 0

    def add(self, now: float) -> None:
        step = int(now * 100)
        if self._steps and self._steps[-1][0] == step:
            self._steps[-1] = (step, self._steps[-1][1] + 1)
        else:
            self._steps.append((step, 1))
            self._forget(step)
        self._sum += 1

    def count(self, now: float) -> int:
        self._forget(int(now * 100))
        return self._sum

    def _forget(self, step: int) -> None:
        while self._steps and self._steps[0][0] <= step - 100:
            self._sum -= self._steps.popleft()[1]


class _ResponseTimes:
    """Whether answers take longer than they used to.

    They are compared with the shortest of the last one to two minutes, so that an SMSC that has become slower
    for good is not held back for ever. Half a second is within what one busy moment of either side explains.
    """

    PERIOD: Final = 60.0
    WEIGHT: Final = 1 / 16
    FACTOR: Final = 3.0
    SLACK: Final = 0.5

    def __init__(self, now: float) -> None:
        self._smooth = 0.0
        self._shortest = self._shortest_before = math.inf
        self._since = now

    def rising(self, seconds: float, now: float) -> bool:
        if now - self._since >= self.PERIOD:
            self._shortest_before, self._shortest, self._since = self._shortest, seconds, now
        self._shortest = min(self._shortest, seconds)
        self._smooth += (seconds - self._smooth) * self.WEIGHT
        usual = min(self._shortest, self._shortest_before)
        return self._smooth > max(usual * self.FACTOR, usual + self.SLACK)
