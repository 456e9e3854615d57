"""What was held until somebody changes something, once that has happened: suspensions, pauses of tags."""

from collections.abc import Collection
from typing import Final, NamedTuple

from gatewayd.ledger.journal import Journal
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import Tables
from gatewayd.model import Message, MessageId, Millis, Stage

REASONS: Final = ("suspended", "paused")


class Released(NamedTuple):
    """after: where the next step goes on; None at the end."""

    released: int
    after: MessageId | None


def release(tables: Tables, rules: Rules, reason: str, after: MessageId, limit: int, now: Millis) -> Released:
    """One step through what is held for `reason`; every rule is asked again when it is claimed.

    For a start: the configuration may be another, and a resume may have been cut short.
    """
    messages = tables.held_for(reason, after, limit)
    paused, journal, released = tables.paused_tags().keys(), Journal(tables, now), 0
    for message in messages:
        if not _holds(tables, rules, paused, message):
            journal.move(message, Stage.READY, message.content.expires_at)
            released += 1
    journal.close()
    return Released(released, messages[-1].id if len(messages) == limit else None)


def _holds(tables: Tables, rules: Rules, paused: Collection[tuple[str, str]], message: Message) -> bool:
    lane, tag = tables.lane(message.lane), message.content.tag
    return rules.holds(lane) or (tag is not None and (lane.client, tag) in paused)
