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
    bits = int.from_bytes(
        b"".join(_packed(septets[at : at + 8]) for at in range(0, len(septets), 8)), "little"
    )
    return (bits << fill).to_bytes((len(septets) * 7 + fill + 7) // 8, "little")


def _packed(eight: bytes) -> bytes:
    """Eight septets, or the last few, in seven octets: small numbers, so that long texts take linear time."""
    return sum(septet << 7 * place for place, septet in enumerate(eight)).to_bytes(7, "little")


def unpack(octets: bytes, header: int = 0) -> bytes:
    """Septets of the octets after a header of `header` octets.

    A last septet that may be padding, and is CR or zero, is padding: of the texts that long, hardly any
    ends in a CR or an @.
    """
    fill = -header * 8 % 7
    count = max(len(octets) * 8 - fill, 0) // 7
    aligned = (int.from_bytes(octets, "little") >> fill).to_bytes(len(octets), "little")
    sevens = (int.from_bytes(aligned[at : at + 7], "little") for at in range(0, len(aligned), 7))
    septets = bytes(bits >> place & 0x7F for bits in sevens for place in range(0, 56, 7))[:count]
    spare = (count * 7 + fill) % 8 == 0
    return septets[:-1] if spare and septets and septets[-1] in _PADDING else septets
