"""Phone numbers of message destinations: one canonical form, and how much of one a log may show."""

import re
from collections.abc import Iterator
from typing import Final

from gatewayd.calling_codes import Area, area_of
from gatewayd.errors import GatewayError

CHINA: Final = "86"
_CHINA_MOBILE: Final = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")
# Numbers of things have 13 digits in China.
_CHINA_THING: Final = re.compile(r"(?:1064[6-9]|14[689][0-9]|1410|144[01])[0-9]*")
_THING_DIGITS: Final = 13
_SHORTEST: Final = 7  # below it is a service code

# What people, spreadsheets and address books put between and around digits; full-width forms.
_FOLDED: Final = (
    dict.fromkeys(
        map(ord, " \t\r\n()（）\u00a0\u00ad\u180e\u3000-\u2010\u2011\u2012\u2013\u2014\u2015\u2212－")
    )
    | dict.fromkeys(
        [*range(0x2000, 0x2010), *range(0x202A, 0x2030), *range(0x2060, 0x2070), 0xFEFF]
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
    country, given by its country code, with or without that code or a trunk prefix. Digits of another country
    without + or 00 are refused, not guessed: 13802138000 is a mobile number of China, +13802138000 one of
    North America. So a canonical number is its own canonical form in the default country, and behind a +
    in any. In China only mobile numbers get messages; elsewhere the length must be that of one.
    Raises InvalidNumber.
    """
    if default_country == CHINA and (usual := _CHINA_MOBILE.fullmatch(text)):
        return CHINA + usual[1]
    plain = text.translate(_FOLDED).removeprefix("'")
    international = plain.startswith(("+", "00"))
    digits = plain.removeprefix("+" if plain.startswith("+") else "00")
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidNumber("holds something else than digits" if digits else "has no digits")
    area = area_of(digits if international else default_country)
    if area is None:
        raise InvalidNumber("begins with no country code that is in use")
    number = _whole(area, digits, international=international)
    if area.prefix == CHINA:
        _check_china(number.removeprefix(CHINA), international=international)
    elif len(number) not in area.digits:
        short = not international and len(digits) < _SHORTEST
        raise InvalidNumber("is a short code" if short else _wrong_length(number, area))
    return number


def _whole(area: Area, digits: str, *, international: bool) -> str:
    """With country code, without trunk prefix: the first reading as long as a number of the area."""
    prefix = area.prefix
    readings: list[str] = []
    if digits.startswith(prefix):
        readings += _national(area, digits.removeprefix(prefix))
    if not international:
        readings += _national(area, digits)
    usual = (reading for reading in readings if len(prefix) + len(reading) in area.digits)
    return prefix + next(usual, readings[0])


def _national(area: Area, digits: str) -> Iterator[str]:
    """Likeliest first. No number begins with a trunk 0; with other trunk prefixes it may."""
    if area.trunk == "0":
        yield digits.lstrip("0")
        yield digits
    else:
        yield digits
        yield digits.removeprefix(area.trunk)


def _wrong_length(number: str, area: Area) -> str:
    return f"has {len(number)} digits with country code; a mobile number of {area.name} has {area.lengths}"


def _check_china(national: str, *, international: bool) -> None:
    mobile = _CHINA_MOBILE.fullmatch(national)
    if mobile and mobile[1] == national:
        return
    reason = _why_not_china(national)
    raise InvalidNumber(reason if international else f"{reason}; one of another country begins with + or 00")


def _why_not_china(national: str) -> str:
    if len(national) < _SHORTEST:
        return "is a short code, no mobile number of China"
    if len(national) == _THING_DIGITS and _CHINA_THING.fullmatch(national):
        return "is a number of a thing (IoT), no mobile number of China"
    if national.startswith("106"):
        return "is a service code or a landline, no mobile number of China"
    if national[0] == "1" and national[1] in "3456789":
        return f"has {len(national)} digits without country code; a mobile number of China has 11"
    return "is no mobile number of China"


def masked(number: str) -> str:
    """What a log may show: "86138******00".

    At most the first 5 digits (country and network, to tell links and carriers apart) and the last 2 (to
    tell lines of one log apart), with 6 or more hidden. Below 7 digits it is a service code, no person's.
    """
    if len(number) < _SHORTEST:
        return number
    shown = min(5, max(0, len(number) - 8))
    return f"{number[:shown]}{'*' * (len(number) - shown - 2)}{number[-2:]}"
