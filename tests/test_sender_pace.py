"""The rate of a sender that is refused or blocked too often: halved, and back in equal steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.sender_pace import APART, LOWEST, Reception, SenderPace, reception
from gatewayd.smpp.receipt import Receipt, ReceiptState

GOOD, REFUSED = {Reception.TAKEN: 100}, {Reception.TAKEN: 70, Reception.REFUSED: 30}
BLOCKED = {Reception.RECEIVED: 70, Reception.BLOCKED: 30}


@pytest.mark.parametrize(("outcomes", "reason"), [(REFUSED, Reception.REFUSED), (BLOCKED, Reception.BLOCKED)])
def test_a_share_over_the_limit_halves_the_rate(outcomes: dict[Reception, int], reason: Reception) -> None:
    """Of answers or of receipts; a smaller share is borne."""
    pace = SenderPace(40, 0.2, 0)
    assert not pace.told(GOOD, 1)
    assert not pace.told({one: n // 3 for one, n in outcomes.items()}, 2)
    assert pace.told(outcomes, 3) or pace.told(outcomes, 4)

    assert (pace.bucket.rate, pace.reason) == (20, reason)


def test_receipts_that_come_well_do_not_hide_refusals() -> None:
    """The share is of its own kind: a sender half refused is not saved by receipts of the other half."""
    pace = SenderPace(40, 0.2, 0)

    assert pace.told({Reception.RECEIVED: 500, Reception.TAKEN: 50, Reception.REFUSED: 50}, 1)


def test_a_few_outcomes_prove_nothing() -> None:
    """One refusal of two is no share."""
    pace = SenderPace(40, 0.2, 0)

    assert not pace.told({Reception.TAKEN: 20, Reception.REFUSED: 29}, 1)
    assert pace.told({Reception.REFUSED: 1}, 1)


def test_each_cut_is_for_what_came_since_the_one_before() -> None:
    """At most one a minute, and never below a sixteenth."""
    pace, rates = SenderPace(40, 0.2, 0), list[float]()
    for minute in range(1, 9):
        for second in range(5):
            if pace.told(REFUSED, minute * APART + second):
                rates.append(pace.bucket.rate)

    assert rates == [20, 10, 5, 2.5, 2.5, 2.5, 2.5, 2.5]


def test_steps_back_do_not_put_off_a_cut() -> None:
    """Where it goes on badly, each minute takes back a step and halves."""
    pace, rates = SenderPace(40, 0.2, 0), list[float]()
    for second in range(1, 200):
        pace.recover(second)
        if pace.told(REFUSED, second):
            rates.append(pace.bucket.rate)

    assert rates == [20, 11, 6.5, 4.25]


def test_it_comes_back_in_equal_steps() -> None:
    """A twentieth of the contract a minute; then the contract holds, and is told once."""
    pace = SenderPace(40, 0.2, 0)
    pace.told(REFUSED, 5)
    assert not pace.recover(5 + APART - 1)
    assert pace.bucket.rate == 20

    back = [(pace.recover(5 + minute * APART), pace.bucket.rate) for minute in range(1, 12)]
    assert [rate for _, rate in back] == [*range(22, 41, 2), 40]
    assert [told for told, _ in back] == [False] * 9 + [True, False]
    assert pace.reason is None


def test_a_long_silence_brings_it_all_back_at_once() -> None:
    """Steps that were not looked at are taken together."""
    pace = SenderPace(40, 0.2, 0)
    pace.told(BLOCKED, 5)

    assert pace.recover(5 + 3600)
    assert pace.bucket.rate == 40


def test_without_a_limit_any_share_is_borne() -> None:
    """slow_down: 0."""
    pace = SenderPace(40, 0, 0)

    assert not pace.told({Reception.REFUSED: 500}, 1)
    assert pace.bucket.rate == 40


@given(st.lists(st.tuples(st.floats(0, 300), st.integers(0, 100), st.integers(0, 100)), max_size=80))
def test_the_rate_stays_between_floor_and_contract(steps: list[tuple[float, int, int]]) -> None:
    """Whatever comes, in whatever order; and without news it is the contract again after 20 minutes."""
    pace, now = SenderPace(40, 0.1, 0), 0.0
    for wait, good, bad in steps:
        now += wait
        pace.recover(now)
        pace.told({Reception.RECEIVED: good, Reception.BLOCKED: bad}, now)
        assert 40 * LOWEST <= pace.bucket.rate <= 40
        assert (pace.bucket.rate == 40) == (pace.reason is None)

    pace.recover(now + 20 * APART)
    assert pace.bucket.rate == 40


@pytest.mark.parametrize(
    ("state", "stat", "err", "expected"),
    [
        (ReceiptState.DELIVERED, "DELIVRD", "000", Reception.RECEIVED),
        (ReceiptState.UNDELIVERABLE, "UNDELIV", "001", Reception.RECEIVED),
        (ReceiptState.EXPIRED, "EXPIRED", "", Reception.RECEIVED),
        (ReceiptState.REJECTED, "REJECTD", "", Reception.BLOCKED),
        (ReceiptState.UNDELIVERABLE, "UNDELIV", "SIGNBLOCKED", Reception.BLOCKED),
        (ReceiptState.UNDELIVERABLE, "mbblack", "", Reception.BLOCKED),
        (ReceiptState.UNDELIVERABLE, "MK:0001", "", Reception.RECEIVED),
    ],
)
def test_what_counts_as_blocked(state: ReceiptState, stat: str, err: str, expected: Reception) -> None:
    """A verdict on sender, signature or text; not a number that does not exist, nor a handset that is off."""
    receipt = Receipt(smsc_message_id="1", state=state, final=True, stat=stat, err=err, source=b"86")

    assert reception(receipt) is expected
