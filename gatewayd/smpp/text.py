"""Texts and binary data to segments, and received octets to text (SMPP 3.4, 3GPP TS 23.038 and 23.040)."""

from enum import StrEnum
from typing import Final, assert_never

import msgspec

from gatewayd.errors import GatewayError, LocalProtocolError
from gatewayd.smpp import gsm, ucs2, udh
from gatewayd.smpp.wire import Tlv

MAX_SEGMENTS: Final = 255  # both forms of concatenation count in one octet
MAX_PAYLOAD: Final = 0xFFFF  # octets of a TLV


class Encoding(StrEnum):
    """How a message is put into octets; the names of the stream protocol."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    UCS2 = "ucs2"
    BINARY = "binary"

    @property
    def data_coding(self) -> int:
        """SMPP 3.4 section 5.2.19."""
        return _DATA_CODING[self]


GBK: Final = 15
_DATA_CODING: Final = {Encoding.GSM7: 0, Encoding.LATIN1: 3, Encoding.UCS2: 8, Encoding.BINARY: 4}


class Carry(StrEnum):
    """How a message too long for one segment travels; a shorter one is sent plainly with each of them.

    UDH8, UDH16: a header with an 8 or 16-bit reference in short_message. SAR: TLVs. PAYLOAD: all of it in
    message_payload, and the SMSC cuts.
    """

    UDH8 = "udh8"
    UDH16 = "udh16"
    SAR = "sar"
    PAYLOAD = "payload"


# Octets of short_message: the radio's 140 hold 160 septets, and a concatenation takes 6 or 7 of the 140.
# An SMSC turns SAR TLVs into an 8-bit header, so they cost the same.
SINGLE_OCTETS: Final = 140
SINGLE_SEPTETS: Final = 160
_SINGLE: Final = {
    Encoding.GSM7: SINGLE_SEPTETS,
    Encoding.LATIN1: SINGLE_OCTETS,
    Encoding.UCS2: SINGLE_OCTETS,
    Encoding.BINARY: SINGLE_OCTETS,
}
_ROOM: Final = {Carry.UDH8: 134, Carry.UDH16: 133, Carry.SAR: 134}


class Part(msgspec.Struct, frozen=True, gc=False):
    """What one submit_sm carries of a message. `udhi`: set bit 0x40 of esm_class."""

    short_message: bytes
    udhi: bool
    data_coding: int
    tlvs: tuple[Tlv, ...]
    number: int
    total: int

    def __repr__(self) -> str:
        """Without the text, which must not reach a log."""
        return f"Part({self.number} of {self.total}, {len(self.short_message)} octets)"


class Unencodable(GatewayError):
    """The encoding lacks a character, or a surrogate has no partner. `index` counts characters from 0."""

    def __init__(self, encoding: Encoding, character: str, index: int) -> None:
        super().__init__(f"the character at index {index} cannot be written in {encoding}")
        self.encoding = encoding
        self.character = character
        self.index = index


class InvalidHeader(GatewayError):
    """The client's own user data header cannot be sent as it is."""


def choose(text: str) -> Encoding:
    """GSM 7-bit where it has every character, else UCS-2."""
    return Encoding.UCS2 if gsm.first_foreign(text) else Encoding.GSM7


def forced_by(text: str) -> str | None:
    """The first character that forces UCS-2; None if none does."""
    foreign = gsm.first_foreign(text)
    return foreign[0] if foreign else None


def count(text: str, encoding: Encoding, carry: Carry) -> int:
    """Number of segments, also beyond those that can be sent. Raises Unencodable."""
    return len(_pieces(text, encoding, carry))


