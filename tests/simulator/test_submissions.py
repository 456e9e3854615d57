"""What is submitted otherwise than by submit_sm, and errors that strike some of it."""

from collections.abc import Callable
from typing import Any

import trio
from trio.testing import MockClock
from trio.testing import wait_all_tasks_blocked as settle

from gatewayd.smpp import consts
from gatewayd.smpp.multi import DistributionList, SmeAddress
from gatewayd.smpp.pdu import (
    CancelSm,
    CancelSmResp,
    DataSm,
    DataSmResp,
    GenericNack,
    QuerySm,
    QuerySmResp,
    SubmitMulti,
    SubmitMultiResp,
)
from gatewayd.smpp.udh import MESSAGE_PAYLOAD
from simulator.judge import judge

LabOf = Callable[..., Any]  # see conftest
HERE: dict[str, Any] = {"source_addr": b"10690001", "registered_delivery": 1}


def to(*numbers: bytes) -> tuple[SmeAddress, ...]:
    return tuple(SmeAddress(destination_addr=number) for number in numbers)


def many(*destinations: SmeAddress | DistributionList, **fields: Any) -> SubmitMulti:
    return SubmitMulti(**{**HERE, "dest_address": destinations, "short_message": b"x", **fields})


def of(esme: Any, kind: type) -> list[Any]:
    return [pdu for pdu in esme.received if isinstance(pdu, kind)]


async def test_a_data_sm_is_taken_as_a_submit_sm_is(lab: LabOf) -> None:
    """Its text is in message_payload; response, receipt, record and refusals are as for a submit_sm."""
    the_lab = lab({"responses": {"errors": [{"status": "ESME_RSYSERR", "to": "9"}]}})
    esme = await the_lab.bind()
    number = esme.driver.send(
        DataSm(**HERE, destination_addr=b"86138", data_coding=8, tlvs=((MESSAGE_PAYLOAD, b"\x4f\x60"),))
    )
    await settle()
    response, receipt = esme.received
    assert isinstance(response, DataSmResp)
    assert (response.sequence_number, response.command_status) == (number, 0)
    assert receipt.short_message.startswith(b"id:" + response.message_id)
    assert (receipt.source_addr, receipt.destination_addr) == (b"86138", b"10690001")

    esme.driver.send(DataSm(**HERE, destination_addr=b"9"))
    esme.driver.send(DataSm(**HERE, destination_addr=b"8" * 21))
    await settle()
    assert [one.command_status for one in of(esme, DataSmResp)] == [
        0,
        consts.ESME_RSYSERR,
        consts.ESME_RINVDSTADR,
    ]
    taken, *refused = the_lab.record.submits
    assert (taken.request, taken.taken, [one.taken for one in refused]) == ("data_sm", True, [False, False])
    [message] = the_lab.record.messages()
    assert message.text == "你"
    assert the_lab.smsc.status()["accounts"]["acme"]["refused"] == 2


async def test_a_submit_multi_reaches_whom_it_can(lab: LabOf) -> None:
    """One id, a receipt from each number that was taken; unsuccess_sme has the others with their reasons."""
    the_lab = lab(
        {
            "lists": {"vip": ["861", "862"]},
            "responses": {"errors": [{"status": "ESME_RINVDSTADR", "to": "9"}]},
        }
    )
    esme = await the_lab.bind()
    lists = [DistributionList(dl_name=name) for name in (b"vip", b"none")]
    esme.driver.send(many(*to(b"86138", b"99"), *lists))
    await settle()
    [response] = of(esme, SubmitMultiResp)
    assert response.command_status == 0
    assert [(one.destination_addr, one.error_status_code) for one in response.unsuccess_sme] == [
        (b"99", consts.ESME_RINVDSTADR),
        (b"none", consts.ESME_RINVDLNAME),
    ]
    assert [receipt.source_addr for receipt in esme.delivered] == [b"86138", b"861", b"862"]
    assert all(b"id:" + response.message_id in receipt.short_message for receipt in esme.delivered)
    seen = the_lab.record.submits
    assert [one.destination for one in seen] == ["86138", "99", "861", "862", "none"]
    assert {one.request for one in seen} == {"submit_multi"}
    verdict = judge(the_lab.record.events)
    assert (verdict.taken, verdict.refused, verdict.distinct, verdict.duplicates) == (3, 2, 3, 0)
    assert verdict.accounts["acme"].max_outstanding == 1


