"""Messages that wait because their destination's queue is full: `Progress.delay`."""

from gatewayd.ledger.progress import Progress
from gatewayd.ledger.tables import Tables
from gatewayd.model import MessageId, Stage
from tests.ledger.world import HOUR, World, claimed_segments

MINUTE = 60_000
LONG = "x" * 300  # two segments


def delay(world: World, identifier: MessageId, millis: int) -> None:
    """As a claim does that finds the number full."""

    def operation(tables: Tables) -> None:
        progress = Progress(tables, world.rules, world.now)
        progress.load([identifier])
        progress.delay(progress.messages[identifier], world.now + millis)
        progress.journal.close()

    world.run(operation)


def test_what_never_left_waits_and_leaves(world: World) -> None:
    """Upstream hears nothing, a query tells why and until when, no attempt is counted."""
    identifier = world.submit()
    delay(world, identifier, MINUTE)
    waiting = world.message(identifier)
    assert (waiting.stage, waiting.reason, waiting.until) == (Stage.RETRY, "retry", world.now + MINUTE)
    assert world.claim() == []
    world.wait(MINUTE)
    assert len(world.claim()) == 1
    assert (world.story(identifier), world.message(identifier).attempts) == ("", 0)


def test_what_waits_expires_at_its_time(world: World) -> None:
    """A wait longer than the validity ends with it (G8)."""
    identifier = world.submit(valid=MINUTE)
    delay(world, identifier, HOUR)
    world.wait(MINUTE)
    assert world.story(identifier) == "expired"


def test_what_was_refused_before_waits_too(world: World) -> None:
    """Given back by its link, it has segments; the wait is the same."""
    identifier, segments = world.send()
    world.release(*segments)
    delay(world, identifier, MINUTE)
    assert world.claim() == []
    world.wait(MINUTE)
    assert [s.attempt for s in claimed_segments(world.claim())] == [1]


def test_the_rest_of_what_is_in_doubt_waits(world: World) -> None:
    """Its first segment may have arrived: to the outside the message stays in doubt (G2)."""
    identifier, [one, two] = world.send(LONG)
    world.doubt(one)
    world.release(two)
    assert world.message(identifier).stage is Stage.RESUME
    delay(world, identifier, MINUTE)
    assert world.message(identifier).stage is Stage.IN_DOUBT
    assert world.claim() == []
    world.wait(MINUTE)
    assert [s.number for s in claimed_segments(world.claim())] == [2]
    assert world.story(identifier) == "in_doubt"
