"""Templates on SQLite: a version a row."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from gatewayd.policy.template_sets import Review, Template, TemplateSets

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Template).decode


class SqliteTemplates:
    """See `ledger.tables.Tables`."""

    _db: sqlite3.Connection

    def __init__(self) -> None:
        self.template_sets = TemplateSets()

    def template_stamp(self, brand: str) -> int:
        sql = "SELECT coalesce(max(stamp), 0) FROM templates WHERE brand = ?"
        return int(self._db.execute(sql, (brand,)).fetchone()[0])

    def templates(self, brand: str, name: str | None = None, review: Review | None = None) -> list[Template]:
        sql = (
            "SELECT body FROM templates WHERE brand = ?1 AND (?2 IS NULL OR name = ?2)"
            " AND (?3 IS NULL OR review = ?3) ORDER BY name, version DESC"
        )
        return [_decode(row[0]) for row in self._db.execute(sql, (brand, name, review))]

    def put_templates(self, rows: Sequence[Template], stamp: int) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO templates VALUES (?, ?, ?, ?, ?, ?)",
            [(r.brand, r.name, r.version, r.review.value, stamp, _encode(r)) for r in rows],
        )
