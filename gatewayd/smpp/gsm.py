"""The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038 section 6.2.1).

Unpacked, one septet per octet: so SMPP carries it and the SMSC packs it.
"""

import re
from codecs import charmap_decode
from typing import Final

ESCAPE: Final = 0x1B

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
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

_SEPTETS: Final = {ord(character): septet for septet, character in enumerate(_BASIC) if septet != ESCAPE} | {
    ord(character): f"\x1b{septet:c}" for septet, character in _EXTENSION.items()
}
_FOREIGN: Final = re.compile(f"[^{re.escape(''.join(map(chr, _SEPTETS)))}]")

# For reading, an escape pair is folded into one octet: the second septet with the high bit set.
# An escape without a pair shows as a space, a pair without a meaning as its second septet.
_ESCAPED: Final = re.compile(rb"\x1b([\x00-\x7f])", re.DOTALL)
_FOLDED: Final = "".join(
    [
        *_BASIC.replace("\x1b", " "),
        *(_EXTENSION.get(septet, character) for septet, character in enumerate(_BASIC.replace("\x1b", " "))),
    ]
)


def first_foreign(text: str) -> re.Match[str] | None:
    """The first character that this alphabet lacks."""
    return _FOREIGN.search(text)


def encode(text: str) -> bytes:
    """Septets of a text without foreign characters (see `first_foreign`); an escape counts as one."""
    return text.translate(_SEPTETS).encode("latin-1")


def decode(septets: bytes) -> str:
    """Text of received septets; nothing makes it fail.

    An octet above 0x7F is no septet: the SMSC has another default alphabet, and Latin-1 is the usual one.
    """
    if not septets.isascii():
        return septets.decode("latin-1")
    if ESCAPE in septets:
        septets = _ESCAPED.sub(lambda pair: bytes((pair[1][0] | 0x80,)), septets)
    return charmap_decode(septets, "strict", _FOLDED)[0]


def cut(septets: bytes, room: int) -> list[bytes]:
    """Pieces of at most `room` septets; an escape stays with the septet it belongs to."""
    pieces, start = [], 0
    while start < len(septets):
        end = start + room
        if end < len(septets) and septets[end - 1] == ESCAPE:
            end -= 1
        pieces.append(septets[start:end])
        start = end
    return pieces
