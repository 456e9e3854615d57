"""What was claimed and has not left when an opt-out comes, or when the SMSC throttles."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from gatewayd.ledger import optouts
from gatewayd.ledger.claim import claim
from gatewayd.ledger.tables import OptOut
from tests.link.lab import NUMBER, Lab

LabOf = Callable[..., Lab]
ANY_HOUR = "policy: {quiet_hours: null}"
TD = {"mos": [{"from": NUMBER, "to": "10690001", "text": "TD", "after": {"min": 2, "max": 2}}]}


@pytest.fixture
def slow_to_hear(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lab, float], None]:
    """From now on claims are heard of so many seconds after they were committed."""

    def install(one: Lab, seconds: float) -> None:
        write = one.store.write

        async def late(operation: Callable[..., Any], *args: Any) -> Any:
            result = await write(operation, *args)
            if operation is claim:
                await trio.sleep(seconds)
            return result

        monkeypatch.setattr(one.store, "write", late)

    return install


async def test_a_claim_under_way_does_not_overtake_an_opt_out(
    autojump_clock: MockClock, lab: LabOf, slow_to_hear: Callable[[Lab, float], None]
) -> None:
    """Committed before it, heard of behind it: it does not leave, for the deliver_sm_resp may have (G6)."""
    one = lab({"a": "window: 10"}, more=ANY_HOUR, accounts={"a": TD})
    await one.bound()
    slow_to_hear(one, 5)
    await trio.sleep(1)
    [sale] = await one.submit("a sale", class_="member")
    [notice] = await one.submit("a notice")
    await trio.sleep(30)

    assert one.texts() == ["a notice"]
    assert (await one.events(sale))[-1]["error"]["code"] == "opted_out"
    assert await one.story(notice) == "submitted delivered"


async def test_what_waits_for_the_window_is_judged_anew(autojump_clock: MockClock, lab: LabOf) -> None:
    """A window of one, and a sale of two segments: the second, claimed with the first, leaves no more."""
    one = lab({"a": "window: 1"}, more=ANY_HOUR, accounts={"a": {**TD, "responses": {"delay": 5}}})
    await one.bound()
    await trio.sleep(1)
    [sale] = await one.submit("a sale, for all who like that " * 6, class_="member")
    await trio.sleep(20)

    assert len(one.record.submits) == 1
    assert (await one.events(sale))[-1]["error"]["code"] == "opted_out"


async def test_a_claim_that_meets_a_throttled_link_goes_back(
    autojump_clock: MockClock, lab: LabOf, slow_to_hear: Callable[[Lab, float], None]
) -> None:
    """It would wait out the pause at the bind, past whatever is judged when a message leaves (G7)."""
    throttling = {"responses": {"delay": 2, "errors": [{"status": "ESME_RTHROTTLED", "first": 1}]}}
    one = lab({"a": "window: 10, throttle_pause: 30"}, more=ANY_HOUR, accounts={"a": throttling})
    await one.bound()
    slow_to_hear(one, 1)
    [first] = await one.submit("throttled")
    await trio.sleep(2.5)
    [second] = await one.submit("claimed before, heard of behind", class_="member")
    await trio.sleep(5)
    row = OptOut(NUMBER, "mall", one.millis(), "admin", None)
    await one.store.write(optouts.add, [row], one.rules, one.millis())
    await trio.sleep(60)

    assert await one.story(first) == "submitted delivered"
    assert await one.story(second) == "rejected"
    assert one.texts() == ["throttled", "throttled"]
