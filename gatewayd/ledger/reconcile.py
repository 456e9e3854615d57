"""What was learnt of how a link writes ids in receipts, and the second chance of parked receipts."""

from collections import Counter

import msgspec

from gatewayd.ledger.progress import Progress
from gatewayd.ledger.receipt_owner import matching
from gatewayd.ledger.receipts import Receipts, kept_receipt
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import Millis
from gatewayd.smpp.receipt_ids import Notation, proposed

TRIED = 500  # parked receipts that are looked at for a proposal, the oldest first


class Learnt(msgspec.Struct, frozen=True):
    """pairs: notation -> how many receipts wrote an id so. parked: receipts of no known segment.

    fitting: of the first `TRIED` of them, notation -> how many would find a segment by it.
    ambiguous: how many of these fit several segments. id: the setting in force.
    proposal: the one that explains what was seen; None: nothing to change.
    """

    id: str
    pairs: dict[str, int]
    parked: int
    fitting: dict[str, int]
    ambiguous: int
    proposal: str | None


def learnt(tables: Tables, rules: Rules, link: str) -> Learnt:
    """What `link receipts` shows; writes nothing."""
    setting, pairs = rules.dialect(link).notation, tables.id_pairs(link)
    receipts = [kept_receipt(row) for row in tables.parked_after(link, 0, TRIED)]
    notations, ambiguous = matching(tables, link, receipts)
    fitting = dict(Counter(notation.value for notation in notations))
    best = proposed(Counter(pairs) + Counter(fitting))
    useful = best is not None and best is not setting and not (setting is Notation.AUTO and _found(best))
    proposal = best if useful else None
    return Learnt(setting.value, pairs, tables.parked_count(link), fitting, ambiguous, proposal)


def _found(notation: Notation) -> bool:
    """Whether AUTO finds every id of that notation by itself."""
    return notation in {Notation.AS_IS, Notation.ANY_CASE, Notation.UNPADDED}


def replay(tables: Tables, rules: Rules, link: str, after: int, limit: int, now: Millis) -> tuple[int, int]:
    """One step through what is parked: how many found their segment, and where to go on (0: done)."""
    parked = tables.parked_after(link, after, limit)
    progress = Progress(tables, rules, now)
    receipts = Receipts(tables, rules, progress, now)
    matched = receipts.replay(parked)
    receipts.close()
    progress.journal.close()
    return matched, parked[-1].id if len(parked) == limit else 0
