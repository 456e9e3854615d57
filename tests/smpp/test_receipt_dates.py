"""Dates of receipts: every shape there and back, and nothing that makes reading fail."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp.receipt_dates import read_date

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ZONES: list[tzinfo] = [UTC, ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Seoul"), timezone(timedelta(hours=-5))]
moments = st.datetimes(datetime(2021, 1, 1), datetime(2039, 12, 31)).map(  # noqa: DTZ001  read in a zone below
    lambda moment: moment.replace(microsecond=0)
)


@pytest.mark.parametrize("form", ["%y%m%d%H%M%S", "%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S"])
@given(moment=moments, zone=st.sampled_from(ZONES))
def test_seconds_read_back(form: str, moment: datetime, zone: tzinfo) -> None:
    """A date with seconds, written in the zone of the link, is that moment in UTC."""
    there = moment.replace(tzinfo=zone)

    assert read_date(there.strftime(form).encode(), zone, there.astimezone(UTC)) == there.astimezone(UTC)


@pytest.mark.parametrize("form", ["%y%m%d%H%M", "%Y%m%d%H%M"])
@given(moment=moments, zone=st.sampled_from(ZONES))
def test_minutes_read_back(form: str, moment: datetime, zone: tzinfo) -> None:
    """A date without seconds is the beginning of its minute."""
    there = moment.replace(second=0, tzinfo=zone)

    assert read_date(there.strftime(form).encode(), zone, there.astimezone(UTC)) == there.astimezone(UTC)


@given(moment=moments, quarters=st.integers(-48, 48), zone=st.sampled_from(ZONES))
def test_absolute_time_brings_its_own_zone(moment: datetime, quarters: int, zone: tzinfo) -> None:
    """SMPP 3.4 section 7.1.1: local time, quarter hours ahead of UTC; the zone of the link is not asked."""
    ahead = timedelta(minutes=15 * quarters)
    written = f"{moment:%y%m%d%H%M%S}7{abs(quarters):02}{'-' if quarters < 0 else '+'}"

    assert read_date(written.encode(), zone, NOW) == (moment - ahead).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2020, 10, 11, tzinfo=UTC), datetime(2020, 10, 11, 12, 13, 14, tzinfo=UTC)),
        (datetime(2010, 11, 12, tzinfo=UTC), datetime(2010, 11, 12, 13, 14, tzinfo=UTC)),
    ],
)
def test_of_two_readings_the_nearest_counts(now: datetime, wanted: datetime) -> None:
    """201011121314 is 2020-10-11 12:13:14 or 2010-11-12 13:14: the clock decides, at each call anew."""
    assert read_date(b"201011121314", UTC, now) == wanted


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"0000000000",
        b"000000000000",
        b"00000000000000",
        b"2613010000",
        b"2602300000",
        b"2611222400",
        b"26112208",
        b"261122080",
        b"2611220800000",
        b"261122080000000R",
        b"261122080000099+",
        b"2026-11-22",
        b"2026-13-22 08:00:00",
        b"yesterday",
        "２６１１２２０８００".encode("utf-16-be")[:16],
        b"\xb2" * 10,
        b"\xb2" * 15 + b"+",
    ],
)
def test_what_names_no_moment_is_none(raw: bytes) -> None:
    """Zeros, impossible dates, other lengths, relative times and digits that are none: no date, no error."""
    assert read_date(raw, UTC, NOW) is None


@pytest.mark.parametrize("raw", [b"00010101000000", b"99991231235959"])
@pytest.mark.parametrize("hours", [-14, 14])
def test_the_ends_of_the_calendar(raw: bytes, hours: int) -> None:
    """A year that no zone can move is no date where the zone would move it out of the calendar."""
    told = read_date(raw, timezone(timedelta(hours=hours)), NOW)

    assert (told is None) == ((hours > 0) == raw.startswith(b"0001"))


@given(raw=st.one_of(st.binary(max_size=32), st.from_regex(rb"[0-9+:T -]{8,32}", fullmatch=True)))
def test_anything_may_stand_there(raw: bytes) -> None:
    """No octets make it fail, and what it gives is aware UTC."""
    told = read_date(raw, ZONES[1], NOW)

    assert told is None or told.tzinfo is UTC
