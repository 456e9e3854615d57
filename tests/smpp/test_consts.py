"""Names and numbers of SMPP, both ways."""

import pytest
from smpplib import command_codes
from smpplib import consts as smpplib_consts

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import PDUS, REQUESTS, GenericNack, Pdu, SubmitSm, SubmitSmResp, is_response, wire_name


@pytest.mark.parametrize(
    ("status", "name"),
    [(0, "ESME_ROK"), (0x58, "ESME_RTHROTTLED"), (0x102, "ESME_RSERTYPUNAVAIL"), (0x444, "0x00000444")],
)
def test_status_names(status: int, name: str) -> None:
    """3.4 and 5.0 statuses have their symbolic name; a vendor's is told in hex, never refused."""
    assert consts.status_name(status) == name


def test_status_constants_have_their_names_numbers() -> None:
    """Each ESME_ constant is the number its name has, and every 3.4 status is one."""
    constants = {name: number for name, number in vars(consts).items() if name.startswith("ESME_")}
    assert constants == {name: number for number, name in consts.STATUS_NAMES.items() if number < 0x100}


def test_descriptions_are_smpplibs() -> None:
    """Texts for people come from smpplib; where it has a placeholder or none, something better stands."""
    assert consts.description(0x0A) == smpplib_consts.DESCRIPTIONS[0x0A]
    assert consts.description(0x07) == "Invalid Registered Delivery Flag"
    assert consts.description(0x102) == "ESME_RSERTYPUNAVAIL"
    assert consts.description(0x444) == "0x00000444"


def test_names_of_commands_and_tlvs() -> None:
    """Known numbers have the specification's name, others hex digits."""
    assert (consts.command_name(4), consts.command_name(0x1_0200)) == ("submit_sm", "0x00010200")
    assert (consts.tlv_name(0x1E), consts.tlv_name(0x1403)) == ("receipted_message_id", "0x1403")


def test_message_states() -> None:
    """The eight of 3.4 and the two of 5.0."""
    assert [consts.MESSAGE_STATES[state] for state in (0, 1, 2, 5, 8, 9)] == [
        *("SCHEDULED", "ENROUTE", "DELIVERED", "UNDELIVERABLE", "REJECTED", "SKIPPED")
    ]


def test_every_command_has_its_class_named_after_it() -> None:
    """Each command of smpplib's table is a class: submit_sm_resp is SubmitSmResp."""
    assert {wire_name(pdu): pdu.command_id for pdu in PDUS.values()} == command_codes.commands
    for pdu in PDUS.values():
        assert "".join(word.title() for word in wire_name(pdu).split("_")) == pdu.__name__


def test_a_response_answers_its_request() -> None:
    """The response's command_id is the request's with the top bit set (3.4 section 5.1.2.1)."""
    for request, response in REQUESTS.items():
        assert response.command_id == request.command_id | consts.RESPONSE
        assert (is_response(request), is_response(response)) == (False, True)
    without: set[type[Pdu]] = set(PDUS.values()) - {*REQUESTS, *REQUESTS.values()}
    assert {wire_name(pdu) for pdu in without} == {"outbind", "alert_notification", "generic_nack"}
    assert [is_response(pdu) for pdu in (GenericNack(), SubmitSm(), SubmitSmResp())] == [True, False, True]
