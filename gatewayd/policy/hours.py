"""Times of day: when marketing may leave by the clocks of its recipient."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple, Self

from gatewayd.configlimits import EVERY_DAY, QuietHours, SendWindow
from gatewayd.model import Millis

WEEK: Final = 8  # days within which every window opens again, a change of the clock included


class Clock(NamedTuple):
    """Minutes of a day from `start` until before `end`; over midnight where `end` is the smaller."""

    start: int
    end: int

    @classmethod
    def of(cls, start: str, end: str) -> Self:
        return cls(_minute(start), _minute(end))

    def has(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Window(NamedTuple):
    """When a brand's marketing leaves. days: 0 is Monday; over midnight each minute has its own day."""

    days: frozenset[int]
    clock: Clock

    def has(self, local: datetime) -> bool:
        return local.weekday() in self.days and self.clock.has(local)


def quiet_clock(quiet: QuietHours) -> Clock:
    return Clock.of(quiet.from_, quiet.to)


def window(given: SendWindow) -> Window:
    return Window(frozenset(EVERY_DAY.index(day) for day in given.days), Clock.of(given.from_, given.to))


def is_quiet(at: Millis, quiet: Clock, zones: Sequence[tzinfo]) -> bool:
    """Whether it is quiet by any of the clocks: where a country has several, the strictest counts."""
    return any(quiet.has(_local(at, zone)) for zone in zones)


def after_quiet(at: Millis, quiet: Clock, zones: Sequence[tzinfo]) -> Millis | None:
    """The first moment from `at` on at which it is quiet nowhere; None if there is none within days."""
    for _ in range(WEEK * len(zones)):
        loud = next((zone for zone in zones if quiet.has(_local(at, zone))), None)
        if loud is None:
            return at
        at = _next(_local(at, loud), quiet.end)
    return None


def next_window(at: Millis, windows: Sequence[Window], zone: tzinfo) -> Millis | None:
    """The first moment from `at` on within a window."""
    local = _local(at, zone)
    if any(window.has(local) for window in windows):
        return at
    days = (local + timedelta(days=day) for day in range(WEEK))
    starts = (_at(day, one.clock.start) for day in days for one in windows if day.weekday() in one.days)
    return min((start for start in starts if start >= at), default=None)


def _local(at: Millis, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at // 1000, zone)


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _next(local: datetime, minute: int) -> Millis:
    """The next time that the clock on the wall shows `minute`, after `local`."""
    today = _at(local, minute)
    if today > int(local.timestamp()) * 1000:
        return today
    return _at(local + timedelta(days=1), minute)


def _at(day: datetime, minute: int) -> Millis:
    wall = day.replace(hour=minute // 60, minute=minute % 60, second=0, microsecond=0)
    return int(wall.astimezone(UTC).timestamp()) * 1000
