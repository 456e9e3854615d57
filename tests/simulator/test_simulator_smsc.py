"""The SMSC on the wire: binds, responses, receipts, and what it does when a session is lost."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock
from trio.testing import wait_all_tasks_blocked as settle

from gatewayd.smpp import consts
from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.pdu import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DeliverSm,
    DeliverSmResp,
    SubmitSm,
    SubmitSmResp,
)
from gatewayd.smpp.tlv import first
from simulator import record

LabOf = Callable[..., Any]  # see conftest
REFERENCE = consts.TLV_TAGS["user_message_reference"]
RECEIPTED_ID = consts.TLV_TAGS["receipted_message_id"]
STATE = consts.TLV_TAGS["message_state"]


async def test_without_a_scenario_everything_is_delivered_at_once(lab: LabOf) -> None:
    """Any credentials bind, a submit_sm is accepted, its DELIVRD receipt comes right behind the response."""
    esme = await lab().bind()
    esme.submit("hello, this text is longer than twenty octets")
    await settle()

    response, receipt = esme.received
    assert isinstance(response, SubmitSmResp)
    assert isinstance(receipt, DeliverSm)
    assert response.command_status == 0
    assert receipt.esm_class == 0x04
    assert receipt.source_addr == b"8613800138000"
    assert receipt.destination_addr == b"10690001"
    assert receipt.short_message.startswith(b"id:" + response.message_id + b" sub:001 dlvrd:001 submit date:")
    assert receipt.short_message.endswith(b" stat:DELIVRD err:000 text:hello, this text is ")
    assert first(receipt.tlvs, RECEIPTED_ID) == response.message_id + b"\0"
    assert first(receipt.tlvs, STATE) == b"\x02"


@pytest.mark.parametrize(
    ("registered_delivery", "stat", "receipts"),
    [
        (0, "DELIVRD", 0),
        (1, "UNDELIV", 1),
        (2, "DELIVRD", 0),
        (2, "UNDELIV", 1),
        (3, "DELIVRD", 1),
        (3, "UNDELIV", 0),
    ],
)
async def test_registered_delivery_decides(
    lab: LabOf, registered_delivery: int, stat: str, receipts: int
) -> None:
    """0: none, 1: all, 2: failures only, 3: success only (3.4 section 5.2.17, 5.0)."""
    esme = await lab({"receipts": {"outcomes": [{"stat": stat}]}}).bind()
    esme.submit("x", registered_delivery=registered_delivery)
    await settle()
    assert receipts == len(esme.delivered)


@pytest.mark.parametrize(
    ("account", "kind", "name", "status"),
    [
        ({"password": "secret"}, BindTransceiver, b"acme", "ESME_ROK"),
        ({"password": "other"}, BindTransceiver, b"acme", "ESME_RINVPASWD"),
        ({}, BindTransceiver, b"stranger", "ESME_RINVSYSID"),
        ({"binds": ["transmitter"]}, BindTransmitter, b"acme", "ESME_ROK"),
        ({"binds": ["transmitter"]}, BindReceiver, b"acme", "ESME_RBINDFAIL"),
        ({"refuse_bind": "ESME_RSYSERR"}, BindTransceiver, b"acme", "ESME_RSYSERR"),
    ],
)
async def test_who_may_bind(lab: LabOf, account: dict[str, Any], kind: Any, name: bytes, status: str) -> None:
    """An unknown system_id, a wrong password, a bind type not allowed: each has its status."""
    the_lab = lab(accounts={"acme": account})
    esme, _ = the_lab.connect()
    response = await esme.driver.request(kind(system_id=name, password=b"secret"))
    assert consts.STATUS_NUMBERS[status] == response.command_status
    [bind] = the_lab.record.of(record.Bind)
    assert consts.STATUS_NUMBERS[status] == bind.command_status


async def test_sessions_are_limited(lab: LabOf) -> None:
    """One session too many is ESME_RALYBND; when one ends there is room again."""
    the_lab = lab({"sessions": 1})
    esme = await the_lab.bind()
    second, _ = the_lab.connect()
    response = await second.driver.request(BindTransceiver(system_id=b"acme"))
    assert response.command_status == consts.ESME_RALYBND
    await esme.cut()
    await the_lab.bind()


@pytest.mark.parametrize(
    ("notation", "message_id"),
    [
        ("decimal", b"0000000255"),
        ("hex", b"ff"),
        ("uuid", b"00000000-0000-4000-8000-0000000000ff"),
    ],
)
async def test_notations_of_the_message_id(lab: LabOf, notation: str, message_id: bytes) -> None:
    """message_id: decimal, hex or uuid, counted from first_id."""
    esme = await lab({"responses": {"message_id": notation}}, first_id=255).bind()
    esme.submit("x")
    await settle()
    assert [message_id] == [response.message_id for response in esme.responses]


async def test_delays_are_kept(lab: LabOf, autojump_clock: MockClock) -> None:
    """The response comes after its delay, the receipt after that and its own; the dates say so."""
    esme = await lab(
        {"responses": {"delay": 2}, "receipts": {"delay": {"min": 60}, "date_format": "%Y-%m-%d %H:%M:%S"}}
    ).bind()
    began = trio.current_time()
    esme.submit("x")
    await settle()
    assert esme.received == []
    await trio.sleep_until(began + 2.01)
    assert [SubmitSmResp] == [type(pdu) for pdu in esme.received]
    await trio.sleep_until(began + 61.9)
    assert esme.delivered == []
    await trio.sleep_until(began + 62.1)
    [receipt] = esme.delivered
    dates = re.findall(rb" date:([0-9: -]{19})", receipt.short_message)
    submitted, done = (datetime.fromisoformat(date.decode()) for date in dates)
    assert done - submitted == timedelta(seconds=60)


async def test_a_drawn_delay_stays_within_its_bounds(lab: LabOf, autojump_clock: MockClock) -> None:
    """Delay {min, max}: 200 receipts spread over the second between, none outside."""
    esme = await lab({"receipts": {"delay": {"min": 1, "max": 2}}}).bind()
    began = trio.current_time()
    esme.submit(*("x" * 200))
    await trio.sleep_until(began + 0.99)
    assert esme.delivered == []
    await trio.sleep_until(began + 1.5)
    assert 50 < len(esme.delivered) < 150
    await trio.sleep_until(began + 2.02)
    assert len(esme.delivered) == 200


@pytest.mark.parametrize("delay", [0, 1])
async def test_receipt_before_response(lab: LabOf, autojump_clock: MockClock, delay: float) -> None:
    """before_response: the receipt stands before the submit_sm_resp on the wire, whatever its own delay."""
    esme = await lab({"responses": {"delay": delay}, "receipts": {"before_response": 1, "delay": 30}}).bind()
    esme.submit("x", "y")
    await trio.sleep(2)
    assert [DeliverSm, SubmitSmResp] * 2 == [type(pdu) for pdu in esme.received]


async def test_receipts_twice_or_never(lab: LabOf) -> None:
    """duplicated: each receipt twice with the same id; lost: none at all."""
    the_lab = lab({"receipts": {"duplicated": 1}})
    esme = await the_lab.bind()
    esme.submit("x")
    await settle()
    first_one, second_one = esme.delivered
    assert first_one.short_message == second_one.short_message
    the_lab.smsc.change({"default": {"receipts": {"lost": 1}}})
    esme.submit("y")
    await settle()
    assert len(esme.responses) == 2
    assert len(esme.delivered) == 2


async def test_outcomes_follow_their_weights_and_the_seed(lab: LabOf) -> None:
    """Of 1,000 receipts about a quarter fail with their err; the same seed draws the same ones again."""
    outcomes = [{"stat": "DELIVRD", "weight": 3}, {"stat": "UNDELIV", "weight": 1, "err": "045"}]
    runs = []
    for name in (b"acme", b"acme", b"other"):
        esme = await lab({"receipts": {"outcomes": outcomes}}, seed=7).bind(name=name)
        esme.submit(*("x" * 1000))
        await settle()
        runs.append([receipt.short_message.split(b"stat:")[1] for receipt in esme.delivered])
    assert {b"DELIVRD err:000 text:x", b"UNDELIV err:045 text:x"} == set(runs[0])
    assert 200 < runs[0].count(b"UNDELIV err:045 text:x") < 300
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


async def test_errors_by_prefix_and_share(lab: LabOf) -> None:
    """A fault holds for its prefix; with a share for about that share; a refused one gets no receipt."""
    faults = [
        {"status": "ESME_RINVDSTADR", "to": "86139"},
        {"status": "ESME_RSYSERR", "share": 0.5, "to": "44"},
    ]
    esme = await lab({"responses": {"errors": faults}}).bind()
    esme.submit("x", destination_addr=b"8613900000000")
    esme.submit("x", destination_addr=b"8613800000000")
    esme.submit(*("y" * 100), destination_addr=b"447700900000")
    await settle()
    statuses = [response.command_status for response in esme.responses]
    assert statuses[:2] == [consts.ESME_RINVDSTADR, 0]
    assert 25 < statuses.count(consts.ESME_RSYSERR) < 75
    assert statuses.count(0) == len(esme.delivered)


async def test_throttle_counts_a_sliding_second(lab: LabOf, autojump_clock: MockClock) -> None:
    """Five a second pass, the sixth is ESME_RTHROTTLED; room comes back as the accepted ones grow old."""
    esme = await lab({"responses": {"throttle": 5}}).bind()
    esme.submit(*("x" * 3))
    await trio.sleep(0.6)
    esme.submit(*("x" * 3))
    await trio.sleep(0.5)
    esme.submit(*("x" * 4))
    await settle()
    throttled = consts.ESME_RTHROTTLED
    assert [0, 0, 0, 0, 0, throttled, 0, 0, 0, throttled] == [one.command_status for one in esme.responses]


async def test_no_response_does_not_mean_not_taken(lab: LabOf, autojump_clock: MockClock) -> None:
    """Answered 0: no submit_sm_resp ever, null in the record, and the receipt comes all the same."""
    the_lab = lab({"responses": {"answered": 0}})
    esme = await the_lab.bind()
    esme.submit("x")
    await trio.sleep(100)
    assert [DeliverSm] == [type(pdu) for pdu in esme.received]
    [submit] = the_lab.record.submits
    assert submit.command_status is None
    assert submit.taken


async def test_disconnect_after_leaves_the_window_unanswered(lab: LabOf) -> None:
    """The read that brings the third submit_sm ends the session unanswered; what was taken stays taken."""
    the_lab = lab({"disconnect_after": 3})
    esme = await the_lab.bind()
    esme.submit("a", "b", "c", "d")
    await settle()
    assert esme.received == []
    assert esme.driver.reason == "closed by the peer"
    assert [submit.command_status for submit in the_lab.record.submits] == [None] * 3
    again = await the_lab.bind()
    await settle()
    assert [receipt.short_message[-1:] for receipt in again.delivered] == [b"a", b"b", b"c"]


async def test_pending_receipts_wait_for_the_next_session(lab: LabOf, autojump_clock: MockClock) -> None:
    """A receipt that falls due while no session is bound goes out after the next bind, once."""
    the_lab = lab({"receipts": {"delay": 5}})
    esme = await the_lab.bind()
    esme.submit("x")
    await settle()
    await esme.cut()
    await trio.sleep(1000)
    again = await the_lab.bind()
    await settle()
    assert [receipt.attempt for receipt in the_lab.record.of(record.Receipt)] == [1]
    assert len(again.delivered) == 1


async def test_unanswered_receipts_are_repeated_after_the_next_bind(lab: LabOf) -> None:
    """What had no deliver_sm_resp when the connection broke comes again, oldest first; the rest does not."""
    the_lab = lab()
    esme = await the_lab.bind()
    esme.submit("a")
    await settle()
    esme.answer = None
    esme.submit("b", "c")
    await settle()
    await esme.cut()
    again = await the_lab.bind()
    await settle()
    assert [receipt.short_message[-1:] for receipt in again.delivered] == [b"b", b"c"]
    assert [receipt.attempt for receipt in the_lab.record.of(record.Receipt)] == [1, 1, 1, 2, 2]
    assert [loss.unanswered for loss in the_lab.record.of(record.Loss)] == [2]


@pytest.mark.parametrize(
    ("status", "attempts"),
    [("ESME_RX_T_APPN", 3), ("ESME_RMSGQFUL", 3), ("ESME_RX_P_APPN", 1), ("ESME_ROK", 1)],
)
async def test_a_temporary_error_brings_the_deliver_sm_again(
    lab: LabOf, autojump_clock: MockClock, status: str, attempts: int
) -> None:
    """After retry_delay, as long as the error lasts; a permanent error ends it, as SMSCs do."""
    the_lab = lab({"receipts": {"retry_delay": 10}})
    esme = await the_lab.bind()
    esme.answer = consts.STATUS_NUMBERS[status]
    esme.submit("x")
    await trio.sleep(25)
    assert attempts == len(esme.delivered)
    assert [consts.STATUS_NUMBERS[status]] * attempts == [
        answer.command_status for answer in the_lab.record.of(record.Answer)
    ]


async def test_an_unanswered_deliver_sm_is_repeated_after_the_response_timeout(
    lab: LabOf, autojump_clock: MockClock
) -> None:
    """Silence is no answer: the receipt comes again after response_timeout, and takes one slot, not two."""
    esme = await lab({"receipts": {"window": 1}}, response_timeout=20).bind()
    esme.answer = None
    esme.submit("x")
    await trio.sleep(21)
    assert len(esme.delivered) == 2


async def test_receipts_keep_to_their_window(lab: LabOf) -> None:
    """No more deliver_sm without an answer than receipts.window; answers let the next ones out."""
    esme = await lab({"receipts": {"window": 2}}).bind()
    esme.answer = None
    esme.submit(*("x" * 5))
    await settle()
    assert len(esme.delivered) == 2
    esme.answer = 0
    for receipt in esme.delivered[:2]:
        esme.driver.respond(receipt, DeliverSmResp())
    await settle()
    assert len(esme.delivered) == 5


async def test_receipts_on_the_session_the_setting_names(lab: LabOf) -> None:
    """same: where the submit_sm came; other: elsewhere; a transmitter's go to any receiver of the account."""
    the_lab = lab()
    one, two = await the_lab.bind(), await the_lab.bind()
    one.submit("a", "b")
    await settle()
    assert (len(one.delivered), len(two.delivered)) == (2, 0)
    the_lab.smsc.change({"default": {"receipts": {"session": "other"}}})
    one.submit("c", "d")
    await settle()
    assert (len(one.delivered), len(two.delivered)) == (2, 2)
    await two.cut()
    one.submit("e")
    await settle()
    assert len(one.delivered) == 3

    transmitter = await the_lab.bind(BindTransmitter, b"pair")
    transmitter.submit("f")
    await settle()
    assert transmitter.delivered == []
    receiver = await the_lab.bind(BindReceiver, b"pair")
    await settle()
    assert len(receiver.delivered) == 1


