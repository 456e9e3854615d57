"""Where it is day and where it is night: the demo shows quiet hours at any hour of any day."""

from datetime import UTC, datetime, timedelta

from simulator.places import by_day, by_night


def test_there_is_always_a_place_by_day_and_one_by_night() -> None:
    """Every quarter of an hour of a year, clocks changed or not: far from 21:00 and 08:00 there."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for quarters in range(366 * 96):
        moment = now + timedelta(minutes=15 * quarters)
        day, night = by_day(moment), by_night(moment)
        assert 9 <= day.clock(moment).hour < 20
        assert night.clock(moment).hour not in range(7, 22)
