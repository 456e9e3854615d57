"""Messages of one client with the same order_key to the same number leave one after the other.

A later one waits until the earlier one has left: the SMSC has taken it, its last word is spoken, or it is in
doubt and nothing of it will be sent again. What waits stands in stage RETRY, so that nobody looks at it in
vain, and is let go by the journal of the operation that moves the one before it.
"""

from typing import Final

from gatewayd.ledger.tables import Tables
from gatewayd.model import Message, Stage

WAITS: Final = "order"  # `Message.reason` while it waits in line


def waits(tables: Tables, message: Message) -> bool:
    """Whether an earlier one has not left yet. Asked only of messages with an order_key."""
    first = _first(tables, message)
    return first is not None and first.id < message.id


def next_after(tables: Tables, message: Message) -> Message | None:
    """The one that may go now that `message` has moved on; None if none waits for it."""
    first = _first(tables, message)
    return first if first is not None and first.stage is Stage.RETRY and first.reason == WAITS else None


def _first(tables: Tables, message: Message) -> Message | None:
    content = message.content
    assert content.order_key is not None
    return tables.first_in_line(tables.lane(message.lane).client, content.to, content.order_key)
