"""The simulated SMSC at its worst, seen on the wire: each quirk is there, the same for the same seed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from trio.testing import wait_all_tasks_blocked as settle

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import (
    BindTransceiver,
    BindTransmitter,
    CancelSm,
    CancelSmResp,
    DataSm,
    DeliverSm,
    GenericNack,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    Unbind,
)
from gatewayd.smpp.tlv import first
from simulator import record
from simulator.commands import Refused, obey

LabOf = Callable[..., Any]  # see conftest
RECEIPTED_ID = consts.TLV_TAGS["receipted_message_id"]
CONGESTION = consts.TLV_TAGS["congestion_state"]


def receipts(esme: Any) -> list[Any]:
    return [pdu for pdu in esme.received if isinstance(pdu, DeliverSm | DataSm)]


@pytest.mark.parametrize(
    ("responded", "written", "tlv", "expected"),
    [
        ("hex", "decimal", "hex", (b"6aad5", b"0000436949", b"6aad5")),
        ("decimal", "stripped", True, (b"0000436949", b"436949", b"436949")),
        ("decimal", "padded", False, (b"0000436949", b"00000000000000436949", None)),
        ("hex", "upper", "same", (b"6aad5", b"6AAD5", b"6aad5")),
        ("decimal", "0x", "none", (b"0000436949", b"0x6aad5", None)),
        ("decimal", "truncated", "HEX", (b"0000436949", b"00436949", b"6AAD5")),
    ],
)
async def test_ids_differ_between_response_and_receipt(
    lab: LabOf, responded: str, written: str, tlv: object, expected: tuple[bytes | None, ...]
) -> None:
    """Text and TLV each in its own notation of one number."""
    values = {
        "responses": {"message_id": responded},
        "receipts": {"message_id": written, "message_id_tlv": tlv},
    }
    esme = await lab(values, first_id=436949).bind()
    esme.submit("x")
    await settle()
    [receipt] = receipts(esme)
    in_text = receipt.short_message.split()[0].removeprefix(b"id:")
    in_tlv = first(receipt.tlvs, RECEIPTED_ID)
    assert (esme.responses[0].message_id, in_text, in_tlv and in_tlv.rstrip(b"\0")) == expected


async def test_receipts_in_other_clothes(lab: LabOf) -> None:
    """data_sm with the text in message_payload, UTF-16BE under its data_coding, another order of keys."""
    layout = "STAT:{stat}\r\nid:{id}"
    values = {"receipts": {"layout": layout, "encoding": "utf-16-be", "data_coding": 8, "esm_class": 0}}
    the_lab = lab(values)
    esme = await the_lab.bind()
    esme.submit("x")
    await settle()
    the_lab.smsc.change({"default": {"receipts": {"pdu": "data_sm"}}})
    esme.submit("y")
    await settle()
    for receipt, response in zip(receipts(esme), esme.responses, strict=True):
        text = (
            receipt.short_message
            if isinstance(receipt, DeliverSm)
            else first(receipt.tlvs, consts.TLV_TAGS["message_payload"])
        )
        assert text is not None
        assert text.decode("utf-16-be") == f"STAT:DELIVRD\r\nid:{response.message_id.decode()}"
        assert (receipt.esm_class, receipt.data_coding) == (0, 8)
    assert [type(receipt) for receipt in receipts(esme)] == [DeliverSm, DataSm]


async def test_an_enroute_beside_the_end(autojump_clock: MockClock, lab: LabOf) -> None:
    """Halfway with its own mark, or behind the end."""
    the_lab = lab({"receipts": {"delay": 2, "enroute": {"share": 1, "esm_class": 0x20}}})
    esme = await the_lab.bind()
    esme.submit("x")
    await trio.sleep(1.5)
    assert [(r.esm_class, b"stat:ENROUTE" in r.short_message) for r in receipts(esme)] == [(0x20, True)]
    the_lab.smsc.change({"default": {"receipts": {"delay": 0, "enroute": {"after": True}}}})
    esme.submit("y")
    await settle()
    ends = [receipt.short_message.split(b"stat:")[1][:7] for receipt in receipts(esme)]
    assert ends == [b"ENROUTE", b"DELIVRD", b"ENROUTE"]


@pytest.mark.parametrize("counter", ["sliding", "second", "bucket"])
async def test_a_hidden_limit_is_drawn_by_the_seed(
    autojump_clock: MockClock, lab: LabOf, counter: str
) -> None:
    """So many a second pass, the rest is ESME_RTHROTTLED; another seed draws another limit."""
    throttle = {"limit": 10, "up_to": 90, "counter": counter}
    the_lab = lab({"responses": {"throttle": throttle}}, seed=3)
    esme = await the_lab.bind()
    passed = []
    for _ in range(3):
        esme.received.clear()
        esme.submit(*"x" * 100, registered_delivery=0)
        await trio.sleep(1)
        statuses = [response.command_status for response in esme.responses]
        assert set(statuses) == {0, consts.ESME_RTHROTTLED}
        passed.append(statuses.count(0))
    assert len(set(passed)) == 1
    assert 10 <= passed[0] <= 90


async def test_a_queue_is_full_for_one_number_only(autojump_clock: MockClock, lab: LabOf) -> None:
    """ESME_RMSGQFUL until a message to that number has ended; other numbers are not touched."""
    esme = await lab({"responses": {"queue": 2}, "receipts": {"delay": 5}}).bind()
    esme.submit("a", "b", "c")
    esme.submit("d", destination_addr=b"86139")
    await trio.sleep(6)
    esme.submit("c")
    await settle()
    full = consts.ESME_RMSGQFUL
    assert [response.command_status for response in esme.responses] == [0, 0, full, 0, 0]


async def test_congestion_is_told(lab: LabOf) -> None:
    """congestion_state in each response: fixed, or percent of the limit that is used."""
    the_lab = lab({"responses": {"congestion": 95}})
    esme = await the_lab.bind()
    esme.submit("a")
    await settle()
    measured = {"throttle": 4, "congestion": "measured"}
    the_lab.smsc.change({"default": {"responses": measured}})
    esme.submit("b", "c", "d", "e", "f")
    await settle()
    told = [first(response.tlvs, CONGESTION) for response in esme.responses]
    assert told == [bytes([percent]) for percent in (95, 25, 50, 75, 100, 100)]


@pytest.mark.parametrize(("body", "octets"), [("none", 16), ("nul", 17), ("id", 21), ("generic_nack", 16)])
async def test_bodies_of_errors(lab: LabOf, body: str, octets: int) -> None:
    """An error has no body, one NUL, or an id; or it is a generic_nack."""
    the_lab = lab({"responses": {"errors": [{"status": "ESME_RINVDSTADR", "body": body}]}})
    esme = await the_lab.bind()
    sizes: list[int] = []
    receive = esme.driver.session.receive_data

    def sized(data: bytes, now: float) -> Any:
        sizes.append(len(data))
        return receive(data, now)

    esme.driver.session.receive_data = sized
    esme.submit("x")
    await settle()
    assert sizes == [octets]
    [answer] = esme.received
    assert (answer.command_status, isinstance(answer, GenericNack)) == (0x0B, body == "generic_nack")


async def test_a_lost_session_counts_for_a_while(autojump_clock: MockClock, lab: LabOf) -> None:
    """ESME_RALYBND after a cut, until the SMSC's timer ends; none after an unbind."""
    the_lab = lab({"binding": {"stale": 60}})
    esme = await the_lab.bind()
    await esme.cut()
    early, _ = the_lab.connect()
    request = BindTransceiver(system_id=b"acme", password=b"secret")
    assert (await early.driver.request(request)).command_status == consts.ESME_RALYBND
    await trio.sleep(61)
    await the_lab.bind()


