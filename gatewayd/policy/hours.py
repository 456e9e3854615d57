"""Times of day: when marketing may leave by the clocks of its recipient."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple, Self

from gatewayd.configlimits import EVERY_DAY, QuietHours, SendWindow
from gatewayd.model import Millis

WEEK: Final = 8  # days within which every window opens again, a change of the clock included
MINUTE: Final[Millis] = 60_000
_DAY: Final[Millis] = 1440 * MINUTE
_FIRST_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday; 0 is Monday


class Clock(NamedTuple):
    """Minutes of a day from `start` until before `end`; over midnight where `end` is the smaller."""

    start: int
    end: int

    @classmethod
    def of(cls, start: str, end: str) -> Self:
        return cls(_minute(start), _minute(end))

    def has(self, wall: Millis) -> bool:
        """wall: as `on_the_wall` tells it."""
        minute = wall % _DAY // MINUTE
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Window(NamedTuple):
    """When a brand's marketing leaves. days: 0 is Monday; over midnight each minute has its own day."""

    days: frozenset[int]
    clock: Clock

    def has(self, wall: Millis) -> bool:
        return (wall // _DAY + _FIRST_WEEKDAY) % 7 in self.days and self.clock.has(wall)


def quiet_clock(quiet: QuietHours) -> Clock:
    return Clock.of(quiet.from_, quiet.to)


def window(given: SendWindow) -> Window:
    return Window(frozenset(EVERY_DAY.index(day) for day in given.days), Clock.of(given.from_, given.to))


def on_the_wall(at: Millis, zone: tzinfo) -> Millis:
    """What a clock of the zone shows, as milliseconds since it showed 1970-01-01 00:00."""
    return at + _offset(at // MINUTE, zone)


@lru_cache(maxsize=4096)  # all zones now, and some moments that are planned for
def _offset(minute: int, zone: tzinfo) -> Millis:
    """How far the zone is ahead of UTC in a minute; nowhere are clocks changed inside of one."""
    offset = datetime.fromtimestamp(minute * 60, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1000


@lru_cache(maxsize=4096)
def is_open(minute: int, quiet: Clock | None, zones: tuple[tzinfo, ...], windows: tuple[Window, ...]) -> bool:
    """Whether it is quiet nowhere and within a window, if there are any: the same all of a minute since 1970.

    zones: the windows are by the first.
    """
    at = minute * MINUTE
    if quiet is not None and is_quiet(at, quiet, zones):
        return False
    return not windows or next_window(at, windows, zones[0]) == at


def is_quiet(at: Millis, quiet: Clock, zones: Sequence[tzinfo]) -> bool:
    """Whether it is quiet by any of the clocks: where a country has several, the strictest counts."""
    return _quiet_zone(at, quiet, zones) is not None


def after_quiet(at: Millis, quiet: Clock, zones: Sequence[tzinfo]) -> Millis | None:
    """The first moment from `at` on at which it is quiet nowhere; None if there is none within days."""
    for _ in range(WEEK * len(zones)):
        found = _quiet_zone(at, quiet, zones)
        if found is None:
            return at
        at = _next(_local(at, found), quiet.end)
    return None


def next_window(at: Millis, windows: Sequence[Window], zone: tzinfo) -> Millis | None:
    """The first moment from `at` on within a window."""
    wall = on_the_wall(at, zone)
    for window in windows:
        if window.has(wall):
            return at
    local = _local(at, zone)
    days = (local + timedelta(days=day) for day in range(WEEK))
    starts = (_at(day, one.clock.start) for day in days for one in windows if day.weekday() in one.days)
    return min((start for start in starts if start >= at), default=None)


def _quiet_zone(at: Millis, quiet: Clock, zones: Sequence[tzinfo]) -> tzinfo | None:
    for zone in zones:
        if quiet.has(on_the_wall(at, zone)):
            return zone
    return None


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
