"""Window and throughput as the SMSC sees them (G9)."""

from collections.abc import Callable
from threading import Thread

import pytest

from simulator.judge import judge
from simulator.record import Submit
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, check_lives

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]


def test_window_and_throughput_hold_over_binds_lengths_and_reconnects(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """200 segments a second over three binds with ten slots each: never more, and hardly less."""
    smsc = simulator(window=10, throughput=200, responses={"delay": {"min": 0.01, "max": 0.1}})
    sim = {"binds": 3, "window": 10, "throughput": 200}
    daemon = gateway(smsc.port, sim=sim, classes={"notice": {"receipt_wait": 3}})
    daemon.until_link("sim-1", "bound", binds=3)
    bulk = Bulk(daemon, 250)
    bulk.extend(Bulk(daemon, 50, first=1001, text="长消息" * 50))
    bulk.extend(Bulk(daemon, 150, first=2001))
    submitting = Thread(target=bulk.submit)
    submitting.start()
    smsc.until(submits=200)
    assert daemon.query(id=bulk.ids["#250#"])["reason"] == "rate"
    smsc.do("drop")
    submitting.join()
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    ended = check_lives(events, bulk.began())
    assert ended["delivered"] >= 450 - 30, "what was on the wire at the cut may be unknown"
    verdict = judge(smsc.record.events)
    assert (verdict.rate_violations, verdict.window_violations, verdict.duplicates) == (0, 0, 0)
    account = verdict.accounts["acme"]
    segments = 250 + 50 * 3 + 150
    assert segments - 30 <= account.submits <= segments
    assert account.max_outstanding <= 10
    assert 190 <= account.max_per_second <= 220
    times = [s.at for s in smsc.record.of(Submit)]
    assert times[-1] - times[0] < segments / 200 * 1.5, "it uses what it may"
    assert daemon.metrics()['link_rate_limit{link="sim-1"}'] == 200


def test_a_full_window_waits_and_is_shown(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """With every slot taken the rest stays in the store, and status, gauges and query say why."""
    smsc = simulator(window=4, responses={"delay": 0.5})
    daemon = gateway(smsc.port, sim={"binds": 2, "window": 4, "reserve": 0})
    daemon.until_link("sim-1", "bound", binds=2)
    bulk = Bulk(daemon, 20)
    assert bulk.submit()
    smsc.until(submits=8)
    status, metrics = daemon.status(), daemon.metrics()
    last = daemon.query(id=bulk.ids["#20#"])
    session = {"bind": "transceiver", "state": "bound", "host": f"127.0.0.1:{smsc.port}", "detail": None}
    assert status["links"]["sim-1"] == {
        "state": "bound",
        "binds": 2,
        "window_in_use": 8,
        "window": 8,
        "rate": 0.0,
        "rate_reason": "contract",
        "sessions": [session] * 2,
    }
    assert status["queues"]["notice"]["messages"] == 20
    assert metrics['link_window_in_use{link="sim-1"}'] == metrics['link_window_size{link="sim-1"}'] == 8
    assert metrics['queue_messages{class="notice"}'] == 20
    assert (last["state"], last["reason"]) == ("queued", "window")
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    verdict = judge(smsc.record.events)
    assert (verdict.window_violations, verdict.accounts["acme"].max_outstanding) == (0, 4)