@pytest.mark.parametrize(
    ("binding", "bind", "status"),
    [
        ({"interface_version": 0x34}, {"interface_version": 0x50}, consts.ESME_RINVSYSID),
        ({"interface_version": 0x34}, {"interface_version": 0x34}, 0),
        ({"system_type": "VMA"}, {}, consts.ESME_RBINDFAIL),
        ({"system_type": "VMA"}, {"system_type": b"VMA"}, 0),
        ({"address_range": "^1069"}, {"address_range": b"^86"}, consts.ESME_RBINDFAIL),
        ({"address_range": "^1069"}, {"address_range": b"^1069"}, 0),
    ],
)
async def test_strict_binds(
    lab: LabOf, binding: Mapping[str, Any], bind: Mapping[str, Any], status: int
) -> None:
    """The interface_version, system_type and address_range the provider wants; what came is in the record."""
    the_lab = lab({"binding": binding})
    esme, _ = the_lab.connect()
    response = await esme.driver.request(BindTransmitter(system_id=b"acme", **bind))
    assert response.command_status == status
    [seen] = the_lab.record.of(record.Bind)
    assert seen.system_type == bind.get("system_type", b"").decode()


async def test_the_first_binds_are_refused_by_generic_nack(lab: LabOf) -> None:
    """As many as stated; the next one is bound."""
    the_lab = lab({"refuse_bind": "ESME_RTHROTTLED", "binding": {"refusals": 2, "generic_nack": True}})
    for _ in range(2):
        esme, _ = the_lab.connect()
        response = await esme.driver.request(BindTransceiver(system_id=b"acme"))
        assert isinstance(response, GenericNack)
        assert response.command_status == consts.ESME_RTHROTTLED
    await the_lab.bind()


