"""tshark takes apart what daemon, simulator and a plain ESME said to each other: nothing is malformed."""

import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gatewayd.smpp.consts import COMMAND_IDS
from gatewayd.smpp.multi import DistributionList, SmeAddress
from gatewayd.smpp.pdu import (
    BindTransmitter,
    CancelSm,
    DataSm,
    EnquireLink,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    Unbind,
    wire_name,
)
from simulator.record import Bind, Mo, Receipt
from tests.daemon.harness import Bulk, Consumer, Gateway, Process, Simulator, eventually, link, number
from tests.daemon.rawsmsc import Peer
from tests.peers.tshark import Capture, needs_tshark

pytestmark = [pytest.mark.daemon, needs_tshark]

Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]

TEXTS = {
    "otp": "您的验证码为987654,请勿泄露😀" * 6,
    "notice": "Total: 12€ {net} [gross] ~ é Ω @ " * 8,
    "emergency": "长短信" * 60,
}
BINDS = 5  # of the daemon: one link has two, one is a pair
CONNECTIONS = BINDS + 2  # one of its binds is refused at first; and that of the plain ESME
SCENARIO = {
    "wire": {"outbind": True},
    "default": {"binding": {"enquire_link_first": True}, "receipts": {"pdu": "deliver_sm"}},
    "accounts": {
        "acme": {},
        "plain": {},
        "nacked": {
            "refuse_bind": "ESME_RTHROTTLED",
            "binding": {"refusals": 1, "generic_nack": True},
            "receipts": {"pdu": "data_sm"},
        },
        "pair": {"binds": ["transmitter", "receiver"], "receipts": {"encoding": "utf-16-be"}},
    },
}


@pytest.fixture
def smsc(tmp_path: Path, processes: list[Process]) -> Simulator:
    """An SMSC of the scenario above."""
    started = Simulator(tmp_path, "smsc", SCENARIO)
    processes.append(started)
    started.start()
    return started


@pytest.fixture
def capture(tmp_path: Path, processes: list[Process], smsc: Simulator) -> Capture:
    """What passes the port of that SMSC."""
    started = Capture(tmp_path, smsc.port)
    processes.append(started)
    started.start()
    return started


def converse(port: int) -> Counter[str]:
    """An ESME says what the daemon never does; the names of what it asked."""
    to = (SmeAddress(dest_addr_ton=1, destination_addr=b"8613800138000"), DistributionList(dl_name=b"all"))
    asks: tuple[Pdu, ...] = (
        BindTransmitter(system_id=b"plain", password=b"secret", interface_version=0x34),
        DataSm(source_addr=b"1069", destination_addr=b"8613800138000", tlvs=((0x0424, b"hello"),)),
        SubmitMulti(source_addr=b"1069", dest_address=to, short_message=b"hello"),
        QuerySm(message_id=b"1", source_addr=b"1069"),
        ReplaceSm(message_id=b"1", source_addr=b"1069", short_message=b"new"),
        CancelSm(message_id=b"1", source_addr=b"1069", destination_addr=b"8613800138000"),
        EnquireLink(),
        Unbind(),
    )
    with socket.create_connection(("127.0.0.1", port)) as connection:
        peer = Peer(connection, 0)
        for ask in asks:
            peer.send(ask)
            while wire_name(told := peer.receive()) != f"{wire_name(ask)}_resp":
                if isinstance(told, EnquireLink):
                    peer.answer(told)
    return Counter(map(wire_name, asks))


def test_a_run_of_all_pdus_is_dissected_whole(
    smsc: Simulator, capture: Capture, gateway: Daemon, consume: Consume
) -> None:
    """All 3.4 PDUs there are, by tshark's reading as many as were recorded; texts and ids are the same."""
    links = {
        "udh": link(smsc.port, long_messages="udh16", binds=2),
        "sar": link(smsc.port, long_messages="sar", system_id="nacked"),
        "payload": link(smsc.port, long_messages="payload", system_id="pair", bind="pair"),
    }
    routes = [{"match": {"class": name}, "links": [by]} for name, by in zip(TEXTS, links, strict=True)]
    daemon = gateway(smsc.port, links=links, routes=routes)
    bulks = [
        Bulk(daemon, 20, text=text, class_=name, first=100 * n)
        for n, (name, text) in enumerate(TEXTS.items(), 1)
    ]
    assert all(bulk.submit() for bulk in bulks)
    events = consume(daemon)
    finals = events.until_final(identifier for bulk in bulks for identifier in bulk.ids.values())
    assert {final["state"] for final in finals.values()} == {"delivered"}
    handset = {"from": number(1), "to": "10690001", "text": TEXTS["otp"], "carry": "udh8"}
    smsc.do("mo", **handset, account="pair")
    events.until_inbound(1)
    assert smsc.do("fault", do="alert")["sessions"] == BINDS
    asked = converse(smsc.port)
    assert daemon.stop() == 0
    counts = eventually(
        lambda: (now := capture.counts())["unbind_resp"] == BINDS + 1 and now, "the capture is whole"
    )
    capture.stop()

    assert capture.counts() == counts
    assert capture.faults() == []
    record = smsc.record
    receipts, mos = record.of(Receipt), record.of(Mo)
    submits = [submit for submit in record.submits if submit.account != "plain"]
    in_data_sm = sum(receipt.account == "nacked" for receipt in receipts)
    asked += Counter(bind.bind for bind in record.of(Bind) if bind.account != "plain")
    asked["submit_sm"] = len(submits)
    asked["deliver_sm"] = len(receipts) + len(mos) - in_data_sm
    asked["data_sm"] += in_data_sm
    asked["unbind"] += BINDS
    asked["enquire_link"] += CONNECTIONS  # one before each bind is answered
    answers = Counter({f"{name}_resp": count for name, count in asked.items()})
    answers["bind_transceiver_resp"] -= 1
    others = Counter(outbind=CONNECTIONS, alert_notification=BINDS, generic_nack=1)
    assert counts == asked + answers + others
    assert set(counts) == set(COMMAND_IDS)

    assert capture.values("receipted_message_id") == Counter(receipt.message_id for receipt in receipts)
    short = Counter(submit.short_message for submit in submits if submit.short_message)
    short += Counter(mo.short_message for mo in mos)
    payloads = Counter(submit.message_payload for submit in submits if submit.message_payload)
    assert short <= capture.values("message")
    assert payloads <= capture.values("message_payload")


def test_the_dissector_sees_what_is_wrong(smsc: Simulator, capture: Capture) -> None:
    """A PDU whose sm_length lies is told as malformed: the judge is awake."""
    with socket.create_connection(("127.0.0.1", smsc.port)) as connection:
        peer = Peer(connection, 0)
        lying = bytearray(b"\0\0\0\0" + b"\0\0\0\4" + b"\0\0\0\0" + b"\0\0\0\1" + bytes(16) + b"\xffhi")
        lying[:4] = len(lying).to_bytes(4)
        peer.raw(bytes(lying))
        assert isinstance(peer.receive(), Pdu)
        peer.send(SubmitSm(short_message=b"hi"))
    eventually(capture.faults, "told as malformed")
    capture.stop()
