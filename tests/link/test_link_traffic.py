"""What leaves by a bound link: within window and rate, in order of urgency, in order of segments."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from gatewayd.link.place import LinkState
from simulator.judge import judge
from tests.link.lab import Lab

LabOf = Callable[..., Lab]


async def test_a_message_travels(autojump_clock: MockClock, lab: LabOf) -> None:
    """Bound, submitted, delivered; the gauges and counters say the same as the SMSC's record."""
    one = lab()
    await one.bound()
    [message] = await one.submit("hello")
    await trio.sleep(1)

    assert one.link().state is LinkState.BOUND
    assert await one.story(message) == "submitted delivered"
    assert one.texts() == ["hello"]
    assert one.metric("link_bound", link="a") == 1
    assert one.metric("submits_total", link="a", **{"class": "notice"}) == 1
    assert one.metric("submit_response_seconds_count", link="a") == 1
    assert one.metric("receipts_total", link="a", state="delivered") == 1


async def test_never_more_than_the_window_is_outstanding(autojump_clock: MockClock, lab: LabOf) -> None:
    """G9, per bind; and the window is used in full."""
    one = lab({"a": "window: 3, binds: 2"}, accounts={"a": {"window": 3, "responses": {"delay": 1}}})
    await one.bound()
    await one.submit(*(f"n{i}" for i in range(30)))
    await trio.sleep(20)

    verdict = judge(one.record.events)
    assert (verdict.distinct, verdict.duplicates, verdict.window_violations) == (30, 0, 0)
    assert verdict.accounts["a"].max_outstanding == 3
    assert one.times()[-1] - one.times()[0] == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize(("rate", "binds"), [(1, 1), (7, 2), (10, 1), (50, 4)])
async def test_no_second_holds_more_than_the_rate(
    autojump_clock: MockClock, lab: LabOf, rate: int, binds: int
) -> None:
    """G9: sliding, without a burst, all binds of a link together, and the rate is reached."""
    settings = f"window: 1000, binds: {binds}, throughput: {rate}"
    one = lab({"a": settings}, accounts={"a": {"throughput": rate}})
    await one.bound()
    await trio.sleep(30)  # what was not used is not saved up
    await one.submit(*(f"n{i}" for i in range(10 * rate)))
    await trio.sleep(11)

    verdict = judge(one.record.events).accounts["a"]
    assert (verdict.distinct, verdict.rate_violations) == (10 * rate, 0)
    assert one.times()[-1] - one.times()[0] == pytest.approx(10, rel=0.11)


async def test_the_rate_starts_empty_after_each_connect(autojump_clock: MockClock, lab: LabOf) -> None:
    """G9: what waited for the bind does not leave as a burst, nor at the first moment."""
    one = lab({"a": "window: 50, throughput: 2"})
    await one.submit(*(f"n{i}" for i in range(10)))
    await one.bound()
    await trio.sleep(2.1)
    one.smsc.drop()
    await trio.sleep(30)

    binds = [
        event.at - one.record.events[0].at for event in one.record.events if type(event).__name__ == "Bind"
    ]
    times = one.times()
    assert len(binds) == 2
    assert times[0] - binds[0] == pytest.approx(0.5, abs=0.01)
    assert next(t for t in times if t > binds[1]) - binds[1] == pytest.approx(0.5, abs=0.01)
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.49


async def test_the_most_urgent_class_leaves_first(autojump_clock: MockClock, lab: LabOf) -> None:
    """An otp does not wait behind queued notices; what is claimed already is a few milliseconds' worth."""
    one = lab({"a": "window: 10, throughput: 1"})
    await one.bound()
    await one.submit(*(f"n{i}" for i in range(20)))
    await trio.sleep(3.5)
    await one.submit("code", class_="otp")
    await trio.sleep(2)

    assert one.texts() == ["n0", "n1", "n2", "code", "n3"]


async def test_a_backlog_leaves_in_the_order_it_came(autojump_clock: MockClock, lab: LabOf) -> None:
    """Within a lane, oldest first."""
    one = lab()
    await one.submit(*(f"n{i}" for i in range(100)))
    await one.bound()
    await trio.sleep(5)

    assert one.texts() == [f"n{i}" for i in range(100)]