async def test_faults_are_injected_by_hand(lab: LabOf) -> None:
    """The command befalls the bound sessions at once; an unknown one is refused."""
    the_lab = lab()
    esme = await the_lab.bind()
    assert obey("fault", b'{"do":"garbage"}', the_lab.smsc) == {"sessions": 1}
    await settle()
    assert esme.driver.reason.startswith("framing lost")
    with pytest.raises(Refused, match="nothing"):
        obey("fault", b'{"do":"nothing"}', the_lab.smsc)


async def test_a_frozen_session_says_nothing_more(autojump_clock: MockClock, lab: LabOf) -> None:
    """Half-open: no answer, no end; what is sent is lost."""
    the_lab = lab()
    esme = await the_lab.bind()
    obey("fault", b'{"do":"freeze"}', the_lab.smsc)
    esme.submit("x")
    await trio.sleep(20)
    assert (esme.received, esme.driver.reason, the_lab.record.submits) == ([], "", [])


async def test_a_stalled_session_goes_on_where_it_stood(autojump_clock: MockClock, lab: LabOf) -> None:
    """Nothing is read or sent for so long; then all that waited is, and nothing is lost."""
    the_lab = lab()
    esme = await the_lab.bind()
    obey("fault", b'{"do":"stall","seconds":8}', the_lab.smsc)
    esme.submit("x")
    await trio.sleep(7.9)
    assert (esme.received, the_lab.record.submits) == ([], [])
    await trio.sleep(0.2)
    assert [len(esme.responses), len(esme.delivered), len(the_lab.record.taken)] == [1, 1, 1]
    assert esme.driver.reason == ""


async def test_the_first_binds_are_never_answered(autojump_clock: MockClock, lab: LabOf) -> None:
    """As many as stated; the connection stays open, and the next bind is answered."""
    the_lab = lab({"binding": {"unanswered": 2}})
    for _ in range(2):
        esme, _ = the_lab.connect()
        with trio.move_on_after(20):
            await esme.driver.request(BindTransceiver(system_id=b"acme"))
        assert (esme.received, esme.driver.reason) == ([], "")
    await the_lab.bind()


async def test_an_unbind_is_ignored(autojump_clock: MockClock, lab: LabOf) -> None:
    """Neither answer nor end; what is submitted behind it is taken as ever."""
    the_lab = lab({"binding": {"unbind_answered": False}})
    esme = await the_lab.bind()
    with trio.move_on_after(2):
        await esme.driver.request(Unbind())
    assert esme.driver.reason == ""
    assert the_lab.smsc.status()["sessions"][0]["state"] == "bound_trx"


@pytest.mark.parametrize(("given", "told"), [({}, b"\x34"), ({"sc_interface_version": 0x50}, b"\x50")])
async def test_the_version_it_says_it_has(lab: LabOf, given: Mapping[str, Any], told: bytes) -> None:
    """sc_interface_version of the bind's answer."""
    esme, _ = lab({"binding": given}).connect()
    response = await esme.driver.request(BindTransceiver(system_id=b"acme"))
    assert first(response.tlvs, consts.TLV_TAGS["sc_interface_version"]) == told


async def test_many_pdus_leave_as_one(autojump_clock: MockClock, lab: LabOf) -> None:
    """With a pause after each write, all that came due meanwhile."""
    the_lab = lab({"responses": {"delay": {"min": 0.1, "max": 0.9}}}, wire={"pause": 1})
    esme = await the_lab.bind()
    await trio.sleep(2)
    esme.submit(*"x" * 20, registered_delivery=0)
    await trio.sleep(1)
    assert len(esme.responses) == 1
    await trio.sleep(0.3)
    assert len(esme.responses) == 20


