"""Octets and back, for every PDU; and the same octets as smpplib wherever smpplib can make them."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from smpplib import smpp

from gatewayd.errors import RemoteProtocolError
from gatewayd.smpp import tlv
from gatewayd.smpp.codec import HEADER_SIZE, decode, encode
from gatewayd.smpp.consts import tlv_name
from gatewayd.smpp.multi import Destinations, DistributionList, SmeAddress, UnsuccessSme, UnsuccessSmes
from gatewayd.smpp.pdu import (
    PDUS,
    AlertNotification,
    Bind,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    fields,
    is_response,
    wire_name,
)
from gatewayd.smpp.wire import U8, Counted, CStr, Kind

octets = st.integers(0, 0xFF)
sequence_numbers = st.integers(1, 0x7FFF_FFFF)
statuses = st.integers(0, 0xFFFF_FFFF)
raw_tlvs = st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=4).map(tuple)


def c_strings(size: int) -> st.SearchStrategy[bytes]:
    return st.lists(st.integers(1, 0xFF), max_size=size - 1).map(bytes)


def addresses(item: type[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(item, dest_addr_ton=octets, dest_addr_npi=octets, destination_addr=c_strings(21), **more)


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """All that a kind of field may carry."""
    match kind:
        case U8():
            return octets
        case CStr(size=size):
            return c_strings(size)
        case Counted(size=size):
            return st.binary(max_size=size)
        case Destinations():
            lists = st.builds(DistributionList, dl_name=c_strings(21))
            return st.lists(addresses(SmeAddress) | lists, min_size=1, max_size=5).map(tuple)
        case UnsuccessSmes():
            return st.lists(addresses(UnsuccessSme, error_status_code=statuses), max_size=5).map(tuple)
        case _:
            raise AssertionError(kind)


def pdus(pdu: type[Pdu], tlvs: st.SearchStrategy[Any] = raw_tlvs) -> st.SearchStrategy[Pdu]:
    mandatory = {name: values(kind) for name, kind in fields(pdu).items()}
    return st.builds(pdu, command_status=statuses, sequence_number=sequence_numbers, tlvs=tlvs, **mandatory)


any_pdu = st.sampled_from(list(PDUS.values())).flatmap(pdus)
requests = st.sampled_from([pdu for pdu in PDUS.values() if not is_response(pdu) and fields(pdu)])


@given(any_pdu)
@settings(max_examples=400)
def test_decoding_undoes_encoding(pdu: Pdu) -> None:
    """Every PDU comes back as it was, TLVs raw, in order, repeated and unknown ones included."""
    assert decode(encode(pdu, pdu.sequence_number)) == pdu


@given(requests.flatmap(lambda pdu: pdus(pdu, st.just(()))), st.data())
@settings(max_examples=300)
def test_a_cut_request_is_refused(pdu: Pdu, data: st.DataObject) -> None:
    """No mandatory part cut short is accepted, although command_length agrees with the octets."""
    whole = encode(pdu, pdu.sequence_number)
    size = data.draw(st.integers(HEADER_SIZE, len(whole) - 1))
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(size.to_bytes(4) + whole[4:size])
    assert not refusal.value.fatal
    assert refusal.value.command_status != 0
    assert refusal.value.sequence_number == pdu.sequence_number
    assert refusal.value.command_id == pdu.command_id


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=9)), min_size=1, max_size=3), st.data())
def test_a_cut_tlv_is_refused(tlvs: list[tuple[int, bytes]], data: st.DataObject) -> None:
    """A TLV cut in its header or value is ESME_RINVOPTPARSTREAM; a cut between two is another, whole PDU."""
    whole = encode(SubmitSm(tlvs=tuple(tlvs)), 1)
    tail = sum(4 + len(raw) for _, raw in tlvs)
    size = data.draw(st.integers(len(whole) - tail + 1, len(whole) - 1))
    borders = [len(whole) - tail + sum(4 + len(raw) for _, raw in tlvs[:n]) for n in range(len(tlvs))]
    assume(size not in borders)
    with pytest.raises(RemoteProtocolError, match="tlvs") as refusal:
        decode(size.to_bytes(4) + whole[4:size])
    assert refusal.value.command_status == 0xC0


@given(any_pdu, st.data())
@settings(max_examples=400)
def test_damage_raises_one_error_type_only(pdu: Pdu, data: st.DataObject) -> None:
    """A PDU with octets overwritten, or cut, is read or refused with RemoteProtocolError; nothing else."""
    frame = bytearray(encode(pdu, pdu.sequence_number))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(4, len(frame) - 1))] = data.draw(octets)
    del frame[data.draw(st.integers(0, len(frame))) :]
    frame[:4] = len(frame).to_bytes(4)
    try:
        read = decode(bytes(frame))
    except RemoteProtocolError as refusal:
        assert refusal.command_status != 0  # noqa: PT017  both outcomes are right
    else:
        assert isinstance(read, Pdu)


@given(st.binary(max_size=80))
def test_junk_raises_one_error_type_only(junk: bytes) -> None:
    """Octets that are no PDU at all: framing is lost."""
    assume(int.from_bytes(junk[:4]) != len(junk))
    with pytest.raises(RemoteProtocolError) as refusal:
        decode(junk)
    assert refusal.value.fatal


class Client:
    """What smpplib asks of its client: sequence numbers."""

    sequence = 0

    def next_sequence(self) -> int:
        return 0


SMPPLIB_CAN: tuple[type[Pdu], ...] = (
    *(BindReceiver, BindTransmitter, BindTransceiver),
    *(BindReceiverResp, BindTransmitterResp, BindTransceiverResp),
    *(Unbind, UnbindResp, EnquireLink, EnquireLinkResp, GenericNack),
    *(SubmitSm, SubmitSmResp, DeliverSm, DeliverSmResp, DataSm, DataSmResp),
    *(QuerySm, QuerySmResp, AlertNotification),
)
SMPPLIB_CUTS = {"password": 9, "source_addr": 21, "destination_addr": 21, "esme_addr": 21}
"""Sizes (NUL included) smpplib knows only up to: it cuts what is longer."""

SMPPLIB_TLVS: dict[type[Pdu], list[tuple[tlv.Tag[Any], Any]]] = {
    SubmitSm: [(tlv.USER_MESSAGE_REFERENCE, 513), (tlv.SAR_MSG_REF_NUM, 7), (tlv.SAR_TOTAL_SEGMENTS, 2)],
    DeliverSm: [(tlv.MESSAGE_STATE, 2), (tlv.RECEIPTED_MESSAGE_ID, b"0123456789")],
    DataSm: [(tlv.QOS_TIME_TO_LIVE, 70_000), (tlv.MESSAGE_PAYLOAD, b"\0\xff" * 99), (tlv.MESSAGE_STATE, 5)],
    BindTransceiverResp: [(tlv.SC_INTERFACE_VERSION, 0x34)],
}
"""TLVs in the order smpplib writes them."""


def text(value: Any, name: str) -> Any:
    """A field's value as smpplib wants it: str for C-octet strings."""
    return value.decode("ascii") if isinstance(value, bytes) and name not in OCTET_STRINGS else value


