"""Refusals at the link: its own retry table, the next link of the route, and queues that are full."""

from collections.abc import Callable

import trio
from trio.testing import MockClock

from gatewayd.pace_control import Reason
from tests.link.lab import Lab

LabOf = Callable[..., Lab]
ROUTE = "routes: [{match: {}, links: [a, b]}]"


def refusing(status: str | int) -> dict[str, object]:
    return {"responses": {"errors": [{"status": status}]}}


async def test_what_one_smsc_refuses_for_now_leaves_by_the_next(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """At once, in order, each once; the first link is asked first for each."""
    one = lab({"a": "window: 10", "b": "window: 10"}, more=ROUTE, accounts={"a": refusing("ESME_RSYSERR")})
    await one.bound()
    messages = await one.submit("one", "two", "three")
    await trio.sleep(1)

    assert one.texts("a") == one.texts("b") == ["one", "two", "three"]
    assert [await one.story(message) for message in messages] == ["submitted delivered"] * 3


async def test_a_refusal_waits_where_there_is_no_other_link(autojump_clock: MockClock, lab: LabOf) -> None:
    """ESME_RX_T_APPN as the link says: after five seconds, three times at most."""
    one = lab(
        {"a": "retry: {ESME_RX_T_APPN: {class: temporary, delay: 5, attempts: 2}}"},
        accounts={"a": refusing("ESME_RX_T_APPN")},
    )
    await one.bound()
    [message] = await one.submit("one")
    await trio.sleep(60)

    first, second, third = one.times()
    assert 5 <= second - first < 5.5
    assert 10 <= third - second < 10.5
    assert await one.story(message) == "rejected"


async def test_a_vendors_status_fails_over_where_the_link_says_so(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """A permanent error chosen for failover is asked of each link once."""
    rule = "retry: {0x444: {class: permanent, failover: true}}"
    one = lab({"a": rule, "b": rule}, more=ROUTE, accounts={"a": refusing(0x444), "b": refusing(0x444)})
    await one.bound()
    [message] = await one.submit("one")
    await trio.sleep(60)

    assert one.texts("a") == one.texts("b") == ["one"]
    assert await one.story(message) == "rejected"


async def test_a_vendors_throttling_pauses_the_link(autojump_clock: MockClock, lab: LabOf) -> None:
    """Some SMSCs throttle by a status of their own."""
    one = lab({"a": "retry: {0x444: throttled}, throttle_pause: 3"}, accounts={"a": refusing(0x444)})
    await one.bound()
    await one.submit("one")
    await trio.sleep(2)

    assert len(one.texts()) == 1
    assert one.link().pace.reason is Reason.THROTTLED


OTHER = "8613900139000"


async def test_a_full_queue_delays_its_destination_alone(autojump_clock: MockClock, lab: LabOf) -> None:
    """ESME_RMSGQFUL: what else goes to that number waits as long; other numbers and the rate do not."""
    one = lab({"a": "window: 1"}, accounts={"a": refusing("ESME_RMSGQFUL")})
    await one.bound()
    messages = await one.submit("full", "waits", "waits too")
    await trio.sleep(0.1)
    one.smsc.change({"accounts": {"a": {"responses": {"errors": []}}}})
    await one.submit("other", to=OTHER)
    await trio.sleep(1)

    assert one.texts() == ["full", "other"]
    assert one.link().pace.reason is Reason.CONTRACT
    await one.submit("later")
    await trio.sleep(58)
    assert one.texts() == ["full", "other"]
    await trio.sleep(2)
    assert one.texts()[2:] == ["full", "waits", "waits too", "later"]
    assert [await one.story(message) for message in messages] == ["submitted delivered"] * 3


async def test_a_full_destination_is_reached_by_the_next_link(autojump_clock: MockClock, lab: LabOf) -> None:
    """The queue is full at one SMSC only: the first link is not even asked for the next message."""
    one = lab({"a": "window: 1", "b": "window: 1"}, more=ROUTE, accounts={"a": refusing("ESME_RMSGQFUL")})
    await one.bound()
    await one.submit("one")
    await trio.sleep(1)
    await one.submit("two")
    await trio.sleep(1)

    assert (one.texts("a"), one.texts("b")) == (["one"], ["one", "two"])


async def test_what_waits_for_its_destination_expires(autojump_clock: MockClock, lab: LabOf) -> None:
    """The wait is never longer than the message is worth sending (G8)."""
    one = lab({"a": "window: 1"}, accounts={"a": refusing("ESME_RMSGQFUL")})
    await one.bound()
    await one.submit("full")
    await trio.sleep(1)
    [message] = await one.submit("brief", valid_for=10)
    await trio.sleep(11)

    assert await one.story(message) == "expired"
    assert one.texts() == ["full"]


async def test_a_delayed_destination_does_not_hold_up_a_drain(autojump_clock: MockClock, lab: LabOf) -> None:
    """A message that waits is in the store alone: nothing of it is under way."""
    one = lab({"a": "window: 1"}, accounts={"a": refusing("ESME_RMSGQFUL")})
    await one.bound()
    await one.submit("full", "waits")
    await trio.sleep(1)
    began = trio.current_time()
    await one.pool.drain(30)

    assert trio.current_time() - began < 1


async def test_a_full_queue_is_the_destinations_unless_many_follow(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """Nine ESME_RMSGQFUL leave the link as it is, ten in a row slow it down."""
    one = lab({"a": "window: 1"}, accounts={"a": refusing("ESME_RMSGQFUL")})
    await one.bound()
    for n in range(9):
        await one.submit(f"n{n}", to=f"861380013800{n}")
    await trio.sleep(1)
    assert one.link().pace.reason is Reason.CONTRACT
    await one.submit("n9", to=OTHER)
    await trio.sleep(1)

    assert len(one.texts()) == 10
    assert one.link().pace.reason is Reason.THROTTLED