async def test_segments_leave_in_order_on_one_bind(autojump_clock: MockClock, lab: LabOf) -> None:
    """With several binds and a window smaller than a message."""
    one = lab({"a": "window: 2, binds: 3"}, accounts={"a": {"responses": {"delay": 0.1}}})
    await one.bound()
    for _ in range(5):
        await one.submit("x" * 600, "y" * 600, "z" * 600)
    await trio.sleep(30)

    messages = one.record.messages()
    assert len(messages) == 15
    for message in messages:
        assert message.complete
        assert len({segment.session for segment in message.segments}) == 1
        numbers = [segment.sequence_number for segment in message.segments]
        assert numbers == sorted(numbers)


async def test_throttled_pauses_and_is_put_back_in_front(autojump_clock: MockClock, lab: LabOf) -> None:
    """Nothing leaves during the pause; the refused one goes first after it, uncounted; the rate falls."""
    one = lab(
        {"a": "window: 1, throttle_pause: 3"},
        accounts={"a": {"responses": {"errors": [{"status": "ESME_RTHROTTLED"}]}}},
    )
    await one.bound()
    [first, _] = await one.submit("first", "second")
    await trio.sleep(60)
    refused = len(one.texts())
    one.smsc.change({"accounts": {"a": {"responses": {"errors": []}}}})
    await trio.sleep(30)

    times = one.times()
    assert one.texts() == [*["first"] * refused, "first", "second"]
    assert all(later - earlier >= 3 for earlier, later in pairwise(times[: refused + 1]))
    assert await one.story(first) == "submitted delivered"
    assert one.metric("submit_errors_total", link="a", status="ESME_RTHROTTLED") == refused > 4


async def test_segments_keep_their_order_across_a_throttle(autojump_clock: MockClock, lab: LabOf) -> None:
    """Segments behind a throttled one do not overtake it; all are taken once, by one bind."""
    one = lab({"a": "window: 1, throttle_pause: 2"}, accounts={"a": {"responses": {"throttle": 1}}})
    await one.bound()
    [message] = await one.submit("x" * 600)
    await trio.sleep(60)

    [whole] = one.record.messages()
    taken = [submit.user_data().concat for submit in one.record.taken]
    assert [concat.number for concat in taken if concat] == [1, 2, 3, 4]
    assert len(one.record.submits) > 4
    assert whole.complete
    assert await one.story(message) == "submitted delivered"


async def test_validity_is_checked_before_each_segment(autojump_clock: MockClock, lab: LabOf) -> None:
    """G8: what is left of a long message does not leave once its time is over."""
    one = lab({"a": "window: 10, throughput: 1"})
    await one.bound()
    [message] = await one.submit("x" * 900, valid_for=3)
    await trio.sleep(20)

    assert one.times()[-1] - one.times()[0] < 3
    assert 1 <= len(one.record.submits) <= 3
    assert await one.story(message) == "expired"


async def test_what_expired_does_not_hold_up_what_stands_behind_it(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """The slot that an expired segment leaves is used at once."""
    one = lab({"a": "window: 4, reserve: 0"}, accounts={"a": {"responses": {"delay": 4}}})
    await one.bound()
    await one.submit("a" * 900, valid_for=2)  # six segments: four leave
    await trio.sleep(0.1)
    await one.submit("after")
    await trio.sleep(4.2)

    assert one.record.submits[4].short_message == b"after".hex()
    assert one.times()[4] == pytest.approx(4, abs=0.2)


async def test_a_receiver_carries_no_traffic(autojump_clock: MockClock, lab: LabOf) -> None:
    """It is bound and hears, yet has no room for a segment; the transmitter hears nothing and sends."""
    one = lab({"rx": "bind: receiver", "tx": "bind: transmitter"}, more="routes: [{match: {}, links: [tx]}]")
    await one.bound()
    await one.submit("hello")
    await trio.sleep(1)

    assert [one.link("rx").state, one.link("tx").state] == [LinkState.BOUND, LinkState.BOUND]
    assert (one.link("rx").usable, one.link("rx").capacity(trio.current_time())) == (False, (0, 0))
    assert Counter(submit.account for submit in one.record.submits) == {"tx": 1}


async def test_weights_are_exact(autojump_clock: MockClock, lab: LabOf) -> None:
    """Also where one link is slow and full all the time: its turns are kept, not given away."""
    one = lab(
        {"a": "window: 2", "b": "window: 100"},
        more="routes: [{match: {}, links: {a: 70, b: 30}}]",
        accounts={"a": {"responses": {"delay": 0.5}}},
    )
    await one.bound()
    await one.submit(*(f"n{i}" for i in range(100)))
    await trio.sleep(60)

    assert Counter(submit.account for submit in one.record.submits) == {"a": 70, "b": 30}
