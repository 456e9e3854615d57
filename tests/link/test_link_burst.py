"""A campaign at a fixed time: accepted long before, it leaves then, at the rate of its link and no faster."""

from collections.abc import Callable

import trio
from trio.testing import MockClock

from gatewayd import rfc3339
from tests.link.lab import NOW, Lab

LabOf = Callable[..., Lab]
AT, SIZE, RATE = 3600, 500, 100  # seconds from now, messages, segments a second


async def test_a_preloaded_campaign_leaves_at_its_time(autojump_clock: MockClock, lab: LabOf) -> None:
    """Nothing before, all of it in little more than size / rate; a code meanwhile waits for none of it."""
    one = lab({"a": f"window: 100, throughput: {RATE}"}, more="policy: {quiet_hours: null}")
    texts = [f"warm up {n}" for n in range(SIZE)]
    await one.submit(*texts, send_at=rfc3339.write(NOW + AT * 1000))
    await one.bound()
    await trio.sleep(AT - 1)
    assert one.times() == []
    await trio.sleep(3)
    await one.submit("code", class_="otp")
    asked = trio.current_time()
    await trio.sleep(60)

    times, order = one.times(), one.texts()
    assert 0 <= times[0] - AT < 0.5
    assert times[-1] - times[0] <= 1.1 * SIZE / RATE
    assert max(sum(at <= other < at + 1 for other in times) for at in times[::50]) <= 1.1 * RATE
    assert times[order.index("code")] - asked < 0.1
    assert sorted(order) == sorted([*texts, "code"])
