"""Fair turns: shares by weight over any while in which those who share it all wait."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.fair_turns import FairTurns, Flow


def flow(*path: str, weights: tuple[float, ...] = ()) -> Flow:
    return Flow(path, weights or (1.0,) * len(path))


def serve(fair: FairTurns, flows: list[Flow], room: int, rounds: int, size: int = 1) -> Counter[str]:
    """Rounds in which each flow takes up to its share, in messages of `size` segments, then what is left."""
    given: Counter[str] = Counter()
    for _ in range(rounds):
        left = room
        for turn in [*fair.turns(flows, room), *fair.turns(flows, room * len(flows))]:
            messages = min(math.ceil(turn.segments / size), math.ceil(left / size))
            if messages > 0:
                left -= messages * size
                fair.charge(turn.flow, messages * size)
                given["/".join(map(str, turn.flow.path))] += messages * size
    return given


def test_equal_weights_share_alike() -> None:
    """Two clients that both wait get the same, however few there are to give at a time."""
    given = serve(FairTurns(), [flow("a"), flow("b")], room=1, rounds=100)

    assert given == {"a": 50, "b": 50}


def test_weights_are_kept() -> None:
    """A client of weight 3 gets three times as much as one of weight 1."""
    flows = [flow("a", weights=(3,)), flow("b", weights=(1,))]

    given = serve(FairTurns(), flows, room=10, rounds=100)

    assert given["a"] == pytest.approx(3 * given["b"], abs=10)


def test_a_client_gains_nothing_by_many_brands() -> None:
    """Between clients first: one with nine brands gets as much as one with one."""
    flows = [flow("a", f"brand{n}") for n in range(9)] + [flow("b", "only")]

    given = serve(FairTurns(), flows, room=10, rounds=180)

    assert given["b/only"] == pytest.approx(900, abs=10)
    assert given["a/brand0"] == pytest.approx(100, abs=10)


def test_long_messages_gain_nothing() -> None:
    """It is segments that are counted: what is taken beyond the share is missing at the next turn."""
    fair, given = FairTurns(), Counter[str]()
    flows = {"a": (flow("a"), 5), "b": (flow("b"), 1)}
    for _ in range(600):
        turn = next(fair.turns([one for one, _ in flows.values()], 1))
        name = str(turn.flow.path[0])
        fair.charge(*flows[name])
        given[name] += flows[name][1]

    assert given["a"] == pytest.approx(given["b"], abs=5)


def test_having_been_away_earns_nothing() -> None:
    """A client that comes when another has been alone for long gets its share from now on, not more."""
    fair, a, b = FairTurns(), flow("a"), flow("b")
    serve(fair, [a], room=10, rounds=1000)

    given = serve(fair, [a, b], room=10, rounds=10)

    assert given["b"] == pytest.approx(50, abs=10)


def test_having_been_alone_costs_nothing() -> None:
    """What a client took while nobody else waited is not held against it."""
    fair, a, b = FairTurns(), flow("a"), flow("b")
    serve(fair, [a, b], room=10, rounds=10)
    serve(fair, [a], room=10, rounds=1000)
    serve(fair, [b], room=10, rounds=1)

    given = serve(fair, [a, b], room=10, rounds=10)

    assert given["a"] == pytest.approx(50, abs=20)


def test_nobody_waits() -> None:
    """No flows, no turns."""
    assert not list(FairTurns().turns([], 10))


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=6), st.integers(1, 50))
def test_shares_add_up_and_all_are_served(clients: list[tuple[int, int]], room: int) -> None:
    """What is given is what there is; each gets its part by weight, to within one round."""
    flows = [flow(f"c{n}", weights=(weight,)) for n, (weight, _) in enumerate(clients)]
    total, rounds = sum(weight for weight, _ in clients), 60
    assert sum(turn.segments for turn in FairTurns().turns(flows, room)) == pytest.approx(room)

    given = serve(FairTurns(), flows, room, rounds)

    assert sum(given.values()) == room * rounds
    for n, (weight, _) in enumerate(clients):
        assert given[f"c{n}"] == pytest.approx(room * rounds * weight / total, abs=2 * room + 2)
