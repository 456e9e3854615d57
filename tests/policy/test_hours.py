"""Times of day: quiet hours and windows, to the millisecond and over changes of the clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.configtypes import zone
from gatewayd.model import Millis
from gatewayd.policy.hours import Clock, Window, after_quiet, is_open, is_quiet, next_window, on_the_wall

SHANGHAI = zone("Asia/Shanghai")
NIGHT = Clock.of("21:00", "08:00")
YEAR = 365 * 86_400_000
START = 1_767_225_600_000  # 2026-01-01T00:00Z
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "+05:30")
BOUNDARIES = [
    ("20:59:59.999", "loud"),
    ("21:00:00.000", "quiet"),
    ("23:59:59.999", "quiet"),
    ("00:00:00.000", "quiet"),
    ("07:59:59.999", "quiet"),
    ("08:00:00.000", "loud"),
]


def at(text: str, where: str = "Asia/Shanghai") -> Millis:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(where)).timestamp() * 1000)


@pytest.mark.parametrize(("clock", "is_so"), BOUNDARIES)
def test_the_night_begins_and_ends_on_the_millisecond(clock: str, is_so: str) -> None:
    """From 21:00:00.000 until before 08:00:00.000."""
    assert is_quiet(at(f"2026-11-22T{clock}"), NIGHT, (SHANGHAI,)) is (is_so == "quiet")


def test_the_day_after_a_night_begins_at_eight() -> None:
    """The same morning after midnight, the next before it."""
    morning = at("2026-11-23T08:00")
    assert after_quiet(at("2026-11-22T21:00"), NIGHT, (SHANGHAI,)) == morning
    assert after_quiet(at("2026-11-23T07:59:59.999"), NIGHT, (SHANGHAI,)) == morning
    assert after_quiet(morning, NIGHT, (SHANGHAI,)) == morning


def test_hours_within_one_day_are_quiet_too() -> None:
    """A siesta need not pass midnight."""
    siesta = Clock.of("12:00", "14:30")
    assert after_quiet(at("2026-11-22T13:00"), siesta, (SHANGHAI,)) == at("2026-11-22T14:30")
    assert not is_quiet(at("2026-11-22T11:59:59.999"), siesta, (SHANGHAI,))


def test_the_strictest_of_several_clocks_counts() -> None:
    """A country with several zones: it has to be day in all of them."""
    zones = (zone("America/New_York"), zone("Pacific/Honolulu"))
    opens = after_quiet(at("2026-11-22T08:00", "America/New_York"), NIGHT, zones)
    assert opens == at("2026-11-22T08:00", "Pacific/Honolulu")


def test_zones_that_never_have_day_together_give_none() -> None:
    """Then nothing can leave."""
    assert after_quiet(0, NIGHT, tuple(zone(name) for name in ("+00:00", "+08:00", "-08:00"))) is None


@given(st.integers(-20 * YEAR, 20 * YEAR), st.sampled_from([*sorted(available_timezones()), *ZONES]))
def test_the_clock_on_the_wall_is_that_of_the_zone(moment: Millis, where: str) -> None:
    """To the millisecond, anywhere."""
    place, epoch = zone(where), datetime(1970, 1, 1)  # noqa: DTZ001  what a clock shows has no zone
    shown = (epoch + timedelta(milliseconds=START + moment)).replace(tzinfo=UTC).astimezone(place)
    assert epoch + timedelta(milliseconds=on_the_wall(START + moment, place)) == shown.replace(tzinfo=None)


@given(st.integers(0, YEAR), st.sampled_from(ZONES))
def test_what_is_open_is_so_for_a_whole_minute(moment: Millis, where: str) -> None:
    """Neither quiet nor outside a window, at each of its milliseconds; without windows it is not quiet."""
    place, moment = zone(where), START + moment
    breakfast = (Window(frozenset({0, 6}), Clock.of("07:00", "09:00")),)
    loud = not is_quiet(moment, NIGHT, (place,))
    within = next_window(moment, breakfast, place) == moment
    assert is_open(moment // 60_000, NIGHT, (place,), ()) is loud
    assert is_open(moment // 60_000, NIGHT, (place,), breakfast) is (loud and within)
    assert is_open(moment // 60_000, None, (place,), breakfast) is within


@given(st.integers(0, YEAR), st.sampled_from(ZONES))
def test_the_end_of_a_night_is_loud_and_the_moment_before_it_quiet(moment: Millis, where: str) -> None:
    """Whatever the clocks do in between."""
    place, moment = zone(where), START + moment
    opens = after_quiet(moment, NIGHT, (place,))
    assert opens is not None
    assert not is_quiet(opens, NIGHT, (place,))
    assert opens == moment or is_quiet(opens - 1, NIGHT, (place,))
    assert opens - moment <= timedelta(hours=12).total_seconds() * 1000


def test_a_window_is_entered_when_it_opens_next() -> None:
    """Saturday 9 to 11; from its last moment on it is the next Saturday."""
    saturday = (Window(frozenset({5}), Clock.of("09:00", "11:00")),)
    assert next_window(at("2026-11-22T09:30"), saturday, SHANGHAI) == at("2026-11-28T09:00")
    inside = at("2026-11-28T10:59:59.999")
    assert next_window(inside, saturday, SHANGHAI) == inside
    assert next_window(at("2026-11-28T11:00"), saturday, SHANGHAI) == at("2026-12-05T09:00")


def test_the_first_of_several_windows_counts() -> None:
    """Lunch before evening."""
    daily = frozenset(range(7))
    windows = (Window(daily, Clock.of("19:00", "21:00")), Window(daily, Clock.of("11:00", "13:00")))
    assert next_window(at("2026-11-22T09:30"), windows, SHANGHAI) == at("2026-11-22T11:00")
    assert next_window(at("2026-11-22T13:00"), windows, SHANGHAI) == at("2026-11-22T19:00")
