"""What happens because time has passed: releases, retries, expiry, receipts that never came, purges."""

from collections.abc import Callable

from gatewayd.ledger.journal import Journal
from gatewayd.ledger.tables import Tables
from gatewayd.model import Failure, Message, Millis, Stage


def run_due(tables: Tables, now: Millis, limit: int) -> int:
    """Handle up to `limit` messages whose time has come; returns how many there were."""
    journal = Journal(tables, now)
    messages = tables.due(now, limit)
    for message in messages:
        _STEP[message.stage](journal, message, now)
    journal.close()
    return len(messages)


def _release(journal: Journal, message: Message, now: Millis) -> None:
    if message.content.expires_at <= now:
        _expire(journal, message, now)
    else:
        journal.move(message, Stage.READY, message.content.expires_at)


def _expire(journal: Journal, message: Message, now: Millis) -> None:
    del now
    journal.move(message, Stage.EXPIRED, None, error=Failure("expired"))


def _give_up(journal: Journal, message: Message, now: Millis) -> None:
    del now
    journal.move(message, Stage.UNKNOWN, None, error=Failure("receipt_missing"))


_STEP: dict[Stage, Callable[[Journal, Message, Millis], None]] = {
    Stage.SCHEDULED: _release,
    Stage.HELD: _release,
    Stage.RETRY: _release,
    Stage.READY: _expire,
    Stage.RESUME: _expire,
    Stage.SUBMITTED: _give_up,
    Stage.IN_DOUBT: _give_up,
}


def purge(tables: Tables, events_before: Millis, deliveries_before: Millis, limit: int) -> int:
    """Forget events past their time, in small steps; returns how many went."""
    tables.purge_deliveries(deliveries_before)
    return tables.purge_events(events_before, limit)
