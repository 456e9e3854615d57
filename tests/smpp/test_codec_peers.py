"""What peers do in the field: what is tolerated, what is refused and how, and what we refuse to send."""

import struct

import pytest

from gatewayd.errors import LocalProtocolError, RemoteProtocolError
from gatewayd.smpp import consts
from gatewayd.smpp.codec import decode, encode
from gatewayd.smpp.multi import DistributionList, SmeAddress, UnsuccessSme
from gatewayd.smpp.pdu import (
    PDUS,
    BindTransceiver,
    BindTransceiverResp,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    Pdu,
    QuerySmResp,
    ReplaceSm,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    fields,
    is_response,
)

SEQUENCE_NUMBER = 0x01020304


def frame(command_id: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command_id, status, SEQUENCE_NUMBER) + body


@pytest.mark.parametrize("body", [b"", b"\0", b"0A1b\0", b"no NUL", b"\x04\x20\x00", b"\0\x02"])
@pytest.mark.parametrize("pdu", [pdu for pdu in PDUS.values() if is_response(pdu)])
def test_an_error_response_may_have_any_body(pdu: type[Pdu], body: bytes) -> None:
    """With an error the status is the answer: no body, one NUL, an id or rubbish behind it are all taken."""
    read = decode(frame(pdu.command_id, body, consts.ESME_RTHROTTLED))
    assert (type(read), read.command_status, read.sequence_number) == (pdu, 0x58, SEQUENCE_NUMBER)


def test_the_id_of_an_error_response_is_kept() -> None:
    """An error response with a whole body is read whole."""
    assert decode(frame(0x8000_0004, b"0A1b\0", 0x58)) == SubmitSmResp(
        command_status=0x58, sequence_number=SEQUENCE_NUMBER, message_id=b"0A1b"
    )


@pytest.mark.parametrize("pdu", [BindTransceiverResp, SubmitSmResp, DeliverSmResp, DataSmResp])
def test_a_response_may_leave_out_its_only_field(pdu: type[Pdu]) -> None:
    """Sixteen octets with ESME_ROK: the id is empty, the answer counts."""
    assert decode(frame(pdu.command_id)) == pdu(sequence_number=SEQUENCE_NUMBER)


@pytest.mark.parametrize("pdu", [QuerySmResp, SubmitMultiResp])
def test_other_responses_need_their_body(pdu: type[Pdu]) -> None:
    """A query_sm_resp without a state says nothing, so nothing is made up."""
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(frame(pdu.command_id))
    assert (refusal.value.fatal, refusal.value.sequence_number) == (False, SEQUENCE_NUMBER)


def test_tlvs_not_allowed_unknown_and_repeated_are_kept() -> None:
    """A tag not listed for the PDU, a vendor's, one twice, an empty one: all kept in order."""
    tlvs = ((0x0210, b"\x34"), (0x1403, b"vendor"), (0x0427, b"\1"), (0x0427, b"\2"), (0x130C, b""))
    tail = b"".join(struct.pack(">HH", tag, len(raw)) + raw for tag, raw in tlvs)
    assert decode(frame(0x8000_0004, b"7\0" + tail)).tlvs == tlvs
    assert decode(frame(EnquireLink.command_id, tail)).tlvs == tlvs


def test_a_long_sender_is_read_but_not_sent() -> None:
    """source_addr beyond 21 octets comes from peers; 64 characters are read, more is ESME_RINVSRCADR."""
    before, after = b"\0\5\0", b"\0\1\1222\0" + bytes(10)
    read = decode(frame(5, before + b"a" * 64 + after))
    assert isinstance(read, DeliverSm)
    assert read.source_addr == b"a" * 64
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(frame(5, before + b"a" * 65 + after))
    assert refusal.value.command_status == consts.ESME_RINVSRCADR
    with pytest.raises(LocalProtocolError, match="source_addr must be at most 20 octets"):
        encode(read, 1)


def test_255_octets_are_read_but_not_sent() -> None:
    """SMPP 5.0 allows a short_message of 255 octets, 3.4 only 254."""
    head = encode(SubmitSm(short_message=b""), 1)[16:-1]
    read = decode(frame(4, head + b"\xff" + b"x" * 255))
    assert isinstance(read, SubmitSm)
    assert len(read.short_message) == 255
    with pytest.raises(LocalProtocolError, match="short_message must be at most 254 octets"):
        encode(read, 1)


