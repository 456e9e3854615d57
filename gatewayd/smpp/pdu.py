"""Every PDU of SMPP 3.4. A class is its own wire table: field order is wire order.

Names are those of the specification; octet strings are `bytes`. A size counts the NUL.
Where the field takes more than the specification allows, `accept` says how much we read.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, ClassVar, Final, get_type_hints

import msgspec

from gatewayd.smpp.consts import RESPONSE, command_name, status_name
from gatewayd.smpp.multi import Destination, Destinations, UnsuccessSme, UnsuccessSmes
from gatewayd.smpp.wire import U8, Counted, CStr, Kind, Tlv

Octet = Annotated[int, U8()]
ServiceType = Annotated[bytes, CStr(6)]
SourceAddress = Annotated[bytes, CStr(21, accept=65)]  # some SMSCs send longer alphanumeric or e-mail senders
DestinationAddress = Annotated[bytes, CStr(21)]
LongAddress = Annotated[bytes, CStr(65)]
MessageId = Annotated[bytes, CStr(65, accept=129)]  # ids of 65 characters are seen
Time = Annotated[bytes, CStr(17)]  # empty or 16 octets (7.1.1)
SystemId = Annotated[bytes, CStr(16)]
Password = Annotated[bytes, CStr(65)]  # 9 in the specification; SMSCs issue longer ones
ShortMessage = Annotated[bytes, Counted(254)]


class Pdu(msgspec.Struct, frozen=True, gc=False):
    """What every PDU has. sequence_number is set by decoding; encoding takes the number as an argument.

    tlvs: (tag, raw value) in the order of the wire; unknown, vendor and repeated ones are kept.
    Fields are given by name. They are not kw_only, and so all have defaults, only because the codec builds
    PDUs by position: with twenty names it takes five times as long.
    """

    command_id: ClassVar[int]
    command_status: int = 0
    sequence_number: int = 0
    tlvs: tuple[Tlv, ...] = ()

    def __repr__(self) -> str:
        """Neither texts, numbers nor passwords: this ends in logs and tracebacks."""
        name, status = type(self).__name__, status_name(self.command_status)
        return f"{name}(sequence_number={self.sequence_number}, command_status={status})"


@cache
def fields(pdu: type[Pdu]) -> Mapping[str, Kind]:
    """Mandatory fields of a PDU class in wire order."""
    hints = get_type_hints(pdu, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


def is_response(pdu: Pdu | type[Pdu]) -> bool:
    """Whether it answers a request; a generic_nack does."""
    return pdu.command_id >= RESPONSE


def wire_name(pdu: Pdu | type[Pdu]) -> str:
    """Its name in the specification ("submit_sm")."""
    return command_name(pdu.command_id)


class Bind(Pdu, frozen=True):
    """Body of the three bind requests (3.4 section 4.1)."""

    system_id: SystemId = b""
    password: Password = b""
    system_type: Annotated[bytes, CStr(13)] = b""
    interface_version: Octet = 0x34
    addr_ton: Octet = 0
    addr_npi: Octet = 0
    address_range: Annotated[bytes, CStr(41)] = b""


class BindResp(Pdu, frozen=True):
    """Body of the three bind responses (3.4 section 4.1)."""

    system_id: SystemId = b""


class BindReceiver(Bind, frozen=True):
    """bind_receiver (3.4 section 4.1.3)."""

    command_id: ClassVar[int] = 0x0000_0001


class BindReceiverResp(BindResp, frozen=True):
    """bind_receiver_resp (3.4 section 4.1.4)."""

    command_id: ClassVar[int] = 0x8000_0001


class BindTransmitter(Bind, frozen=True):
    """bind_transmitter (3.4 section 4.1.1)."""

    command_id: ClassVar[int] = 0x0000_0002


class BindTransmitterResp(BindResp, frozen=True):
    """bind_transmitter_resp (3.4 section 4.1.2)."""

    command_id: ClassVar[int] = 0x8000_0002


class BindTransceiver(Bind, frozen=True):
    """bind_transceiver (3.4 section 4.1.5)."""

    command_id: ClassVar[int] = 0x0000_0009


class BindTransceiverResp(BindResp, frozen=True):
    """bind_transceiver_resp (3.4 section 4.1.6)."""

    command_id: ClassVar[int] = 0x8000_0009


class Outbind(Pdu, frozen=True):
    """outbind: the SMSC asks the ESME to bind (3.4 section 4.1.7). It has no response."""

    command_id: ClassVar[int] = 0x0000_000B

    system_id: SystemId = b""
    password: Password = b""


class Unbind(Pdu, frozen=True):
    """unbind (3.4 section 4.2.1)."""

    command_id: ClassVar[int] = 0x0000_0006


class UnbindResp(Pdu, frozen=True):
    """unbind_resp (3.4 section 4.2.2)."""

    command_id: ClassVar[int] = 0x8000_0006


class GenericNack(Pdu, frozen=True):
    """generic_nack: answers what cannot be answered by its own response (3.4 section 4.3.1)."""

    command_id: ClassVar[int] = 0x8000_0000


class SubmitSm(Pdu, frozen=True):
    """submit_sm (3.4 section 4.4.1)."""

    command_id: ClassVar[int] = 0x0000_0004

    service_type: ServiceType = b""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddress = b""
    dest_addr_ton: Octet = 0
    dest_addr_npi: Octet = 0
    destination_addr: DestinationAddress = b""
    esm_class: Octet = 0
    protocol_id: Octet = 0
    priority_flag: Octet = 0
    schedule_delivery_time: Time = b""
    validity_period: Time = b""
    registered_delivery: Octet = 0
    replace_if_present_flag: Octet = 0
    data_coding: Octet = 0
    sm_default_msg_id: Octet = 0
    short_message: ShortMessage = b""


class SubmitSmResp(Pdu, frozen=True):
    """submit_sm_resp (3.4 section 4.4.2)."""

    command_id: ClassVar[int] = 0x8000_0004

    message_id: MessageId = b""


class SubmitMulti(Pdu, frozen=True):
    """submit_multi (3.4 section 4.5.1)."""

    command_id: ClassVar[int] = 0x0000_0021

    service_type: ServiceType = b""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddress = b""
    dest_address: Annotated[tuple[Destination, ...], Destinations(least=1, most=254)] = ()
    esm_class: Octet = 0
    protocol_id: Octet = 0
    priority_flag: Octet = 0
    schedule_delivery_time: Time = b""
    validity_period: Time = b""
    registered_delivery: Octet = 0
    replace_if_present_flag: Octet = 0
    data_coding: Octet = 0
    sm_default_msg_id: Octet = 0
    short_message: ShortMessage = b""


class SubmitMultiResp(Pdu, frozen=True):
    """submit_multi_resp (3.4 section 4.5.2)."""

    command_id: ClassVar[int] = 0x8000_0021

    message_id: MessageId = b""
    unsuccess_sme: Annotated[tuple[UnsuccessSme, ...], UnsuccessSmes(least=0, most=255)] = ()


class DeliverSm(Pdu, frozen=True):
    """deliver_sm: an MO or a receipt (3.4 section 4.6.1)."""

    command_id: ClassVar[int] = 0x0000_0005

    service_type: ServiceType = b""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddress = b""
    dest_addr_ton: Octet = 0
    dest_addr_npi: Octet = 0
    destination_addr: DestinationAddress = b""
    esm_class: Octet = 0
    protocol_id: Octet = 0
    priority_flag: Octet = 0
    schedule_delivery_time: Annotated[bytes, CStr(1, accept=17)] = b""  # must be empty; some copy submit_sm's
    validity_period: Annotated[bytes, CStr(1, accept=17)] = b""
    registered_delivery: Octet = 0
    replace_if_present_flag: Octet = 0
    data_coding: Octet = 0
    sm_default_msg_id: Octet = 0
    short_message: ShortMessage = b""


class DeliverSmResp(Pdu, frozen=True):
    """deliver_sm_resp (3.4 section 4.6.2). message_id is unused and must be empty."""

    command_id: ClassVar[int] = 0x8000_0005

    message_id: MessageId = b""


class DataSm(Pdu, frozen=True):
    """data_sm, in both directions; its text is in the TLV message_payload (3.4 section 4.7.1)."""

    command_id: ClassVar[int] = 0x0000_0103

    service_type: ServiceType = b""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: LongAddress = b""
    dest_addr_ton: Octet = 0
    dest_addr_npi: Octet = 0
    destination_addr: LongAddress = b""
    esm_class: Octet = 0
    registered_delivery: Octet = 0
    data_coding: Octet = 0


class DataSmResp(Pdu, frozen=True):
    """data_sm_resp (3.4 section 4.7.2)."""

    command_id: ClassVar[int] = 0x8000_0103

    message_id: MessageId = b""


class QuerySm(Pdu, frozen=True):
    """query_sm (3.4 section 4.8.1)."""

    command_id: ClassVar[int] = 0x0000_0003

    message_id: MessageId = b""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddress = b""


class QuerySmResp(Pdu, frozen=True):
    """query_sm_resp (3.4 section 4.8.2). message_state is 0 only where an error came without a body."""

    command_id: ClassVar[int] = 0x8000_0003

    message_id: MessageId = b""
    final_date: Time = b""
    message_state: Octet = 0
    error_code: Octet = 0


class CancelSm(Pdu, frozen=True):
    """cancel_sm (3.4 section 4.9.1)."""

    command_id: ClassVar[int] = 0x0000_0008

    service_type: ServiceType = b""
    message_id: MessageId = b""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddress = b""
    dest_addr_ton: Octet = 0
    dest_addr_npi: Octet = 0
    destination_addr: DestinationAddress = b""


class CancelSmResp(Pdu, frozen=True):
    """cancel_sm_resp (3.4 section 4.9.2)."""

    command_id: ClassVar[int] = 0x8000_0008


class ReplaceSm(Pdu, frozen=True):
    """replace_sm (3.4 section 4.10.1)."""

    command_id: ClassVar[int] = 0x0000_0007

    message_id: MessageId = b""
    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: SourceAddress = b""
    schedule_delivery_time: Time = b""
    validity_period: Time = b""
    registered_delivery: Octet = 0
    sm_default_msg_id: Octet = 0
    short_message: ShortMessage = b""


class ReplaceSmResp(Pdu, frozen=True):
    """replace_sm_resp (3.4 section 4.10.2)."""

    command_id: ClassVar[int] = 0x8000_0007


class EnquireLink(Pdu, frozen=True):
    """enquire_link (3.4 section 4.11.1)."""

    command_id: ClassVar[int] = 0x0000_0015


class EnquireLinkResp(Pdu, frozen=True):
    """enquire_link_resp (3.4 section 4.11.2)."""

    command_id: ClassVar[int] = 0x8000_0015


class AlertNotification(Pdu, frozen=True):
    """alert_notification: a handset is reachable again (3.4 section 4.12.1). It has no response."""

    command_id: ClassVar[int] = 0x0000_0102

    source_addr_ton: Octet = 0
    source_addr_npi: Octet = 0
    source_addr: LongAddress = b""
    esme_addr_ton: Octet = 0
    esme_addr_npi: Octet = 0
    esme_addr: LongAddress = b""


REQUESTS: Final[dict[type[Pdu], type[Pdu]]] = {
    BindReceiver: BindReceiverResp,
    BindTransmitter: BindTransmitterResp,
    BindTransceiver: BindTransceiverResp,
    Unbind: UnbindResp,
    SubmitSm: SubmitSmResp,
    SubmitMulti: SubmitMultiResp,
    DeliverSm: DeliverSmResp,
    DataSm: DataSmResp,
    QuerySm: QuerySmResp,
    CancelSm: CancelSmResp,
    ReplaceSm: ReplaceSmResp,
    EnquireLink: EnquireLinkResp,
}
"""Request class -> class of its response. Outbind and AlertNotification have none."""

_ALL: Final[tuple[type[Pdu], ...]] = (
    *REQUESTS,
    *REQUESTS.values(),
    Outbind,
    AlertNotification,
    GenericNack,
)
PDUS: Final[dict[int, type[Pdu]]] = {pdu.command_id: pdu for pdu in _ALL}
"""command_id -> class."""
