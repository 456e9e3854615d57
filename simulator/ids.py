"""The notations in which this SMSC writes the id of one message: in its response, and in its receipts."""

from collections.abc import Callable
from typing import Final, Literal

Numbered = Literal["decimal", "hex", "HEX", "0x", "uuid"]
Rewritten = Literal["same", "padded", "stripped", "upper", "lower", "truncated", "none"]
Notation = Numbered | Rewritten

NUMBERED: Final[dict[str, Callable[[int], str]]] = {
    "decimal": "{:010d}".format,
    "hex": "{:x}".format,
    "HEX": "{:X}".format,
    "0x": "0x{:x}".format,
    "uuid": "00000000-0000-4000-8000-{:012x}".format,
}
"""Of the message's number."""

REWRITTEN: Final[dict[str, Callable[[str], str]]] = {
    "padded": lambda told: told.zfill(20),
    "stripped": lambda told: told.lstrip("0"),
    "upper": str.upper,
    "lower": str.lower,
    "truncated": lambda told: told[-8:],  # its last: the first characters are those of every message
    "none": lambda _: "",
}
"""Of the id that the response told."""


def in_receipts(notation: Notation) -> Callable[[int, str], str]:
    """(number of the message, its id in the response) -> its id in the receipt."""
    if notation in NUMBERED:
        of_number = NUMBERED[notation]
        return lambda number, _told: of_number(number)
    if notation == "same":
        return lambda _number, told: told
    of_told = REWRITTEN[notation]
    return lambda _number, told: of_told(told)
