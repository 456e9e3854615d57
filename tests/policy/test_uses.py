"""Caps: never more than so many in a period, whichever period one looks at."""

from hypothesis import given
from hypothesis import strategies as st

from gatewayd.configlimits import SHIPPED_CAPS, Cap
from gatewayd.configtypes import zone
from gatewayd.model import MessageId, Millis
from gatewayd.policy.uses import Counted, Limit, Use, exceeded, limit, text_mark

SHANGHAI = zone("Asia/Shanghai")
DAY = 86_400_000
HOUR = 3_600_000
START = 1_767_225_600_000  # 2026-01-01T00:00Z, 08:00 in Shanghai


def use(at: Millis, counted: Counted = Counted.LEFT, *, brand: str = "mall", text: int = 0) -> Use:
    return Use(MessageId(at), at, brand, "member", text, counted)


def weekly(count: int = 2, **fields: object) -> Limit:
    return limit(Cap.model_validate({"classes": ("member",), "count": count, "days": 7, **fields}), SHANGHAI)


def test_one_more_than_the_cap_within_the_period_is_too_many() -> None:
    """2 in 7 rolling days: free again exactly 7 days after the first."""
    uses = [use(START), use(START + DAY)]
    assert exceeded(weekly(), use(START + 7 * DAY - 1), uses, planned=True)
    assert not exceeded(weekly(), use(START + 7 * DAY), uses, planned=True)


def test_what_is_planned_for_later_counts_at_submit() -> None:
    """Two reserved for tomorrow leave no room for one more today."""
    uses = [use(START + DAY, Counted.RESERVED), use(START + DAY, Counted.RESERVED)]
    assert exceeded(weekly(), use(START), uses, planned=True)
    assert not exceeded(weekly(), use(START), uses, planned=False)


def test_other_brands_and_texts_count_apart() -> None:
    """As `per` says."""
    uses = [use(START, brand="other"), use(START, brand="other")]
    assert not exceeded(weekly(), use(START), uses, planned=True)
    assert exceeded(weekly(per=("number",)), use(START), uses, planned=True)
    same = weekly(1, per=("number", "text"))
    assert exceeded(same, use(START, text=7), [use(START, text=7)], planned=True)
    assert not exceeded(same, use(START, text=8), [use(START, text=7)], planned=True)


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(1, 3))
def test_no_period_ever_has_more(days: list[int], count: int) -> None:
    """Against counting every period by hand, for what comes in any order."""
    cap, kept = weekly(count), list[Use]()
    for day in days:
        wanted = use(START + day * DAY)
        times = [one.at for one in [*kept, wanted]]
        crowded = any(sum(start <= at < start + 7 * DAY for at in times) > count for start in times)
        assert exceeded(cap, wanted, kept, planned=True) is crowded
        if not crowded:
            kept.append(wanted)


@given(st.lists(st.integers(0, 30 * 24), max_size=40))
def test_judged_as_they_leave_no_period_ever_has_more(hours: list[int]) -> None:
    """At sending only the past counts; that is enough, because each is judged when it leaves."""
    cap, left = weekly(2), list[Use]()
    for hour in sorted(hours):
        wanted = use(START + hour * HOUR)
        if not exceeded(cap, wanted, left, planned=False):
            left.append(wanted)
    times = [one.at for one in left]
    assert all(sum(at <= other < at + 7 * DAY for other in times) <= 2 for at in times)


def otp(at: Millis, brand: str = "mall") -> Use:
    return Use(MessageId(at), at, brand, "otp", 0, Counted.AT_SUBMIT)


def test_the_shipped_caps_of_codes() -> None:
    """1 a minute and 5 an hour by the clock, 10 in 24 hours rolling, 40 over all brands."""
    minute, hour, day, all_brands = (limit(cap, SHANGHAI) for cap in SHIPPED_CAPS)
    assert exceeded(minute, otp(START + 59_999), [otp(START)], planned=True)
    assert not exceeded(minute, otp(START + 60_000), [otp(START + 59_999)], planned=True)
    five = [otp(START + n * 60_000) for n in range(5)]
    assert exceeded(hour, otp(START + HOUR - 1), five, planned=True)
    assert not exceeded(hour, otp(START + HOUR), five, planned=True)
    ten = [otp(START + n * HOUR) for n in range(10)]
    assert exceeded(day, otp(START + DAY - 1), ten, planned=True)
    assert not exceeded(day, otp(START + DAY), ten, planned=True)
    forty = [otp(START, brand=f"b{n}") for n in range(40)]
    assert exceeded(all_brands, otp(START + HOUR), forty, planned=True)
    assert not exceeded(day, otp(START + HOUR), forty, planned=True)


def test_a_mark_fits_a_column_and_tells_texts_apart() -> None:
    """63 bits."""
    assert 0 <= text_mark("您的验证码") < 1 << 63
    assert text_mark("a") != text_mark("b")
