"""Where it is day and where it is night, at any hour: who marketing may be sent to now, and who not."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo


class Place(NamedTuple):
    """number: of a mobile there."""

    name: str
    zone: str
    number: str

    def clock(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.zone))


# so far apart that at each moment it is 9:00 to 20:00 in one of them, and 22:00 to 7:00 in another
PLACES: Final = (
    Place("Shanghai", "Asia/Shanghai", "8613800138004"),
    Place("London", "Europe/London", "447700900123"),
    Place("Buenos Aires", "America/Argentina/Buenos_Aires", "5491151234567"),
    Place("Auckland", "Pacific/Auckland", "64211234567"),
)


def by_day(now: datetime | None = None) -> Place:
    return _where(lambda hour: 9 <= hour < 20, now)


def by_night(now: datetime | None = None) -> Place:
    return _where(lambda hour: hour >= 22 or hour < 7, now)


def _where(fits: Callable[[int], bool], now: datetime | None) -> Place:
    moment = now or datetime.now(UTC)
    return next(place for place in PLACES if fits(place.clock(moment).hour))
