"""One table of the store in memory: rows by primary key; what a transaction did to them can be undone."""

from typing import Any, TypeAlias, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_NOTHING = object()

Undo: TypeAlias = "list[tuple[Rows[Any, Any], Any, Any]]"


class Rows(dict[K, V]):
    """One table: primary key -> row; `[key] = row` and `del` can be undone."""

    def __init__(self, undo: Undo) -> None:
        super().__init__()
        self._undo = undo

    def __setitem__(self, key: K, row: V) -> None:
        self._undo.append((self, key, self.get(key, _NOTHING)))
        super().__setitem__(key, row)

    def __delitem__(self, key: K) -> None:
        self._undo.append((self, key, self[key]))
        super().__delitem__(key)

    def insert(self, key: K, row: V) -> None:
        """As SQL's INSERT: raises ValueError for a key that is there."""
        if key in self:
            raise ValueError(f"there is a row {key!r} already")
        self[key] = row

    def restore(self, key: K, row: Any) -> None:
        if row is _NOTHING:
            super().__delitem__(key)
        else:
            super().__setitem__(key, row)