async def test_the_parts_of_a_receipt_can_be_switched_off(lab: LabOf) -> None:
    """Text, state_tlv and reference_tlv off: what is left is the id."""
    off = {"text": False, "state_tlv": False, "reference_tlv": False}
    esme = await lab({"receipts": off}).bind()
    esme.submit("x", tlvs=((REFERENCE, b"\x12\x34"),))
    await settle()
    [receipt] = esme.delivered
    assert receipt.short_message == b""
    assert [tag for tag, _ in receipt.tlvs] == [RECEIPTED_ID]


async def test_the_reference_is_echoed(lab: LabOf) -> None:
    """The receipt carries the submit_sm's user_message_reference, and none if there was none."""
    esme = await lab().bind()
    esme.submit("x", tlvs=((REFERENCE, b"\x12\x34"),))
    esme.submit("y")
    await settle()
    assert [first(receipt.tlvs, REFERENCE) for receipt in esme.delivered] == [b"\x12\x34", None]


async def test_dates_are_in_the_time_zone_of_the_account(lab: LabOf) -> None:
    """The same moment reads eight hours later in Shanghai than in UTC."""
    the_lab = lab({"receipts": {"date_format": "%H"}})
    esme = await the_lab.bind()
    esme.submit("x")
    await settle()
    the_lab.smsc.change({"default": {"receipts": {"timezone": "Asia/Shanghai"}}})
    esme.submit("x")
    await settle()
    utc, shanghai = (int(one.short_message.split(b"submit date:")[1][:2]) for one in esme.delivered)
    assert shanghai == (utc + 8) % 24


