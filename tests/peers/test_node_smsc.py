"""node's `smpp` as SMSC: a stranger reads what the daemon sends, and the daemon what a stranger sends."""

from collections.abc import Callable

import pytest

from gatewayd.client import Refused
from gatewayd.smpp.text import billed_cn
from tests.daemon.harness import Consumer, Gateway, Object, number
from tests.peers.node import Node, needs_node, octets

pytestmark = [pytest.mark.daemon, needs_node]

Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Peer = Callable[..., Node]

SENDER = "10690001"
SINGLE = {
    "gsm7": ("Total: 12€ {net} [gross] ~ é Ω @", 0),
    "ucs2": ("您的验证码为987654,请勿泄露😀", 8),
}
LONG = {"gsm7": (SINGLE["gsm7"][0] * 8, 0), "ucs2": (SINGLE["ucs2"][0] * 8, 8)}


def accepted(smsc: Node, *kinds: str) -> Object:
    """Take a bind of the daemon, a transceiver's if nothing is said; gives the bind."""
    bind = smsc.receive(*kinds or ("bind_transceiver",))
    smsc.answer(bind, system_id="node", sc_interface_version=0x34)
    return bind


def taken(smsc: Node, name: str) -> Object:
    """The next submit_sm, accepted under that message_id."""
    submit = smsc.receive("submit_sm")
    smsc.answer(submit, message_id=name)
    return submit


def report(
    smsc: Node, submit: Object, name: str, stat: str = "DELIVRD", by: int | None = None, **tlvs: object
) -> None:
    """A receipt as node writes it, and its deliver_sm_resp. by: the session; absent: the newest."""
    dates = "submit date:2611220800 done date:2611220801"
    text = f"id:{name} sub:001 dlvrd:001 {dates} stat:{stat} err:000 text:"
    addresses = {"source_addr": submit["destination_addr"], "destination_addr": submit["source_addr"]}
    response = smsc.ask_on(by, "deliver_sm", **addresses, esm_class=4, short_message=text, **tlvs)
    assert response["command_status"] == 0


def test_the_bind_has_what_the_link_says(gateway: Daemon, node: Peer) -> None:
    """Each field of bind_transceiver by node's reading; a drained daemon unbinds and waits for the answer."""
    smsc = node("smsc")
    sim = {"system_type": "VMA", "address_range": "^1069", "addr_ton": 1, "addr_npi": 2}
    daemon = gateway(smsc.port, sim=sim)
    bind = accepted(smsc)
    expected = {
        "system_id": "acme",
        "password": "",
        "system_type": "VMA",
        "interface_version": 0x34,
        "address_range": "^1069",
        "addr_ton": 1,
        "addr_npi": 2,
        "command_length": 16 + len("acme\0\0VMA\0") + 3 + len("^1069\0"),
    }
    assert expected.items() <= bind.items()
    daemon.until_link("sim-1", "bound")
    daemon.signal(15)
    smsc.answer(smsc.receive("unbind"))
    smsc.until("closed")
    assert daemon.wait() == 0


@pytest.mark.parametrize("encoding", SINGLE)
def test_node_reads_the_text_and_the_daemon_its_receipt(
    gateway: Daemon, consume: Consume, node: Peer, encoding: str
) -> None:
    """submit_sm octet by octet, node's receipt by its text alone: delivered."""
    text, data_coding = SINGLE[encoding]
    smsc = node("smsc")
    daemon = gateway(smsc.port)
    accepted(smsc)
    answer = daemon.submit(text=text)
    submit = taken(smsc, "7-a")
    assert submit["short_message"] == {"message": text}
    expected = {
        "source_addr": SENDER,
        "source_addr_npi": 1,
        "destination_addr": number(1),
        "dest_addr_ton": 1,
        "dest_addr_npi": 1,
        "esm_class": 0,
        "data_coding": data_coding,
        "registered_delivery": 1,
        "schedule_delivery_time": "",
    }
    assert expected.items() <= submit.items()
    report(smsc, submit, "7-a")
    events = consume(daemon)
    final = events.until_final([answer["id"]])[answer["id"]]
    assert (final["state"], answer["encoding"]) == ("delivered", encoding)
    assert events.states(answer["id"]) == ["submitted", "delivered"]


