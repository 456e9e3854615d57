"""CSV as people and programs write it: comments, blank lines and a head row are no rows."""

import csv
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class BadRow(NamedTuple):
    """What is wrong in a line, without what is in it."""

    line: int
    reason: str


def rows(lines: Iterable[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows that hold data: number of the line, from 1, and cells without blanks around them.

    The first row is a head if its first cell has no digit. Raises csv.Error, whose text quotes no row.
    """
    reader = csv.reader(lines)
    told = (
        (reader.line_num, cells)
        for cells in (tuple(map(str.strip, written)) for written in reader)
        if any(cells) and not cells[0].startswith("#")
    )
    for line, cells in told:
        if any(map(str.isdigit, cells[0])):
            yield line, cells
        break
    yield from told
