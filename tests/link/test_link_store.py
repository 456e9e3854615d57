"""Links and a store that is away, slow or behind; drain; and that nothing turns while nothing can leave."""

from collections import Counter
from collections.abc import Callable
from math import inf

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from gatewayd.link.link import BATCH
from gatewayd.pacing import Bucket
from gatewayd.smpp import consts
from simulator.record import Answer, Loss
from tests.link.lab import Lab, Steps

LabOf = Callable[..., Lab]
HOUR = 3600.0


def answers(one: Lab) -> Counter[str]:
    """deliver_sm_resp that the SMSC got, by their status."""
    return Counter(consts.status_name(answer.command_status) for answer in one.record.of(Answer))


async def test_over_the_bound_the_smsc_keeps_what_we_cannot(autojump_clock: MockClock, lab: LabOf) -> None:
    """deliver_queue deliver_sm wait for the store; the next are told ESME_RMSGQFUL, and come again."""
    one = lab(
        {"a": "window: 100"},
        more="limits: {deliver_queue: 5}",
        accounts={"a": {"receipts": {"delay": 2, "retry_delay": 3}}},
    )
    await one.bound()
    ids = await one.submit(*(f"n{i}" for i in range(20)))
    await trio.sleep(1)
    await one.store.hold()
    await trio.sleep(2)
    assert answers(one) == {"ESME_RMSGQFUL": 20 - 5}
    await one.store.release()
    await trio.sleep(60)

    assert [await one.story(i) for i in ids] == ["submitted delivered"] * 20
    assert answers(one)["ESME_ROK"] == 20


async def test_a_store_that_is_away_loses_nothing(autojump_clock: MockClock, lab: LabOf) -> None:
    """Outcomes are kept until they are recorded; deliver_sm are refused for now, and come again (G3)."""
    one = lab({"a": "window: 100"}, accounts={"a": {"responses": {"delay": 2}, "receipts": {"delay": 1}}})
    await one.bound()
    ids = await one.submit("one", "two")
    await trio.sleep(1)
    one.store.failing = True
    await trio.sleep(10)
    assert set(answers(one)) == {"ESME_RX_T_APPN"}
    one.store.failing = False
    await trio.sleep(10)

    assert [await one.story(i) for i in ids] == ["submitted delivered"] * 2
    assert answers(one)["ESME_ROK"] == 2
    assert one.texts() == ["one", "two"]


async def test_a_claim_that_cannot_commit_is_made_again(autojump_clock: MockClock, lab: LabOf) -> None:
    """Nothing of it has happened, so nothing leaves before the store is back, and then once."""
    one = lab()
    await one.submit("hello")
    one.store.failing = True
    await one.bound()
    await trio.sleep(30)
    assert one.texts() == []
    assert one.store.writes.count("claim") < 40
    one.store.failing = False
    await trio.sleep(10)

    assert one.texts() == ["hello"]


async def test_drain_empties_the_windows_and_unbinds(autojump_clock: MockClock, lab: LabOf) -> None:
    """What is under way gets its answer, which is recorded; what is queued stays; then unbind."""
    one = lab({"a": "window: 2"}, accounts={"a": {"responses": {"delay": 3}}})
    await one.bound()
    ids = await one.submit("one", "two", "three")
    await trio.sleep(1)
    began = trio.current_time()
    await one.pool.drain(30)

    assert trio.current_time() - began == pytest.approx(2, abs=0.1)
    assert one.texts() == ["one", "two"]
    assert [await one.story(i) for i in ids][2] == ""
    assert (await one.story(ids[0])).startswith("submitted")
    await wait_all_tasks_blocked()
    assert [loss.reason for loss in one.record.of(Loss)] == ["unbound by the peer"]


async def test_drain_does_not_wait_longer_than_it_may(autojump_clock: MockClock, lab: LabOf) -> None:
    """What is unanswered by then is in doubt once the binds are gone."""
    one = lab({"a": "window: 2"}, accounts={"a": {"responses": {"answered": 0}, "receipts": {"lost": 1}}})
    await one.bound()
    [message] = await one.submit("one")
    await trio.sleep(1)
    began = trio.current_time()
    await one.pool.drain(5)

    assert 5 <= trio.current_time() - began <= 6
    await trio.sleep(1)
    assert await one.story(message) == "in_doubt"


IDLE = {
    "idle": ({"a": "window: 10"}, {}),
    "idle, with a rate": ({"a": "window: 10, throughput: 50"}, {}),
    "unbound": ({"a": "window: 10, reconnect_min: 600, reconnect_max: 600"}, {}),
    "window full": (
        {"a": "window: 1, response_timeout: 7200"},
        {"a": {"responses": {"answered": 0}}},
    ),
    "throttled": (
        {"a": "window: 1, throttle_pause: 7200"},
        {"a": {"responses": {"errors": [{"status": "ESME_RTHROTTLED"}]}}},
    ),
    "paused": ({"a": "window: 10"}, {}),
}


@pytest.mark.parametrize("case", IDLE)
async def test_nothing_turns_while_nothing_can_leave(
    autojump_clock: MockClock, lab: LabOf, steps: Steps, case: str
) -> None:
    """An hour with a full queue: the loop looks every few seconds, and asks the store for nothing."""
    links, accounts = IDLE[case]
    one = lab(links, accounts=accounts)
    if case == "unbound":
        one.net.down.add("a")
    await one.bound(timers=False)
    if case == "paused":
        one.link().pause()
    if not case.startswith("idle"):
        await one.submit(*(f"n{i}" for i in range(50)))
    await trio.sleep(10)
    steps.of.clear()
    one.store.writes.clear()
    await trio.sleep(HOUR)

    assert steps.of["_dispatch"] < 2 * HOUR / 5
    assert steps.of["_settle"] < 10
    assert one.store.writes.count("claim") == 0


async def test_a_full_queue_for_an_unbound_link_costs_its_neighbour_nothing(
    autojump_clock: MockClock, lab: LabOf, steps: Steps
) -> None:
    """A bound, idle link beside it: no transaction finds again and again that nothing can leave."""
    one = lab(
        {"a": "reconnect_min: 600, reconnect_max: 600", "b": "window: 10"},
        more="routes: [{match: {class: notice}, links: [a]}, {match: {}, links: [b]}]",
    )
    one.net.down.add("a")
    await one.bound(timers=False)
    await one.submit(*(f"n{i}" for i in range(50)))
    await trio.sleep(10)
    one.store.writes.clear()
    await trio.sleep(HOUR)

    assert steps.of["_dispatch"] < 2 * HOUR / 5
    assert one.store.writes.count("claim") == 0


@given(rate=st.floats(0.1, 5000), taken=st.lists(st.floats(0.0001, 0.3), max_size=20), now=st.floats(0, 1000))
def test_what_the_rate_does_not_allow_now_has_its_moment(rate: float, taken: list[float], now: float) -> None:
    """For one and the same time: either a batch may leave, or a later time is known at which it may.

    If the two were asked at two times, a token that came between them would be waited for in vain.
    """
    bucket, batch = Bucket(rate, 0.0), max(1, int(rate * BATCH))
    for pause in taken:
        now += pause
        bucket.take(bucket.available(now), now)
    now += taken[0] if taken else 0.0
    if bucket.available(now) < batch:
        assert now < bucket.next_at(now, batch) < inf
        assert bucket.available(bucket.next_at(now, batch)) >= 1
