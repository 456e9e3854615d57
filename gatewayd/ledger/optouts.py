"""Opt-outs: the list, and what being put on it does to messages that wait."""

from collections.abc import Collection, Sequence
from typing import Final

from gatewayd.ledger.progress import Progress
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import OptOut, Tables
from gatewayd.model import Failure, LaneId, Millis, SegmentStage

UNPLACED: Final = "reply_unplaced"
"""Source of an opt-out by a reply to a code of several brands."""


def add(tables: Tables, rows: Sequence[OptOut], rules: Rules, now: Millis) -> int:
    """Put numbers on the lists of brands, in an operation of its own; returns how many are new there."""
    progress = Progress(tables, rules, now)
    known = tables.opted_out({(row.number, row.brand) for row in rows})
    put(tables, rows, rules, progress)
    progress.journal.close()
    return len({(row.number, row.brand) for row in rows} - known)


def put(tables: Tables, rows: Sequence[OptOut], rules: Rules, progress: Progress) -> None:
    """From here on no marketing of these brands leaves for these numbers, whatever waits (G6)."""
    tables.put_optouts(rows)
    tables.effects.unwanted |= {(row.number, row.brand) for row in rows}
    for _, source in {(row.number, row.source) for row in rows}:
        tables.effects.count("optouts", source)
    brands = {row.brand for row in rows}
    lanes = [
        identifier
        for identifier, lane in tables.lanes().items()
        if lane.brand in brands and rules.class_rule(lane.class_).marketing
    ]
    if lanes:
        _reject(tables, rows, lanes, progress)


def _reject(tables: Tables, rows: Sequence[OptOut], lanes: Sequence[LaneId], progress: Progress) -> None:
    progress.journal.close()  # what this operation did before may have ended some of them
    unwanted = {(row.number, row.brand) for row in rows}
    for number in {row.number for row in rows}:
        waiting = tables.waiting_for(number, lanes)
        progress.add(waiting)
        for message in waiting:
            if (number, tables.lane(message.lane).brand) in unwanted:
                progress.stop(message, SegmentStage.REJECTED, Failure("opted_out"))


def page(tables: Tables, brands: Collection[str], after: tuple[str, str], limit: int) -> list[OptOut]:
    """Opt-outs from `brands` behind (number, brand), in that order."""
    return tables.optouts_after(sorted(brands), after, limit)


def check(tables: Tables, number: str, brands: Collection[str]) -> OptOut | None:
    """The newest opt-out of `number` from any of `brands`."""
    rows = (row for row in tables.optouts(number) if row.brand in brands)
    return max(rows, key=lambda row: row.since, default=None)


def restore(tables: Tables, number: str, brands: Sequence[str]) -> int:
    """What a reply takes back that asks for messages again; returns of how many lists.

    With one brand its opt-out, whoever put it there. Where the code may speak for several, only what a
    reply to it did to all of them: consent to one brand is not consent to another.
    """
    if len(brands) == 1:
        return remove(tables, number, brands)
    unplaced = {row.brand for row in tables.optouts(number) if row.source == UNPLACED}
    return remove(tables, number, unplaced.intersection(brands))


def remove(tables: Tables, number: str, brands: Collection[str]) -> int:
    """Take `number` off the lists of `brands`; returns of how many."""
    return tables.delete_optouts(number, sorted(brands))
