"""Binds that are lost, refused or silent: reconnect, failover, and the truth about what was under way."""

from collections.abc import Callable
from itertools import pairwise

import trio
from trio.testing import MockClock

from gatewayd.link.place import LinkState
from simulator.record import Bind
from tests.link.lab import Lab

LabOf = Callable[..., Lab]
HOUR = 3600.0


async def test_the_next_link_takes_over(autojump_clock: MockClock, lab: LabOf) -> None:
    """What waits for an unbound link leaves by the next link of its route within 5 s, and the later too."""
    one = lab(
        {"a": "window: 1, reconnect_min: 60", "b": "window: 10"},
        more="routes: [{match: {}, links: [a, b]}]",
        accounts={"a": {"responses": {"delay": 10}}},
    )
    await one.bound()
    await one.submit("under way", "waits")
    await trio.sleep(1)
    one.smsc.drop("a")
    one.net.down.add("a")
    lost_at = trio.current_time()
    await trio.sleep(5)
    await one.submit("later")
    await trio.sleep(1)

    assert one.texts("a") == ["under way"]
    assert one.texts("b") == ["waits", "later"]
    assert one.times()[1] - lost_at < 5
    assert one.link("a").state is LinkState.BACKOFF


async def test_messages_come_back_to_the_first_link(autojump_clock: MockClock, lab: LabOf) -> None:
    """Once it is bound again, failover takes the first link of the list."""
    one = lab({"a": "window: 10", "b": "window: 10"}, more="routes: [{match: {}, links: [a, b]}]")
    one.net.down.add("a")
    await one.bound()
    await one.submit("by b")
    await trio.sleep(1)
    one.net.down.clear()
    await trio.sleep(120)
    await one.submit("by a")
    await trio.sleep(1)

    assert (one.texts("b"), one.texts("a")) == (["by b"], ["by a"])


async def test_back_off_grows_with_jitter(autojump_clock: MockClock, lab: LabOf) -> None:
    """Each wait is between half and the whole of a time that doubles up to reconnect_max."""
    one = lab({"a": "reconnect_min: 1, reconnect_max: 60"})
    one.net.down.add("a")
    await one.bound(timers=False)
    await trio.sleep(HOUR)

    waits = [later - earlier for earlier, later in pairwise(one.net.connects["a"])]
    for n, wait in enumerate(waits):
        longest = min(60, 2**n)
        assert longest / 2 <= wait <= longest
    assert len({round(wait, 3) for wait in waits[6:]}) > 10
    assert one.metric("link_disconnects_total", link="a", reason="connect_failed") == len(waits) + 1


async def test_a_stable_minute_resets_the_back_off(autojump_clock: MockClock, lab: LabOf) -> None:
    """A bind that lasted starts from the shortest wait; one that did not goes on where it was."""
    one = lab({"a": "reconnect_min: 1, reconnect_max: 600"})
    one.net.down.add("a")
    await one.bound(timers=False)
    await trio.sleep(HOUR)
    one.net.down.clear()
    await trio.sleep(601)
    assert one.link().state is LinkState.BOUND
    await trio.sleep(60)
    one.smsc.drop()
    await trio.sleep(0.001)
    lost_at = trio.current_time()
    await trio.sleep(2)
    assert one.net.connects["a"][-1] - lost_at <= 1

    one.net.deaf.add("a")
    for _ in range(12):
        one.smsc.drop()
        await trio.sleep(HOUR)
    last, before = one.net.connects["a"][-1], one.net.connects["a"][-2]
    assert last - before >= 300


