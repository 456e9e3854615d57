"""Several hosts of one link: each bind begins at its own, and goes round."""

from collections.abc import Callable

import pytest
import structlog
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from gatewayd.link.place import LinkState
from tests.link.lab import Lab

LabOf = Callable[..., Lab]
THREE = "hosts: [one:2775, two:2776, three:2777]"


def hosts(lab: Lab) -> list[str]:
    """Where the link's places are bound."""
    return [str(place.host) for place in lab.link().places if place.state is LinkState.BOUND]


async def test_binds_are_spread_over_the_hosts(autojump_clock: MockClock, lab: LabOf) -> None:
    """Bind k begins at host k of n, round the list."""
    one = lab({"a": f"binds: 5, {THREE}"})
    await one.bound(timers=False)

    assert hosts(one) == ["one:2775", "two:2776", "three:2777", "one:2775", "two:2776"]


async def test_a_host_that_is_down_is_passed_over_at_once(autojump_clock: MockClock, lab: LabOf) -> None:
    """The next one in the same round: no time passes."""
    one = lab({"a": f"binds: 3, {THREE}"})
    one.net.down.update({"one", "two"})
    began = trio.current_time()
    await one.bound(timers=False)

    assert hosts(one) == ["three:2777"] * 3
    assert trio.current_time() == began


async def test_back_off_follows_a_whole_round(autojump_clock: MockClock, lab: LabOf) -> None:
    """Each host once, then the wait; and the same again."""
    one = lab({"a": f"{THREE}, reconnect_min: 8, reconnect_max: 8"})
    one.net.down.update({"one", "two", "three"})
    await one.bound(timers=False)
    await trio.sleep(20)

    rounds = list(zip(*(one.net.connects[name] for name in ("one", "two", "three")), strict=True))
    assert 3 <= len(rounds) <= 5
    assert all(first == second == third for first, second, third in rounds)
    assert all(4 <= rounds[n + 1][0] - rounds[n][0] <= 8 for n in range(len(rounds) - 1))


async def test_a_refused_bind_goes_to_the_next_host_too(autojump_clock: MockClock, lab: LabOf) -> None:
    """ESME_RALYBND is what the first host says; the second takes the bind at once."""
    one = lab(
        {"a": "hosts: [one:2775, two:2775]"},
        accounts={"a": {"refuse_bind": "ESME_RALYBND", "binding": {"refusals": 1}}},
    )
    await one.bound(timers=False)

    assert hosts(one) == ["two:2775"]


async def test_refused_credentials_are_not_carried_round(autojump_clock: MockClock, lab: LabOf) -> None:
    """The account is the same at every host."""
    one = lab({"a": f"binds: 3, {THREE}"}, accounts={"a": {"refuse_bind": "ESME_RINVPASWD"}})
    await one.bound(timers=False)

    assert sum(map(len, one.net.connects.values())) == 1


async def test_a_lost_bind_comes_back_to_its_host_if_that_is_there(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """A cut alone says nothing against the host; a host that is gone is left for the next."""
    one = lab({"a": f"binds: 2, {THREE}, reconnect_min: 0.1"})
    await one.bound(timers=False)
    one.smsc.drop()
    await trio.sleep(1)
    assert hosts(one) == ["one:2775", "two:2776"]

    one.net.down.add("two")
    one.smsc.drop()
    await trio.sleep(1)
    assert hosts(one) == ["one:2775", "three:2777"]


async def test_traffic_goes_on_while_a_host_is_lost(autojump_clock: MockClock, lab: LabOf) -> None:
    """One link, one order of failover: what was under way at the lost host is in doubt, the rest leaves."""
    one = lab({"a": "binds: 2, hosts: [one:2775, two:2775], reconnect_min: 0.1"})
    await one.bound()
    one.net.down.add("one")
    next(bind for bind in one.link().live_binds if bind.place == 0).driver.close("test")
    await wait_all_tasks_blocked()
    messages = await one.submit("by the other", "too")
    await trio.sleep(1)

    assert [await one.story(message) for message in messages] == ["submitted delivered"] * 2
    assert hosts(one) == ["two:2775"] * 2


async def test_hosts_are_told_in_the_log(autojump_clock: MockClock, lab: LabOf) -> None:
    """Which one was tried and which one is bound; a host that stays down is told of once."""
    one = lab({"a": "hosts: [one:2775, two:2775]"})
    one.net.down.update({"one", "two"})
    with structlog.testing.capture_logs() as lines:
        await one.bound(timers=False)
        await trio.sleep(600)
        one.net.down.remove("two")
        await trio.sleep(61)

    told = [(line["event"], line["host"]) for line in lines]
    assert told == [
        ("link_disconnected", "one:2775"),
        ("link_disconnected", "two:2775"),
        ("link_bound", "two:2775"),
    ]


@pytest.mark.parametrize("bind", ["transceiver", "transmitter", "receiver", "pair"])
async def test_every_kind_has_hosts(autojump_clock: MockClock, lab: LabOf, bind: str) -> None:
    """Of a pair, transmitter k and receiver k begin at the same one."""
    links = {"a": f"bind: {bind}, binds: 2, {THREE}", "b": "binds: 1"}
    one = lab(links, more="routes: [{match: {}, links: [b]}]")
    await one.bound(timers=False)

    assert hosts(one) == ["one:2775", "two:2776"] * (2 if bind == "pair" else 1)