OCTET_STRINGS = ("short_message", "message_payload")


def smpplib_values(name: str, kind: Kind) -> st.SearchStrategy[Any]:
    if isinstance(kind, CStr):
        most = min(kind.size, SMPPLIB_CUTS.get(name, kind.size)) - 1
        return st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=most).map(str.encode)
    return values(kind)


@st.composite
def both(draw: st.DrawFn) -> Pdu:
    """A PDU within what smpplib can say."""
    pdu = draw(st.sampled_from(SMPPLIB_CAN))
    chosen = {name: draw(smpplib_values(name, kind)) for name, kind in fields(pdu).items()}
    if issubclass(pdu, Bind):
        chosen["interface_version"] = 0x34  # smpplib ignores the argument
    if pdu is QuerySm:
        assume(chosen["message_id"])
    tlvs = tuple(tag.tlv(value) for tag, value in SMPPLIB_TLVS.get(pdu, ()) if draw(st.booleans()))
    return pdu(sequence_number=draw(sequence_numbers), tlvs=tlvs, **chosen)


def smpplib_octets(pdu: Pdu) -> bytes:
    arguments = {name: text(getattr(pdu, name), name) for name in fields(type(pdu))}
    for tag, value in SMPPLIB_TLVS.get(type(pdu), ()):
        if tlv.first(pdu.tlvs, tag) is not None:
            name = tlv_name(tag)
            arguments[name] = text(value, name)
    theirs = smpp.make_pdu(wire_name(pdu), client=Client(), **arguments)
    theirs.sequence = pdu.sequence_number
    octets: bytes = theirs.generate()
    return octets


@given(both())
@settings(max_examples=400)
def test_octets_equal_those_of_smpplib(pdu: Pdu) -> None:
    """For every PDU smpplib can write, it writes the same octets, and we read them back alike."""
    theirs = smpplib_octets(pdu)
    assert encode(pdu, pdu.sequence_number) == theirs
    assert decode(theirs) == pdu


@given(both())
@settings(max_examples=300)
def test_smpplib_reads_the_same_fields(pdu: Pdu) -> None:
    """What we write, smpplib reads field by field as we meant it."""
    theirs = smpp.parse_pdu(encode(pdu, pdu.sequence_number), client=Client())
    assert (theirs.command, theirs.sequence, theirs.status) == (wire_name(pdu), pdu.sequence_number, 0)
    for name in fields(type(pdu)):
        read = getattr(theirs, name)
        assert (b"" if read is None else read) == getattr(pdu, name), (
            name
        )  # None: empty, at the end of the PDU
