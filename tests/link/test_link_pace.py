"""A link against the bundled simulator's hidden limit, in virtual time."""

import random
from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from gatewayd.status import Status
from tests.link.lab import Lab

LabOf = Callable[..., Lab]


@pytest.mark.parametrize("seed", range(2))
async def test_the_simulators_limit_is_found_over_all_binds(
    autojump_clock: MockClock, lab: LabOf, seed: int
) -> None:
    """One budget for all binds: after ten seconds at most 1 % throttled, 90 % of the limit over 60 s."""
    limit = random.Random(seed).randrange(20, 60)
    one = lab(
        {"a": "window: 10, binds: 2, throughput: 1000"},
        accounts={"a": {"responses": {"throttle": limit, "delay": 0.02}}},
    )
    await one.bound()
    await one.submit(*(f"n{n}" for n in range(limit * 60)))
    await trio.sleep(60)

    submits = one.record.submits
    late = [submit for submit in submits if submit.at >= submits[0].at + 10]
    assert sum(submit.command_status != 0 for submit in late) <= 0.01 * len(late)
    assert len(one.record.taken) >= 0.9 * 60 * limit
    assert one.metric("link_rate_decreases_total", link="a", reason="throttled") >= 1
    report = await Status(one.store, one.pool, one.snapshot, one.metrics, one.millis).report()
    assert report.links["a"].rate_reason == "throttled"
    assert limit * 0.8 <= report.links["a"].rate <= limit * 1.1
