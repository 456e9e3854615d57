"""The token bucket: at most `rate` segments in any second, and nearly all of them used (G9)."""

import math
from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.pacing import UNLIMITED, Allowance, Bucket

RATES = [0.1, 0.5, 1, 2.5, 5, 9.9, 10, 11, 49, 75, 100, 999, 2000, 10_000]
STARTS = [0.0, 1_000_000.25]


def saturate(
    bucket: Bucket, start: float, seconds: float, *, late: float = 0.0, batch: int = 1
) -> list[float]:
    """Times of all segments a taker gets that always wants more; each wake-up is `late` seconds late."""
    now, taken = start, []
    while (now := bucket.next_at(now, batch) + late) <= start + seconds:
        n = bucket.available(now)
        bucket.take(n, now)
        taken += [now] * n
    return taken


def busiest(taken: list[float], seconds: float) -> int:
    """Most segments in any window [t, t + seconds)."""
    return max(
        (bisect_left(taken, begin + seconds - 1e-6) - index for index, begin in enumerate(taken)), default=0
    )


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("rate", RATES)
def test_a_saturated_taker_gets_the_rate_and_no_more(rate: float, start: float) -> None:
    """At least 98 % of the rate over ten seconds (one segment for the empty start), at most 1 % above."""
    taken = saturate(Bucket(rate, start), start, 10)

    assert len(taken) >= math.floor(rate * 10 * 0.98) - 1
    assert len(taken) <= rate * 10 * 1.01 + 1e-6


@pytest.mark.parametrize("late", [0.0005, 0.002])
@pytest.mark.parametrize("rate", [rate for rate in RATES if rate >= 10])
def test_late_wake_ups_cost_no_throughput(rate: float, late: float) -> None:
    """A timer that is always a little late is made good within the slack of 20 ms."""
    taken = saturate(Bucket(rate, 0), 0, 10, late=late, batch=8)

    assert rate * 10 * 0.98 - 1 <= len(taken) <= rate * 10 * 1.01 + 1e-6
    assert busiest(taken, 1) <= rate * 1.1


@given(
    rate=st.sampled_from(RATES) | st.floats(0.05, 5000),
    keep=st.integers(0, 5),
    start=st.sampled_from(STARTS),
    steps=st.lists(st.tuples(st.floats(0, 2) | st.floats(0, 0.01), st.integers(1, 300)), max_size=120),
)
def test_no_second_holds_more_than_the_rate(
    rate: float, keep: int, start: float, steps: list[tuple[float, int]]
) -> None:
    """Whenever a taker comes and whatever it wants: rate * 1.02 + 1, so at most 10 % from 10 a second on.

    What is kept comes on top once, and is at most 1 %.
    """
    bucket, now, taken = Bucket(rate, start, keep), start, []
    kept = bucket.kept
    assert kept <= rate * 0.01
    for wait, wanted in steps:
        now += wait
        n = min(wanted, bucket.available(now))
        bucket.take(n, now)
        taken += [now] * n

    assert busiest(taken, 1) <= rate * 1.02 + 1 + kept
    if rate >= 10:
        assert busiest(taken, 1) <= max(rate * 1.1, math.floor(rate) + 1)
    else:
        assert busiest(taken, 1) <= math.ceil(rate)
    assert busiest(taken, 10) <= rate * 10.02 + 1 + kept


@given(
    rate=st.floats(0.01, 10_000),
    start=st.floats(0, 1e7),
    n=st.integers(1, 500),
    idle=st.floats(0, 5),
)
def test_what_is_promised_for_a_time_is_there_at_that_time(
    rate: float, start: float, n: int, idle: float
) -> None:
    """A link that sleeps until next_at never wakes for nothing, so it never spins."""
    bucket = Bucket(rate, start)
    now = start + idle
    bucket.take(bucket.available(now), now)

    assert 1 <= bucket.available(bucket.next_at(now, n)) <= max(1.0, 1 + rate / 50)


@pytest.mark.parametrize("rate", [1, 10, 200])
def test_it_starts_empty(rate: float) -> None:
    """Nothing leaves at once after a start, a reconnect or a long idle beyond the small slack."""
    bucket = Bucket(rate, 100.0)

    assert bucket.rate == rate
    assert bucket.available(100.0) == 0
    assert bucket.next_at(100.0) == 100.0 + 1 / rate
    assert bucket.available(500.0) == math.floor(1 + rate / 50 if rate >= 10 else 1)
    bucket.reset(500.0)
    assert bucket.available(500.0) == 0


