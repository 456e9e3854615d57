"""Counted messages on SQLite."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from gatewayd.model import MessageId, Millis
from gatewayd.policy.uses import Counted, Use

_COUNTED: Final = {int(counted): counted for counted in Counted}


class SqliteUses:
    """See `ledger.tables.Tables`. A look-up costs one descent of the tree by number, whatever its size."""

    _db: sqlite3.Connection

    def uses(self, numbers: Iterable[str]) -> dict[str, list[Use]]:
        found: dict[str, list[Use]] = {}
        sql = (
            "SELECT u.number, u.message, u.at, u.brand, u.class, u.text, u.counted"
            " FROM json_each(?) AS j CROSS JOIN uses AS u ON u.number = j.value"
        )
        for row in self._db.execute(sql, (json.dumps(list(numbers)),)):
            use = Use(row[1], row[2], row[3], row[4], row[5], _COUNTED[row[6]])
            found.setdefault(row[0], []).append(use)
        return found

    def put_uses(self, rows: Sequence[tuple[str, Use]]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO uses VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(number, u.message, u.at, u.brand, u.class_, u.text, int(u.counted)) for number, u in rows],
        )

    def give_back_uses(self, rows: Sequence[tuple[str, MessageId]]) -> None:
        self._db.executemany("DELETE FROM uses WHERE number = ? AND message = ? AND counted < 2", rows)

    def purge_uses(self, before: Millis, limit: int) -> int:
        sql = (
            "DELETE FROM uses WHERE (number, message) IN"
            " (SELECT number, message FROM uses WHERE at < ? ORDER BY at LIMIT ?)"
        )
        return self._db.execute(sql, (before, limit)).rowcount
