"""Refused submit_sms in memory."""

from collections.abc import Sequence

from gatewayd.ledger.tables import Try
from gatewayd.model import MessageId
from gatewayd.store.rows import Rows, Undo


class MemoryTries:
    """See `ledger.tables.Tables`."""

    def __init__(self, undo: Undo) -> None:
        self._tries: Rows[tuple[MessageId, int, int], Try] = Rows(undo)

    def put_tries(self, rows: Sequence[Try]) -> None:
        for row in rows:
            self._tries[row.message, row.segment, row.claimed_at] = row

    def tries_of(self, message: MessageId) -> list[Try]:
        return [row for _, row in sorted(self._tries.items()) if row.message == message]
