"""What happens because time has passed: releases, retries, expiry, receipts that never came, purges."""

from collections.abc import Callable
from typing import NamedTuple

from gatewayd.ledger.fold import fold, partly_delivered
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import Failure, Message, Millis, SegmentStage, Stage


def run_due(tables: Tables, rules: Rules, now: Millis, limit: int) -> int:
    """Handle up to `limit` messages whose time has come; returns how many there were."""
    progress = Progress(tables, rules, now)
    messages = tables.due(now, limit)
    progress.add(messages)
    for message in messages:
        _STEP[message.stage](progress, message, now)
    progress.journal.close()
    return len(messages)


def _release(progress: Progress, message: Message, now: Millis) -> None:
    expires = message.content.expires_at
    if expires <= now:
        _expire(progress, message, now)
    else:
        progress.journal.move(message, Stage.READY, expires)


def _expire(progress: Progress, message: Message, now: Millis) -> None:
    del now
    progress.stop(message, SegmentStage.EXPIRED, Failure("expired"))


def _try_again(progress: Progress, message: Message, now: Millis) -> None:
    """The refusal of its segments has passed, or the wait for its destination."""
    if message.link is None:
        _release(progress, message, now)
    else:
        progress.fold(message.id)


def _end_wait(progress: Progress, message: Message, now: Millis) -> None:
    """No receipt came; or segments that were refused for a while may go now."""
    if fold(progress.segments[message.id]).stage is Stage.RESUME:
        _try_again(progress, message, now)
    else:
        told = partly_delivered(progress.segments[message.id])
        progress.journal.move(message, Stage.UNKNOWN, None, error=Failure("receipt_missing", told))


_STEP: dict[Stage, Callable[[Progress, Message, Millis], None]] = {
    Stage.SCHEDULED: _release,
    Stage.HELD: _release,
    Stage.RETRY: _try_again,
    Stage.READY: _expire,
    Stage.RESUME: _expire,
    Stage.SUBMITTED: _end_wait,
    Stage.IN_DOUBT: _end_wait,
}


class Past(NamedTuple):
    """Before when each kind of row may be forgotten."""

    events: Millis
    deliveries: Millis
    uses: Millis


def purge(tables: Tables, past: Past, limit: int) -> int:
    """Forget what is past its time, in small steps; returns how many of the most there were."""
    tables.purge_deliveries(past.deliveries)
    return max(tables.purge_events(past.events, limit), tables.purge_uses(past.uses, limit))
