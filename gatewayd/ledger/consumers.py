"""Consumers: how far each reader of a client's events has acknowledged them (G5)."""

import msgspec

from gatewayd.ledger.tables import Consumer, Tables
from gatewayd.model import Millis


class Gone(msgspec.Struct, frozen=True):
    """Events the reader asks for are no longer kept. oldest: the lowest `after` that misses nothing."""

    oldest: int


def subscribe(tables: Tables, client: str, name: str, after: int | None, now: Millis) -> int | Gone:
    """The cursor to start after: as asked, or where the consumer's acknowledgements ended."""
    oldest = tables.oldest_cursor(client)
    consumer = tables.consumer(client, name)
    if consumer is None:
        consumer = Consumer(client, name, oldest, now)
        tables.put_consumer(consumer)
    start = consumer.acknowledged if after is None else after
    if after == 0:
        return oldest
    return start if start >= oldest else Gone(oldest)


def acknowledge(tables: Tables, client: str, name: str, cursor: int, now: Millis) -> bool:
    """Cumulative; going back is ignored. False: there is no such consumer, or no such cursor yet."""
    consumer = tables.consumer(client, name)
    if consumer is None or cursor > tables.last_cursor():
        return False
    if cursor > consumer.acknowledged:
        tables.put_consumer(Consumer(client, name, cursor, now))
    return True
