"""A 7-bit alphabet of 3GPP TS 23.038: a table of 128 septets, and a second one behind the escape.

Unpacked, one septet per octet.
"""

import re
from codecs import charmap_decode
from collections.abc import Mapping
from typing import Final

ESCAPE: Final = 0x1B

_ESCAPED: Final = re.compile(rb"\x1b([\x00-\x7f])", re.DOTALL)


class Alphabet:
    """basic, extension: septet -> character; what they do not name is empty.

    A character that both tables have is written without the escape, of two places in one table the first
    counts. For reading, an escape without a septet shows as a space, a pair without a meaning as its second
    septet, an empty place as a space (TS 23.038 section 6.2.1.1).
    """

    def __init__(self, basic: Mapping[int, str], extension: Mapping[int, str]) -> None:
        septets: dict[int, int | str] = {}
        for septet, character in basic.items():
            septets.setdefault(ord(character), septet)
        for septet, character in extension.items():
            septets.setdefault(ord(character), f"\x1b{septet:c}")
        self._septets = septets
        self._foreign = re.compile(f"[^{re.escape(''.join(map(chr, septets)))}]")
        # An escape pair is folded into one octet: the second septet with the high bit set.
        plain = [basic.get(septet, " ") for septet in range(128)]
        self._folded = "".join([*plain, *(extension.get(n, character) for n, character in enumerate(plain))])

    def first_foreign(self, text: str) -> re.Match[str] | None:
        """The first character that this alphabet lacks."""
        return self._foreign.search(text)

    def encode(self, text: str) -> bytes:
        """Septets of a text without foreign characters (see `first_foreign`); an escape counts as one."""
        return text.translate(self._septets).encode("latin-1")

    def decode(self, septets: bytes) -> str:
        """Text of septets, all below 0x80; nothing else makes it fail."""
        if ESCAPE in septets:
            septets = _ESCAPED.sub(lambda pair: bytes((pair[1][0] | 0x80,)), septets)
        return charmap_decode(septets, "strict", self._folded)[0]


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
