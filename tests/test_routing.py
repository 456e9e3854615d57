"""First match wins; strategies choose among a route's links."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.routing import (
    Chooser,
    Destinations,
    Route,
    Verdict,
    explain,
    failover,
    match,
    parse_spec,
    weighted,
)

ROUTES = (
    Route(
        index=0,
        spec="failover:a",
        classes=frozenset({"otp", "emergency"}),
        destinations=Destinations.of(["86138*", "8613912345678"]),
    ),
    Route(index=1, spec="failover:b", carriers=frozenset({"cucc"})),
    Route(index=2, spec="failover:c", brands=frozenset({"xx"}), clients=frozenset({"shop"})),
    Route(index=3, spec="failover:d", destinations=Destinations.of(["86*"])),
)


@pytest.mark.parametrize(
    ("message", "index"),
    [
        (("otp", "xx", "shop", "8613800138000"), 0),
        (("emergency", "xx", "shop", "8613800138000"), 0),
        (("otp", "xx", "shop", "8613912345678"), 0),
        (("otp", "xx", "shop", "86139123456789"), 2),
        (("otp", "xx", "shop", "8613912345679"), 2),
        (("notice", "xx", "shop", "8613800138000"), 2),
        (("notice", "xx", "other", "8613800138000"), 3),
        (("notice", "yy", "shop", "8613800138000"), 3),
        (("notice", "xx", "shop", "447700900123"), 2),
        (("notice", "yy", "shop", "447700900123"), None),
        (("otp", "yy", "shop", "8"), None),
    ],
)
def test_the_first_route_whose_keys_all_hold_takes_the_message(
    message: tuple[str, str, str, str], index: int | None
) -> None:
    """All keys must hold, a list means any."""
    route = match(ROUTES, *message, "cmcc")

    assert (None if route is None else route.index) == index


@pytest.mark.parametrize(("carrier", "index"), [("cucc", 1), ("cmcc", 3), (None, 3)])
def test_a_route_takes_the_numbers_of_its_carriers(carrier: str | None, index: int) -> None:
    """A number whose carrier is not known is no carrier's: it goes on to the next route."""
    route = match(ROUTES, "notice", "yy", "shop", "8613012345678", carrier)

    assert route is not None
    assert route.index == index


@given(
    patterns=st.lists(st.from_regex(r"[0-9]{0,6}\*?", fullmatch=True), max_size=8),
    to=st.from_regex(r"[0-9]{1,8}", fullmatch=True),
)
def test_a_pattern_is_a_prefix_or_a_whole_number(patterns: list[str], to: str) -> None:
    """The look-up by length says the same as trying every pattern."""
    plain = any(to.startswith(p[:-1]) if p.endswith("*") else to == p for p in patterns)

    assert Destinations.of(patterns).hold(to) == plain


def test_explain_says_for_each_route_why() -> None:
    """Rule by rule; what comes after the match was not reached. No number is quoted."""
    assert explain(ROUTES, "notice", "xx", "other", "8613800138000", "cmcc") == (
        Verdict(0, False, "class is 'notice', not 'emergency' or 'otp'"),
        Verdict(1, False, "carrier is 'cmcc', not 'cucc'"),
        Verdict(2, False, "client is 'other', not 'shop'"),
        Verdict(3, True, "all keys hold: failover:d"),
    )
    assert explain(ROUTES, "otp", "yy", "shop", "8613800138000", "cucc")[1:] == (
        Verdict(1, None, "not reached: route 1 took it"),
        Verdict(2, None, "not reached: route 1 took it"),
        Verdict(3, None, "not reached: route 1 took it"),
    )
    assert [verdict.reason for verdict in explain(ROUTES, "otp", "yy", "shop", "4412", None)] == [
        "to begins with none of its prefixes",
        "carrier is not known, not 'cucc'",
        "brand is 'yy', not 'xx'",
        "to begins with none of its prefixes",
    ]


