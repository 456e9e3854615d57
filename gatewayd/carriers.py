"""The carrier of a number, and what kind of number it is: by prefix, and by a table of ported numbers."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

from gatewayd import data
from gatewayd.csvrows import BadRow, rows
from gatewayd.ported import NONE, Ported
from gatewayd.prefixes import Prefixes

Kind = Literal["mobile", "virtual", "iot", "satellite"]
_KINDS: Final[Mapping[str, Kind]] = {kind: kind for kind in get_args(Kind)}
_NAME: Final = re.compile(r"\w[\w.-]{0,63}|")
_PREFIX: Final = re.compile(r"\+?[1-9][0-9]{0,14}")


class Range(NamedTuple):
    """What a prefix tells.

    carrier: None for networks of no carrier. kind: virtual is sold by a virtual operator over the carrier's
    network; iot is for things, which as a rule get no messages.
    """

    carrier: str | None
    kind: Kind = "mobile"


class Told(NamedTuple):
    """All that is known of a number. ported: its carrier stands in the table of ported numbers."""

    carrier: str | None
    kind: Kind
    ported: bool


_UNKNOWN: Final = Range(None)


class Carriers:
    """Numbers are canonical. names: every carrier a number can be with."""

    def __init__(self, ranges: Mapping[str, Range], ported: Ported = NONE) -> None:
        self.names = names_in(ranges)
        self._ranges, self._ported = Prefixes(ranges), ported

    def of(self, number: str) -> str | None:
        """The carrier alone; None: not known, as with a prefix younger than this table."""
        return self._ported.of(number) or (self._ranges.find(number) or _UNKNOWN).carrier

    def kind(self, number: str) -> Kind:
        return (self._ranges.find(number) or _UNKNOWN).kind

    def tell(self, number: str) -> Told:
        carrier, kind = self._ranges.find(number) or _UNKNOWN
        moved = self._ported.of(number)
        return Told(moved or carrier, kind, moved is not None)


def names_in(ranges: Mapping[str, Range]) -> frozenset[str]:
    return frozenset(known.carrier for known in ranges.values() if known.carrier is not None)


@cache
def shipped_ranges() -> Mapping[str, Range]:
    """China's, of data/carriers.csv."""
    return MappingProxyType(read_ranges(data.lines("carriers.csv"))[0])


def read_ranges(lines: Iterable[str]) -> tuple[dict[str, Range], list[BadRow]]:
    """Rows `prefix,carrier,kind`; kind may be left out, further columns are ignored. Raises csv.Error."""
    ranges: dict[str, Range] = {}
    bad: list[BadRow] = []
    for line, cells in rows(lines):
        prefix, carrier, kind = (*cells, "", "")[:3]
        if reason := _why_bad(prefix, carrier, kind):
            bad.append(BadRow(line, reason))
        else:
            ranges[prefix.removeprefix("+")] = Range(carrier or None, _KINDS[kind or "mobile"])
    return ranges, bad


def _why_bad(prefix: str, carrier: str, kind: str) -> str | None:
    if not _PREFIX.fullmatch(prefix):
        return "a prefix is 1 to 15 digits with country code"
    if not _NAME.fullmatch(carrier):
        return "a carrier is a name of letters, digits, '.', '_' and '-', at most 64 of them"
    return None if (kind or "mobile") in _KINDS else f"no such kind; there is: {', '.join(_KINDS)}"
