"""Questions and requests of upstream about messages it has submitted: query, cancel, tag."""

from collections.abc import Iterable, Mapping

import msgspec

from gatewayd.ledger.events import View, view
from gatewayd.ledger.journal import Journal
from gatewayd.ledger.tables import Tables
from gatewayd.model import (
    CANCELLABLE,
    LaneId,
    Message,
    MessageId,
    Millis,
    SegmentStage,
    Stage,
    parse_id,
)


def find(tables: Tables, client: str | None, identifier: str | None, key: str | None) -> Message | None:
    """A message by id or key, if it belongs to `client` (None: an admin, who sees all by id)."""
    wanted = parse_id(identifier) if identifier is not None else None
    if wanted is None and key is not None and client is not None:
        wanted = tables.keyed(client, [key]).get(key)
    message = tables.messages([wanted]).get(wanted) if wanted is not None else None
    if message is None or (client is not None and tables.lane(message.lane).client != client):
        return None
    return message


Waits = Mapping[str, str]
"""Route of a lane -> why what may leave by it has not."""


def query(
    tables: Tables, client: str | None, identifier: str | None, key: str | None, waits: Waits
) -> View | None:
    """The state of one message, or None if there is none of that client."""
    message = find(tables, client, identifier, key)
    return None if message is None else shown(tables, message, waits)


def shown(tables: Tables, message: Message, waits: Waits) -> View:
    """A message as its client sees it now."""
    lane = tables.lane(message.lane)
    return view(message, lane, waits.get(lane.route))


class Cancelled(msgspec.Struct, frozen=True):
    """How many were cancelled, and how many could not be any more."""

    cancelled: int
    too_late: int


def cancel(tables: Tables, messages: Iterable[Message], now: Millis) -> Cancelled:
    """Cancel what nothing of has been claimed; final messages count as too late. No cancel_sm is sent."""
    journal, cancelled, too_late = Journal(tables, now), 0, 0
    for message in messages:
        if _unclaimed(tables, message):
            journal.give_back(message)
            journal.move(message, Stage.CANCELLED, None)
            cancelled += 1
        else:
            too_late += 1
    journal.close()
    return Cancelled(cancelled, too_late)


def _unclaimed(tables: Tables, message: Message) -> bool:
    """Never claimed, or given back unsent: every segment still waits for its first sending."""
    if message.stage not in CANCELLABLE:
        return False
    if message.link is None:
        return True
    segments = tables.segments([message.id]).get(message.id, [])
    return all(s.stage is SegmentStage.WAITING and s.attempt == 1 for s in segments)


def cancel_one(
    tables: Tables, client: str | None, identifier: str | None, key: str | None, now: Millis
) -> Cancelled | None:
    """None: no such message."""
    message = find(tables, client, identifier, key)
    return None if message is None else cancel(tables, [message], now)


def lanes_of(tables: Tables, client: str | None) -> list[LaneId]:
    return [i for i, lane in tables.lanes().items() if client is None or lane.client == client]


def cancel_tag(
    tables: Tables, client: str | None, tag: str, after: MessageId, limit: int, now: Millis
) -> tuple[Cancelled, MessageId | None]:
    """One step through a tag's messages; gives where to go on, or None at the end."""
    messages = tables.tagged(tag, lanes_of(tables, client), after, limit)
    done = cancel(tables, messages, now)
    return done, messages[-1].id if len(messages) == limit else None
