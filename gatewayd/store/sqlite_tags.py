"""Counts and pauses of tags on SQLite."""

import sqlite3
from collections.abc import Mapping, Sequence

from gatewayd.ledger.tables import PausedTag, TagKey


class SqliteTags:
    """See `ledger.tables.Tables`."""

    _db: sqlite3.Connection

    def count_tags(self, changes: Mapping[TagKey, int]) -> None:
        self._db.executemany(
            "INSERT INTO tags VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET messages = messages + ?4",
            [(*key, n) for key, n in changes.items() if n],
        )

    def tag_counts(self, client: str, tag: str) -> dict[str, int]:
        sql = "SELECT state, messages FROM tags WHERE client = ? AND tag = ?"
        return dict(self._db.execute(sql, (client, tag)))

    def reset_tag(self, client: str, tag: str, states: Sequence[str]) -> None:
        sql = "DELETE FROM tags WHERE client = ? AND tag = ? AND state = ?"
        self._db.executemany(sql, [(client, tag, state) for state in states])

    def paused_tags(self) -> dict[tuple[str, str], PausedTag]:
        rows = self._db.execute("SELECT client, tag, since, reason FROM paused_tags")
        return {(row[0], row[1]): PausedTag(*row) for row in rows}

    def put_paused_tag(self, tag: PausedTag) -> None:
        sql = "INSERT OR REPLACE INTO paused_tags VALUES (?, ?, ?, ?)"
        self._db.execute(sql, (tag.client, tag.tag, tag.since, tag.reason))

    def delete_paused_tag(self, client: str, tag: str) -> None:
        self._db.execute("DELETE FROM paused_tags WHERE client = ? AND tag = ?", (client, tag))
