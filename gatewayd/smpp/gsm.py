"""The GSM 7-bit default alphabet (3GPP TS 23.038 section 6.2.1), and with national tables (annex A)."""

from functools import cache
from typing import Final

from gatewayd.smpp.alphabet import ESCAPE, Alphabet, cut
from gatewayd.smpp.shift_tables import locking_shift, single_shift

BASIC: Final = dict(
    enumerate(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
        "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    )
)
del BASIC[ESCAPE]
EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

DEFAULT: Final = Alphabet(BASIC, EXTENSION)

first_foreign = DEFAULT.first_foreign
encode = DEFAULT.encode


def decode(septets: bytes, alphabet: Alphabet = DEFAULT) -> str:
    """Text of received septets; nothing makes it fail.

    An octet above 0x7F is no septet: the SMSC has another default alphabet, and Latin-1 is the usual one.
    """
    return alphabet.decode(septets) if septets.isascii() else septets.decode("latin-1")


@cache
def shifted(locking: int, single: int) -> Alphabet:
    """The alphabet that a header with national language identifiers calls for (TS 23.038 annex A).

    0 or one that has no such table: the default table (section 6.2.1.2.2).
    """
    return Alphabet(locking_shift(locking) or BASIC, single_shift(single) or EXTENSION)


__all__ = ["BASIC", "DEFAULT", "ESCAPE", "EXTENSION", "cut", "decode", "encode", "first_foreign", "shifted"]
