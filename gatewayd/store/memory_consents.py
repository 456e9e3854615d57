"""What numbers said of marketing, in memory."""

from collections.abc import Iterable, Sequence
from itertools import islice

from gatewayd.policy.consents import Consent
from gatewayd.store.rows import Rows, Undo


class MemoryConsents:
    """See `ledger.tables.Tables`. Rows by a running number."""

    def __init__(self, undo: Undo) -> None:
        self._consents: Rows[int, Consent] = Rows(undo)

    def consents(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        said = {pair: self.consents_of(pair[0], [pair[1]]) for pair in pairs}
        return {pair: rows[0] for pair, rows in said.items() if rows}

    def consents_of(self, number: str, brands: Iterable[str]) -> list[Consent]:
        wanted = set(brands)
        rows = (row for row in self._consents.values() if row.number == number and row.brand in wanted)
        return sorted(rows, key=lambda row: (-row.at, row.granted))

    def put_consents(self, rows: Sequence[Consent]) -> int:
        known = {_said(row) for row in self._consents.values()}
        before = len(self._consents)
        for row in rows:
            if _said(row) not in known:
                known.add(_said(row))
                self._consents[max(self._consents, default=0) + 1] = row
        return len(self._consents) - before

    def consents_after(self, brands: Iterable[str], after: int, limit: int) -> list[tuple[int, Consent]]:
        wanted = set(brands)
        rows = ((n, row) for n, row in self._consents.items() if n > after and row.brand in wanted)
        return list(islice(rows, limit))


def _said(row: Consent) -> tuple[object, ...]:
    return row.number, row.brand, row.at, row.granted, row.channel