async def test_an_smsc_that_never_answers_the_bind_is_left_more_and_more_alone(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """A long wait for bind_resp is no stable minute."""
    one = lab({"a": "reconnect_min: 1, reconnect_max: 600, bind_timeout: 90"})
    one.net.deaf.add("a")
    await one.bound(timers=False)
    await trio.sleep(5 * HOUR)

    waits = [later - earlier - 90 for earlier, later in pairwise(one.net.connects["a"])]
    assert max(waits) >= 300
    assert one.metric("link_disconnects_total", link="a", reason="bind_timeout") > 10


async def test_a_bind_refused_for_now_is_tried_again(autojump_clock: MockClock, lab: LabOf) -> None:
    """ESME_RALYBND says nothing about the credentials."""
    one = lab(accounts={"a": {"refuse_bind": "ESME_RALYBND"}})
    await one.bound()
    await trio.sleep(10)
    one.smsc.change({"accounts": {"a": {"refuse_bind": None}}})
    await trio.sleep(60)

    assert one.link().state is LinkState.BOUND
    assert one.metric("link_disconnects_total", link="a", reason="bind_refused") >= 3


async def test_a_late_response_settles_what_is_in_doubt(autojump_clock: MockClock, lab: LabOf) -> None:
    """After response_timeout it is said to be in doubt, it is not resent, and its slot is kept (G2, G9)."""
    one = lab(
        {"a": "window: 1, response_timeout: 30"},
        accounts={"a": {"responses": {"delay": 40}, "receipts": {"delay": 5}}},
    )
    await one.bound()
    [message, _] = await one.submit("slow", "next")
    await trio.sleep(31)
    assert await one.story(message) == "in_doubt"
    assert one.metric("in_doubt_total", link="a", **{"class": "notice"}) == 1
    await trio.sleep(8.9)
    assert one.texts() == ["slow"]
    await trio.sleep(10)

    assert await one.story(message) == "in_doubt submitted delivered"
    assert one.texts() == ["slow", "next"]


async def test_three_timeouts_in_a_row_close_the_bind(autojump_clock: MockClock, lab: LabOf) -> None:
    """G9; the next bind carries what had not left, and nothing is sent twice."""
    one = lab(
        {"a": "window: 3, response_timeout: 30, enquire_link_interval: 1000"},
        accounts={"a": {"responses": {"answered": 0}, "receipts": {"lost": 1}}},
    )
    await one.bound()
    ids = await one.submit("one", "two", "three", "four")
    await trio.sleep(29)
    one.smsc.change({"accounts": {"a": {"responses": {"answered": 1}, "receipts": {"lost": 0}}}})
    await trio.sleep(31)

    assert one.metric("link_disconnects_total", link="a", reason="response_timeouts") == 1
    assert one.texts() == ["one", "two", "three", "four"]
    assert [await one.story(i) for i in ids] == ["in_doubt"] * 3 + ["submitted delivered"]


async def test_a_class_that_resends_does_so_once(autojump_clock: MockClock, lab: LabOf) -> None:
    """An otp in doubt leaves once more, and not a third time."""
    one = lab(
        {"a": "window: 5, response_timeout: 5"},
        accounts={"a": {"responses": {"answered": 0}, "receipts": {"lost": 1}}},
    )
    await one.bound()
    await one.submit("code", class_="otp")
    await trio.sleep(60)

    assert one.texts() == ["code", "code"]
    assert one.metric("resent_total", link="a", **{"class": "otp"}) == 1


async def test_what_was_claimed_for_a_bind_that_has_gone_comes_back(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """The bind is lost while the claim commits: the message did not leave, and leaves by the next bind."""
    one = lab({"a": "window: 5, reconnect_min: 10"})
    await one.bound()
    [message] = await one.submit("hello")
    await one.store.hold()
    one.pool.wake()
    await trio.testing.wait_all_tasks_blocked()
    one.smsc.drop()
    await trio.testing.wait_all_tasks_blocked()
    await one.store.release()
    await trio.sleep(60)

    assert one.texts() == ["hello"]
    assert await one.story(message) == "submitted delivered"
    assert one.metric("in_doubt_total", link="a", **{"class": "notice"}) == 0


async def test_binds_of_a_new_life_are_told_apart(autojump_clock: MockClock, lab: LabOf) -> None:
    """Each bind has a serial of its own, so that a repeated deliver_sm is told from a second one."""
    one = lab({"a": "binds: 3", "b": "binds: 2"}, more="routes: [{match: {}, links: [a, b]}]")
    await one.bound()

    serials = [bind.serial for link in one.pool.links.values() for bind in link.live_binds]
    assert len(set(serials)) == 5
    assert len(one.record.of(Bind)) == 5
