"""Where a number is at home by its calling code: name, usual lengths, time zones (data/calling_codes.csv)."""

from datetime import tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gatewayd import data
from gatewayd.csvrows import rows
from gatewayd.prefixes import Prefixes


class Area(NamedTuple):
    """One row of the table.

    prefix: digits its numbers begin with. digits: how many a whole mobile number has. trunk: dialled before a
    number inside the area, no part of it. zones: IANA names, several where the number does not tell which.
    """

    prefix: str
    name: str
    digits: frozenset[int]
    trunk: str
    zones: tuple[str, ...]

    @property
    def lengths(self) -> str:
        """In words: "11", "12 or 13", "9 to 15"."""
        shortest, longest = min(self.digits), max(self.digits)
        between = " or " if longest - shortest == 1 else " to "
        return str(shortest) if shortest == longest else f"{shortest}{between}{longest}"


def area_of(number: str) -> Area | None:
    """number: digits with calling code, or a calling code alone. None: no code that is in use."""
    return _areas().find(number)


def zones_of(number: str) -> tuple[tzinfo, ...]:
    """The time zones a number may be in; none for satellites and codes that are not in use.

    A rule that protects the recipient holds where it holds in any of them.
    """
    area = area_of(number)
    return () if area is None else _zones(area.zones)


@cache
def _zones(names: tuple[str, ...]) -> tuple[tzinfo, ...]:
    return tuple(map(ZoneInfo, names))


@cache
def _areas() -> Prefixes[Area]:
    return Prefixes({cells[0]: _area(*cells) for _, cells in rows(data.lines("calling_codes.csv"))})


def _area(prefix: str, name: str, digits: str, trunk: str, zones: str) -> Area:
    return Area(prefix, name, frozenset(map(int, digits.split())), trunk, tuple(zones.split()))