async def test_receipts_with_what_does_not_belong_there(lab: LabOf) -> None:
    """TLVs in front of the others, a state and a date that nobody knows."""
    tlvs = [{"tag": 0x1403, "hex": "ff"}, {"tag": 0x1403}]
    esme = await lab({"receipts": {"tlvs": tlvs, "state_tlv": 0x80, "done_date_format": "never"}}).bind()
    esme.submit("x")
    await settle()
    [receipt] = receipts(esme)
    assert receipt.tlvs[:2] == ((0x1403, b"\xff"), (0x1403, b""))
    assert first(receipt.tlvs, consts.TLV_TAGS["message_state"]) == b"\x80"
    assert b" done date:never stat:DELIVRD" in receipt.short_message


async def test_the_head_of_the_octets_in_a_receipt(lab: LabOf) -> None:
    """raw_head: UDH, NULs and all, in place of the text's own."""
    esme = await lab({"receipts": {"raw_head": True}}).bind()
    esme.submit("", esm_class=0x40, short_message=b"\5\0\3\7\2\1stat:\0UNDELIV and more")
    await settle()
    [receipt] = receipts(esme)
    assert receipt.short_message.endswith(b"text:\5\0\3\7\2\1stat:\0UNDELIV ")


async def ask(esme: Any, pdu: Any) -> Any:
    esme.driver.send(pdu)
    await settle()
    return esme.received.pop()


async def test_messages_are_queried_cancelled_and_replaced(autojump_clock: MockClock, lab: LabOf) -> None:
    """By id and source: ENROUTE, then the end with its date; a cancelled one is DELETED, once, for good."""
    the_lab = lab({"receipts": {"delay": 10}})
    esme = await the_lab.bind()
    esme.submit("one", "two", "three")
    await settle()
    one, two, three = (response.message_id for response in esme.responses)
    sender: dict[str, Any] = {"source_addr": b"10690001"}
    assert await ask(esme, QuerySm(message_id=one, **sender)) == QuerySmResp(
        message_id=one, message_state=1, sequence_number=5
    )
    stranger = await ask(esme, QuerySm(message_id=one, source_addr=b"1"))
    assert stranger.command_status == consts.ESME_RQUERYFAIL
    replaced = await ask(esme, ReplaceSm(message_id=two, short_message=b"2", registered_delivery=1, **sender))
    assert isinstance(replaced, ReplaceSmResp)
    esme.driver.send(CancelSm(message_id=three, **sender))
    await settle()
    deleted, cancelled = sorted(esme.received[-2:], key=lambda pdu: isinstance(pdu, CancelSmResp))
    assert (cancelled.command_status, b"stat:DELETED" in deleted.short_message) == (0, True)
    again = await ask(esme, CancelSm(message_id=three, **sender))
    assert again.command_status == consts.ESME_RCANCELFAIL
    await trio.sleep(11)
    ends = [receipt.short_message.split(b"text:")[1] for receipt in receipts(esme)]
    assert ends == [b"three", b"one", b"2"]
    final = await ask(esme, QuerySm(message_id=one, **sender))
    assert (final.message_state, len(final.final_date)) == (2, 16)
    assert [event.request for event in the_lab.record.of(record.Manage)] == [
        "query_sm",
        "query_sm",
        "replace_sm",
        "cancel_sm",
        "cancel_sm",
        "query_sm",
    ]


async def test_a_pair_of_addresses_is_cancelled_as_a_group(autojump_clock: MockClock, lab: LabOf) -> None:
    """cancel_sm without an id: all that is under way between the two."""
    esme = await lab({"receipts": {"delay": 10}}).bind()
    esme.submit("a", "b")
    esme.submit("c", destination_addr=b"86139")
    esme.driver.send(CancelSm(source_addr=b"10690001", destination_addr=b"8613800138000"))
    await trio.sleep(11)
    ends = [receipt.short_message.split(b"stat:")[1][:7] for receipt in receipts(esme)]
    assert ends == [b"DELETED", b"DELETED", b"DELIVRD"]


async def test_the_same_seed_does_the_same(autojump_clock: MockClock, lab: LabOf) -> None:
    """Ends and their order are drawn by the seed alone."""
    outcomes = [{"stat": "DELIVRD"}, {"stat": "UNDELIV"}]
    values = {"receipts": {"outcomes": outcomes, "delay": {"min": 1, "max": 2}, "lost": 0.2}}
    stories = []
    for _ in range(2):
        esme = await lab(values, seed=5, first_id=1).bind()
        esme.submit(*map(str, range(20)))
        await trio.sleep(3)
        stories.append([r.short_message[:13] + r.short_message[-20:] for r in receipts(esme)])
    assert stories[0] == stories[1] != []
