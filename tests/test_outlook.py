"""When a message would leave, by what stands in front of it."""

import math

import pytest

from gatewayd.model import Lane, LaneId, Stage
from gatewayd.outlook import Outlook, first_usable, speed_of
from gatewayd.routing import parse_spec

PRIORITY = {"otp": 1, "notice": 2, "member": 3}


def lane(class_: str, route: str = "failover:a,b", client: str = "shop") -> Lane:
    return Lane(route, class_, client, "mall")


OWN = lane("notice")


def outlook(waiting: dict[Lane, int], **speeds: float) -> Outlook:
    return Outlook(waiting, {OWN: 500}, speeds, PRIORITY)


@pytest.mark.parametrize(
    ("waiting", "seconds"),
    [
        pytest.param({}, 0, id="nothing is in front"),
        pytest.param({OWN: 1000}, 20, id="its own lane, as long as itself"),
        pytest.param({lane("otp"): 100}, 1, id="what is more urgent goes first, one segment each"),
        pytest.param({lane("member"): 100}, 0, id="what is less urgent does not"),
        pytest.param({OWN: 100, lane("notice", client="bank"): 900}, 3, id="another's turns are as many"),
        pytest.param({OWN: 900, lane("notice", client="bank"): 100}, 19, id="or all it has"),
        pytest.param({lane("otp", "failover:c"): 100}, 0, id="another link is nobody's business"),
    ],
)
def test_what_stands_in_front(waiting: dict[Lane, int], seconds: float) -> None:
    """A message of two segments over a link of 100 a second."""
    assert outlook(waiting, a=100.0).seconds(OWN, 2) == seconds


def test_what_is_held_leaves_behind_what_was_held_before() -> None:
    """All of it is let go at one moment."""
    assert outlook({OWN: 100}, a=100.0).seconds(OWN, 1, held=True) == 6


def test_the_counts_of_a_store_are_read_by_stage() -> None:
    """What is claimable waits, what is held or scheduled does not yet; the rest is on its way or done."""
    one, other = LaneId(1), LaneId(2)
    counts = {(one, stage): n for n, stage in enumerate(Stage, 1)} | {(other, Stage.READY): 0}
    seen = Outlook.of({one: OWN, other: lane("otp")}, counts, {}, PRIORITY)
    assert seen.waiting == {OWN: 3 + 8}  # READY, RESUME
    assert seen.held == {OWN: 1 + 2}  # SCHEDULED, HELD


def test_without_a_usable_link_nothing_is_known() -> None:
    """It waits for a bind, of which nobody knows when it comes."""
    assert outlook({OWN: 5}, c=100.0).seconds(OWN, 1) is None


def test_an_unlimited_link_takes_all_at_once() -> None:
    """No rate: what is in front costs nothing that could be foretold."""
    assert outlook({OWN: 1_000_000}, a=math.inf).seconds(OWN, 1) == 0


@pytest.mark.parametrize(
    ("route", "speeds", "speed"),
    [
        ("failover:a,b", {"a": 10.0, "b": 90.0}, 10.0),
        ("failover:a,b", {"b": 90.0}, 90.0),
        ("failover:a,b", {}, None),
        ("weighted:a=70,b=30", {"a": 70.0, "b": 30.0}, 100.0),
        ("weighted:a=70,b=30", {"a": 70.0, "b": 3.0}, 10.0),
        ("weighted:a=70,b=30", {"b": 3.0}, 3.0),
    ],
)
def test_the_speed_of_a_route(route: str, speeds: dict[str, float], speed: float | None) -> None:
    """One link at a time, or all of them as fast as the slowest share allows."""
    assert speed_of(parse_spec(route), speeds) == speed


def test_the_first_usable_link_is_named() -> None:
    """In the order of the route."""
    assert first_usable(parse_spec("failover:a,b"), {"b": 1.0}) == "b"
    assert first_usable(parse_spec("failover:a,b"), {}) is None
