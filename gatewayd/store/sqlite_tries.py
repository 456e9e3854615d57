"""Refused submit_sms on SQLite."""

import sqlite3
from collections.abc import Sequence

import msgspec

from gatewayd.ledger.tables import Try
from gatewayd.model import MessageId


class SqliteTries:
    """See `ledger.tables.Tables`."""

    _db: sqlite3.Connection

    def put_tries(self, rows: Sequence[Try]) -> None:
        sql = "INSERT OR REPLACE INTO tries VALUES (?, ?, ?, ?, ?, ?)"
        self._db.executemany(sql, map(msgspec.structs.astuple, rows))

    def tries_of(self, message: MessageId) -> list[Try]:
        sql = (
            "SELECT message, segment, claimed_at, link, answered_at, status FROM tries WHERE message = ?"
            " ORDER BY segment, claimed_at"
        )
        return [Try(*row) for row in self._db.execute(sql, (message,))]
