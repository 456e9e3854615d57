"""The SMSC made worse by hand while the daemon works, by its HTTP; its judge finds nothing."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import simulator as simulator_package
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, check_lives, number

pytestmark = pytest.mark.daemon
SCENARIOS = Path(simulator_package.__file__).parent / "scenarios"

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
QUICK = {"window": 10, "response_timeout": 1, "enquire_link_interval": 0.5, "reconnect_min": 0.1}


def faults(smsc: Simulator) -> dict[str, int]:
    """What the judge has against the daemon so far."""
    counted = smsc.do("judge")
    innocent = {"accounts", "submits", "taken", "refused", "distinct", "texts", "incomplete"}
    return {name: count for name, count in counted.items() if count and name not in innocent}


def test_whatever_is_done_to_a_session_every_state_is_true(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Throttled, stalled, cut and frozen in the middle of a bulk: all is told truly, and nothing twice."""
    smsc = simulator(responses={"delay": 0.05, "throttle": 200}, receipts={"delay": 0.5}, window=10)
    daemon = gateway(smsc.port, sim=QUICK, classes={"notice": {"receipt_wait": 4}})
    bulk = Bulk(daemon, 300)
    assert bulk.submit()
    for taken, fault in ((30, {"do": "stall", "seconds": 0.4}), (80, {"do": "cut"}), (130, {"do": "freeze"})):
        smsc.until(accepted=taken)
        assert smsc.do("fault", **fault)["sessions"] >= 1
    smsc.until(accepted=180)
    smsc.set(responses={"delay": 0.05, "throttle": 100, "tlvs": [{"tag": 0x1403}]})
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    ended = check_lives(events, bulk.began())
    assert set(ended) <= {"delivered", "unknown"}
    assert ended["delivered"] >= 250
    assert faults(smsc) == {}


def test_an_smsc_that_answers_no_unbind_holds_nobody_up(simulator: Smsc, gateway: Daemon) -> None:
    """SIGTERM: the windows are emptied, unbind is sent; without an answer the daemon leaves all the same."""
    scenario = yaml.safe_load((SCENARIOS / "unbind-unanswered.yaml").read_text("utf-8"))["default"]
    smsc = simulator(**{**scenario, "faults": []})
    daemon = gateway(smsc.port, sim=QUICK, drain_timeout=3)
    bulk = Bulk(daemon, 20)
    assert bulk.submit()
    smsc.until(accepted=20)
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    assert time.monotonic() - began < 6
    assert daemon.logs()[-1]["event"] == "stopped"


def test_a_receipt_by_hand_after_the_end_is_told_and_changes_nothing(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """An UNDELIV behind a DELIVRD: a late receipt, and the message stays delivered."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    identifier = daemon.submit(to=number(1), text="#1#")["id"]
    events = consume(daemon)
    events.until_final([identifier])
    [taken] = smsc.record.taken
    assert smsc.do("receipt", message_id=taken.message_id, stat="UNDELIV", err="001") == {"receipts": 1}
    found = events.until(lambda seen: [e for e in seen.events if e["event"] == "receipt"])
    assert [(event["id"], event["stat"], event["late"]) for event in found] == [(identifier, "UNDELIV", True)]
    assert daemon.query(id=identifier)["state"] == "delivered"
