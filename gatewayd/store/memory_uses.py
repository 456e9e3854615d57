"""Counted messages in memory."""

from collections.abc import Iterable, Sequence

from gatewayd.model import MessageId, Millis
from gatewayd.policy.uses import Counted, Use
from gatewayd.store.rows import Rows, Undo


class MemoryUses:
    """See `ledger.tables.Tables`. Rows by number, each with all of its uses."""

    def __init__(self, undo: Undo) -> None:
        self._uses: Rows[str, dict[MessageId, Use]] = Rows(undo)

    def uses(self, numbers: Iterable[str]) -> dict[str, list[Use]]:
        return {number: list(self._uses[number].values()) for number in numbers if number in self._uses}

    def put_uses(self, rows: Sequence[tuple[str, Use]]) -> None:
        for number, use in rows:
            self._uses[number] = {**self._uses.get(number, {}), use.message: use}

    def give_back_uses(self, rows: Sequence[tuple[str, MessageId]]) -> None:
        for number, message in rows:
            use = self._uses.get(number, {}).get(message)
            if use is not None and use.counted is not Counted.AT_SUBMIT:
                self._forget(number, message)

    def purge_uses(self, before: Millis, limit: int) -> int:
        old = [(n, m) for n, uses in self._uses.items() for m, use in uses.items() if use.at < before][:limit]
        for number, message in old:
            self._forget(number, message)
        return len(old)

    def _forget(self, number: str, message: MessageId) -> None:
        rest = {key: use for key, use in self._uses[number].items() if key != message}
        if rest:
            self._uses[number] = rest
        else:
            del self._uses[number]
