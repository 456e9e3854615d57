"""Known optional parameters and their types; any other stays octets (3.4 section 5.3).

A PDU keeps its TLVs raw. A tag here is its number (an int) that also knows its value: `find` reads it from a
PDU's tlvs, `tlv` makes the pair to send. Peers get sizes wrong, so a value that does not fit its type is None
and never an error.
"""

from collections.abc import Iterable
from typing import Any, Final, Generic, Self, TypeVar

from gatewayd.errors import LocalProtocolError
from gatewayd.smpp.consts import TLV_TAGS, tlv_name
from gatewayd.smpp.wire import Tlv

Value = TypeVar("Value", int, bytes)


def first(tlvs: Iterable[Tlv], tag: int) -> bytes | None:
    """Raw value of the first TLV with this tag; None if there is none."""
    for number, raw in tlvs:
        if number == tag:
            return raw
    return None


def typed(tag: int, raw: bytes) -> int | bytes | None:
    """The value by the tag's type; None if it does not fit; the octets themselves if the tag is unknown."""
    known = KNOWN.get(tag)
    return raw if known is None else known.read(raw)


class Tag(int, Generic[Value]):
    """Number of a TLV, with its name of the specification and its sizes in octets."""

    least: int
    most: int

    def __new__(cls, name: str, least: int, most: int | None = None) -> Self:
        tag = super().__new__(cls, TLV_TAGS[name])
        tag.least, tag.most = least, least if most is None else most
        return tag

    def find(self, tlvs: Iterable[Tlv]) -> Value | None:
        """Value of the first TLV with this tag; None if there is none or it does not fit."""
        for number, raw in tlvs:
            if number == self:
                return self.read(raw)
        return None

    def tlv(self, value: Value) -> Tlv:
        """The TLV to send. Raises LocalProtocolError if the value does not fit."""
        try:
            raw = self.write(value)
        except (OverflowError, ValueError):
            raw = None
        if raw is None or not self.least <= len(raw) <= self.most:
            raise LocalProtocolError(
                f"{tlv_name(self)}: value does not fit {self.least} to {self.most} octets"
            )
        return int(self), raw

    def read(self, raw: bytes) -> Value | None:
        raise NotImplementedError

    def write(self, value: Value) -> bytes:
        raise NotImplementedError


class IntTag(Tag[int]):
    """Unsigned integer of a fixed size."""

    def read(self, raw: bytes) -> int | None:
        return int.from_bytes(raw) if len(raw) == self.least else None

    def write(self, value: int) -> bytes:
        return value.to_bytes(self.least)


class OctetsTag(Tag[bytes]):
    """Octet string."""

    def read(self, raw: bytes) -> bytes | None:
        return raw if self.least <= len(raw) <= self.most else None

    def write(self, value: bytes) -> bytes:
        return value


class CStringTag(Tag[bytes]):
    """C-octet string; its value has no NUL. Peers leave the NUL out, and exceed the size: both are read."""

    def read(self, raw: bytes) -> bytes:
        return raw.partition(b"\0")[0]

    def write(self, value: bytes) -> bytes:
        if 0 in value:
            raise ValueError
        return value + b"\0"


DEST_ADDR_SUBUNIT: Final = IntTag("dest_addr_subunit", 1)
DEST_NETWORK_TYPE: Final = IntTag("dest_network_type", 1)
DEST_BEARER_TYPE: Final = IntTag("dest_bearer_type", 1)
DEST_TELEMATICS_ID: Final = IntTag("dest_telematics_id", 2)
SOURCE_ADDR_SUBUNIT: Final = IntTag("source_addr_subunit", 1)
SOURCE_NETWORK_TYPE: Final = IntTag("source_network_type", 1)
SOURCE_BEARER_TYPE: Final = IntTag("source_bearer_type", 1)
SOURCE_TELEMATICS_ID: Final = IntTag("source_telematics_id", 1)
QOS_TIME_TO_LIVE: Final = IntTag("qos_time_to_live", 4)
PAYLOAD_TYPE: Final = IntTag("payload_type", 1)
ADDITIONAL_STATUS_INFO_TEXT: Final = CStringTag("additional_status_info_text", 1, 256)
RECEIPTED_MESSAGE_ID: Final = CStringTag("receipted_message_id", 1, 65)
MS_MSG_WAIT_FACILITIES: Final = IntTag("ms_msg_wait_facilities", 1)
PRIVACY_INDICATOR: Final = IntTag("privacy_indicator", 1)
SOURCE_SUBADDRESS: Final = OctetsTag("source_subaddress", 2, 23)
DEST_SUBADDRESS: Final = OctetsTag("dest_subaddress", 2, 23)
USER_MESSAGE_REFERENCE: Final = IntTag("user_message_reference", 2)
USER_RESPONSE_CODE: Final = IntTag("user_response_code", 1)
SOURCE_PORT: Final = IntTag("source_port", 2)
DESTINATION_PORT: Final = IntTag("destination_port", 2)
SAR_MSG_REF_NUM: Final = IntTag("sar_msg_ref_num", 2)
LANGUAGE_INDICATOR: Final = IntTag("language_indicator", 1)
SAR_TOTAL_SEGMENTS: Final = IntTag("sar_total_segments", 1)
SAR_SEGMENT_SEQNUM: Final = IntTag("sar_segment_seqnum", 1)
SC_INTERFACE_VERSION: Final = IntTag("sc_interface_version", 1)
CALLBACK_NUM_PRES_IND: Final = IntTag("callback_num_pres_ind", 1)
CALLBACK_NUM_ATAG: Final = OctetsTag("callback_num_atag", 1, 65)
NUMBER_OF_MESSAGES: Final = IntTag("number_of_messages", 1)
CALLBACK_NUM: Final = OctetsTag("callback_num", 4, 19)
DPF_RESULT: Final = IntTag("dpf_result", 1)
SET_DPF: Final = IntTag("set_dpf", 1)
MS_AVAILABILITY_STATUS: Final = IntTag("ms_availability_status", 1)
NETWORK_ERROR_CODE: Final = OctetsTag("network_error_code", 3)
MESSAGE_PAYLOAD: Final = OctetsTag("message_payload", 0, 65_535)
DELIVERY_FAILURE_REASON: Final = IntTag("delivery_failure_reason", 1)
MORE_MESSAGES_TO_SEND: Final = IntTag("more_messages_to_send", 1)
MESSAGE_STATE: Final = IntTag("message_state", 1)
USSD_SERVICE_OP: Final = IntTag("ussd_service_op", 1)
DISPLAY_TIME: Final = IntTag("display_time", 1)
SMS_SIGNAL: Final = IntTag("sms_signal", 2)
MS_VALIDITY: Final = IntTag("ms_validity", 1)
ALERT_ON_MESSAGE_DELIVERY: Final = OctetsTag("alert_on_message_delivery", 0, 1)  # no value in 3.4, one in 5.0
ITS_REPLY_TYPE: Final = IntTag("its_reply_type", 1)
ITS_SESSION_INFO: Final = OctetsTag("its_session_info", 2)
CONGESTION_STATE: Final = IntTag("congestion_state", 1)  # 5.0 section 4.8.4.18: 0 idle to 100 congested

KNOWN: Final[dict[int, Tag[Any]]] = {int(tag): tag for tag in globals().values() if isinstance(tag, Tag)}
"""Tag number -> its type. The broadcast TLVs of 5.0 have names (consts.TLV_NAMES) but no types."""