def test_below_one_a_second_it_waits_for_whole_segments() -> None:
    """One in four seconds is one in four seconds."""
    assert saturate(Bucket(0.25, 0), 0, 17) == [4, 8, 12, 16]


def test_a_pause_holds_all_and_then_fills_from_empty() -> None:
    """After throttling nothing leaves until the pause ends, and then there is no burst."""
    bucket = Bucket(100, 0)
    bucket.pause_until(5.0)

    assert bucket.available(4.999) == 0
    assert bucket.available(5.0) == 0
    assert bucket.next_at(1.0) == pytest.approx(5.01)
    bucket.pause_until(3.0)
    bucket.reset(4.0)
    assert bucket.next_at(4.0) == pytest.approx(5.01)


def test_without_a_rate_there_is_no_limit_but_pauses_hold() -> None:
    """With throughput 0 there is no limit, yet ESME_RTHROTTLED still makes the link rest."""
    bucket = Bucket(0, 10.0)

    assert bucket.available(10.0) == UNLIMITED
    bucket.take(5000, 10.0)
    assert bucket.next_at(10.0, 100) == 10.0
    bucket.pause_until(11.0)
    assert bucket.available(10.5) == 0
    assert bucket.next_at(10.5) == 11.0
    assert bucket.available(11.0) == UNLIMITED


def test_taking_more_than_there_is_is_a_mistake_of_ours() -> None:
    """It is told, not granted."""
    bucket = Bucket(10, 0)

    with pytest.raises(ValueError, match="2 segments taken, 1 available"):
        bucket.take(2, 0.1)


def test_a_change_of_rate_keeps_what_was_filled_and_a_pause() -> None:
    """A learnt rate may change each tenth of a second: nobody gains or loses a segment by that."""
    bucket = Bucket(1, 0)
    bucket.change(100, 0.5)
    assert bucket.next_at(0.5) == pytest.approx(0.505)
    bucket.pause_until(9.0)
    bucket.change(10, 1.0)

    assert bucket.next_at(1.0) == pytest.approx(9.1)


@pytest.mark.parametrize(("rate", "kept"), [(0.5, 0), (10, 0), (99, 0), (100, 1), (200, 2), (2000, 2)])
def test_what_is_kept_for_those_in_a_hurry_is_there(rate: float, kept: int) -> None:
    """Two segments where the rate can spare them; the others still get all of the rate."""
    bucket, now, taken = Bucket(rate, 0, keep=2), 0.0, 0
    assert bucket.kept == kept

    while (now := bucket.next_at(now, 8, kept) + (0.008 if rate >= 100 else 0.0005)) <= 20:
        assert bucket.available(now) > kept
        n = bucket.available(now) - kept
        bucket.take(n, now)
        taken += n
        assert bucket.available(now) == kept

    assert taken >= rate * 20 * 0.98 - 1 - kept


def test_segments_that_cannot_be_parted_are_owed() -> None:
    """A long message leaves whole; the next one waits until the rate has caught up."""
    bucket = Bucket(10, 0)
    bucket.owe(3, 0.1)

    assert bucket.available(0.25) == 0
    assert bucket.next_at(0.1) == pytest.approx(0.4)


@given(
    rate=st.sampled_from([0.2, 1, 3, 50, 1000]),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 2000)), max_size=60),
)
def test_an_allowance_holds_over_any_time(rate: float, steps: list[tuple[float, int]]) -> None:
    """Never more in any while than the rate gives, and a burst of one second's worth."""
    allowance, now, taken = Allowance(rate, 100.0), 100.0, []
    for wait, wanted in steps:
        now += wait
        given_ = allowance.take(wanted, now)
        assert 0 <= given_ <= wanted
        taken += [now] * given_

    for seconds in (0.5, 1, 10):
        assert busiest(taken, seconds) <= rate * seconds + max(1, rate) + 1e-3


def test_an_allowance_tells_when_there_is_one_again() -> None:
    """A whole second's worth at once, then one by one; the wait that is told is the wait there is."""
    allowance = Allowance(5, 0)

    assert allowance.take(100, 0) == 5
    assert allowance.take(1, 0.1) == 0
    assert allowance.wait(0.1) == pytest.approx(0.1)
    assert allowance.take(1, 0.2) == 1
    assert allowance.take(100, 1000) == 5


def test_an_allowance_below_one_a_second_gives_one_by_one() -> None:
    """One in ten seconds is one in ten seconds, and the first at once."""
    allowance = Allowance(0.1, 0)

    assert [allowance.take(3, now) for now in (0, 9.9, 10, 15, 20)] == [1, 0, 1, 0, 1]
