"""User data headers and what else tells that a message is one segment of several.

3GPP TS 23.040 section 9.2.3.24; the SAR TLVs of SMPP 3.4 sections 5.3.2.22 to 5.3.2.24.
"""

from typing import Final

import msgspec

from gatewayd.smpp.consts import TLV_TAGS
from gatewayd.smpp.tlv import first
from gatewayd.smpp.wire import Tlv

UDHI: Final = 0x40
"""The bit of esm_class that says: short_message begins with a header (3.4 section 5.2.12)."""

CONCAT_8_BIT: Final = 0x00
CONCAT_16_BIT: Final = 0x08
SINGLE_SHIFT: Final = 0x24  # national language tables: TS 23.040 sections 9.2.3.24.15 and 9.2.3.24.16
LOCKING_SHIFT: Final = 0x25
SAR_MSG_REF_NUM: Final = TLV_TAGS["sar_msg_ref_num"]
SAR_TOTAL_SEGMENTS: Final = TLV_TAGS["sar_total_segments"]
SAR_SEGMENT_SEQNUM: Final = TLV_TAGS["sar_segment_seqnum"]
MESSAGE_PAYLOAD: Final = TLV_TAGS["message_payload"]

Element = tuple[int, bytes]
"""Identifier and raw value of an information element."""


class Concat(msgspec.Struct, frozen=True, gc=False):
    """Place of a segment in its message: `number` counts from 1 to `total`, which is at least 2."""

    reference: int
    total: int
    number: int


class UserData(msgspec.Struct, frozen=True, gc=False):
    """What a received deliver_sm or data_sm carries, without its header.

    elements: of the header, in order, those of concatenation included (ports of a binary message).
    """

    octets: bytes
    elements: tuple[Element, ...] = ()
    concat: Concat | None = None

    def __repr__(self) -> str:
        """Without the text, which must not reach a log."""
        return f"UserData({len(self.octets)} octets, {self.concat})"


def concat_8_bit(reference: int, total: int, number: int, elements: bytes = b"") -> bytes:
    """A header with the concatenation and other elements; of the reference the low 8 bits."""
    return bytes((5 + len(elements), CONCAT_8_BIT, 3, reference & 0xFF, total, number)) + elements


def concat_16_bit(reference: int, total: int, number: int, elements: bytes = b"") -> bytes:
    """A header with the concatenation and other elements; of the reference the low 16 bits."""
    high, low = divmod(reference & 0xFFFF, 256)
    return bytes((6 + len(elements), CONCAT_16_BIT, 4, high, low, total, number)) + elements


def sar(reference: int, total: int, number: int) -> tuple[Tlv, ...]:
    """The three TLVs of a concatenation.

    Of the reference only the low 8 bits, though there is room for 16: the SMSC has to put it into a
    header, and 16 bits would make that header one octet longer than the segment was cut for.
    """
    return (
        (SAR_MSG_REF_NUM, bytes((0, reference & 0xFF))),
        (SAR_TOTAL_SEGMENTS, bytes((total,))),
        (SAR_SEGMENT_SEQNUM, bytes((number,))),
    )


def shifts(elements: tuple[Element, ...]) -> tuple[int, int]:
    """National languages of the locking and the single shift table that a header tells; 0: none."""
    told = {identifier: value[0] for identifier, value in elements if len(value) == 1}
    return told.get(LOCKING_SHIFT, 0), told.get(SINGLE_SHIFT, 0)


def shift_elements(locking: int, single: int) -> bytes:
    """The elements that tell them."""
    told = ((SINGLE_SHIFT, single), (LOCKING_SHIFT, locking))
    return b"".join(bytes((identifier, 1, language)) for identifier, language in told if language)


def header_size(elements: tuple[Element, ...]) -> int:
    """Octets of the header, its length octet included; 0 if there is none."""
    return 1 + sum(2 + len(value) for _, value in elements) if elements else 0


def own_header(elements: tuple[Element, ...]) -> bytes:
    """The header without concatenation and national tables, which reading uses up; empty if none is left."""
    used = {CONCAT_8_BIT, CONCAT_16_BIT, SINGLE_SHIFT, LOCKING_SHIFT}
    left = b"".join(bytes((name, len(value))) + value for name, value in elements if name not in used)
    return bytes((len(left),)) + left if left else b""


def user_data(esm_class: int, short_message: bytes, tlvs: tuple[Tlv, ...]) -> UserData:
    """Header, concatenation and payload of a received PDU; nothing makes it fail.

    message_payload counts where short_message is empty. Where header and SAR TLVs both tell of a
    concatenation, the header wins (SMSCs that translate one into the other leave both).
    """
    octets = short_message or first(tlvs, MESSAGE_PAYLOAD) or b""
    elements: tuple[Element, ...] = ()
    if esm_class & UDHI:
        elements, octets = parse_udh(octets)
    concat = _concat_of_header(elements) if elements else None
    if concat is None and tlvs:
        concat = _concat_of_tlvs(tlvs)
    return UserData(octets, elements, concat)


def parse_udh(octets: bytes) -> tuple[tuple[Element, ...], bytes]:
    """Information elements and what follows the header.

    A header whose lengths lie is no header: no elements then, and all octets are payload.
    """
    end = octets[0] + 1 if octets else 0
    elements, place = [], 1
    while place + 1 < end <= len(octets):
        value, place = place + 2, place + 2 + octets[place + 1]
        elements.append((octets[value - 2], octets[value:place]))
    return (tuple(elements), octets[end:]) if place == end else ((), octets)


def _concat_of_header(elements: tuple[Element, ...]) -> Concat | None:
    """The last valid element counts (TS 23.040: of a repeated element the last one is used)."""
    for identifier, value in reversed(elements):
        if (identifier, len(value)) in {(CONCAT_8_BIT, 3), (CONCAT_16_BIT, 4)}:
            concat = _concat(int.from_bytes(value[:-2]), value[-2], value[-1])
            if concat is not None:
                return concat
    return None


def _concat_of_tlvs(tlvs: tuple[Tlv, ...]) -> Concat | None:
    """All three must be there."""
    reference, total, number = (
        first(tlvs, tag) for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM)
    )
    if reference is None or total is None or number is None:
        return None
    return _concat(int.from_bytes(reference), int.from_bytes(total), int.from_bytes(number))


def _concat(reference: int, total: int, number: int) -> Concat | None:
    """None where the values cannot be, and for the only segment of a message: nothing to wait for."""
    return Concat(reference, total, number) if 1 < total <= 255 and 1 <= number <= total else None
