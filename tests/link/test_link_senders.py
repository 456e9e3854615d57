"""The limit of a brand over all links, and how it slows down when refused or blocked, in virtual time."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from simulator.judge import judge
from tests.link.lab import NOW, Lab

LabOf = Callable[..., Lab]
CLUB, MALL = "10690002", "10690001"


def moments(one: Lab, sender: str) -> list[float]:
    """When submit_sm of a sender arrived, as trio's clock counts."""
    return [s.at - NOW / 1000 for s in one.record.submits if s.source == sender]


async def start(lab: LabOf, account: dict[str, Any]) -> Lab:
    """Two links that share the traffic; 1,500 messages of the brand club, whose limit is 20 a second."""
    one = lab(
        {"a": "window: 50", "b": "window: 50"},
        more="routes: [{match: {}, links: {a: 1, b: 1}}]",
        accounts={"a": account, "b": account},
    )
    await one.bound(timers=False)
    for first in range(0, 1500, 500):
        await one.submit(*(f"n{n}" for n in range(first, first + 500)), client="club")
    return one


def rate(one: Lab, start: float, seconds: float) -> float:
    return sum(start <= at < start + seconds for at in moments(one, CLUB)) / seconds


async def test_a_brand_keeps_its_limit_over_all_links(autojump_clock: MockClock, lab: LabOf) -> None:
    """20 segments in any second, whatever the links could do; another brand is not held up by it."""
    one = await start(lab, {})
    await trio.sleep(10)
    began = trio.current_time()
    await one.submit(*(f"mall{n}" for n in range(50)))
    await trio.sleep(1)

    times = moments(one, CLUB)
    assert len(times) == pytest.approx(220, abs=3)
    assert max(sum(at <= other < at + 1 for other in times) for at in times) <= 21
    assert [at for at in moments(one, MALL) if at - began < 0.1] == moments(one, MALL)
    assert len(moments(one, MALL)) == 50
    assert one.metric("sender_rate_limit", brand="club") == 20
    assert judge(one.record.events).duplicates == 0


@pytest.mark.parametrize(
    ("bad", "good", "reason"),
    [
        (
            {"responses": {"errors": [{"status": "ESME_RINVSRCADR", "share": 0.5}]}},
            {"responses": {"errors": []}},
            "refused",
        ),
        (
            {"receipts": {"outcomes": [{"stat": "REJECTD"}, {"stat": "DELIVRD"}], "delay": 1}},
            {"receipts": {"outcomes": [{"stat": "DELIVRD"}], "delay": 1}},
            "blocked",
        ),
    ],
)
async def test_a_brand_that_is_refused_or_blocked_is_slowed_down_and_recovers(
    autojump_clock: MockClock,
    lab: LabOf,
    capsys: pytest.CaptureFixture[str],
    bad: dict[str, Any],
    good: dict[str, Any],
    reason: str,
) -> None:
    """Half the rate, at most once a minute; then a twentieth more each minute, up to the limit."""
    one = await start(lab, bad)
    await trio.sleep(30)
    assert one.metric("sender_rate_limit", brand="club") == 10
    await trio.sleep(60)
    assert one.metric("sender_rate_limit", brand="club") < 7
    assert rate(one, 70, 20) < 7
    one.smsc.change({"accounts": {"a": good, "b": good}})
    await trio.sleep(30 + 15 * 60)
    assert one.metric("sender_rate_limit", brand="club") == 20
    await one.submit(*(f"more{n}" for n in range(100)), client="club")
    await trio.sleep(4)

    assert rate(one, trio.current_time() - 3, 3) == pytest.approx(20, abs=0.5)
    said = capsys.readouterr().out
    assert f"reason={reason}" in said
    assert "sender_recovered" in said
