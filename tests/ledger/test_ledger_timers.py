"""Timers and retention: what time alone does to messages, events and deliveries."""

from gatewayd.ledger.timers import Past, purge
from gatewayd.model import Stage
from tests.ledger.world import DAY, HOUR, START, World


def test_only_what_is_due_is_handled(world: World) -> None:
    """Up to the limit, the longest overdue first; the rest in the next step."""
    late = [world.submit(valid=HOUR + n) for n in range(150)]
    world.submit(valid=DAY)
    world.now += HOUR + 149
    assert [world.tick(), world.tick(), world.tick()] == [100, 50, 0]
    assert [world.story(identifier) for identifier in late] == ["expired"] * 150
    assert [event.message for event in world.events()] == late


def test_a_scheduled_message_released_too_late_expires(world: World) -> None:
    """The daemon was down over send_at and the whole validity: nothing leaves (G8)."""
    identifier = world.submit(send_at=START + HOUR, valid=HOUR)
    world.now += 2 * HOUR
    world.tick()
    assert world.story(identifier) == "expired"


def test_a_held_message_is_released_or_expires(world: World) -> None:
    """At its time it is queued again; when its validity is over by then, it expires."""
    kept, lost = world.submit(valid=DAY), world.submit(valid=HOUR)
    for identifier in (kept, lost):
        message = world.message(identifier)
        message.stage, message.due, message.reason = Stage.HELD, START + 2 * HOUR, "quiet_hours"
        world.run(lambda tables, message=message: tables.update_messages([message]))
    world.wait(2 * HOUR)
    assert (world.story(kept), world.story(lost)) == ("queued", "expired")
    assert world.message(kept).reason is None


def test_a_queued_message_expires_at_its_time(world: World) -> None:
    """Not a millisecond earlier."""
    identifier = world.submit(valid=HOUR)
    world.wait(HOUR - 1)
    assert world.story(identifier) == ""
    world.wait(1)
    assert world.story(identifier) == "expired"


def test_a_final_message_is_never_due_again(world: World) -> None:
    """Nothing is left to do once everything is final."""
    world.submit(valid=HOUR)
    world.wait(HOUR)
    assert world.tables.due(world.now + 365 * DAY, 10) == []


def test_events_are_forgotten_after_their_time(world: World) -> None:
    """In steps, oldest first, never one that is younger; cursors are not used again."""
    for _ in range(5):
        world.submit(valid=HOUR)
        world.wait(HOUR)
    cursors = [event.cursor for event in world.events()]
    border = START + 4 * HOUR
    assert [world.run(purge, Past(border, 0, 0), 2) for _ in range(3)] == [2, 1, 0]
    assert [event.cursor for event in world.events()] == cursors[3:]
    world.run(purge, Past(world.now + 1, 0, 0), 100)
    assert world.events() == []
    assert world.tables.oldest_cursor("acme") == cursors[-1]
    world.submit(valid=HOUR)
    world.wait(HOUR)
    assert world.events()[0].cursor > cursors[-1]


def test_deliveries_are_forgotten_after_their_time(world: World) -> None:
    """A deliver_sm can be known again for some minutes only."""
    world.run(lambda tables: tables.note_deliveries([(b"old", 1, START), (b"new", 1, START + 10)]))
    world.run(purge, Past(0, START + 10, 0), 100)
    assert world.tables.seen_delivery(b"old") is None
    assert world.tables.seen_delivery(b"new") == (1, START + 10)