async def test_the_text_head_leaves_the_header_out(lab: LabOf) -> None:
    """20 octets of the text itself, cut through a UCS-2 character if need be; message_payload counts too."""
    esme = await lab().bind()
    esme.submit("", esm_class=0x40, short_message=b"\5\0\3\7\2\1" + bytes(range(65, 90)))
    esme.submit("", tlvs=((consts.TLV_TAGS["message_payload"], bytes(range(97, 122))),))
    await settle()
    assert [one.short_message[-25:] for one in esme.delivered] == [
        b"text:ABCDEFGHIJKLMNOPQRST",
        b"text:abcdefghijklmnopqrst",
    ]


async def test_a_sender_no_receipt_could_go_to_is_refused(lab: LabOf) -> None:
    """destination_addr has room for 20 octets, so a source_addr of 21 is ESME_RINVSRCADR and not taken."""
    the_lab = lab()
    stream, theirs = trio.testing.memory_stream_pair()
    the_lab.nursery.start_soon(the_lab.smsc.serve, theirs)
    await stream.send_all(encode(BindTransceiver(system_id=b"acme"), 1))
    await stream.receive_some()
    fits = encode(SubmitSm(source_addr=b"1" * 20, destination_addr=b"86"), 2)
    too_long = fits.replace(b"1" * 20, b"1" * 21)
    await stream.send_all((len(too_long)).to_bytes(4) + too_long[4:] + fits)
    await settle()
    answers = [decode(frame) for frame in FrameBuffer().feed(await stream.receive_some())]
    assert [answer.command_status for answer in answers] == [consts.ESME_RINVSRCADR, 0]
    assert [submit.taken for submit in the_lab.record.submits] == [False, True]


