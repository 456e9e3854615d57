"""node's `smpp` as ESME: the simulator speaks to a stranger as it speaks to our own session."""

from collections.abc import Callable

import pytest

from simulator.record import Answer, Bind, Loss, Manage
from tests.daemon.harness import Object, Simulator, eventually
from tests.peers.node import Node, needs_node, octets

pytestmark = [pytest.mark.daemon, needs_node]

Smsc = Callable[..., Simulator]
Peer = Callable[..., Node]

ADDRESSES = {"source_addr": "10690001", "destination_addr": "8613800138000"}
GSM_TEXT = "Total: 12€ {net} [gross] ~ é Ω @"
UCS2_TEXT = "您的验证码为987654,请勿泄露😀"


def bound(smsc: Simulator, node: Peer) -> Node:
    """Node as a bound transceiver."""
    esme = node("esme", smsc.port)
    answer = esme.ask(
        "bind_transceiver", system_id="acme", password="secret", system_type="VMA", interface_version=0x34
    )
    assert (answer["command_status"], answer["sc_interface_version"]) == (0, 0x34)
    return esme


def submit(esme: Node, **fields: object) -> str:
    """The message_id of an accepted submit_sm."""
    answer = esme.ask("submit_sm", **ADDRESSES, **fields)
    assert answer["command_status"] == 0
    return str(answer["message_id"])


def receipt(esme: Node, message_id: str) -> Object:
    """The receipt of that message, answered."""
    told = esme.until("pdu", command="deliver_sm", receipted_message_id=message_id)
    esme.answer(told)
    return told


def test_a_bind_is_recorded_as_node_sent_it_and_unbind_ends_it(simulator: Smsc, node: Peer) -> None:
    """bind_transceiver, enquire_link, unbind: fields and answers, and the end is told as one of the peer."""
    smsc = simulator()
    esme = bound(smsc, node)
    assert esme.ask("enquire_link")["command_status"] == 0
    assert esme.ask("unbind")["command_status"] == 0
    esme.until("closed")
    [bind] = smsc.record.of(Bind)
    assert (bind.account, bind.bind, bind.system_type) == ("acme", "bind_transceiver", "VMA")
    assert bind.interface_version == 0x34
    [loss] = eventually(lambda: smsc.record.of(Loss), "the session has ended")
    assert (loss.reason, loss.unanswered) == ("unbound by the peer", 0)


@pytest.mark.parametrize(("text", "data_coding"), [(GSM_TEXT, 0), (UCS2_TEXT, 8), ("naïve façade", 3)])
def test_texts_as_node_encodes_them_and_their_receipts(
    simulator: Smsc, node: Peer, text: str, data_coding: int
) -> None:
    """The simulator reads the text that node was given, and node reads the simulator's receipt."""
    smsc = simulator()
    esme = bound(smsc, node)
    name = submit(esme, short_message=text, data_coding=data_coding, registered_delivery=1)
    told = receipt(esme, name)
    assert told["esm_class"] == 4
    assert (told["source_addr"], told["destination_addr"]) == ("8613800138000", "10690001")
    assert told["message_state"] == 2
    assert told["short_message"]["message"].startswith(f"id:{name} sub:001 dlvrd:001 submit date:")
    assert " stat:DELIVRD err:000 text:" in told["short_message"]["message"]
    [message] = smsc.record.messages()
    assert (message.text, message.source, message.destination) == (text, "10690001", "8613800138000")
    [answer] = eventually(lambda: smsc.record.of(Answer), "node's deliver_sm_resp has come")
    assert (answer.command_status, answer.sequence_number) == (0, told["sequence_number"])


@pytest.mark.parametrize(
    "header",
    [
        lambda number: bytes((5, 0, 3, 0x2A, 2, number)),
        lambda number: bytes((6, 8, 4, 0x12, 0x2A, 2, number)),
    ],
    ids=["8-bit", "16-bit"],
)
def test_a_long_message_by_headers_that_node_writes(
    simulator: Smsc, node: Peer, header: Callable[[int], bytes]
) -> None:
    """Two segments, the second first: one message; each segment has its receipt."""
    smsc = simulator()
    esme = bound(smsc, node)
    text = UCS2_TEXT * 4
    parts = {1: text[:60], 2: text[60:]}
    names = [
        submit(
            esme,
            short_message={"udh": octets(header(number)), "message": parts[number]},
            data_coding=8,
            registered_delivery=1,
        )
        for number in (2, 1)
    ]
    for name in names:
        assert receipt(esme, name)["message_state"] == 2
    [message] = smsc.record.messages()
    assert (message.text, len(message.segments), message.complete) == (text, 2, True)
    assert [segment.esm_class for segment in message.segments] == [0x40, 0x40]