@given(
    class_=st.sampled_from(["otp", "notice"]),
    brand=st.sampled_from(["xx", "yy"]),
    client=st.sampled_from(["shop", "other"]),
    to=st.sampled_from(["8613800138000", "8613912345678", "447700900123", "8"]),
    carrier=st.sampled_from(["cmcc", "cucc", None]),
)
def test_explain_and_match_agree(class_: str, brand: str, client: str, to: str, carrier: str | None) -> None:
    """The explanation names the very route that would be taken."""
    message = (class_, brand, client, to, carrier)
    route = match(ROUTES, *message)
    taken = [verdict.index for verdict in explain(ROUTES, *message) if verdict.matched]

    assert taken == ([] if route is None else [route.index])


def test_a_spec_is_canonical_and_read_back() -> None:
    """The lane key in the store: the same links in the same order give the same text."""
    assert failover(["cmcc-1", "cucc-1"]) == "failover:cmcc-1,cucc-1"
    assert weighted({"cmcc-1": 70, "cucc-1": 30}.items()) == "weighted:cmcc-1=70,cucc-1=30"
    for spec in ("failover:cmcc-1,cucc-1", "weighted:cmcc-1=70,cucc-1=30"):
        assert str(parse_spec(spec)) == spec
        assert parse_spec(spec).links == ("cmcc-1", "cucc-1")


@pytest.mark.parametrize("text", ["", "random:a", "weighted:a", "weighted:a=x"])
def test_what_is_no_spec_is_refused(text: str) -> None:
    """A store written by something else is noticed."""
    with pytest.raises(ValueError, match=r"spec|invalid literal"):
        parse_spec(text)


def test_failover_takes_the_first_usable_link() -> None:
    """The order of the file is the order of preference."""
    chooser = Chooser("failover:a,b,c")

    assert [chooser.choose(usable) for usable in ({"a", "b", "c"}, {"b", "c"}, {"c"}, {"z"}, {"a"})] == [
        *("a", "b", "c", None, "a")
    ]


WEIGHTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), min_size=1)


@given(weights=WEIGHTS, rounds=st.integers(1, 3), data=st.data())
def test_weights_are_kept_exactly_over_a_round(
    weights: dict[str, int], rounds: int, data: st.DataObject
) -> None:
    """Over sum(weights) messages each usable link takes exactly its weight; an unusable one takes none."""
    usable = data.draw(st.sets(st.sampled_from(sorted(weights)), min_size=1))
    chooser = Chooser(weighted(weights.items()))
    round_ = sum(weights[link] for link in usable)

    taken = Counter(chooser.choose(usable) for _ in range(rounds * round_))

    assert taken == {link: rounds * weights[link] for link in usable}


def test_turns_are_spread_evenly() -> None:
    """Smooth: the lighter link's turns lie between the heavier one's, not behind them."""
    chooser = Chooser("weighted:a=3,b=1")

    assert [chooser.choose({"a", "b"}) for _ in range(8)] == ["a", "a", "b", "a"] * 2


@given(
    weights=WEIGHTS,
    phases=st.lists(
        st.tuples(st.sets(st.sampled_from("abcdef")), st.integers(0, 60)), min_size=1, max_size=8
    ),
)
def test_links_that_come_and_go_do_not_skew_the_rest(
    weights: dict[str, int], phases: list[tuple[set[str], int]]
) -> None:
    """After any history a steady set gets its shares within a few turns: no burst makes up for absence."""
    chooser = Chooser(weighted(weights.items()))
    for usable, count in phases:
        for _ in range(count):
            taker = chooser.choose(usable)
            assert taker in usable & weights.keys() if usable & weights.keys() else taker is None
    whole = sum(weights.values())

    taken = Counter(chooser.choose(weights) for _ in range(10 * whole))

    assert all(abs(taken[link] - 10 * weight) <= 2 * len(weights) for link, weight in weights.items())
