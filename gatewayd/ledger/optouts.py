"""Opt-outs by request of upstream; those by reply stand in `ledger.inbound`."""

from collections.abc import Collection, Sequence

from gatewayd.ledger.journal import Journal
from gatewayd.ledger.tables import OptOut, Tables
from gatewayd.model import Failure, Millis, Stage


def add(tables: Tables, rows: Sequence[OptOut], classes: Collection[str], now: Millis) -> int:
    """Put one number on the lists of brands; what waits of their marketing ends as rejected (G6).

    rows: all of one number and one source. classes: those that opt-outs bind. Returns how many are new.
    """
    if not rows:
        return 0
    number, brands = rows[0].number, {row.brand for row in rows}
    known = {row.brand for row in tables.optouts(number)}
    tables.put_optouts(rows)
    tables.effects.count("optouts", rows[0].source)
    lanes = [i for i, lane in tables.lanes().items() if lane.brand in brands and lane.class_ in classes]
    journal = Journal(tables, now)
    for message in tables.waiting_for(number, lanes) if lanes else ():
        journal.move(message, Stage.REJECTED, None, error=Failure("opted_out"))
    journal.close()
    return len(brands - known)


def check(tables: Tables, number: str, brands: Collection[str]) -> OptOut | None:
    """The newest opt-out of `number` from any of `brands`."""
    rows = (row for row in tables.optouts(number) if row.brand in brands)
    return max(rows, key=lambda row: row.since, default=None)


def remove(tables: Tables, number: str, brands: Collection[str]) -> int:
    """Take `number` off the lists of `brands`; returns of how many."""
    return tables.delete_optouts(number, sorted(brands))