@pytest.mark.parametrize(
    ("encoding", "carry"),
    [("gsm7", "udh8"), ("ucs2", "udh8"), ("ucs2", "udh16"), ("gsm7", "sar"), ("ucs2", "payload")],
)
def test_long_messages_come_together_at_node(
    gateway: Daemon, consume: Consume, node: Peer, encoding: str, carry: str
) -> None:
    """Headers and TLVs as node takes them apart; each segment is accepted and reported by itself."""
    text, data_coding = LONG[encoding]
    smsc = node("smsc")
    daemon = gateway(smsc.port, sim={"long_messages": carry})
    accepted(smsc)
    answer = daemon.submit(text=text)
    segments: list[Object] = []
    while len(segments) < answer["segments"]:
        segments.append(taken(smsc, f"{len(segments)}"))
    assert {segment["data_coding"] for segment in segments} == {data_coding}
    assert [place(segment) for segment in segments] == [
        (len(segments), n) for n in range(1, len(segments) + 1)
    ]
    assert "".join(told(segment) for segment in segments) == text
    assert (len(segments) == 1) == (carry == "payload")
    assert carry == "payload" or encoding == "gsm7" or len(segments) == billed_cn(text)
    for name, segment in enumerate(segments):
        report(smsc, segment, str(name), receipted_message_id=str(name), message_state=2)
    events = consume(daemon)
    assert events.until_final([answer["id"]])[answer["id"]]["state"] == "delivered"


def told(segment: Object) -> str:
    """The segment's text by node's reading."""
    body = segment["message_payload" if "message_payload" in segment else "short_message"]
    return str(body["message"])


def place(segment: Object) -> tuple[int, int]:
    """Total and number, from the header or the SAR TLVs as node has them."""
    if "sar_total_segments" in segment:
        assert segment["esm_class"] == 0
        return segment["sar_total_segments"], segment["sar_segment_seqnum"]
    if segment["esm_class"] == 0:
        return 1, 1
    assert segment["esm_class"] == 0x40
    [element] = segment["short_message"]["udh"]
    raw = bytes.fromhex(element["hex"])
    assert (raw[0], raw[1], len(raw)) in {(0, 3, 5), (8, 4, 6)}
    return raw[-2], raw[-1]


def test_what_node_reports_as_failed_is_undeliverable(gateway: Daemon, consume: Consume, node: Peer) -> None:
    """A refusal in submit_sm_resp, which node sends without a body; a receipt UNDELIV in TLVs."""
    smsc = node("smsc")
    daemon = gateway(smsc.port)
    accepted(smsc)
    refused = daemon.submit(text="#1#", to=number(1))
    smsc.answer(smsc.receive("submit_sm"), command_status=0x0B)
    lost = daemon.submit(text="#2#", to=number(2))
    report(smsc, taken(smsc, "2"), "2", "UNDELIV", receipted_message_id="2", message_state=5)
    finals = consume(daemon).until_final([refused["id"], lost["id"]])
    assert [finals[answer["id"]]["state"] for answer in (refused, lost)] == ["rejected", "undeliverable"]


def test_mo_from_node(gateway: Daemon, consume: Consume, node: Peer) -> None:
    """Texts by node's own encodings, a long one by its header; TD is an opt-out from its response on."""
    smsc = node("smsc")
    daemon = gateway(smsc.port)
    accepted(smsc)
    texts = {1: "TD", 2: SINGLE["ucs2"][0], 3: SINGLE["gsm7"][0], 4: LONG["ucs2"][0]}
    codings = {1: 0, 2: 8, 3: 0, 4: 8}
    for n in (1, 2, 3):
        mo(smsc, n, short_message=texts[n], data_coding=codings[n])
    for part in (2, 1):
        header = octets(bytes((6, 8, 4, 0x12, 0x34, 2, part)))
        half = texts[4][:60] if part == 1 else texts[4][60:]
        mo(smsc, 4, short_message={"udh": header, "message": half}, data_coding=8)
    events = consume(daemon)
    events.until_inbound(4)
    assert {e["from"]: (e["text"], e["to"], e["opt_out"]) for e in events.inbound()} == {
        number(n): (text, SENDER, text == "TD") for n, text in texts.items()
    }
    with daemon.client() as client, pytest.raises(Refused) as refusal:
        client.request("submit", **daemon.fields(class_="member", to=number(1), text="#sale# 拒收请回复TD"))
    assert refusal.value.code == "opted_out"


