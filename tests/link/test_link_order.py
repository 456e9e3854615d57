"""order_key against real SMSCs of the simulator, in virtual time: two links, refusals, cuts."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from simulator.scenario import Scenario
from tests.link.lab import Lab

LabOf = Callable[..., Lab]
RETRY = "{ESME_RX_T_APPN: {class: temporary, delay: 0.5, attempts: 99}}"


@pytest.mark.parametrize("seed", range(5))
async def test_messages_of_a_key_leave_in_order(autojump_clock: MockClock, lab: LabOf, seed: int) -> None:
    """However often either link refuses for now: the SMSCs take them one after the other."""
    failing = {"errors": [{"status": "ESME_RX_T_APPN", "share": 0.3}], "delay": {"min": 0.01, "max": 0.3}}
    accounts = {"a": {"responses": failing}, "b": {"responses": failing}}
    one = lab(
        dict.fromkeys("ab", f"window: 10, retry: {RETRY}"),
        more="routes: [{match: {}, links: {a: 1, b: 1}}]",
        scenario=Scenario().changed({"seed": seed, "accounts": accounts}),
    )
    await one.bound()
    await one.submit(*(f"{n:02}" for n in range(20)), order_key="order-1")
    await one.submit(*(f"free{n}" for n in range(20)))
    await trio.sleep(1800)

    taken = [bytes.fromhex(submit.short_message).decode() for submit in one.record.submits if submit.taken]
    assert [text for text in taken if not text.startswith("free")] == [f"{n:02}" for n in range(20)]
    assert len(taken) == 40
    assert {submit.account for submit in one.record.submits if submit.taken} == {"a", "b"}
    assert any(not submit.taken for submit in one.record.submits)


async def test_a_line_does_not_hold_up_its_lane(autojump_clock: MockClock, lab: LabOf) -> None:
    """A thousand of one key wait for each other's response; another message leaves at once."""
    one = lab({"a": "window: 10"}, accounts={"a": {"responses": {"delay": 1}}})
    await one.bound()
    await one.submit(*(f"n{n}" for n in range(1000)), order_key="k")
    await one.submit("free")
    await trio.sleep(10.5)

    assert one.texts()[1] == "free"
    assert [text for text in one.texts() if text != "free"] == [f"n{n}" for n in range(11)]