async def test_the_record_is_written_before_any_answer_leaves(lab: LabOf) -> None:
    """When the octets of a submit_sm_resp reach the socket, its submit_sm is in the file already."""
    the_lab = lab()
    esme, stream = the_lab.connect()
    await esme.driver.request(BindTransceiver(system_id=b"acme"))
    seen: list[list[str]] = []
    pump = stream.send_stream.send_all_hook

    async def watch() -> None:
        seen.append([submit.message_id for submit in the_lab.record.submits])
        await pump()

    stream.send_stream.send_all_hook = watch
    esme.submit("a", "b")
    await settle()
    assert seen[0] == [response.message_id.decode() for response in esme.responses]


async def test_the_record_tells_how_many_were_outstanding(lab: LabOf) -> None:
    """Three in one read count 1, 2, 3; once they are answered the next is 1; silence keeps its slot."""
    the_lab = lab()
    esme = await the_lab.bind()
    esme.submit("a", "b", "c")
    await settle()
    the_lab.smsc.change({"default": {"responses": {"answered": 0}}})
    esme.submit("d")
    await settle()
    esme.submit("e")
    await settle()
    assert [submit.outstanding for submit in the_lab.record.submits] == [1, 2, 3, 1, 2]


async def test_a_shorter_limit_while_it_runs_cuts_at_the_next_submit(lab: LabOf) -> None:
    """disconnect_after set below what a session has sent already takes nothing more from it."""
    the_lab = lab()
    esme = await the_lab.bind()
    esme.submit("a", "b")
    await settle()
    the_lab.smsc.change({"default": {"disconnect_after": 1}})
    esme.submit("c")
    await settle()
    assert len(the_lab.record.submits) == 2
    assert esme.driver.reason == "closed by the peer"
