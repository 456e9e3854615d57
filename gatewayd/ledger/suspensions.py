"""What was held because its client or brand was suspended, once that is over."""

from typing import NamedTuple

from gatewayd.ledger.journal import Journal
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import MessageId, Millis, Stage


class Released(NamedTuple):
    """after: where the next step goes on; None at the end."""

    released: int
    after: MessageId | None


def release(tables: Tables, rules: Rules, after: MessageId, limit: int, now: Millis) -> Released:
    """One step through what is held; every rule is asked again when it is claimed."""
    messages = tables.held_for("suspended", after, limit)
    journal, released = Journal(tables, now), 0
    for message in messages:
        if not rules.is_suspended(tables.lane(message.lane)):
            journal.move(message, Stage.READY, message.content.expires_at)
            released += 1
    journal.close()
    return Released(released, messages[-1].id if len(messages) == limit else None)
