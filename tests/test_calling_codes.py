"""Calling codes: names, lengths and time zones of the shipped table."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from gatewayd import data
from gatewayd.calling_codes import area_of, zones_of
from gatewayd.csvrows import rows

ROWS = [cells for _, cells in rows(data.lines("calling_codes.csv"))]
YEARS = [datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(0, 730, 5)]


@pytest.mark.parametrize(
    ("number", "name", "lengths"),
    [
        ("8613800138000", "China", "13"),
        ("86", "China", "13"),
        ("12025550123", "North America", "11"),
        ("12423591234", "Bahamas", "11"),  # the longest prefix counts
        ("77012345678", "Kazakhstan", "11"),
        ("79123456789", "Russia", "11"),
        ("4915112345678", "Germany", "12 or 13"),
        ("436641234567", "Austria", "9 to 15"),
    ],
)
def test_a_number_is_at_home_where_its_longest_prefix_says(number: str, name: str, lengths: str) -> None:
    """Areas inside a shared calling code are told apart; lengths are those of whole mobile numbers."""
    area = area_of(number)

    assert area is not None
    assert (area.name, area.lengths) == (name, lengths)


@pytest.mark.parametrize("number", ["", "0", "2101234567", "8001234567", "9991234567"])
def test_codes_that_are_not_in_use_are_nowhere(number: str) -> None:
    """Not assigned, or assigned to something that takes no messages."""
    assert area_of(number) is None
    assert zones_of(number) == ()


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("8613800138000", ["Asia/Shanghai"]),
        ("85261234567", ["Asia/Hong_Kong"]),
        ("447911123456", ["Europe/London"]),
        ("12423591234", ["America/Nassau"]),
        ("351912345678", ["Europe/Lisbon", "Atlantic/Azores"]),
        ("881612345678", []),  # a satellite phone may be anywhere
    ],
)
def test_zones_of_a_number(number: str, zones: list[str]) -> None:
    """All that it may be in; none where nobody can tell."""
    assert [str(zone) for zone in zones_of(number)] == zones


def test_a_large_area_has_all_its_zones() -> None:
    """From Newfoundland to Hawaii, and from Kaliningrad to Kamchatka: noon is a different time in each."""
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for number, hours in (("12025550123", (-10, -3.5)), ("79123456789", (2, 12))):
        offsets = [noon.astimezone(zone).utcoffset() or timedelta() for zone in zones_of(number)]
        assert (min(offsets), max(offsets)) == tuple(timedelta(hours=hour) for hour in hours)


def test_each_row_is_whole() -> None:
    """Every prefix once, lengths within ITU-T E.164, every zone known here, no two of an area alike."""
    prefixes = [cells[0] for cells in ROWS]
    assert len(set(prefixes)) == len(prefixes) > 230
    for prefix in prefixes:
        area = area_of(prefix)
        assert area is not None
        assert area.prefix == prefix
        assert area.name
        assert len(prefix) < min(area.digits) <= max(area.digits) <= 15
        for one, other in combinations(zones_of(prefix), 2):
            assert any(one.utcoffset(day) != other.utcoffset(day) for day in YEARS)
