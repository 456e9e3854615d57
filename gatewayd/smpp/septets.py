"""Septets packed into octets (3GPP TS 23.038 section 6.1.2), after a header (TS 23.040 section 9.2.3.24)."""

from typing import Final

_CR: Final = 0x0D
_PADDING: Final = frozenset((0, _CR))


def pack(septets: bytes, header: int = 0) -> bytes:
    """Octets of the septets, without the header of `header` octets that goes before them.

    Fill bits put the first septet on a septet boundary of header and text together. Where exactly seven
    bits are left over they are a CR: sm_length counts octets, and zeros would show as a last @ (TS 23.038
    section 6.1.2.3.1 does so for USSD).
    """
    fill = -header * 8 % 7
    if (len(septets) * 7 + fill) % 8 == 1:
        septets += bytes((_CR,))
    bits = 0
    for place, septet in enumerate(septets):
        bits |= septet << place * 7
    return (bits << fill).to_bytes((len(septets) * 7 + fill + 7) // 8, "little")


def unpack(octets: bytes, header: int = 0) -> bytes:
    """Septets of the octets after a header of `header` octets.

    A last septet that may be padding, and is CR or zero, is padding: of the texts that long, hardly any
    ends in a CR or an @.
    """
    fill = -header * 8 % 7
    count = max(len(octets) * 8 - fill, 0) // 7
    bits = int.from_bytes(octets, "little") >> fill
    septets = bytes(bits >> place * 7 & 0x7F for place in range(count))
    spare = (count * 7 + fill) % 8 == 0
    return septets[:-1] if spare and septets and septets[-1] in _PADDING else septets
