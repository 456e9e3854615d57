"""What waits follows the routes in force, not those under which it was accepted."""

from collections.abc import Callable

from gatewayd.ledger.journal import Journal
from gatewayd.ledger.tables import Tables
from gatewayd.model import Content, Lane, Message, MessageId, Millis

RouteOf = Callable[[Lane, Content], str | None]


def reroute(tables: Tables, route_of: RouteOf, after: MessageId, limit: int, now: Millis) -> MessageId | None:
    """One step through what waits; gives where to go on, or None at the end.

    A message that no route takes any more stays where it is and waits for a better configuration.
    """
    messages = tables.queued_after(after, limit)
    journal = Journal(tables, now)
    for message in messages:
        _move(tables, journal, message, route_of)
    journal.close()
    return messages[-1].id if len(messages) == limit else None


def _move(tables: Tables, journal: Journal, message: Message, route_of: RouteOf) -> None:
    lane = tables.lane(message.lane)
    route = route_of(lane, message.content)
    if route is not None and route != lane.route:
        journal.change_lane(message, tables.lane_id(Lane(route, lane.class_, lane.client, lane.brand)))