def test_a_long_message_in_message_payload_and_by_sar(simulator: Smsc, node: Peer) -> None:
    """TLVs as node writes them: message_payload, the three of SAR, user_message_reference."""
    smsc = simulator()
    esme = bound(smsc, node)
    payload = octets((UCS2_TEXT * 10).encode("utf-16-be"))
    submit(esme, short_message="", data_coding=8, message_payload=payload, user_message_reference=77)
    for number, part in ((1, "first "), (2, "second")):
        sar = {"sar_msg_ref_num": 300, "sar_total_segments": 2, "sar_segment_seqnum": number}
        submit(esme, short_message=part, data_coding=0, **sar)
    whole, cut = smsc.record.messages()
    assert (whole.text, whole.segments[0].reference) == (UCS2_TEXT * 10, 77)
    assert (cut.text, len(cut.segments)) == ("first second", 2)


def test_query_cancel_and_replace(simulator: Smsc, node: Peer) -> None:
    """query_sm tells a state on the way and a final one; replace_sm and cancel_sm reach the message."""
    smsc = simulator(receipts={"delay": 3600})
    esme = bound(smsc, node)
    name = submit(esme, short_message="old", registered_delivery=1)
    which = {"message_id": name, "source_addr": "10690001"}
    before = esme.ask("query_sm", **which)
    assert (before["message_id"], before["message_state"], before["final_date"]) == (name, 1, "")
    replaced = esme.ask("replace_sm", **which, short_message="new", registered_delivery=1)
    cancelled = esme.ask("cancel_sm", **which, destination_addr="8613800138000")
    assert (replaced["command_status"], cancelled["command_status"]) == (0, 0)
    assert receipt(esme, name)["message_state"] == 4
    after = esme.ask("query_sm", **which)
    assert (after["message_state"], after["final_date"] != "") == (4, True)
    nobody = esme.ask("query_sm", message_id="no such", source_addr="10690001")
    assert nobody["command_status"] == 0x67
    asked = [(manage.request, manage.command_status) for manage in smsc.record.of(Manage)]
    assert asked == [
        ("query_sm", 0),
        ("replace_sm", 0),
        ("cancel_sm", 0),
        ("query_sm", 0),
        ("query_sm", 0x67),
    ]


def test_data_sm_and_submit_multi(simulator: Smsc, node: Peer) -> None:
    """Both are taken as submit_sm are: one id, a receipt from each number; what fails is told by number."""
    smsc = simulator(lists={"friends": ["8613900000001", "8613900000002"]})
    esme = bound(smsc, node)
    data = esme.ask("data_sm", **ADDRESSES, message_payload=octets(b"hello"), registered_delivery=1)
    assert data["command_status"] == 0
    assert receipt(esme, data["message_id"])["source_addr"] == "8613800138000"
    number = {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "8613900000003"}
    to = [number, {"dl_name": "friends"}, {"dl_name": "nobody"}]
    many = {"source_addr": "10690001", "short_message": "hello all", "registered_delivery": 1}
    multi = esme.ask("submit_multi", dest_address=to, **many)
    assert multi["command_status"] == 0
    [failed] = multi["unsuccess_sme"]
    assert (failed["destination_addr"], failed["error_status_code"]) == ("nobody", 0x34)
    told = {receipt(esme, multi["message_id"])["source_addr"] for _ in range(3)}
    assert told == {"8613900000001", "8613900000002", "8613900000003"}
    assert [message.text for message in smsc.record.messages()] == ["hello", *["hello all"] * 3]


def test_a_second_bind_is_refused(simulator: Smsc, node: Peer) -> None:
    """ESME_RALYBND, without a body; the session goes on."""
    smsc = simulator()
    esme = bound(smsc, node)
    assert esme.ask("bind_transceiver", system_id="acme", password="secret")["command_status"] == 5
    submit(esme, short_message="still bound")


def test_receipts_in_data_sm_and_mo_reach_node(simulator: Smsc, node: Peer) -> None:
    """data_sm receipts with their text in message_payload; MO in both alphabets, long ones by header."""
    smsc = simulator(receipts={"pdu": "data_sm"})
    esme = bound(smsc, node)
    name = submit(esme, short_message="hello", registered_delivery=1)
    told = esme.receive("data_sm")
    esme.answer(told)
    assert (told["esm_class"], told["receipted_message_id"], told["message_state"]) == (4, name, 2)
    assert told["message_payload"]["message"].startswith(f"id:{name} ")
    handset = {"from": "8613900000001", "to": "10690001"}
    smsc.do("mo", **handset, text="TD")
    smsc.do("mo", **handset, text=UCS2_TEXT * 4, carry="udh16", reference=0x1234)
    short, *parts = [esme.receive("deliver_sm") for _ in range(3)]
    for mo in (short, *parts):
        esme.answer(mo)
    assert (short["short_message"]["message"], short["source_addr"]) == ("TD", "8613900000001")
    assert "".join(part["short_message"]["message"] for part in parts) == UCS2_TEXT * 4
    headers = [[element["hex"] for element in part["short_message"]["udh"]] for part in parts]
    assert headers == [["080412340201"], ["080412340202"]]
    eventually(lambda: len(smsc.record.of(Answer)) == 4, "all is answered")
