"""The learnt rate: found, kept and regained against limits nobody tells (G9)."""

import math
import random

import pytest

from gatewayd.pace_control import LONGEST_PAUSE, PaceControl, Reason
from gatewayd.pacing import Bucket
from tests.pace_world import Limit, PerSecond, Sliding, TokenBucket, World

SEEDS = range(20)
Kind = type[PerSecond] | type[Sliding] | type[TokenBucket]
KINDS: list[Kind] = [PerSecond, Sliding, TokenBucket]


def hidden(kind: Kind, seed: int) -> tuple[Limit, World]:
    """A limit of 5 to 500 a second; the contract is unknown (0), little, some, or far above it."""
    rng = random.Random(str(seed))
    limit = kind(math.exp(rng.uniform(math.log(5), math.log(500))), rng)
    contract = rng.choice([0, limit.rate * 2.5, limit.rate * 4, limit.rate * 20])
    return limit, World(limit, contract, rng)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hidden_limit_is_found_kept_and_found_again_when_it_doubles(kind: Kind) -> None:
    """Issue 3.4: after ten seconds 1 % throttled, 90 % of the limit over 60 s; its double in 60 s."""
    print(f"\n{kind.__name__}: seed, limit, contract, throttled 10-60 s, mean 0-60 s, seconds to the double")
    for seed in SEEDS:
        limit, world = hidden(kind, seed)
        world.run(60)
        throttled, mean = world.share_throttled(10, 60), world.mean(0, 60) / limit.rate
        contract, first = world.contract, limit.rate
        limit.rate *= 2
        world.run(120)
        found = next((n for n in range(60, 120) if world.taken[n] >= 0.9 * limit.rate), math.inf) - 59
        print(f"{seed:3} {first:6.1f} {contract:7.1f} {throttled:6.2%} {mean:6.1%} {found:3.0f}")
        assert throttled <= 0.01
        assert mean >= 0.9
        assert found <= 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_that_falls_to_a_tenth_is_found_again(kind: Kind) -> None:
    """Ten seconds after the fall the link is back under it, whatever it was before."""
    limit, world = hidden(kind, 16)
    world.run(30)
    limit.rate = math.floor(limit.rate / 10)
    world.run(80)

    assert world.share_throttled(40, 80) <= 0.01
    assert world.mean(50, 80) >= 0.85 * limit.rate


def paced(contract: float = 100, pause: float | None = None) -> tuple[Bucket, PaceControl]:
    bucket = Bucket(contract, 0.0)
    return bucket, PaceControl(bucket, pause, 0.0)


def use(pace: PaceControl, start: float, end: float, rate: float, seconds: float = 0.01) -> None:
    """The SMSC takes `rate` segments a second."""
    for n in range(int((end - start) * rate)):
        pace.accepted(seconds, start + n / rate)


def test_without_a_throttled_answer_the_contract_is_the_rate() -> None:
    """The contract is never exceeded and never doubted without a sign."""
    bucket, pace = paced(100)
    use(pace, 0, 30, 100)

    assert (bucket.rate, pace.reason) == (100, Reason.CONTRACT)


def test_one_cut_is_gentle_and_the_way_back_ends_at_the_contract() -> None:
    """A multiplicative decrease of about 7 %, then up to the contract and not beyond."""
    bucket, pace = paced(100)
    use(pace, 0, 5, 100)
    assert pace.throttled(0.01, 5.0) == pytest.approx(0.1)
    assert 90 <= bucket.rate < 95
    assert pace.reason is Reason.THROTTLED
    use(pace, 5.1, 40, 95)

    assert (bucket.rate, pace.reason) == (100, Reason.CONTRACT)


def test_answers_to_what_left_before_a_cut_do_not_cut_again() -> None:
    """A full window of throttled answers is one sign, not fifty."""
    bucket, pace = paced(100)
    use(pace, 0, 5, 100)
    pace.throttled(0.1, 5.0)
    rate = bucket.rate

    assert [pace.throttled(0.1, 5.0 + n / 1000) for n in range(50)] == [0.0] * 50
    assert bucket.rate == rate


