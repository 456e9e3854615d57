"""MO messages: told to whom they concern, put together, known again; opt-outs hold from their response on."""

from collections.abc import Callable
from typing import Any

import pytest

from gatewayd.client import Refused
from gatewayd.smpp.pdu import DeliverSm, DeliverSmResp
from simulator.record import Answer, Mo
from tests.daemon.harness import Consumer, Gateway, Simulator, eventually, link, local, number
from tests.daemon.rawsmsc import Peer, RawSmsc

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Raw = Callable[..., RawSmsc]

OPT_OUTS = ("TD", "t", "退订", "  Td。", "TD", "【退订】!")
OTHERS = ("OUTSTANDING", "TD-LTE", "退订单", "不退订")
RULES = {"不退订": "negation"}
"""Of those that are ambiguous."""


def marketing(daemon: Gateway, n: int, brand: str = "xxmall") -> str:
    """`accepted`, or the code of the refusal, of a marketing submit."""
    request = daemon.fields(class_="member", brand=brand, to=number(n), text="#sale# 拒收请回复TD")
    with daemon.client() as client:
        try:
            return "accepted" if client.request("submit", **request)["ok"] else ""
        except Refused as refused:
            return refused.code


def test_an_opt_out_holds_before_its_deliver_sm_resp(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Killed as soon as the SMSC has the response: after the restart marketing is refused (G3, G6)."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    daemon.until_link("sim-1", "bound")
    for n, text in enumerate((*OPT_OUTS, *OTHERS), 1):
        smsc.do("mo", **{"from": number(n), "to": "10690001", "text": text})
    eventually(lambda: len(smsc.record.of(Answer)) == 10, "all are answered")
    daemon.restart()
    verdicts = [marketing(daemon, n) for n in range(1, 11)]
    assert verdicts == ["opted_out"] * len(OPT_OUTS) + ["accepted"] * len(OTHERS)
    assert marketing(daemon, 1, "bank") == "accepted", "the wish is for one brand"
    events = consume(daemon)
    events.until_inbound(10)
    told = {e["from"]: e for e in events.inbound()}
    for n, text in enumerate((*OPT_OUTS, *OTHERS), 1):
        event = told[number(n)]
        opted = text in OPT_OUTS
        assert (event["text"], event["to"], event["link"]) == (text, "10690001", "sim-1")
        assert (event["brand"], event["opt_out"]) == ("xxmall", opted)
        assert event["rule"] == RULES.get(text, "keyword" if opted else None)
        assert event["ambiguous"] == (text in RULES)
    with daemon.client() as client:
        check = client.request("optout_check", to=number(1), brand="xxmall")
        notice = client.request("submit", **daemon.fields(to=number(1), text="#notice#"))
    assert (check["opted_out"], check["brand"], check["source"]) == (True, "xxmall", "reply")
    assert events.until_final([notice["id"]])


def test_what_waits_is_rejected_by_an_opt_out(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Queued and scheduled marketing of the brand ends as rejected at that moment; nothing of it leaves."""
    smsc = simulator()
    receiving = link(smsc.port, system_id="mo", bind="receiver")
    sending = link(smsc.port, system_id="mt", reconnect_min=60, reconnect_max=60)
    smsc.set(binds=["receiver"])
    daemon = gateway(
        smsc.port, links={"mo": receiving, "mt": sending}, routes=[{"match": {}, "links": ["mt"]}]
    )
    daemon.until_link("mo", "bound")
    queued = daemon.submit(class_="member", text="#1# sale")
    scheduled = daemon.submit(class_="traffic", text="#2# sale", send_at="2026-12-31T00:00:00Z")
    other = daemon.submit(class_="member", brand="bank", text="#3# sale")
    smsc.do("mo", **{"from": number(1), "to": "1069000199", "text": "退订", "account": "mo"})
    events = consume(daemon)
    finals = events.until_final([queued["id"], scheduled["id"]])
    assert {(f["state"], f["error"]["code"]) for f in finals.values()} == {("rejected", "opted_out")}
    assert daemon.query(id=other["id"])["state"] == "queued"
    assert events.inbound()[0]["brand"] == "xxmall", "the longest sender that begins the address"
    metrics = daemon.metrics()
    assert metrics['policy_refusals_total{code="opted_out"}'] == 2
    assert metrics['optouts_total{source="reply"}'] == 1
    assert smsc.record.submits == []


def test_events_of_mo_go_to_the_clients_of_the_brand(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """To every client entitled to the brand; without a brand to admins. By restarts under other names."""
    smsc = simulator()
    shop = {"users": ["nobody-here"], "brands": ["xxmall"], "classes": ["*"]}
    bank = {**shop, "brands": ["bank"]}
    clients = {"shop": shop, "bank": bank, "local": local()}
    daemon = gateway(smsc.port, clients=clients)
    daemon.until_link("sim-1", "bound")
    for n, to in enumerate(("10690001", "10690002", "95555"), 1):
        smsc.do("mo", **{"from": number(n), "to": to, "text": f"hello {n}"})
    eventually(lambda: len(smsc.record.of(Answer)) == 3, "all are answered")
    expected = {"local": {1, 2, 3}, "shop": {1}, "bank": {2}}
    for name, mine in expected.items():
        me = {
            other: {**rights, "users": ["*" if other == name else "nobody-here"]}
            for other, rights in clients.items()
        }
        assert daemon.stop() == 0
        daemon.configure(clients=me)
        daemon.start()
        events = consume(daemon, f"of-{name}")
        events.until_inbound(len(mine))
        with daemon.client() as client:
            assert client.name == name
        assert {e["from"] for e in events.inbound()} == {number(n) for n in mine}
        events.close()


def test_long_mo_come_together_whatever_their_order(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Parts out of order, doubled, on two binds and over a restart are one event; none is answered unkept."""
    smsc = simulator()
    daemon = gateway(smsc.port, sim={"binds": 2})
    daemon.until_link("sim-1", "bound", binds=2)
    text = "长短信的各段可能以任何顺序到达,也可能重复🎉。" * 8

    def mo(n: int, **fields: Any) -> None:
        smsc.do("mo", **{"from": number(n), "to": "10690001", "text": text, **fields})

    for n, carry in enumerate(("udh8", "udh16", "sar", "payload"), 1):
        mo(n, carry=carry, reference=n, **({} if carry == "payload" else {"order": [3, 1, 1, 2]}))
    mo(5, reference=5, order=[3, 1])
    eventually(lambda: len(smsc.record.of(Answer)) == 15, "all are answered")
    daemon.restart()
    daemon.until_link("sim-1", "bound", binds=2)
    mo(5, reference=5, order=[2])
    events = consume(daemon)
    events.until_inbound(5)
    assert {e["from"]: (e["text"], e["complete"]) for e in events.inbound()} == {
        number(n): (text, True) for n in range(1, 6)
    }
    assert len(smsc.record.of(Mo)) == 16
    assert len(events.inbound()) == 5


def test_a_deliver_sm_repeated_after_a_reconnect_is_known_again(
    gateway: Daemon, consume: Consume, raw: Raw
) -> None:
    """An SMSC that never got our response sends it again on the next bind; on one bind, two are two (G3)."""
    one = DeliverSm(
        source_addr=number(1).encode(), destination_addr=b"10690001", short_message=b"1", sequence_number=7
    )
    rest = [True]

    def serve(peer: Peer) -> None:
        peer.bind()
        peer.send(one)
        assert isinstance(peer.receive(), DeliverSmResp)
        if peer.place == 0:
            return  # as if the response had been lost
        if rest.pop():
            peer.send(one)
            assert isinstance(peer.receive(), DeliverSmResp)
            peer.send(DeliverSm(source_addr=number(2).encode(), destination_addr=b"10690001"))
        peer.drain()

    smsc = raw(serve)
    daemon = gateway(smsc.port)
    events = consume(daemon)
    events.until(lambda consumer: any(e["from"] == number(2) for e in consumer.inbound()))
    assert [e["from"] for e in events.inbound()] == [number(1), number(1), number(2)]
