"""Opt-outs: the list, and what being put on it does to messages that wait."""

from collections.abc import Collection, Sequence

from gatewayd.ledger.progress import Progress
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import OptOut, Tables
from gatewayd.model import Failure, LaneId, Millis, SegmentStage


def add(tables: Tables, rows: Sequence[OptOut], rules: Rules, now: Millis) -> int:
    """Put one number on the lists of brands, in an operation of its own; returns how many are new."""
    progress = Progress(tables, rules, now)
    known = {row.brand for row in tables.optouts(rows[0].number)} if rows else set()
    put(tables, rows, rules, progress)
    progress.journal.close()
    return len({row.brand for row in rows} - known)


def put(tables: Tables, rows: Sequence[OptOut], rules: Rules, progress: Progress) -> None:
    """From here on no marketing of these brands leaves for this number, whatever waits (G6).

    rows: all of one number and one source.
    """
    if not rows:
        return
    brands = {row.brand for row in rows}
    tables.put_optouts(rows)
    tables.effects.count("optouts", rows[0].source)
    lanes = [
        identifier
        for identifier, lane in tables.lanes().items()
        if lane.brand in brands and rules.class_rule(lane.class_).marketing
    ]
    if lanes:
        _reject(tables, rows[0].number, lanes, progress)


def _reject(tables: Tables, number: str, lanes: Sequence[LaneId], progress: Progress) -> None:
    progress.journal.close()  # what this operation did before may have ended some of them
    waiting = tables.waiting_for(number, lanes)
    progress.add(waiting)
    for message in waiting:
        progress.stop(message, SegmentStage.REJECTED, Failure("opted_out"))


def check(tables: Tables, number: str, brands: Collection[str]) -> OptOut | None:
    """The newest opt-out of `number` from any of `brands`."""
    rows = (row for row in tables.optouts(number) if row.brand in brands)
    return max(rows, key=lambda row: row.since, default=None)


def remove(tables: Tables, number: str, brands: Collection[str]) -> int:
    """Take `number` off the lists of `brands`; returns of how many."""
    return tables.delete_optouts(number, sorted(brands))