def test_pauses_that_follow_each_other_double_up_to_a_second() -> None:
    """By then a per-second counter is free again; after a quiet second they begin anew."""
    bucket, pace = paced(100)
    use(pace, 0, 5, 100)
    now, pauses = 5.0, []
    for _ in range(6):
        pauses.append(pace.throttled(0.01, now))
        assert bucket.available(now + pauses[-1] - 0.001) == 0
        now += pauses[-1] + 0.05

    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, LONGEST_PAUSE])
    assert pace.throttled(0.01, now + 2) == pytest.approx(0.1)


def test_a_pause_the_link_sets_is_kept_as_set() -> None:
    """Some carriers demand a minute of rest."""
    bucket, pace = paced(100, pause=60)

    assert pace.throttled(0.01, 5.0) == 60
    assert bucket.available(64.9) == 0


def test_without_a_contract_a_rate_is_learnt_from_what_was_taken() -> None:
    """No limit is only meant until the SMSC shows its own."""
    bucket, pace = paced(0)
    use(pace, 0, 1, 300)
    assert bucket.rate == 0
    pace.throttled(0.01, 1.0)

    assert 290 <= bucket.rate <= 300


def test_a_rate_that_is_not_used_proves_nothing_and_does_not_grow() -> None:
    """A quiet night does not undo what the day has learnt."""
    bucket, pace = paced(0)
    use(pace, 0, 1, 300)
    pace.throttled(0.01, 1.0)
    use(pace, 2, 5, 200)
    pace.throttled(0.01, 5.0)
    learnt = bucket.rate
    use(pace, 6, 600, 1)

    assert bucket.rate <= learnt * 1.06


def test_congestion_above_90_slows_and_100_pauses() -> None:
    """congestion_state (0x0428): at most one step a second, half of the rate at most."""
    bucket, pace = paced(100)
    assert pace.congestion(90, 0.01, 5.0) is None
    assert pace.congestion(95, 0.01, 5.0) is Reason.CONGESTION
    assert pace.congestion(95, 0.01, 5.5) is None
    assert bucket.rate == pytest.approx(90)
    assert bucket.available(5.1) >= 1
    for second in range(7, 60, 2):
        pace.congestion(100, 0.01, float(second))

    assert bucket.rate == pytest.approx(50)
    assert bucket.available(59.9) == 0
    use(pace, 61, 100, 100)
    assert (bucket.rate, pace.reason) == (100, Reason.CONTRACT)


def test_response_times_far_above_their_own_usual_slow_the_link() -> None:
    """Usual 20 ms, then 2 s: slower, not below half; the same 20 ms to 200 ms is no reason."""
    bucket, pace = paced(100)
    use(pace, 0, 10, 100, seconds=0.02)
    use(pace, 10, 20, 100, seconds=0.2)
    assert bucket.rate == 100
    use(pace, 20, 45, 100, seconds=2.0)

    assert pace.reason is Reason.RESPONSE_TIME
    assert 49 <= bucket.rate <= 75


def test_an_smsc_that_stays_slow_gets_its_rate_back() -> None:
    """After two minutes its new response time is the usual one."""
    bucket, pace = paced(100)
    use(pace, 0, 10, 100, seconds=0.02)
    use(pace, 10, 220, 100, seconds=2.0)

    assert (bucket.rate, pace.reason) == (100, Reason.CONTRACT)


def test_the_rate_never_falls_below_a_floor() -> None:
    """One in a thousand of the contract, and one in ten seconds, is always tried."""
    bucket, pace = paced(1000)
    for second in range(200):
        pace.throttled(0.01, second * 3.0)

    assert bucket.rate == pytest.approx(1.0)
