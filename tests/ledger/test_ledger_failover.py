"""A link's own retry table, and the next link of the route after a refusal."""

import pytest

from gatewayd import retry
from gatewayd.ledger.settle import Kind
from gatewayd.model import MessageId, Segment, Stage
from gatewayd.smpp import consts
from tests.ledger.world import LONG, World, claimed_segments

BOTH = frozenset({"a", "b"})
VENDOR = 0x444


def refuse(world: World, *segments: Segment, status: int = consts.ESME_RX_T_APPN) -> None:
    world.answer(*segments, status=status)


def own(status: int, rule: retry.Rule) -> retry.Table:
    return retry.Table({**retry.DEFAULT.rules, status: rule}, retry.DEFAULT.unknown)


def test_a_temporary_refusal_goes_to_the_next_link_at_once(world: World) -> None:
    """The message is ready again, knows who refused it, and is told by the link that took it."""
    world.usable = BOTH
    identifier, segments = world.send()
    refuse(world, *segments)
    message = world.message(identifier)
    assert (message.stage, message.refused, message.attempts) == (Stage.READY, ("a",), 1)

    (segment,) = claimed_segments(world.claim("b"))
    world.answer(segment)
    assert world.story(identifier) == "submitted"
    assert world.message(identifier).link == "b"


def test_when_all_links_have_refused_it_waits(world: World) -> None:
    """The delay is that of the last refusal; the one that refused longest ago comes first."""
    world.usable = BOTH
    identifier, segments = world.send()
    refuse(world, *segments)
    refuse(world, *claimed_segments(world.claim("b")))

    message = world.message(identifier)
    assert (message.stage, message.refused) == (Stage.RETRY, ("a", "b"))
    assert message.until == world.now + 20_000
    world.wait(20_000)
    refuse(world, *claimed_segments(world.claim("a")))
    assert world.message(identifier).refused == ("b", "a")


def test_without_another_usable_link_it_waits_as_ever(world: World) -> None:
    """Whether the other is unbound or of no route of this message."""
    for usable in (frozenset({"a"}), frozenset({"a", "c"})):
        world.usable = usable
        identifier, segments = world.send()
        refuse(world, *segments)
        assert world.message(identifier).stage is Stage.RETRY


def test_what_may_have_been_taken_stays_with_its_link(world: World) -> None:
    """One segment accepted or in doubt: the other is tried again where it was refused (G2)."""
    world.usable = BOTH
    for kind in (Kind.ANSWERED, Kind.DOUBTFUL):
        identifier, segments = world.send(LONG)
        world.settle([world.outcome(segments[0], kind, 0, "x" if kind is Kind.ANSWERED else "")])
        refuse(world, *segments[1:])
        assert world.message(identifier).stage in (Stage.RETRY, Stage.IN_DOUBT)
        world.wait(60_000)
        assert {s.link for s in claimed_segments(world.claim("b", "a"))} == {"a"}


def test_the_resend_of_what_was_in_doubt_stays_with_its_link(world: World) -> None:
    """Even if that is refused: the first sending may have arrived."""
    world.usable = BOTH
    identifier, segments = world.send(class_="otp")
    world.doubt(*segments)
    (again,) = claimed_segments(world.claim())
    refuse(world, again)

    assert world.message(identifier).stage is not Stage.READY
    world.wait(60_000)
    assert {s.link for s in claimed_segments(world.claim("b", "a"))} <= {"a"}


def test_a_chosen_permanent_error_fails_over_once_per_link(world: World) -> None:
    """`failover: true` in a rule; after the last link it is refused for good."""
    table = own(VENDOR, retry.Rule(retry.Class.PERMANENT, failover=True))
    world.usable, world.rules.retries = BOTH, {"a": table, "b": table}
    identifier, segments = world.send()
    refuse(world, *segments, status=VENDOR)
    assert world.message(identifier).stage is Stage.READY

    refuse(world, *claimed_segments(world.claim("b")), status=VENDOR)
    assert world.story(identifier) == "rejected"


def test_other_permanent_errors_end_the_message(world: World) -> None:
    """The next link would only say the same."""
    world.usable = BOTH
    identifier, segments = world.send()
    refuse(world, *segments, status=consts.ESME_RINVDSTADR)

    assert world.story(identifier) == "rejected"


def test_throttling_keeps_the_link(world: World) -> None:
    """It is no refusal: neither counted nor a reason for another link."""
    world.usable = BOTH
    identifier, segments = world.send()
    refuse(world, *segments, status=consts.ESME_RTHROTTLED)

    message = world.message(identifier)
    assert (message.stage, message.refused, message.attempts) == (Stage.READY, (), 0)


@pytest.mark.parametrize(
    ("rule", "stage", "until"),
    [
        (retry.Rule(retry.Class.TEMPORARY, 5.0, 3), Stage.RETRY, 5_000),
        (retry.Rule(retry.Class.THROTTLED), Stage.READY, None),
        (retry.Rule(retry.Class.PERMANENT), Stage.REJECTED, None),
    ],
)
def test_a_link_has_its_own_rules(world: World, rule: retry.Rule, stage: Stage, until: int | None) -> None:
    """The same status means what the table of the link says."""
    world.rules.retries = {"a": own(VENDOR, rule)}
    identifier, segments = world.send()
    refuse(world, *segments, status=VENDOR)

    message = world.message(identifier)
    assert message.stage is stage
    assert message.until == (None if until is None else world.now + until)


def test_later_messages_pass_one_that_waits_for_another_link(world: World) -> None:
    """A message that one link refused does not hold up that link."""
    world.usable = BOTH
    first, segments = world.send("first")
    refuse(world, *segments)
    second: MessageId = world.submit("second")
    wanted = world.claim_unless_refused("a")

    assert [claimed.message for claimed in wanted] == [second]
    assert world.message(first).stage is Stage.READY
