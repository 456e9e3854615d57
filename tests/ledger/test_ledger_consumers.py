"""Consumers: where a reader starts, how far it has come, what is gone."""

from gatewayd.ledger.consumers import Gone, acknowledge, subscribe
from gatewayd.ledger.timers import Past, purge
from tests.ledger.world import HOUR, World


def events(world: World, number: int) -> list[int]:
    """So many more events of the client; their cursors."""
    known = len(world.events())
    for _ in range(number):
        world.submit(valid=HOUR)
        world.wait(HOUR)
    return [event.cursor for event in world.events()][known:]


def test_a_new_consumer_starts_with_the_oldest(world: World) -> None:
    """After null, nothing acknowledged yet: all events that are kept."""
    events(world, 2)
    assert world.run(subscribe, "acme", "c", None, world.now) == 0


def test_null_means_after_the_last_acknowledged(world: World) -> None:
    """Acknowledging is cumulative and durable; going back is ignored; each consumer has its own place."""
    cursors = events(world, 3)
    world.run(subscribe, "acme", "c", None, world.now)
    assert world.run(acknowledge, "acme", "c", cursors[1], world.now)
    assert world.run(acknowledge, "acme", "c", cursors[0], world.now)
    assert world.run(subscribe, "acme", "c", None, world.now) == cursors[1]
    assert world.run(subscribe, "acme", "d", None, world.now) == 0
    (c, d) = world.tables.consumers()
    assert (c.name, c.acknowledged, d.name, d.acknowledged) == ("c", cursors[1], "d", 0)


def test_a_cursor_may_be_asked_for(world: World) -> None:
    """A cursor: after it. 0: the oldest kept. Neither moves what is acknowledged."""
    cursors = events(world, 3)
    assert world.run(subscribe, "acme", "c", cursors[2], world.now) == cursors[2]
    assert world.run(subscribe, "acme", "c", 0, world.now) == 0
    assert world.run(subscribe, "acme", "c", None, world.now) == 0


def test_what_cannot_be_acknowledged(world: World) -> None:
    """No such consumer; a cursor that was never given out."""
    (cursor,) = events(world, 1)
    assert not world.run(acknowledge, "acme", "c", cursor, world.now)
    world.run(subscribe, "acme", "c", None, world.now)
    assert not world.run(acknowledge, "acme", "c", cursor + 1, world.now)
    assert not world.run(acknowledge, "other", "c", cursor, world.now)


def test_below_the_oldest_kept_is_gone(world: World) -> None:
    """With the cursor from which nothing is missing; 0 starts there."""
    cursors = events(world, 3)
    world.run(subscribe, "acme", "c", None, world.now)
    world.run(acknowledge, "acme", "c", cursors[0], world.now)
    world.run(purge, Past(world.now - HOUR + 1, 0, 0), 100)
    oldest = cursors[1]
    assert world.run(subscribe, "acme", "c", None, world.now) == Gone(oldest)
    assert world.run(subscribe, "acme", "c", cursors[0], world.now) == Gone(oldest)
    assert world.run(subscribe, "acme", "c", 0, world.now) == oldest
    assert world.run(subscribe, "acme", "c", oldest, world.now) == oldest
    assert [event.cursor for event in world.tables.events_after("acme", oldest, 9)] == cursors[2:]


def test_a_consumer_that_missed_nothing_is_not_told_gone(world: World) -> None:
    """Only events of its own client count: what others had meanwhile was never for it."""
    (cursor,) = events(world, 1)
    world.run(subscribe, "acme", "c", None, world.now)
    world.run(acknowledge, "acme", "c", cursor, world.now)
    world.receive(world.mo("hi", destination="999"))
    world.run(purge, Past(world.now + 1, 0, 0), 100)
    assert world.tables.events_after("admin", 0, 9) == []
    assert world.run(subscribe, "acme", "c", None, world.now) == cursor
