"""Policy may say: not yet. What is held at the moment of sending waits, is told of, and leaves later."""

import pytest

from gatewayd.model import State
from gatewayd.policy.subject import Hold
from tests.ledger.world import HOUR, NUMBER, World


def night(world: World, hours: int) -> Hold:
    return Hold("quiet_hours", world.now + hours * HOUR, "quiet_hours", "marketing does not leave at night")


def test_what_is_held_leaves_when_the_hold_has_passed(world: World) -> None:
    """Queued, held with its reason and end, queued, claimed."""
    identifier = world.submit()
    world.rules.held[NUMBER] = night(world, 2)
    assert not world.claim("a")
    message = world.message(identifier)
    assert (message.state, message.reason, message.until) == (State.HELD, "quiet_hours", world.now + 2 * HOUR)

    world.now += 2 * HOUR
    world.rules.held.clear()
    world.tick()
    assert [one.message for one in world.claim("a")] == [identifier]


def test_a_hold_beyond_the_validity_is_a_refusal(world: World) -> None:
    """It could never leave, so upstream hears it now."""
    identifier = world.submit(valid=HOUR)
    world.rules.held[NUMBER] = night(world, 2)
    assert not world.claim("a")
    message = world.message(identifier)
    assert message.state is State.REJECTED
    assert message.error is not None
    assert message.error.code == "quiet_hours"


@pytest.mark.parametrize("until", [None, 1])
def test_a_held_message_can_be_cancelled(world: World, until: int | None) -> None:
    """Nothing of it was claimed."""
    identifier = world.submit()
    end = None if until is None else world.now + HOUR
    world.rules.held[NUMBER] = Hold("paused", end, "suspended", "its tag is paused")
    assert not world.claim("a")
    assert world.cancel(identifier).cancelled == 1
