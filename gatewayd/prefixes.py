"""What is known by the digits a number begins with."""

from collections.abc import Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefixes(Generic[T]):
    """The longest prefix that fits counts. Looked up by length: a large table costs what a small one does."""

    def __init__(self, table: Mapping[str, T]) -> None:
        self._table = dict(table)
        self._lengths = tuple(sorted({len(prefix) for prefix in table}, reverse=True))

    def find(self, number: str) -> T | None:
        table = self._table
        for length in self._lengths:
            found = table.get(number[:length])
            if found is not None:
                return found
        return None
