"""Phone numbers of message destinations: one canonical form, and how much of one a log may show."""

import re
from typing import Final

from gatewayd.errors import GatewayError

CHINA: Final = "86"
_CHINA_MOBILE: Final = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")
_SHORTEST: Final = 7
_LONGEST: Final = 15  # ITU-T E.164, country code included

# What people, spreadsheets and address books put between and around digits; full-width forms.
_FOLDED: Final = (
    dict.fromkeys(map(ord, " \t\r\n\u00a0\u3000-\u2010\u2011\u2012\u2013\u2014\u2015\u2212－"))
    | dict.fromkeys(
        [*range(0x2000, 0x2010), *range(0x202A, 0x2030), 0x2060, 0xFEFF]
    )  # blanks, invisible marks
    | {ord("０") + value: str(value) for value in range(10)}
    | {ord("＋"): "+", ord("＇"): "'", ord("’"): "'"}
)


class InvalidNumber(GatewayError, ValueError):
    """No number a message can go to. `reason` says why, without the number."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def canonical(text: str, default_country: str = CHINA) -> str:
    """Digits with country code ("8613800138000"), however the number was written.

    A number of another country begins with + or 00. One that begins with neither is of the default
    country, given by its country code, with or without that code or a trunk 0. In China only mobile
    numbers get messages; so digits of another country without + or 00 are refused, not guessed.
    Raises InvalidNumber.
    """
    if default_country == CHINA and (usual := _CHINA_MOBILE.fullmatch(text)):
        return CHINA + usual[1]
    digits = _with_country(text.translate(_FOLDED).removeprefix("'"), default_country)
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidNumber("holds something else than digits")
    if not _SHORTEST <= len(digits) <= _LONGEST:
        raise InvalidNumber(f"has not {_SHORTEST} to {_LONGEST} digits")
    if digits.startswith("0"):
        raise InvalidNumber("begins with 0 where the country code should be")
    if digits.startswith(CHINA) and not _CHINA_MOBILE.fullmatch(digits):
        raise InvalidNumber("is no mobile number of China; one of another country begins with + or 00")
    return digits


def _with_country(plain: str, country: str) -> str:
    """Without the international prefix, or with the country code that was left out."""
    for prefix in ("+", "00"):
        if plain.startswith(prefix):
            return plain.removeprefix(prefix)
    return plain if plain.startswith(country) else country + plain.removeprefix("0")


def masked(number: str) -> str:
    """What a log may show: "86138******00".

    At most the first 5 digits (country and network, to tell links and carriers apart) and the last 2 (to
    tell lines of one log apart), with 6 or more hidden. Below 7 digits it is a service code, no person's.
    """
    if len(number) < _SHORTEST:
        return number
    shown = min(5, max(0, len(number) - 8))
    return f"{number[:shown]}{'*' * (len(number) - shown - 2)}{number[-2:]}"
