"""UCS-2 as the field uses it: UTF-16 big-endian, surrogate pairs included (3GPP TS 23.038 section 6.2.3).

Where a long text is cut, what a reader sees as one sign stays in one piece: emoji joined by ZWJ, with
variation selectors or skin tones, flags, keycaps, letters with combining marks, syllables of Hangul
letters. The rules are those of Unicode Annex 29 as far as stdlib's character categories carry them.
"""

import unicodedata
from codecs import utf_16_be_decode, utf_16_be_encode, utf_16_le_decode
from typing import Final

_ZERO_WIDTH_JOINER: Final = "\u200d"
_BYTE_ORDER_MARK: Final = "\ufeff"
_EXTENDERS: Final = frozenset(
    [
        _ZERO_WIDTH_JOINER,
        "\u200c",  # zero width non-joiner
        "\u0e33",  # Thai and Lao vowels that are letters by category
        "\u0eb3",
        "\uff9e",  # half-width katakana voicing
        "\uff9f",
        *map(chr, range(0x1160, 0x1200)),  # Hangul vowels and final consonants
        *map(chr, range(0x1F3FB, 0x1F400)),  # skin tones
        *map(chr, range(0xE0020, 0xE0080)),  # tags: flags of England, Scotland and Wales
    ]
)


def encode(text: str) -> bytes:
    """Raises UnicodeEncodeError on a lone surrogate."""
    return utf_16_be_encode(text)[0]


def decode(octets: bytes) -> str:
    """Text of received octets; nothing makes it fail.

    An odd last octet is dropped, a lone surrogate becomes U+FFFD. Byte order marks are not text, but
    handsets and relays send them, at the head of each segment; a swapped one tells the order.
    """
    read = utf_16_le_decode if octets.startswith(b"\xff\xfe") else utf_16_be_decode
    return read(octets[: len(octets) & ~1], "replace", True)[0].replace(_BYTE_ORDER_MARK, "")


def cut(text: str, room: int) -> list[bytes]:
    """Pieces of at most `room` octets. A sign longer than that is cut, but never inside a surrogate pair."""
    pieces, start = [], 0
    while start < len(text):
        piece = encode(text[start : start + room // 2])[:room]
        end = start + len(utf_16_be_decode(piece)[0])  # without half a pair
        whole = _sign_boundary(text, start, end)
        pieces.append(encode(text[start:whole]))
        start = whole
    return pieces


def _sign_boundary(text: str, start: int, end: int) -> int:
    """The last place up to `end` that is not inside a sign; `end` itself if the sign began at `start`."""
    place = end
    while place > start and place < len(text) and _joined(text, start, place):
        place -= 1
    return place if place > start else end


def _joined(text: str, start: int, place: int) -> bool:
    """Whether the character at `place` belongs to the sign before it, which began at `start` or later."""
    before, character = text[place - 1], text[place]
    if character in _EXTENDERS or before == _ZERO_WIDTH_JOINER or unicodedata.category(character)[0] == "M":
        return True
    return _is_flag_letter(character) and _flag_letters(text, start, place) % 2 == 1


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _flag_letters(text: str, start: int, place: int) -> int:
    """How many regional indicators end at `place`; two make a flag."""
    run = text[start:place]
    return len(run) - len(run.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
