"""kill -9 of the daemon at any moment: nothing lost, nothing sent twice, every message brought to its end."""

import random
import time
from collections.abc import Callable
from threading import Thread

import pytest

from gatewayd.model import accepted_millis, parse_id
from simulator.judge import judge
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, check_lives, eventually, number

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
LONG = "长消息,三段,每一段都要按顺序在同一个连接上发出。" * 8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_bulk_survives_kills_at_random_moments(
    seed: int, simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Notices are never sent twice: each is delivered, or unknown if it cannot have arrived whole."""
    moments = random.Random(seed)
    smsc = simulator(responses={"delay": {"min": 0.02, "max": 0.06}}, window=64)
    daemon = gateway(
        smsc.port, sim={"window": 64, "throughput": 1500}, classes={"notice": {"receipt_wait": 8}}
    )
    bulk = Bulk(daemon, 1200, text="bulk")
    bulk.extend(Bulk(daemon, 60, text=LONG, first=2001))
    events = consume(daemon)
    for part in (0.3, 0.6, 0.9):
        sent = moments.randint(int(part * 1000), int(part * 1000) + 250)
        busy = [Thread(target=bulk.submit), Thread(target=events.until_lost)]
        for thread in busy:
            thread.start()
        smsc.until(submits=sent)
        daemon.kill()
        for thread in busy:
            thread.join()
        daemon.start()
    assert bulk.submit()
    finals = events.until_final(bulk.ids.values())

    ended = check_lives(events, bulk.began())
    in_doubt = [line["segments_in_doubt"] for line in daemon.logs("recovered")]
    assert len(in_doubt) == 3
    assert min(in_doubt) >= 20, "no kill counts that met nothing in flight"
    assert set(ended) <= {"delivered", "unknown"}
    verdict = judge(smsc.record.events)
    assert (verdict.duplicates, verdict.repeated_unanswered, verdict.window_violations) == (0, 0, 0)
    complete = {m.text.split()[0]: m for m in smsc.record.messages() if m.complete}
    states = {token: finals[identifier]["state"] for token, identifier in bulk.ids.items()}
    assert len(states) == 1260
    assert {token for token, state in states.items() if state == "delivered"} == set(complete)
    for message in complete.values():
        assert len({s.session for s in message.segments}) == 1, "all segments on one bind"
        places = [smsc.record.submits.index(s) for s in message.segments]
        assert places == sorted(places), "in order"


def test_what_is_in_doubt_ends_delivered_by_its_receipt_or_unknown(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Killed with every submit_sm unanswered: receipts settle those they fit, the wait ends the others."""
    smsc = simulator(responses={"answered": 0})
    daemon = gateway(smsc.port, sim={"window": 100}, classes={"brief": {"receipt_wait": 1}})
    smsc.do("hold_receipts")
    told, silent = Bulk(daemon, 20), Bulk(daemon, 20, first=101, class_="brief")
    assert told.submit()
    assert silent.submit()
    smsc.until(submits=40)
    daemon.restart()
    events = consume(daemon)
    finals = events.until_final(silent.ids.values())
    assert {final["state"] for final in finals.values()} == {"unknown"}
    assert {final["error"]["code"] for final in finals.values()} == {"receipt_missing"}
    assert all(events.states(i) == ["in_doubt", "unknown"] for i in silent.ids.values())
    smsc.do("release_receipts")
    events.until_final(told.ids.values())
    assert all(events.states(i) == ["in_doubt", "delivered"] for i in told.ids.values())
    late = events.until(lambda _: [e for e in events.events if e["event"] == "receipt"][19:])[-1]
    assert (late["late"], late["stat"], late["id"] in silent.ids.values()) == (True, "DELIVRD", True)
    assert set(smsc.tokens().values()) == {1}
    assert daemon.query(id=late["id"])["state"] == "unknown", "a final state never changes"


def test_an_otp_in_doubt_is_sent_once_more_and_never_again(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """in_doubt -> queued -> submitted -> delivered; killed again after the resend, it stays in doubt."""
    smsc = simulator(responses={"answered": 0}, receipts={"lost": 1})
    daemon = gateway(smsc.port, sim={"window": 100}, classes={"otp": {"receipt_wait": 4}})
    twice = Bulk(daemon, 10, class_="otp")
    assert twice.submit()
    smsc.until(submits=10)
    daemon.restart()
    smsc.until(submits=20)
    once = Bulk(daemon, 10, class_="otp", first=11)
    assert once.submit()
    smsc.until(submits=30)
    smsc.set(responses={"answered": 1}, receipts={"lost": 0})
    daemon.restart()
    events = consume(daemon)
    events.until_final([*twice.ids.values(), *once.ids.values()])
    resent = ["in_doubt", "queued"]
    assert all(events.states(i) == [*resent, "in_doubt", "unknown"] for i in twice.ids.values())
    assert all(events.states(i) == [*resent, "submitted", "delivered"] for i in once.ids.values())
    assert smsc.tokens() == {f"#{n}#": 2 for n in range(1, 21)}
    assert daemon.metrics()['resent_total{class="otp",link="sim-1"}'] == 10


def test_an_otp_past_its_validity_is_not_sent_again(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """The one resend lies inside the validity (G2, G8)."""
    smsc = simulator(responses={"answered": 0}, receipts={"lost": 1})
    daemon = gateway(smsc.port, classes={"otp": {"receipt_wait": 2}})
    answer = daemon.submit(class_="otp", text="#1# code", to=number(1), valid_for=1)
    smsc.until(submits=1)
    daemon.kill()
    waiting = daemon.fields(class_="otp", text="#2# next", to=number(2))
    smsc.set(responses={"answered": 1}, receipts={"lost": 0})
    _until_past(answer["id"], 1.0)
    daemon.start()
    with daemon.client() as client:
        other = client.request("submit", **waiting)
    events = consume(daemon)
    events.until_final([answer["id"], other["id"]])
    assert events.states(answer["id"]) == ["in_doubt", "unknown"]
    assert smsc.tokens() == {"#1#": 1, "#2#": 1}


def _until_past(identifier: str, seconds: float) -> None:
    """Wait until so many seconds have passed since the message was accepted."""
    message = parse_id(identifier)
    assert message is not None
    eventually(lambda: time.time() > accepted_millis(message) / 1000 + seconds, "time passes")
