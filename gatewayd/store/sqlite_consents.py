"""What numbers said of marketing, on SQLite."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from gatewayd.policy.consents import Consent

_COLUMNS: Final = (
    "c.number, c.brand, c.at, c.granted, c.channel, c.wording, c.proof, c.recorded_at, c.told_by"
)


class SqliteConsents:
    """See `ledger.tables.Tables`. A look-up is one descent of the index, however much a number has said."""

    _db: sqlite3.Connection

    def consents(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        newest = (
            "SELECT id FROM consents WHERE number = j.value ->> 0 AND brand = j.value ->> 1"
            " ORDER BY at DESC, granted LIMIT 1"
        )
        sql = (
            f"SELECT {_COLUMNS} FROM json_each(?) AS j"  # noqa: S608  fixed texts
            f" CROSS JOIN consents AS c ON c.id = ({newest})"
        )
        rows = (_consent(row) for row in self._db.execute(sql, (json.dumps(list(pairs)),)))
        return {(row.number, row.brand): row for row in rows}

    def consents_of(self, number: str, brands: Iterable[str]) -> list[Consent]:
        sql = (
            f"SELECT {_COLUMNS} FROM consents AS c WHERE c.number = ?"  # noqa: S608  fixed texts
            " AND c.brand IN (SELECT value FROM json_each(?)) ORDER BY c.at DESC, c.granted, c.id"
        )
        return [_consent(row) for row in self._db.execute(sql, (number, json.dumps(list(brands))))]

    def put_consents(self, rows: Sequence[Consent]) -> int:
        before = self._db.total_changes
        self._db.executemany(
            "INSERT OR IGNORE INTO consents"
            " (number, brand, at, granted, channel, wording, proof, recorded_at, told_by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (r.number, r.brand, r.at, r.granted, r.channel, r.wording, r.proof, r.recorded_at, r.by)
                for r in rows
            ],
        )
        return self._db.total_changes - before

    def consents_after(self, brands: Iterable[str], after: int, limit: int) -> list[tuple[int, Consent]]:
        sql = (
            f"SELECT {_COLUMNS}, c.id FROM consents AS c WHERE c.id > ?"  # noqa: S608  fixed texts
            " AND +c.brand IN (SELECT value FROM json_each(?)) ORDER BY c.id LIMIT ?"
        )
        rows = self._db.execute(sql, (after, json.dumps(list(brands)), limit))
        return [(row[9], _consent(row)) for row in rows]


def _consent(row: Any) -> Consent:
    return Consent(row[0], row[1], row[2], bool(row[3]), row[4], row[5], row[6], row[7], row[8])