HEAD = b"\0\1\1111\0\1\1222\0" + bytes(8)  # submit_sm up to sm_default_msg_id

REFUSED = {
    "sm_length past the end": (4, HEAD + b"\0\xc8hi", consts.ESME_RINVMSGLEN),
    "TLV length past the end": (4, HEAD + b"\0\2hi\x04\x24\x01\xf4abc", consts.ESME_RINVOPTPARSTREAM),
    "half a TLV header": (4, HEAD + b"\0\2hi\x04\x24\x00", consts.ESME_RINVOPTPARSTREAM),
    "unterminated destination": (5, b"\0\1\1111\0\1\1" + b"2" * 30, consts.ESME_RINVDSTADR),
    "cut after source_addr": (5, b"\0\1\1111\0", consts.ESME_RINVDSTADR),
    "cut inside the flags": (4, b"\0\1\1111\0\1\1222\0\0\0\0\0\0\1", consts.ESME_RINVCMDLEN),
    "service_type of 6 octets": (4, b"abcdef\0", consts.ESME_RINVSERTYP),
    "message_id of 300 octets": (0x8000_0004, b"1" * 300 + b"\0", consts.ESME_RINVMSGID),
    "system_id of 16 octets": (9, b"a" * 16 + b"\0", consts.ESME_RINVSYSID),
    "bind cut after the password": (9, b"acme\0pw\0", consts.ESME_RINVSYSTYP),
    "unknown dest_flag": (0x21, b"\0\0\0\0\1\3x\0", consts.ESME_RINVDESTFLAG),
    "more destinations than there are": (0x21, b"\0\0\0\0\2\2x\0", consts.ESME_RINVCMDLEN),
    "unterminated dl_name": (0x21, b"\0\0\0\0\1\2x", consts.ESME_RINVDLNAME),
    "half an error_status_code": (0x8000_0021, b"1\0\1\1\1222\0\0\0", consts.ESME_RINVCMDLEN),
}


