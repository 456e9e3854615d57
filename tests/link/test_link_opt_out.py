"""An opt-out reaches what is claimed already."""

from typing import Any

import trio
from trio.testing import MockClock

from gatewayd.ledger import optouts
from gatewayd.ledger.tables import OptOut
from tests.link.lab import NUMBER


async def test_no_segment_leaves_after_an_opt_out(autojump_clock: MockClock, lab: Any) -> None:
    """Of a long text that is half sent the rest stays (G6); the message is rejected."""
    del autojump_clock
    one = lab({"a": "window: 10, throughput: 1"}, more="policy: {quiet_hours: null}")
    await one.bound()
    (message,) = await one.submit("优惠" * 200 + "回复TD退订", class_="member")
    await trio.sleep(2.5)
    before = len(one.record.submits)
    assert before > 0
    rows = [OptOut(NUMBER, "mall", one.millis(), "api")]
    await one.store.write(optouts.add, rows, one.rules, one.millis())
    await trio.sleep(30)
    assert len(one.record.submits) == before
    assert "rejected" in await one.story(message)


async def test_a_policy_without_caps_serves(autojump_clock: MockClock, lab: Any) -> None:
    """Nothing to count is nothing to forget, either."""
    del autojump_clock
    one = lab(more="policy: {caps: [], frequency: []}")
    await one.bound()
    await trio.sleep(120)
    assert one.rules.uses_kept > 0
