"""Several hosts of one link, and pairs of transmitter and receiver: real processes on real TCP."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator.record import Bind
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, check_lives, eventually, link

pytestmark = pytest.mark.daemon

Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Smsc = Callable[..., Simulator]

QUICK = {"reconnect_min": 0.05, "reconnect_max": 0.2, "window": 10, "system_id": "acme"}
PAIRS = ["transmitter", "receiver"]


def hosts(daemon: Gateway, name: str = "sim-1") -> list[str]:
    """Where the link's binds are bound."""
    sessions: list[dict[str, Any]] = daemon.status()["links"][name]["sessions"]
    return sorted(one["host"] for one in sessions if one["state"] == "bound")


def test_a_host_that_dies_is_left_for_the_other(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """One of two SMSCs is killed under load: what it had is in doubt, all else leaves by the other."""
    slow = {"delay": 0.2}
    one, two = simulator("one", receipts={"lost": 1}, responses=slow), simulator("two", responses=slow)
    there = [f"127.0.0.1:{smsc.port}" for smsc in (one, two)]
    settings = {**QUICK, "hosts": there, "binds": 2, "throughput": 100}
    daemon = gateway(0, links={"sim-1": settings}, classes={"notice": {"receipt_wait": 3}})
    daemon.until_link("sim-1", "bound", binds=2)
    assert hosts(daemon) == sorted(there)

    bulk = Bulk(daemon, 200)
    assert bulk.submit()
    one.until(submits=20)
    one.kill()
    eventually(lambda: hosts(daemon) == [there[1]] * 2, "both binds are at the other host")
    events = consume(daemon)
    finals = events.until_final(bulk.ids.values())
    check_lives(events, bulk.began())
    taken, delivered = one.tokens(), two.tokens()
    assert set(delivered.values()) == {1}
    assert not taken.keys() & delivered.keys()
    ended = {token: finals[identifier]["state"] for token, identifier in bulk.ids.items()}
    assert ended == {token: "delivered" if token in delivered else "unknown" for token in bulk.ids}
    assert {line["host"] for line in daemon.logs("link_bound")} == set(there)
    assert there[0] in {line["host"] for line in daemon.logs("link_disconnected")}


@pytest.mark.parametrize(
    "links",
    [
        pytest.param({"sim-1": {"bind": "pair", "binds": 2}}, id="one-link"),
        pytest.param({"sim-1": {"bind": "transmitter"}, "rx": {"bind": "receiver"}}, id="two-links"),
    ],
)
def test_receipts_of_a_pair_come_to_its_receiver(
    simulator: Smsc, gateway: Daemon, consume: Consume, links: dict[str, dict[str, Any]]
) -> None:
    """An SMSC without transceivers; the receiver has a host of its own. An MO comes there too."""
    smsc = simulator(binds=PAIRS)
    there = {**QUICK, "host": "127.0.0.1", "port": smsc.port}
    links = {name: {**there, **settings} for name, settings in links.items()}
    if "rx" not in links:
        links["sim-1"]["receiver_hosts"] = [f"localhost:{smsc.port}"]
    daemon = gateway(0, links=links, routes=[{"match": {}, "links": ["sim-1"]}])
    for name in links:
        daemon.until_link(name, "bound")
    eventually(lambda: len(smsc.record.of(Bind)) == (4 if len(links) == 1 else 2), "all are bound")
    bulk = Bulk(daemon, 100)
    assert bulk.submit()
    events = consume(daemon)
    finals = events.until_final(bulk.ids.values())
    assert {(final["state"], final["link"]) for final in finals.values()} == {("delivered", "sim-1")}
    smsc.do("mo", **{"from": "8613800138000", "to": "10690001", "text": "hello"})
    events.until_inbound(1)
    assert daemon.metrics()['receipts_total{link="sim-1",state="delivered"}'] == 100


def test_refused_credentials_are_asked_about_once_for_all_binds(simulator: Smsc, gateway: Daemon) -> None:
    """Twenty binds at two hosts, one bind PDU; the other link of that SMSC works on."""
    smsc = simulator(accounts={"acme": {"password": "right"}, "other": {}})
    there = [f"127.0.0.1:{smsc.port}", f"localhost:{smsc.port}"]
    links = {"sim-1": {**QUICK, "hosts": there, "binds": 20}, "other": link(smsc.port, system_id="other")}
    daemon = gateway(0, links=links, routes=[{"match": {}, "links": ["sim-1", "other"]}])
    daemon.until_link("other", "bound")
    found = daemon.until_link("sim-1", "refused")
    assert {one["state"] for one in found["sessions"]} == {"refused"}
    answer = daemon.submit(text="#1# goes round it")
    eventually(lambda: daemon.query(id=answer["id"])["state"] == "delivered", "the other link took it")
    metrics = daemon.metrics()
    assert (metrics['link_refused{link="sim-1"}'], metrics['link_refused{link="other"}']) == (20, 0)
    assert [bind.command_status for bind in smsc.record.of(Bind) if bind.account == "acme"] == [14]
    assert len(daemon.logs("link_refused")) == 1
