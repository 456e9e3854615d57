"""Who leaves next: order of classes, deadlines, what is kept for the urgent, fair turns, limits of brands."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.config import parse_config
from gatewayd.dispatch import AT_MOST, Counts, Dispatch, Offer, Room, Round
from gatewayd.ledger.claim import Claimed, Want
from gatewayd.model import Content, Lane, LaneId, Message, MessageId, Millis, Stage
from gatewayd.snapshot import Snapshot

NUMBER = "8613800138000"
CONFIG = """
links: {a: {host: a, system_id: a}, b: {host: b, system_id: b}}
routes: [{match: {}, links: [a, b]}]
clients:
  shop: {users: ["1"], brands: ["*"], classes: ["*"], weight: 3}
  bank: {users: ["2"], brands: ["*"], classes: ["*"]}
brands:
  mall: {sender: "1", weight: 2}
  club: {sender: "2"}
  post: {sender: "3"}
classes: {alarm: {priority: 0}, poll: {priority: 3}}
"""
SNAPSHOT = Snapshot.build(parse_config(CONFIG.encode(), "test.yml"))


def lane(
    class_: str = "notice", client: str = "shop", brand: str = "mall", route: str = "failover:a,b"
) -> Lane:
    return Lane(route, class_, client, brand)


def message(lane_id: int, segments: int = 1, refused: tuple[str, ...] = ()) -> Message:
    content = Content(NUMBER, "1", "hi", None, b"", "gsm7", segments, "queued", 0, 1)
    identifier, where = MessageId(1), LaneId(lane_id)
    return Message(identifier, where, Stage.READY, content, None, 0, segments, refused=refused)


class World:
    """Lanes by number from 1, all with plenty to give unless told otherwise."""

    def __init__(self, *lanes: Lane, counts: Counts | None = None) -> None:
        self.dispatch = Dispatch(SNAPSHOT)
        self.lanes = {LaneId(n): one for n, one in enumerate(lanes, 1)}
        self.counts = counts or {(one, Stage.READY): 1000 for one in self.lanes}

    def round(self, rooms: Mapping[str, tuple[int, int]], **offer: Any) -> Round:
        """rooms: link -> (urgent, bulk); links that are named are usable."""
        offered = {"a": Room(0, 0), "b": Room(0, 0)} | {link: Room(*room) for link, room in rooms.items()}
        more: dict[str, Any] = {"usable": frozenset(rooms), "budgets": {}, **offer}
        return Round(self.dispatch, Offer(rooms=offered, **more), self.lanes, self.counts)


def links(turn: Round, lane_id: int, times: int, **fields: Any) -> list[str | Millis | None]:
    return [turn.pick(message(lane_id, **fields), None) for _ in range(times)]


def serve(world: World, room: int, rounds: int, supply: dict[int, int] | None = None) -> Counter[int]:
    """Claims of which each takes what it may; segments by lane. supply: of lanes that run dry."""
    served: Counter[int] = Counter()
    left = dict(supply or {})
    for _ in range(rounds):
        turn = world.round({"a": (room, room)})
        for want in turn.wants:
            served += take(world, turn, want, left)
    return served


def take(world: World, turn: Round, want: Want, left: dict[int, int]) -> Counter[int]:
    (lane_id,), taken = want.lanes, 0
    while taken < want.limit and left.get(lane_id, 1) > 0 and turn.pick(message(lane_id), None):
        taken += 1
        if lane_id in left:
            left[lane_id] -= 1
    content, segment = message(lane_id).content, (None, None)
    one = Claimed(MessageId(1), lane_id, "a", world.lanes[lane_id].class_, content, (segment,))  # type: ignore[arg-type]  # only counted
    turn.charge([one] * taken)
    return Counter({lane_id: taken})


def test_the_lower_the_priority_the_sooner() -> None:
    """Emergency before otp before notice before marketing, whoever waits longer."""
    world = World(lane("traffic"), lane("otp"), lane("notice"), lane("emergency"), lane("member"))

    assert [want.lanes for want in world.round({"a": (10, 10)}).wants] == [(4,), (2,), (3,), (5,), (1,)]


def test_the_earliest_deadline_goes_first_among_urgent_lanes() -> None:
    """Lanes of one urgent priority are one want, which the claim merges by deadline; own classes too."""
    world = World(lane("otp"), lane("otp", "bank"), lane("notice"), lane("alarm"), lane("emergency"))

    assert [want.lanes for want in world.round({"a": (9, 9)}).wants] == [(4, 5), (1, 2), (3,)]


def test_what_is_kept_is_for_the_urgent_alone() -> None:
    """Otp takes what the link keeps back; a notice takes none of it, and what otp took is gone for it."""
    world = World(lane("otp"), lane("notice"))
    turn = world.round({"a": (5, 3)})

    assert [turn.room(LaneId(1)), turn.room(LaneId(2))] == [5, 3]
    assert links(turn, 1, 2) == ["a", "a"]
    assert links(turn, 2, 2) == ["a", None]
    assert links(turn, 1, 3) == ["a", "a", None]


def test_only_the_urgent_are_wanted_where_nothing_else_has_room() -> None:
    """A window full of bulk: no notice is even looked at."""
    world = World(lane("otp"), lane("notice"))

    assert [want.lanes for want in world.round({"a": (2, 0)}).wants] == [(1,)]
    assert world.round({"a": (0, 0)}).urgent_waits
    assert not world.round({"b": (2, 2)}, usable=frozenset()).urgent_waits
    assert not World(lane("notice")).round({"a": (0, 0)}).urgent_waits


def test_clients_share_a_link_by_weight() -> None:
    """Three to one, whoever has more brands; brands of one client two to one to one."""
    world = World(lane(), lane(brand="club"), lane(brand="post"), lane(client="bank", brand="club"))

    served = serve(world, 8, 100)

    assert sum(served.values()) == 800
    assert served[4] == pytest.approx(200, abs=8)
    assert served[1] == pytest.approx(300, abs=8)
    assert served[2] == pytest.approx(served[3], abs=8)


def test_what_one_leaves_others_take() -> None:
    """Nothing of a link is left idle because somebody has less than its share."""
    served = serve(World(lane(), lane(client="bank")), 10, 10, supply={1: 20})

    assert served == {1: 20, 2: 80}


def test_a_link_is_shared_among_those_who_wait_for_it() -> None:
    """Who gets much of one link is not held back at another that is slow."""
    world = World(lane(), lane(client="bank"), lane(route="failover:b"))
    for _ in range(50):
        turn = world.round({"a": (100, 100), "b": (1, 1)})
        for want in turn.wants:
            take(world, turn, want, {})

    both = world.round({"a": (100, 100), "b": (8, 8)})
    first = {want.lanes[0]: want.limit for want in reversed(list(both.wants))}
    assert (first[LaneId(1)], first[LaneId(2)]) == (75, 25)


def test_one_client_alone_is_one_want() -> None:
    """Without anybody to share with, the lane may give all there is, by one look."""
    assert list(World(lane()).round({"a": (700, 700)}).wants) == [Want((LaneId(1),), AT_MOST)]


def test_one_claim_is_bounded() -> None:
    """Over all lanes together, so that what comes meanwhile does not wait for long."""
    turn = World(lane(), lane(client="bank")).round({"a": (9000, 9000)})

    assert sum(link is not None for n in (1, 2) for link in links(turn, n, 400)) == AT_MOST


def test_a_brands_own_limit_is_kept() -> None:
    """Over all links and classes, and told, so that its next segments are waited for; others go on."""
    world = World(lane(), lane(brand="club"), lane("otp"))
    turn = world.round({"a": (9, 9)}, budgets={"mall": 2})

    assert links(turn, 3, 1) == ["a"]
    assert turn.room(LaneId(1)) == 1
    assert links(turn, 1, 2) == ["a", None]
    assert links(turn, 2, 1) == ["a"]
    later = world.round({"a": (9, 9)}, budgets={"mall": 0})
    assert later.short == {"mall"}
    assert [want.lanes for want in later.wants] == [(2,)]


def test_the_next_link_is_taken_only_by_who_may() -> None:
    """Failover: b only where a is away or has refused the message; a full link is waited for."""
    world = World(lane())

    assert links(world.round({"a": (1, 1), "b": (9, 9)}), 1, 2) == ["a", None]
    assert links(world.round({"b": (9, 9)}), 1, 1) == ["b"]
    assert links(world.round({"a": (9, 9), "b": (9, 9)}), 1, 1, refused=("a",)) == ["b"]
    assert links(world.round({"a": (9, 9)}), 1, 1, refused=("b", "a")) == ["a"]


def test_a_full_queue_at_every_smsc_of_the_route_is_waited_for() -> None:
    """The earliest end of the waits is told; a link that merely has no room now is asked again soon."""
    world = World(lane())

    def both(may: tuple[str, ...], number: str) -> dict[str, Millis]:
        assert number == NUMBER
        return {link: until for link, until in {"a": 7000, "b": 5000}.items() if link in may}

    def only_a(may: tuple[str, ...], number: str) -> dict[str, Millis]:
        del may, number
        return {"a": 7000}

    assert links(world.round({"a": (9, 9), "b": (9, 9)}, full=both), 1, 1) == [5000]
    assert links(world.round({"a": (9, 9), "b": (9, 9)}, full=only_a), 1, 1) == ["b"]
    assert links(world.round({"a": (9, 9), "b": (0, 0)}, full=only_a), 1, 1) == [None]


def test_what_began_leaves_by_its_link() -> None:
    """Whatever its route says by now; its lane is looked at when that link has room."""
    world = World(lane(route="failover:gone"), counts={(LaneId(1), Stage.RESUME): 1})
    turn = world.round({"a": (0, 0), "b": (1, 1)})

    assert [want.lanes for want in turn.wants] == [(1,)]
    assert turn.pick(message(1), "a") is None
    assert turn.pick(message(1), "b") == "b"
    assert turn.pick(message(1), "b") is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["otp", "notice", "poll", "member", "emergency"]),
            st.sampled_from(["shop", "bank", "gone"]),
            st.sampled_from(["mall", "club", "gone"]),
            st.sampled_from(["failover:a,b", "failover:b", "weighted:a=1,b=2"]),
        ),
        unique=True,
        max_size=12,
    ),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_every_lane_with_room_has_a_turn_in_the_order_of_priorities(
    kinds: list[tuple[str, str, str, str]], room: int, kept: int
) -> None:
    """No lane is forgotten; none is wanted without room; none comes before one of lower priority."""
    world = World(*(lane(*kind) for kind in kinds))
    turn = world.round({"a": (room + kept, room), "b": (room, room)})
    wanted = [one for want in turn.wants for one in want.lanes]

    assert set(wanted) == {one for one in world.lanes if turn.room(one) > 0}
    order = [world.dispatch.plan(one, world.lanes).priority for one in wanted]
    assert order == sorted(order)