def billed_cn(text: str) -> int:
    """Segments as Chinese carriers bill them: 70 characters, or 67 of several, whatever the encoding."""
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return 1 if units <= 70 else -(-units // 67)


def split(text: str, encoding: Encoding, carry: Carry, reference: int) -> tuple[Part, ...]:
    """The segments of a text, in order.

    reference: of the concatenation, cut to the width that `carry` has room for; the same one gives the
    same segments. Never cuts an escape or surrogate pair, nor a joined emoji that fits into one segment.
    Raises Unencodable, and LocalProtocolError beyond 255 segments or 64 KiB of message_payload.
    """
    pieces = _pieces(text, encoding, carry)
    if len(pieces) == 1:
        return (whole(pieces[0], encoding.data_coding, _SINGLE[encoding]),)
    return concatenated(pieces, encoding.data_coding, carry, reference)


def split_binary(data: bytes, header: bytes, carry: Carry, reference: int) -> tuple[Part, ...]:
    """The segments of binary data, each with the client's own header (ports, for instance).

    header: whole, its length octet in front; empty for none. Where several segments are needed, its
    elements and that of the concatenation share one header; SAR would make a second, so UDH8 stands in.
    Raises InvalidHeader, and LocalProtocolError as `split`.
    """
    elements, rest = udh.parse_udh(header)
    if rest:
        raise InvalidHeader("the lengths in the header do not add up")
    if len(header) + len(data) <= _SINGLE[Encoding.BINARY] or carry is Carry.PAYLOAD:
        return (whole(header + data, Encoding.BINARY.data_coding, SINGLE_OCTETS, udhi=bool(header)),)
    if any(identifier in {udh.CONCAT_8_BIT, udh.CONCAT_16_BIT} for identifier, _ in elements):
        raise InvalidHeader("a header with a concatenation of its own goes with one segment only")
    if elements and carry is Carry.SAR:
        carry = Carry.UDH8
    room = _ROOM[carry] - len(header[1:])
    if room < 1:
        raise InvalidHeader("the header leaves no room for data")
    return concatenated(_cut(data, room), Encoding.BINARY.data_coding, carry, reference, header[1:])


def decode(octets: bytes, data_coding: int) -> str | None:
    """Text of received octets, header removed; nothing makes it fail. None: binary or an unknown coding."""
    match ALPHABETS.get(data_coding):
        case None:
            return None
        case Encoding.GSM7:
            return gsm.decode(octets)
        case Encoding.UCS2:
            return ucs2.decode(octets)
        case codec:
            return octets.decode(codec, "replace").rstrip("\0")  # some peers send the NUL of a C string


def _gsm_alphabet(data_coding: int) -> str | None:
    """Codings of 3GPP TS 23.038 section 4, for what SMPP's own table leaves free: flash, message waiting."""
    match data_coding >> 4:
        case 0xF:
            return None if data_coding & 0x04 else Encoding.GSM7
        case 0xE:
            return Encoding.UCS2
        case 0xC | 0xD:
            return Encoding.GSM7
        case 0x1 | 0x4 | 0x5:  # general, and deleted after reading; with 0x20 it would be compressed
            return (Encoding.GSM7, None, Encoding.UCS2, None)[data_coding >> 2 & 3]
        case _:
            return None


ALPHABETS: Final[dict[int, str | None]] = {
    **{data_coding: _gsm_alphabet(data_coding) for data_coding in range(0x10, 0x100)},
    0: Encoding.GSM7,  # SMPP 3.4 section 5.2.19
    1: "latin-1",  # IA5 is its lower half
    3: "latin-1",
    6: "iso8859-5",
    7: "iso8859-8",
    8: Encoding.UCS2,
    14: "euc-kr",
    GBK: "gb18030",  # GBK: not SMPP's; Chinese relays pass CMPP's and SMGP's msg_fmt through
}


def _pieces(text: str, encoding: Encoding, carry: Carry) -> list[bytes]:
    """Octets of the segments, without headers."""
    octets = _encode(text, encoding)
    if len(octets) <= _SINGLE[encoding] or carry is Carry.PAYLOAD:
        return [octets]
    room = _ROOM[carry]
    match encoding:
        case Encoding.GSM7:
            return gsm.cut(octets, room * 8 // 7)
        case Encoding.UCS2:
            return ucs2.cut(text, room)
        case Encoding.LATIN1 | Encoding.BINARY:
            return _cut(octets, room)
        case _:
            assert_never(encoding)


def _encode(text: str, encoding: Encoding) -> bytes:
    match encoding:
        case Encoding.GSM7:
            foreign = gsm.first_foreign(text)
            if foreign:
                raise Unencodable(encoding, foreign[0], foreign.start())
            return gsm.encode(text)
        case Encoding.LATIN1 | Encoding.UCS2:
            try:
                return text.encode("latin-1") if encoding is Encoding.LATIN1 else ucs2.encode(text)
            except UnicodeEncodeError as error:
                index = error.start
            raise Unencodable(encoding, text[index], index)  # outside: that error holds the whole text
        case Encoding.BINARY:
            raise ValueError("binary data is no text: see split_binary")
        case _:
            assert_never(encoding)


def _cut(octets: bytes, room: int) -> list[bytes]:
    return [octets[start : start + room] for start in range(0, len(octets), room)]


def whole(octets: bytes, data_coding: int, single: int, *, udhi: bool = False) -> Part:
    """The only segment, header and all; what is longer than `single` octets goes into message_payload."""
    if len(octets) <= single:
        return Part(octets, udhi, data_coding, (), 1, 1)
    if len(octets) > MAX_PAYLOAD:
        raise LocalProtocolError(f"{len(octets)} octets do not fit into message_payload")
    return Part(b"", udhi, data_coding, ((udh.MESSAGE_PAYLOAD, octets),), 1, 1)


def concatenated(
    pieces: list[bytes], data_coding: int, carry: Carry, reference: int, elements: bytes = b""
) -> tuple[Part, ...]:
    """Segments that tell their place, by TLVs or by a header that holds `elements` too."""
    total = len(pieces)
    if total > MAX_SEGMENTS:
        raise LocalProtocolError(f"{total} segments: concatenation counts to {MAX_SEGMENTS}")
    if carry is Carry.SAR:
        return tuple(
            Part(piece, False, data_coding, udh.sar(reference, total, number), number, total)
            for number, piece in enumerate(pieces, 1)
        )
    header = udh.concat_16_bit if carry is Carry.UDH16 else udh.concat_8_bit
    return tuple(
        Part(header(reference, total, number, elements) + piece, True, data_coding, (), number, total)
        for number, piece in enumerate(pieces, 1)
    )