async def test_a_submit_multi_that_reaches_nobody_has_an_error(lab: LabOf) -> None:
    """The command_status of the first failure, all in unsuccess_sme; or a generic_nack in its place."""
    refusing = {"status": "ESME_RSYSERR", "to": "9"}
    the_lab = lab({"responses": {"errors": [refusing]}})
    esme = await the_lab.bind()
    esme.driver.send(many(*to(b"91", b"92")))
    await settle()
    [response] = of(esme, SubmitMultiResp)
    assert (response.command_status, response.message_id) == (consts.ESME_RSYSERR, b"")
    assert [one.destination_addr for one in response.unsuccess_sme] == [b"91", b"92"]
    the_lab.smsc.change({"default": {"responses": {"errors": [{**refusing, "body": "generic_nack"}]}}})
    esme.driver.send(many(*to(b"91")))
    await settle()
    assert [nack.command_status for nack in of(esme, GenericNack)] == [consts.ESME_RSYSERR]
    assert esme.delivered == []


async def test_messages_of_one_submit_multi_are_managed_together(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """query_sm is ENROUTE until the last has ended; cancel_sm by the id ends all that are under way."""
    esme = await lab({"receipts": {"delay": {"min": 10, "max": 20}}}).bind()
    esme.driver.send(many(*to(b"1", b"2", b"3")))
    await settle()
    [response] = of(esme, SubmitMultiResp)
    asked = {"message_id": response.message_id, "source_addr": b"10690001"}
    esme.driver.send(QuerySm(**asked))
    esme.driver.send(CancelSm(**asked))
    esme.driver.send(QuerySm(**asked))
    await trio.sleep(30)
    states = [one.message_state for one in of(esme, QuerySmResp)]
    assert states == [consts.MESSAGE_STATE_ENROUTE, consts.MESSAGE_STATE_DELETED]
    assert [one.command_status for one in of(esme, CancelSmResp)] == [0]
    assert [b"stat:DELETED" in one.short_message for one in esme.delivered] == [True] * 3


async def test_each_destination_counts_against_the_limit(lab: LabOf) -> None:
    """Two of five pass a limit of two a second, the rest is ESME_RTHROTTLED."""
    esme = await lab({"responses": {"throttle": 2}}).bind()
    esme.driver.send(many(*to(*(b"%d" % number for number in range(5)))))
    await settle()
    [response] = of(esme, SubmitMultiResp)
    codes = [one.error_status_code for one in response.unsuccess_sme]
    assert codes == [consts.ESME_RTHROTTLED] * 3


async def test_errors_strike_each_nth_the_first_or_one_sender(lab: LabOf) -> None:
    """Counted among those that the error is about; another error list counts anew."""
    the_lab = lab({"responses": {"errors": [{"status": "ESME_RTHROTTLED", "every": 3}]}})
    esme = await the_lab.bind()

    async def statuses(*texts: str, **fields: Any) -> list[int]:
        esme.received.clear()
        esme.submit(*texts, registered_delivery=0, **fields)
        await settle()
        return [response.command_status for response in esme.responses]

    assert await statuses(*"abcdefg") == [0, 0, 0x58, 0, 0, 0x58, 0]
    the_lab.smsc.change({"default": {"responses": {"errors": [{"status": "ESME_RMSGQFUL", "first": 2}]}}})
    assert await statuses(*"abcd") == [0x14, 0x14, 0, 0]
    the_lab.smsc.change(
        {"default": {"responses": {"errors": [{"status": 0x45, "from": "1069", "first": 0}]}}}
    )
    assert await statuses("a", source_addr=b"10690001") == [0x45]
    assert await statuses("a", source_addr=b"955") == [0]


async def test_tlvs_nobody_asked_for(lab: LabOf) -> None:
    """Unknown ones, and the same tag twice, stand in each response as the scenario has them."""
    tlvs = [{"tag": 0x1403, "hex": "0102"}, {"tag": 0x1403, "hex": ""}]
    esme = await lab({"responses": {"tlvs": tlvs}}).bind()
    esme.submit("x", registered_delivery=0)
    await settle()
    assert [response.tlvs for response in esme.responses] == [((0x1403, b"\x01\x02"), (0x1403, b""))]