@pytest.mark.parametrize(("command_id", "body", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_lies_and_cuts_are_answered_precisely(command_id: int, body: bytes, status: int) -> None:
    """The error says what to answer, to which request, and that framing still holds."""
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(frame(command_id, body))
    error = refusal.value
    assert (error.command_status, error.command_id) == (status, command_id)
    assert (error.sequence_number, error.fatal) == (SEQUENCE_NUMBER, False)


def test_an_unknown_command_keeps_framing() -> None:
    """A vendor's command is ESME_RINVCMDID with its sequence_number, for a generic_nack."""
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(frame(0x0001_0200, b"anything"))
    assert (refusal.value.command_status, refusal.value.fatal) == (consts.ESME_RINVCMDID, False)
    assert (refusal.value.command_id, refusal.value.sequence_number) == (0x0001_0200, SEQUENCE_NUMBER)


@pytest.mark.parametrize("length", [0, 15, 17, 500, 0xFFFF_FFFF])
def test_a_false_command_length_is_fatal(length: int) -> None:
    """A frame that is not as long as it says: nothing after it can be trusted."""
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(struct.pack(">IIII", length, EnquireLink.command_id, 0, SEQUENCE_NUMBER))
    assert (refusal.value.command_status, refusal.value.fatal) == (consts.ESME_RINVCMDLEN, True)
    assert refusal.value.sequence_number == SEQUENCE_NUMBER


WRONG = [
    ("destination_addr", SubmitSm(destination_addr=b"1" * 21)),
    ("source_addr", SubmitSm(source_addr=b"a\0b")),
    ("service_type", SubmitSm(service_type=b"abcdef")),
    ("validity_period", SubmitSm(validity_period=b"0" * 17)),
    ("schedule_delivery_time", DeliverSm(schedule_delivery_time=b"0" * 16)),
    ("short_message", ReplaceSm(short_message=b"x" * 255)),
    ("esm_class", SubmitSm(esm_class=256)),
    ("data_coding", SubmitSm(data_coding=-1)),
    ("system_id", BindTransceiver(system_id=b"a" * 16)),
    ("password", BindTransceiver(password=b"p\0w")),
    ("message_id", SubmitSmResp(message_id=b"1" * 65)),
    ("dest_address", SubmitMulti()),
    ("dest_address", SubmitMulti(dest_address=(DistributionList(dl_name=b"a\0b"),))),
    (
        "dest_address must be 1 to 254 items",
        SubmitMulti(dest_address=(DistributionList(dl_name=b"x"),) * 255),
    ),
    ("dest_address", SubmitMulti(dest_address=(SmeAddress(destination_addr=b"1" * 21),))),
    ("dest_address", SubmitMulti(dest_address=(SmeAddress(dest_addr_ton=256, destination_addr=b"1"),))),
    (
        "unsuccess_sme",
        SubmitMultiResp(unsuccess_sme=(UnsuccessSme(destination_addr=b"1", error_status_code=2**32),)),
    ),
    ("TLV", SubmitSm(tlvs=((0x0424, b"x" * 65_536),))),
    ("TLV", SubmitSm(tlvs=((0x10000, b""),))),
    ("command_status", SubmitSmResp(command_status=2**32)),
]


@pytest.mark.parametrize(("named", "pdu"), WRONG)
def test_nothing_is_cut_silently(named: str, pdu: Pdu) -> None:
    """A value that does not fit its field is refused before a single octet is made, and named."""
    with pytest.raises(LocalProtocolError, match=named):
        encode(pdu, 1)


@pytest.mark.parametrize("wrong", ["str", 7, None])
def test_a_wrong_type_is_refused(wrong: object) -> None:
    """Text where octets belong is our error, not a crash of the writer."""
    with pytest.raises(LocalProtocolError, match="destination_addr"):
        encode(SubmitSm(destination_addr=wrong), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("sequence_number", [-1, 2**32])
def test_a_sequence_number_must_fit(sequence_number: int) -> None:
    """sequence_number has 32 bits."""
    with pytest.raises(LocalProtocolError, match="sequence_number"):
        encode(EnquireLink(), sequence_number)


def test_a_peer_may_number_as_it_likes() -> None:
    """Responses echo what the request had, 0 and values beyond 0x7FFFFFFF included."""
    for sequence_number in (0, 0x8000_0000, 0xFFFF_FFFF):
        assert (
            decode(encode(GenericNack(command_status=3), sequence_number)).sequence_number == sequence_number
        )


SECRETS = (b"13800138000", b"otp 987654", b"s3cret")


def test_neither_text_number_nor_password_is_shown() -> None:
    """A repr or error text ends in logs: no field's value is in them."""
    destination = SmeAddress(destination_addr=SECRETS[0])
    failed = UnsuccessSme(destination_addr=SECRETS[0], error_status_code=11)
    shown = [
        repr(SubmitSm(destination_addr=SECRETS[0], short_message=SECRETS[1], tlvs=((0x424, SECRETS[1]),))),
        repr(BindTransceiver(system_id=b"acme", password=SECRETS[2])),
        repr(SubmitMulti(dest_address=(destination,))) + repr(destination) + repr(failed),
    ]
    with pytest.raises(LocalProtocolError) as local:
        encode(SubmitSm(destination_addr=SECRETS[0] * 2, short_message=SECRETS[1]), 1)
    with pytest.raises(RemoteProtocolError) as remote:
        decode(frame(5, b"\0\1\1" + SECRETS[0] * 9))
    shown += [str(error.value) + repr(error.value) for error in (local, remote)]
    assert local.value.__suppress_context__
    assert not [text for text in shown for secret in SECRETS if secret.decode() in text]
    assert repr(SubmitSmResp(command_status=0x58, sequence_number=7)) == (
        "SubmitSmResp(sequence_number=7, command_status=ESME_RTHROTTLED)"
    )


def test_the_codec_builds_pdus_in_field_order() -> None:
    """Decoding gives values by position: the fields of the header, then the class's own in order."""
    for pdu in PDUS.values():
        assert pdu.__struct_fields__ == ("command_status", "sequence_number", "tlvs", *fields(pdu))