def mo(smsc: Node, n: int, **fields: object) -> None:
    """A handset's deliver_sm, and its answer."""
    response = smsc.ask("deliver_sm", source_addr=number(n), destination_addr=SENDER, **fields)
    assert response["command_status"] == 0


def test_an_unbind_by_node_is_answered_and_the_link_comes_back(
    gateway: Daemon, consume: Consume, node: Peer
) -> None:
    """unbind_resp, a new bind on a new connection, and what waited meanwhile leaves by it."""
    smsc = node("smsc")
    daemon = gateway(smsc.port)
    first = accepted(smsc)
    daemon.until_link("sim-1", "bound")
    assert smsc.ask("unbind")["command_status"] == 0
    smsc.until("closed", session=first["session"])
    answer = daemon.submit(text="#1#")
    second = accepted(smsc)
    report(smsc, taken(smsc, "1"), "1")
    assert second["session"] == first["session"] + 1
    assert consume(daemon).until_final([answer["id"]])[answer["id"]]["state"] == "delivered"


def test_a_pair_submits_by_one_bind_and_hears_by_the_other(
    gateway: Daemon, consume: Consume, node: Peer
) -> None:
    """In whichever order they are bound; a receipt on the receiver settles what the transmitter sent."""
    smsc = node("smsc")
    daemon = gateway(smsc.port, sim={"bind": "pair"})
    kinds = ("bind_transmitter", "bind_receiver")
    binds = [accepted(smsc, *kinds) for _ in kinds]
    transmitter, receiver = sorted(binds, key=lambda bind: kinds.index(bind["command"]))
    answer = daemon.submit(text="#1#")
    submit = taken(smsc, "1")
    assert submit["session"] == transmitter["session"]
    report(smsc, submit, "1", by=receiver["session"])
    assert consume(daemon).until_final([answer["id"]])[answer["id"]]["state"] == "delivered"


def test_slow_answers_of_node_leave_no_duplicate(gateway: Daemon, consume: Consume, node: Peer) -> None:
    """Unanswered beyond the timeout: in doubt; the late response settles it, nothing is sent twice."""
    smsc = node("smsc")
    daemon = gateway(smsc.port, sim={"response_timeout": 0.5, "window": 1})
    accepted(smsc)
    slow, waiting = daemon.submit(text="#1#"), daemon.submit(text="#2#", to=number(2))
    submit = smsc.receive("submit_sm")
    events = consume(daemon)
    events.until_state(slow["id"], "in_doubt")
    assert daemon.query(id=waiting["id"])["state"] == "queued", "a slot is kept until its late response"
    smsc.answer(submit, message_id="1")
    report(smsc, submit, "1")
    report(smsc, taken(smsc, "2"), "2")
    finals = events.until_final([slow["id"], waiting["id"]])
    assert {final["state"] for final in finals.values()} == {"delivered"}
    assert events.states(slow["id"]) == ["in_doubt", "submitted", "delivered"]
    daemon.signal(15)
    smsc.answer(smsc.receive("unbind"))
    assert daemon.wait() == 0
    assert "submit_sm" not in smsc.unreceived(), "nothing was sent twice"


def test_node_throttles_and_the_message_comes_again(gateway: Daemon, consume: Consume, node: Peer) -> None:
    """ESME_RTHROTTLED, ESME_RMSGQFUL: the same octets again, until it is taken."""
    smsc = node("smsc")
    daemon = gateway(
        smsc.port,
        sim={"throttle_pause": 0.05, "retry": {"ESME_RMSGQFUL": {"class": "temporary", "delay": 0.05}}},
    )
    accepted(smsc)
    answer = daemon.submit(text="#1#")
    seen = []
    for status in (0x58, 0x14, 0):
        submit = smsc.receive("submit_sm")
        seen.append(submit["short_message"]["message"])
        smsc.answer(submit, command_status=status, message_id="1")
    report(smsc, submit, "1")
    events = consume(daemon)
    assert events.until_final([answer["id"]])[answer["id"]]["state"] == "delivered"
    assert seen == ["#1#"] * 3
    daemon.until_link("sim-1", "bound")
