"""Stopping: windows are emptied, binds unbound, what has not left stays as it is."""

import signal
import time
from collections.abc import Callable

import pytest

from gatewayd.client import Refused
from simulator.record import Loss
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, check_lives, number

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]


def test_a_drain_empties_the_windows_and_unbinds(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """SIGTERM: not ready, submits are overloaded, answers are awaited, exit 0; the rest leaves next time."""
    smsc = simulator(responses={"delay": 0.7})
    daemon = gateway(smsc.port, sim={"binds": 2, "window": 5, "reserve": 0})
    daemon.until_link("sim-1", "bound", binds=2)
    assert daemon.http("/health/live")[0] == 200
    assert daemon.http("/health/ready") == (200, '{"ready":true,"reason":null}')
    assert daemon.http("/health/live", host="evil.example")[0] == 403
    bulk = Bulk(daemon, 30)
    assert bulk.submit()
    smsc.until(submits=10)
    client = daemon.client()
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    daemon.until_logged("draining")
    assert daemon.http("/health/ready") == (503, '{"ready":false,"reason":"draining"}')
    assert daemon.http("/health/live")[0] == 200
    with client, pytest.raises(Refused) as refused:
        client.request("submit", **daemon.fields(to=number(99), text="#99#"))
    error = refused.value.error
    assert (error["code"], error["detail"], error["retryable"]) == ("overloaded", "draining", True)
    assert daemon.wait() == 0
    assert time.monotonic() - began < 5, "it does not wait for what has not left"
    assert [loss.reason for loss in smsc.record.of(Loss)] == ["unbound by the peer"] * 2
    assert smsc.stats()["submits"] == 10
    assert daemon.logs()[-1]["event"] == "stopped"

    daemon.start()
    assert daemon.logs("recovered") == []
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    assert check_lives(events, bulk.began()) == {"delivered": 30}
    assert all(events.states(i) == ["submitted", "delivered"] for i in bulk.ids.values())
    assert smsc.stats()["submits"] == 30


def test_what_is_unanswered_at_the_end_of_the_drain_is_in_doubt(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """After drain_timeout it unbinds all the same, records the doubt and exits 0."""
    smsc = simulator(responses={"answered": 0}, receipts={"lost": 1})
    daemon = gateway(smsc.port, drain_timeout=0.7, sim={"reserve": 0})
    bulk = Bulk(daemon, 20)
    assert bulk.submit()
    smsc.until(submits=10)
    assert daemon.stop() == 0
    assert [loss.reason for loss in smsc.record.of(Loss)] == ["unbound by the peer"]
    smsc.set(responses={"answered": 1}, receipts={"lost": 0})
    daemon.start()
    assert daemon.logs("recovered") == []
    events = consume(daemon)
    later = [bulk.ids[f"#{n}#"] for n in range(11, 21)]
    events.until_final(later)
    doubtful = [bulk.ids[f"#{n}#"] for n in range(1, 11)]
    assert [events.states(i) for i in doubtful] == [["in_doubt"]] * 10
    assert set(smsc.tokens().values()) == {1}


def test_a_second_signal_stops_at_once(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Exit 1 without waiting; the next start finds what was unanswered. SIGHUP stops nothing."""
    smsc = simulator(responses={"answered": 0}, receipts={"lost": 1})
    daemon = gateway(smsc.port)
    answer = daemon.submit(text="#1#")
    smsc.until(submits=1)
    daemon.signal(signal.SIGHUP)
    daemon.until_logged("reload_not_available")
    daemon.signal(signal.SIGINT)
    daemon.until_logged("draining")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 1
    daemon.start()
    assert daemon.logs("recovered")[-1]["segments_in_doubt"] == 1
    events = consume(daemon)
    events.until_state(answer["id"], "in_doubt")
    assert daemon.query(id=answer["id"])["state"] == "in_doubt"


def test_a_stop_with_nothing_to_do_is_quick(simulator: Smsc, gateway: Daemon) -> None:
    """Also while no link is bound; the socket file goes."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    daemon.until_link("sim-1", "bound")
    for bound in (True, False):
        if not bound:
            smsc.kill()
            daemon.start()
            daemon.until_link("sim-1", "backoff")
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 2
        assert not daemon.socket.exists()
