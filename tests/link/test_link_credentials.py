"""Binds that the SMSC refuses for good: asked again rarely, by one bind for all, and told once."""

from collections.abc import Callable
from itertools import pairwise

import pytest
import structlog
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from gatewayd.link.place import LinkState
from simulator.record import Bind
from tests.link.lab import Lab

LabOf = Callable[..., Lab]
REFUSALS = ["ESME_RINVPASWD", "ESME_RINVSYSID", "ESME_RINVSYSTYP", "ESME_RBINDFAIL"]
MANY = {"a": "binds: 10"}


def refusing(status: str | None) -> dict[str, object]:
    return {"accounts": {"a": {"refuse_bind": status}}}


def cut(lab: Lab, place: int) -> None:
    """End one bind of the link."""
    next(bind for bind in lab.link().live_binds if bind.place == place).driver.close("test")


@pytest.mark.parametrize("status", REFUSALS)
async def test_refused_credentials_are_asked_about_rarely(
    autojump_clock: MockClock, lab: LabOf, status: str
) -> None:
    """Every refused_retry by one bind, however many the link has and however it reconnects else."""
    one = lab({"a": "binds: 10, refused_retry: 600, reconnect_max: 5"}, **refusing(status))
    await one.bound(timers=False)
    await trio.sleep(3601)

    asked = one.net.connects["a"]
    assert [round(later - earlier) for earlier, later in pairwise(asked)] == [600] * 6
    assert one.link().state is LinkState.REFUSED
    assert {place.state for place in one.link().places} == {LinkState.REFUSED}
    assert one.metric("link_disconnects_total", link="a", reason="bind_refused") == 7


async def test_resume_asks_at_once_and_all_follow(autojump_clock: MockClock, lab: LabOf) -> None:
    """An operator who has set the credentials right need not wait; nine binds wait for the answer to one."""
    one = lab(MANY, **refusing("ESME_RINVPASWD"))
    await one.bound(timers=False)
    one.link().resume()
    await wait_all_tasks_blocked()
    assert (one.link().state, len(one.net.connects["a"])) == (LinkState.REFUSED, 2)

    one.smsc.change(refusing(None))
    one.link().resume()
    await wait_all_tasks_blocked()
    assert (one.link().binds_bound, len(one.net.connects["a"])) == (10, 12)


async def test_credentials_that_become_right_are_found(autojump_clock: MockClock, lab: LabOf) -> None:
    """Without anybody's doing, after refused_retry at most."""
    one = lab(MANY, **refusing("ESME_RBINDFAIL"))
    await one.bound(timers=False)
    one.smsc.change(refusing(None))
    await trio.sleep(299)
    assert one.link().binds_bound == 0
    await trio.sleep(2)
    assert one.link().binds_bound == 10


async def test_a_refusal_is_told_once(
    autojump_clock: MockClock, lab: LabOf, caplog: pytest.LogCaptureFixture
) -> None:
    """One line until the reason changes or a bind is bound, however often it is asked."""
    del caplog
    one = lab(MANY, **refusing("ESME_RINVPASWD"))
    with structlog.testing.capture_logs() as lines:
        await one.bound(timers=False)
        await trio.sleep(2000)
        one.smsc.change(refusing("ESME_RBINDFAIL"))
        await trio.sleep(2000)
        one.smsc.change(refusing(None))
        await trio.sleep(301)
        one.smsc.change(refusing("ESME_RBINDFAIL"))
        one.smsc.drop()
        await trio.sleep(2000)

    refused = [line["command_status"] for line in lines if line["event"] == "link_refused"]
    assert refused == ["ESME_RINVPASWD", "ESME_RBINDFAIL", "ESME_RBINDFAIL"]
    assert {line["log_level"] for line in lines if line["event"] == "link_refused"} == {"error"}


async def test_one_bind_too_many_is_refused_alone(autojump_clock: MockClock, lab: LabOf) -> None:
    """While others are bound the credentials are right: a lost bind comes back at once."""
    one = lab({"a": "binds: 2, refused_retry: 600"})
    await one.bound(timers=False)
    assert one.link().binds_bound == 2
    one.smsc.change({"accounts": {"a": {"refuse_bind": "ESME_RBINDFAIL"}}})
    cut(one, place=1)
    await trio.sleep(60)
    assert [place.state for place in one.link().places] == [LinkState.BOUND, LinkState.REFUSED]
    assert one.link().state is LinkState.BOUND

    one.smsc.change(refusing(None))
    cut(one, place=0)
    await trio.sleep(2)
    assert [place.state for place in one.link().places] == [LinkState.BOUND, LinkState.REFUSED]
    await trio.sleep(600)
    assert one.link().binds_bound == 2


async def test_a_password_changed_while_bound_is_not_tried_by_all(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """Ten binds are cut and meet another password: few ask before the first answer is there, then one."""
    one = lab({"a": "binds: 10, refused_retry: 600, reconnect_min: 1"})
    await one.bound(timers=False)
    one.smsc.change(refusing("ESME_RINVPASWD"))
    one.smsc.drop()
    await trio.sleep(599)

    refused = [bind for bind in one.record.of(Bind) if bind.command_status]
    assert len(refused) == 1
    assert one.link().state is LinkState.REFUSED


async def test_a_deaf_smsc_does_not_keep_the_others_from_their_turn(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """No answer says nothing of the credentials: whoever is next asks, at its own host."""
    one = lab({"a": "binds: 2, hosts: [deaf:2775, good:2775], bind_timeout: 10"})
    one.net.deaf.add("deaf")
    await one.bound(timers=False)
    await trio.sleep(11)
    assert one.link().binds_bound == 2


async def test_throttled_binds_wait(autojump_clock: MockClock, lab: LabOf) -> None:
    """ESME_RTHROTTLED to a bind: no other host is asked before the back-off is over."""
    one = lab(
        {"a": "hosts: [one:2775, two:2775], reconnect_min: 8"},
        accounts={"a": {"refuse_bind": "ESME_RTHROTTLED", "binding": {"refusals": 1}}},
    )
    await one.bound(timers=False)
    await trio.sleep(3.9)
    assert (len(one.net.connects["one"]), "two" in one.net.connects) == (1, False)
    await trio.sleep(5)
    assert one.link().state is LinkState.BOUND
