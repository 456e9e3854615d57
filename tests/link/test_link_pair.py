"""Transmitter and receiver of one account: as one link, and as two."""

from collections.abc import Callable

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from gatewayd.link.place import LinkState
from simulator.mo import Mo
from simulator.record import Bind
from tests.link.lab import Lab

LabOf = Callable[..., Lab]
PAIRS_ONLY = {"binds": ["transmitter", "receiver"]}


def kinds(lab: Lab) -> list[str]:
    """Of the binds the SMSC took."""
    return [bind.bind for bind in lab.record.of(Bind) if not bind.command_status]


async def test_a_pair_sends_by_one_and_hears_by_the_other(autojump_clock: MockClock, lab: LabOf) -> None:
    """One link, one name: its receipts settle its messages, its window is that of the transmitters."""
    one = lab({"a": "bind: pair, binds: 2, window: 5"}, accounts={"a": PAIRS_ONLY})
    await one.bound()
    messages = await one.submit(*(f"m{n}" for n in range(30)))
    await trio.sleep(5)

    assert sorted(kinds(one)) == ["bind_receiver"] * 2 + ["bind_transmitter"] * 2
    assert {await one.story(message) for message in messages} == {"submitted delivered"}
    assert one.metric("link_bound", link="a") == 4
    assert one.metric("link_window_size", link="a") == 10
    assert one.metric("receipts_total", link="a", state="delivered") == 30


async def test_only_a_transmitter_makes_a_pair_bound(autojump_clock: MockClock, lab: LabOf) -> None:
    """With its receiver alone nothing can leave: messages wait, and another link would take them."""
    one = lab({"a": "bind: pair, hosts: [tx:2775], receiver_hosts: [rx:2776]"}, accounts={"a": PAIRS_ONLY})
    one.net.down.add("tx")
    await one.bound()
    await one.submit("waits")
    await trio.sleep(10)
    link = one.link()
    assert (link.binds_bound, link.usable, link.state) == (1, False, LinkState.BACKOFF)
    assert kinds(one) == ["bind_receiver"]

    one.net.down.clear()
    await trio.sleep(60)
    assert (link.binds_bound, link.usable, link.state) == (2, True, LinkState.BOUND)
    assert one.texts() == ["waits"]


async def test_a_pair_without_its_receiver_sends(autojump_clock: MockClock, lab: LabOf) -> None:
    """Receipts wait at the SMSC until the receiver is back."""
    one = lab({"a": "bind: pair, hosts: [tx:2775], receiver_hosts: [rx:2776]"}, accounts={"a": PAIRS_ONLY})
    one.net.down.add("rx")
    await one.bound()
    [message] = await one.submit("goes")
    await trio.sleep(10)
    assert await one.story(message) == "submitted"
    assert (one.link().state, one.metric("link_bound", link="a")) == (LinkState.BOUND, 1)

    one.net.down.clear()
    await trio.sleep(61)
    assert await one.story(message) == "submitted delivered"


async def test_a_pair_keeps_its_rate_when_only_its_receiver_comes_back(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """A receiver has no part in the rate: its bind does not empty the bucket (G9)."""
    one = lab({"a": "bind: pair, throughput: 1, reconnect_min: 0.1"}, accounts={"a": PAIRS_ONLY})
    await one.bound()
    await trio.sleep(5)
    receiver = next(bind for bind in one.link().live_binds if not bind.sends)
    receiver.driver.close("test")
    await trio.sleep(1)
    await one.submit("at once")
    await wait_all_tasks_blocked()

    assert one.link().binds_bound == 2
    assert one.texts() == ["at once"]


async def test_two_links_of_one_account_are_a_pair_too(autojump_clock: MockClock, lab: LabOf) -> None:
    """Receipts that come to a receiver settle the messages of the transmitter with its system_id."""
    one = lab(
        {"tx": "bind: transmitter, system_id: acme", "rx": "bind: receiver, system_id: acme"},
        more="routes: [{match: {}, links: [tx]}]",
        accounts={"acme": PAIRS_ONLY},
    )
    await one.bound()
    messages = await one.submit("one", "two")
    await trio.sleep(5)

    assert [await one.story(message) for message in messages] == ["submitted delivered"] * 2
    assert one.metric("receipts_total", link="tx", state="delivered") == 2
    assert one.metric("receipts_unmatched_total", link="rx") == 0


async def test_an_mo_of_a_pair_is_the_links(autojump_clock: MockClock, lab: LabOf) -> None:
    """It comes to the receiver and is told under the link's one name."""
    one = lab({"a": "bind: pair"}, accounts={"a": PAIRS_ONLY})
    await one.bound()
    one.smsc.write(Mo(source="8613800138001", to="10690001", text="hi"))
    await trio.sleep(1)

    assert one.metric("inbound_total", link="a") == 1
