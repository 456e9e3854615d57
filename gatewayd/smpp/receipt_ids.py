"""Ids in receipts that are written otherwise than submit_sm_resp told them.

SMPP 3.4 section 5.2.23 calls message_id opaque; SMSCs print the number behind it once in hex and once in
decimal (Vonage, Claro; Kannel's `msg-id-type`; jasmin #1034, #1129), pad it, or change the case of letters.
"""

import re
from collections.abc import Collection, Mapping
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


CONVERSIONS: Final = frozenset({Notation.HEX_TO_DECIMAL, Notation.DECIMAL_TO_HEX})
SHORTEST: Final = 6  # characters that a truncated id still has to have
ENOUGH: Final = 10  # pairs before anything is concluded from them
MOST_OF: Final = 0.9  # of the pairs a conversion must explain: small numbers are the same in hex and decimal

_ASCII_LOWER: Final = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}
_decimal = re.compile(r"[0-9]+").fullmatch
_hex = re.compile(r"[0-9a-fA-F]+").fullmatch
_has_letter = re.compile(r"[a-fA-F]").search


def key(name: str) -> str:
    """What all paddings and cases of an id have in common; ids that share it need not be the same.

    Stores keep an index of it, so that its rule is that of SQL: ltrim(lower(name), '0x'), ASCII only.
    """
    return (name.lower() if name.isascii() else name.translate(_ASCII_LOWER)).lstrip("0x")


def other_keys(name: str) -> set[str]:
    """Keys of the same number in hex and in decimal, either of which `name` may be."""
    converted = (_in_hex(name), _in_decimal(name))
    return {key(number) for number in converted if number} - {key(name)}


def means(told: str, name: str, notation: Notation, trusted: Collection[Notation] = ()) -> bool:
    """Whether a receipt's `name` stands for `told`, the id of a submit_sm_resp.

    trusted: what real pairs have shown. Else AUTO takes a conversion only where the hex side has a letter or
    0x, and 0x on one side only where a letter tells that the other is hex too: of digits alone nobody knows.
    """
    if told == name:
        return notation not in CONVERSIONS or _converted(told, name, notation)
    match notation:
        case Notation.AS_IS:
            return False
        case Notation.ANY_CASE:
            return told.lower() == name.lower()
        case Notation.UNPADDED:
            return told.lower() == name.lower() or _digits(told) == _digits(name) != ""
        case Notation.HEX_TO_DECIMAL | Notation.DECIMAL_TO_HEX:
            return _converted(told, name, notation)
        case Notation.AUTO:
            return _looks_like(told, name, trusted)
        case _:
            assert_never(notation)


def _looks_like(told: str, name: str, trusted: Collection[Notation]) -> bool:
    """Without a setting: as far as the ids themselves tell, or pairs have shown."""
    if means(told, name, Notation.UNPADDED) and (_are_both_hex(told, name) or Notation.UNPADDED in trusted):
        return True
    return any(
        _converted(told, name, conversion) and (conversion in trusted or _is_surely_hex(hexed))
        for conversion, hexed in ((Notation.HEX_TO_DECIMAL, told), (Notation.DECIMAL_TO_HEX, name))
    )


def is_truncated(told: str, name: str) -> bool:
    """Whether `name` is what is left of the id `told`, whose beginning or end was cut off."""
    cut = name.lower()
    return SHORTEST <= len(name) < len(told) and told.lower().startswith(cut) | told.lower().endswith(cut)


def _converted(told: str, name: str, conversion: Notation) -> bool:
    """Whether the hex number of one is the decimal number of the other."""
    hexed, decimal = (told, name) if conversion is Notation.HEX_TO_DECIMAL else (name, told)
    return _digits(hexed) == _in_hex(decimal) != ""


def _digits(name: str) -> str:
    """Hex or decimal digits without 0x and padding, in small letters; "" if it is no number."""
    digits = name[2:] if _is_prefixed(name) else name
    return (digits.lower().lstrip("0") or "0") if _hex(digits) else ""


def _in_hex(name: str) -> str:
    """A decimal number in hex; "" if it is none."""
    return f"{int(name):x}" if _decimal(name) else ""


def _in_decimal(name: str) -> str:
    """A hex number in decimal; "" if it is none."""
    digits = _digits(name)
    return str(int(digits, 16)) if digits else ""


def _is_surely_hex(name: str) -> bool:
    return _has_letter(name) is not None or _is_prefixed(name)


def _is_prefixed(name: str) -> bool:
    return name[:2] in ("0x", "0X")


def _are_both_hex(told: str, name: str) -> bool:
    """Of the same digits: both or none of them."""
    return _is_prefixed(told) is _is_prefixed(name) or _has_letter(name) is not None


def compare(told: str, name: str) -> Notation | None:
    """How a receipt writes as `name` what submit_sm_resp told; None if they have nothing in common."""
    if told == name:
        return Notation.AS_IS
    notations = (Notation.ANY_CASE, Notation.UNPADDED, Notation.HEX_TO_DECIMAL, Notation.DECIMAL_TO_HEX)
    return next((notation for notation in notations if means(told, name, notation)), None)


def trusted(pairs: Mapping[str, int]) -> frozenset[Notation]:
    """What enough pairs of a link have shown of nearly all its ids. pairs: notation -> how often seen."""
    total = sum(pairs.values())
    provable = (*CONVERSIONS, Notation.UNPADDED)
    return frozenset(n for n in provable if pairs.get(n, 0) >= ENOUGH and pairs[n] >= MOST_OF * total)


def proposed(pairs: Mapping[str, int]) -> Notation | None:
    """The setting that explains the pairs seen; None for too few of them, or a mixture."""
    seen = {notation for notation, count in pairs.items() if count}
    if sum(pairs.values()) < ENOUGH:
        return None
    if seen & CONVERSIONS:
        return next(iter(trusted(pairs) & CONVERSIONS), None)
    return next((n for n in (Notation.UNPADDED, Notation.ANY_CASE) if n in seen), Notation.AS_IS)
