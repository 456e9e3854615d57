"""Ids in receipts that are written otherwise than submit_sm_resp told them.

SMPP 3.4 section 5.2.23 calls message_id opaque; SMSCs print the number behind it once in hex and once in
decimal (Vonage, Claro; Kannel's `msg-id-type`; jasmin #1034, #1129), pad it, or change the case of letters.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Final, assert_never


class Notation(StrEnum):
    """How ids differ: first that of submit_sm_resp, then that of the receipt.

    Each form of conversion also bears other padding and case, except AS_IS; AUTO is any of them.
    """

    AUTO = "auto"
    AS_IS = "as_is"
    ANY_CASE = "any_case"
    UNPADDED = "unpadded"
    HEX_TO_DECIMAL = "hex_to_decimal"
    DECIMAL_TO_HEX = "decimal_to_hex"

    @property
    def inverse(self) -> "Notation":
        """From the receipt's id to that of submit_sm_resp."""
        return _INVERSE.get(self, self)


CONVERSIONS: Final = frozenset({Notation.HEX_TO_DECIMAL, Notation.DECIMAL_TO_HEX})
WIDEST: Final = 20  # digits up to which SMSCs pad: those of 64 bits in decimal
ENOUGH: Final = 10  # pairs before anything is concluded from them
MOST_OF: Final = 0.9  # of the pairs a conversion must explain: small numbers are the same in hex and decimal

_INVERSE: Final = {
    Notation.HEX_TO_DECIMAL: Notation.DECIMAL_TO_HEX,
    Notation.DECIMAL_TO_HEX: Notation.HEX_TO_DECIMAL,
}
_decimal = re.compile(r"[0-9]+").fullmatch
_hex = re.compile(r"[0-9a-fA-F]+").fullmatch
_has_letter = re.compile(r"[a-fA-F]").search


def candidates(name: str, notation: Notation, trusted: Collection[Notation] = ()) -> tuple[str, ...]:
    """The ids of submit_sm_resp that a receipt's `name` may mean, without `name` itself, the nearest first.

    trusted: conversions that real pairs have shown. AUTO takes one that they have not only where the hex
    side has a letter: of two numbers of digits alone nobody knows whether they are one.
    """
    found = dict.fromkeys(_candidates(name, notation, trusted))
    found.pop(name, None)
    return tuple(found)


def _candidates(name: str, notation: Notation, trusted: Collection[Notation]) -> Iterator[str]:
    match notation:
        case Notation.AS_IS:
            pass
        case Notation.ANY_CASE:
            yield from (name.lower(), name.upper())
        case Notation.UNPADDED:
            yield from (name.lower(), name.upper(), *_written(_digits(name)))
        case Notation.HEX_TO_DECIMAL:
            yield from _written(_in_hex(name))
        case Notation.DECIMAL_TO_HEX:
            yield from _padded(_in_decimal(name))
        case Notation.AUTO:
            yield from _candidates(name, Notation.UNPADDED, trusted)
            if Notation.HEX_TO_DECIMAL in trusted or _has_letter(_in_hex(name)):
                yield from _written(_in_hex(name))
            if Notation.DECIMAL_TO_HEX in trusted or _is_surely_hex(name):
                yield from _padded(_in_decimal(name))
        case _:
            assert_never(notation)


def _digits(name: str) -> str:
    """Hex or decimal digits without 0x and padding; "" if it is no number."""
    digits = name[2:] if name[:2] in ("0x", "0X") else name
    return (digits.lstrip("0") or "0") if _hex(digits) else ""


def _in_hex(name: str) -> str:
    """A decimal number in hex; "" if it is none."""
    return f"{int(name):x}" if _decimal(name) else ""


def _in_decimal(name: str) -> str:
    """A hex number in decimal; "" if it is none."""
    digits = _digits(name)
    return str(int(digits, 16)) if digits else ""


def _is_surely_hex(name: str) -> bool:
    return _has_letter(name) is not None or name[1:2] in ("x", "X")


def _written(digits: str) -> Iterator[str]:
    """A number's digits in every padding, with small and capital letters, and with 0x."""
    for cased in dict.fromkeys((digits.lower(), digits.upper())):
        yield from _padded(cased)
        if cased:
            yield from (f"0x{cased}", f"0x{cased.zfill(8)}")


def _padded(digits: str) -> Iterator[str]:
    if digits:
        yield digits
        yield from (digits.zfill(width) for width in range(len(digits) + 1, WIDEST + 1))


def compare(told: str, name: str) -> Notation | None:
    """How a receipt writes as `name` what submit_sm_resp told; None if they have nothing in common."""
    if told == name:
        return Notation.AS_IS
    if told.lower() == name.lower():
        return Notation.ANY_CASE
    return _compare_numbers(told, name)


def _compare_numbers(told: str, name: str) -> Notation | None:
    ours, theirs = _digits(told), _digits(name)
    if not ours or not theirs:
        return None
    if ours.lower() == theirs.lower():
        return Notation.UNPADDED
    if _in_decimal(told) == theirs:
        return Notation.HEX_TO_DECIMAL
    return Notation.DECIMAL_TO_HEX if _in_decimal(name) == ours else None


def trusted(pairs: Mapping[str, int]) -> frozenset[Notation]:
    """Conversions that enough pairs of a link have shown. pairs: notation -> how often it was seen."""
    total = sum(pairs.values())
    return frozenset(n for n in CONVERSIONS if pairs.get(n, 0) >= ENOUGH and pairs[n] >= MOST_OF * total)


def proposed(pairs: Mapping[str, int]) -> Notation | None:
    """The setting that explains the pairs seen; None for too few of them, or a mixture."""
    seen = {notation for notation, count in pairs.items() if count}
    if sum(pairs.values()) < ENOUGH:
        return None
    if seen & CONVERSIONS:
        return next(iter(trusted(pairs)), None)
    return next((n for n in (Notation.UNPADDED, Notation.ANY_CASE) if n in seen), Notation.AS_IS)
