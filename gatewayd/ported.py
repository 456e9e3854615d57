"""Numbers that moved to another carrier: millions of them in four octets each."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from gatewayd.csvrows import BadRow, rows
from gatewayd.numbers import CHINA, InvalidNumber, canonical

_TAIL: Final = 6  # digits kept per number; those before them name its block, of which China has some 4,000
_SHIFT: Final = 12  # bits of the carrier's place: a tail of 20 bits and this make 32
MAX_CARRIERS: Final = 1 << _SHIFT
_TOLD: Final = 10  # bad rows named before reading stops


class Ported:
    """Number -> the carrier it has now, in sorted blocks."""

    def __init__(self, blocks: Mapping[str, "array[int]"], names: tuple[str, ...]) -> None:
        self._blocks, self._names = blocks, names

    def __len__(self) -> int:
        return sum(map(len, self._blocks.values()))

    def of(self, number: str) -> str | None:
        """number: canonical."""
        block = self._blocks.get(number[:-_TAIL])
        if block is None:
            return None
        tail = int(number[-_TAIL:])
        place = bisect_left(block, tail << _SHIFT)
        if place == len(block) or block[place] >> _SHIFT != tail:
            return None
        return self._names[block[place] & MAX_CARRIERS - 1]


NONE: Final = Ported({}, ())


def read_ported(
    lines: Iterable[str], carriers: Collection[str], default_country: str = CHINA
) -> tuple[Ported, list[BadRow]]:
    """Rows `number,carrier,…`: numbers in any form, further columns ignored; a number's last row counts.

    carriers: names that may stand there. Reading stops after ten bad rows. Raises csv.Error.
    """
    names = tuple(sorted(carriers))
    places = {name: place for place, name in enumerate(names)}
    blocks: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
    bad: list[BadRow] = []
    for line, cells in rows(lines):
        try:
            number = canonical(cells[0], default_country)
            entry = int(number[-_TAIL:]) << _SHIFT | places[cells[1]]
        except InvalidNumber as error:
            bad.append(BadRow(line, f"the number {error.reason}"))
        except IndexError:
            bad.append(BadRow(line, "has no carrier: a row is NUMBER,CARRIER"))
        except KeyError:
            bad.append(BadRow(line, f"no such carrier; there is: {', '.join(names)}"))
        else:
            blocks[number[:-_TAIL]].append(entry)
        if len(bad) == _TOLD:
            break
    return Ported({head: _sorted(block) for head, block in blocks.items()}, names), bad


def _sorted(block: "array[int]") -> "array[int]":
    return array("I", sorted({entry >> _SHIFT: entry for entry in block}.values()))
