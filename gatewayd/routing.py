"""Which links a message may take: the first route that matches; a strategy picks among its links.

A route's `spec` is the canonical text of its strategy and links ("failover:cmcc-1,cucc-1",
"weighted:cmcc-1=70,cucc-1=30"): durable with each message, so that a lane means the same after a reload.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec

Strategy = Literal["failover", "weighted"]


class Destinations(msgspec.Struct, frozen=True):
    """Patterns of destinations: whole numbers, and prefixes where a pattern ends in `*`.

    Prefixes are looked up by length, so a table of thousands costs no more than one of ten.
    """

    whole: frozenset[str]
    prefixes: frozenset[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "Destinations":
        patterns = frozenset(patterns)
        prefixes = frozenset(pattern[:-1] for pattern in patterns if pattern.endswith("*"))
        whole = frozenset(pattern for pattern in patterns if not pattern.endswith("*"))
        return cls(whole, prefixes, tuple(sorted({len(prefix) for prefix in prefixes})))

    def hold(self, to: str) -> bool:
        prefixes = self.prefixes
        for length in self.lengths:
            if to[:length] in prefixes:
                return True
        return to in self.whole


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route; None for a key its match does not have.

    index: its place in the file, from 0.
    """

    index: int
    spec: str
    classes: frozenset[str] | None = None
    brands: frozenset[str] | None = None
    clients: frozenset[str] | None = None
    destinations: Destinations | None = None
    carriers: frozenset[str] | None = None

    def takes(self, class_: str, brand: str, client: str, to: str, carrier: str | None) -> bool:
        return (
            (self.classes is None or class_ in self.classes)
            and (self.brands is None or brand in self.brands)
            and (self.clients is None or client in self.clients)
            and (self.destinations is None or self.destinations.hold(to))
            and (self.carriers is None or carrier in self.carriers)
        )

    def why_not(self, class_: str, brand: str, client: str, to: str, carrier: str | None) -> str | None:
        """The first key of the match that does not hold, in words; None if all hold."""
        for key, value, wanted in (
            ("class", class_, self.classes),
            ("brand", brand, self.brands),
            ("client", client, self.clients),
            ("carrier", carrier, self.carriers),
        ):
            if wanted is not None and value not in wanted:
                told = "not known" if value is None else repr(value)
                return f"{key} is {told}, not {' or '.join(map(repr, sorted(wanted)))}"
        if self.destinations is not None and not self.destinations.hold(to):
            return "to begins with none of its prefixes"
        return None


class Verdict(msgspec.Struct, frozen=True):
    """What one route says to one message. matched: None if an earlier one took it."""

    index: int
    matched: bool | None
    reason: str


def match(
    routes: Iterable[Route], class_: str, brand: str, client: str, to: str, carrier: str | None
) -> Route | None:
    """The first route that takes the message. to: digits with country code. carrier: None if not known."""
    for route in routes:
        if route.takes(class_, brand, client, to, carrier):
            return route
    return None


def explain(
    routes: Iterable[Route], class_: str, brand: str, client: str, to: str, carrier: str | None
) -> tuple[Verdict, ...]:
    """What each route says, in order."""
    verdicts: list[Verdict] = []
    taken: int | None = None
    for route in routes:
        why_not = route.why_not(class_, brand, client, to, carrier)
        if taken is not None:
            verdicts.append(Verdict(route.index, None, f"not reached: route {taken + 1} took it"))
        elif why_not is not None:
            verdicts.append(Verdict(route.index, False, why_not))
        else:
            taken = route.index
            verdicts.append(Verdict(route.index, True, f"all keys hold: {route.spec}"))
    return tuple(verdicts)


class Spec(msgspec.Struct, frozen=True):
    """A strategy and its links, in the order of the file; weights are 1 for failover."""

    strategy: Strategy
    weights: tuple[tuple[str, int], ...]

    @property
    def first(self) -> str:
        """The link whose segment count is told at submit."""
        return self.weights[0][0]

    @property
    def links(self) -> tuple[str, ...]:
        return tuple(link for link, _ in self.weights)

    def __str__(self) -> str:
        if self.strategy == "failover":
            return "failover:" + ",".join(self.links)
        return "weighted:" + ",".join(f"{link}={weight}" for link, weight in self.weights)


def failover(links: Sequence[str]) -> str:
    """The spec of links in order of preference."""
    return str(Spec("failover", tuple((link, 1) for link in links)))


def weighted(weights: Iterable[tuple[str, int]]) -> str:
    """The spec of links that share the messages by weight."""
    return str(Spec("weighted", tuple(weights)))


@lru_cache(maxsize=1024)
def parse_spec(text: str) -> Spec:
    """The meaning of `Route.spec`. Raises ValueError."""
    strategy, _, links = text.partition(":")
    match strategy:
        case "failover":
            return Spec("failover", tuple((link, 1) for link in links.split(",")))
        case "weighted":
            pairs = (entry.partition("=") for entry in links.split(","))
            return Spec("weighted", tuple((link, int(weight)) for link, _, weight in pairs))
    raise ValueError(f"no route spec: {text!r}")


class Chooser:
    """The link for each next message of one spec.

    failover: the first usable link. weighted: smooth weighted round robin, which keeps the proportions
    exactly over a whole round of a steady set of usable links, and spreads each link's turns evenly.
    """

    def __init__(self, spec: str) -> None:
        self._spec = parse_spec(spec)
        self._credit = dict.fromkeys(self._spec.links, 0)

    def choose(self, usable: Container[str], room: Mapping[str, int] | None = None) -> str | None:
        """The link that takes the next message; None if none of its links is usable.

        room: segments each link can take now, where that matters. None too if the link whose turn it is can
        take none: its turn is kept, so that a link that is often full gets its whole share.
        """
        if self._spec.strategy == "failover":
            link = next((link for link in self._spec.links if link in usable), None)
            return link if link is None or room is None or room.get(link, 0) > 0 else None
        shares = [(link, weight) for link, weight in self._spec.weights if link in usable]
        return self._next_turn(shares, room) if shares else None

    def _next_turn(self, shares: Sequence[tuple[str, int]], room: Mapping[str, int] | None) -> str | None:
        credit = self._credit
        chosen = max(shares, key=lambda share: credit[share[0]] + share[1])[0]
        if room is not None and room.get(chosen, 0) <= 0:
            return None
        for link, weight in shares:
            credit[link] += weight
        credit[chosen] -= sum(weight for _, weight in shares)
        return chosen
