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


async def test_a_full_queue_is_the_destinations_unless_many_follow(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """Nine ESME_RMSGQFUL leave the link as it is, ten in a row slow it down."""
    one = lab({"a": "window: 1"}, accounts={"a": refusing("ESME_RMSGQFUL")})
    await one.bound()
    await one.submit(*(f"n{n}" for n in range(9)))
    await trio.sleep(1)
    assert one.link().pace.reason is Reason.CONTRACT
    await one.submit("n9")
    await trio.sleep(1)

    assert len(one.texts()) == 10
    assert one.link().pace.reason is Reason.THROTTLED
