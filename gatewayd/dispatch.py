"""Who leaves next: which lanes give how much, and by which link each message leaves.

The lower the priority of its class, the sooner a message leaves. Classes up to the priority of otp are
urgent: of one priority the earliest deadline goes first, and what links keep back (`Room`) is theirs. Below,
clients take fair turns at a link, then the brands of a client, then the lanes of a brand.

Pure: time is what is asked of `Offer`.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from gatewayd.fair_turns import FairTurns, Flow
from gatewayd.ledger.claim import Claimed, Want
from gatewayd.model import CLAIMABLE, Lane, LaneId, Message, Millis, Stage
from gatewayd.routing import Chooser, Spec, parse_spec
from gatewayd.snapshot import Snapshot

AT_MOST: Final = 500  # segments of one claim: what comes meanwhile waits until it is committed
_OTP: Final = "otp"
_FALLBACK_CLASS: Final = "notice"

Counts = Mapping[tuple[LaneId, Stage], int]
Full = Callable[[Sequence[str], str], Mapping[str, Millis]]


class Room(NamedTuple):
    """Segments that a link can be given now: urgent ones, and others."""

    urgent: int
    bulk: int


class Offer(NamedTuple):
    """What may leave at this moment.

    rooms: of every link. usable: links that take messages, now or when they have room. budgets: segments that
    brands with a limit of their own may send; full: links, number -> those whose SMSC takes nothing for the
    number now, and until when; None if there is no such number.
    """

    rooms: Mapping[str, Room]
    usable: frozenset[str]
    budgets: Mapping[str, int]
    full: Full | None = None


class Dispatch:
    """What outlives one round: the turns of clients, and of the links of weighted routes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._urgent_up_to = snapshot.classes[_OTP].priority
        self._choosers: dict[str, Chooser] = {}
        self._turns: defaultdict[tuple[str, int], FairTurns] = defaultdict(FairTurns)

    def urgent(self, class_: str) -> bool:
        return self.priority(class_) <= self._urgent_up_to

    def priority(self, class_: str) -> int:
        classes = self._snapshot.classes
        return (classes.get(class_) or classes[_FALLBACK_CLASS]).priority

    def chooser(self, route: str) -> Chooser:
        found = self._choosers.get(route)
        if found is None:
            found = self._choosers[route] = Chooser(route)
        return found

    def turns(self, link: str, priority: int) -> FairTurns:
        """Of those that share a link at one priority."""
        return self._turns[link, priority]

    def flow(self, identifier: LaneId, lane: Lane) -> Flow:
        """Who is gone from the configuration weighs 1."""
        client = self._snapshot.clients.get(lane.client)
        brand = self._snapshot.brands.get(lane.brand)
        weights = (client.weight if client else 1.0, brand.weight if brand else 1.0, 1.0)
        return Flow((lane.client, lane.brand, identifier), weights)


class _Source(msgspec.Struct, frozen=True):
    """A lane with something to give. rooms: of the links as it sees them, counted down as segments are given.

    anywhere: some of it has to leave by the link it began to leave by, in the route or not.
    """

    lane: Lane
    priority: int
    urgent: bool
    route: Spec
    chooser: Chooser
    rooms: dict[str, int]
    anywhere: bool


class Round:
    """One claim: what it may take (`wants`), and the picker (`ledger.claim.Picker`) that it asks."""

    def __init__(
        self, dispatch: Dispatch, offer: Offer, lanes: Mapping[LaneId, Lane], counts: Counts
    ) -> None:
        self._dispatch, self._offer = dispatch, offer
        self._urgent = {link: room.urgent for link, room in offer.rooms.items()}
        self._bulk = {link: room.bulk for link, room in offer.rooms.items()}
        self._budgets = dict(offer.budgets)
        self._left = AT_MOST
        waiting = _claimable(counts)
        self._sources = {lane: self._source(lanes[lane], stages) for lane, stages in waiting.items()}
        self._flows: dict[LaneId, tuple[FairTurns, Flow]] = {}
        self.wants = list(self._wants())

    def _source(self, lane: Lane, stages: Collection[Stage]) -> _Source:
        dispatch, priority = self._dispatch, self._dispatch.priority(lane.class_)
        urgent = dispatch.urgent(lane.class_)
        route, chooser = parse_spec(lane.route), dispatch.chooser(lane.route)
        rooms = self._urgent if urgent else self._bulk
        return _Source(lane, priority, urgent, route, chooser, rooms, anywhere=Stage.RESUME in stages)

    @property
    def urgent_waits(self) -> bool:
        """Whether something urgent is left waiting that has a usable link."""
        usable = self._offer.usable
        return any(s.urgent and not usable.isdisjoint(s.route.links) for s in self._sources.values())

    @property
    def short(self) -> set[str]:
        """Brands that wait for their own limit."""
        return {s.lane.brand for s in self._sources.values() if self._budgets.get(s.lane.brand, 1) <= 0}

    # what may be taken

    def _wants(self) -> Iterable[Want]:
        groups: dict[int, list[LaneId]] = {}
        for lane, source in self._sources.items():
            if self.room(lane) > 0:
                groups.setdefault(source.priority, []).append(lane)
        for priority in sorted(groups):
            lanes = groups[priority]
            if self._sources[lanes[0]].urgent:
                yield Want(tuple(lanes), AT_MOST)
            else:
                yield from self._in_turns(priority, lanes)

    def _in_turns(self, priority: int, lanes: Sequence[LaneId]) -> Iterable[Want]:
        """First to each its share, then to each what others left."""
        shares: dict[LaneId, float] = {}
        for link, those in self._by_link(lanes).items():
            turns = self._dispatch.turns(link, priority)
            flows = {self._dispatch.flow(lane, self._sources[lane].lane): lane for lane in those}
            self._flows |= {lane: (turns, flow) for flow, lane in flows.items()}
            room = self._shared(link, those)
            shares |= {flows[s.flow]: s.segments for s in turns.turns(list(flows), min(room, AT_MOST))}
        if len(shares) > 1:
            yield from (Want((lane,), max(1, math.ceil(share))) for lane, share in shares.items())
        yield from (Want((lane,), AT_MOST) for lane in shares)

    def _by_link(self, lanes: Iterable[LaneId]) -> dict[str, list[LaneId]]:
        """By the link that a lane shares with others: the first of its route that is usable."""
        found: dict[str, list[LaneId]] = {}
        for lane in lanes:
            link = next((name for name in self._sources[lane].route.links if name in self._offer.usable), "")
            found.setdefault(link, []).append(lane)
        return found

    def _shared(self, link: str, lanes: Iterable[LaneId]) -> int:
        """Segments that lanes have between them whose first usable link is `link`."""
        routes = (self._sources[lane].route for lane in lanes)
        weighted = {name for route in routes if route.strategy == "weighted" for name in route.links}
        return sum(self._bulk.get(name, 0) for name in {link} | weighted)

    def _links(self, lane: LaneId) -> Iterable[str]:
        source = self._sources[lane]
        links = source.rooms if source.anywhere else source.route.links
        return (link for link in links if link in source.rooms)

    # what the claim asks (`ledger.claim.Picker`)

    def room(self, lane: LaneId) -> int:
        source = self._sources[lane]
        room = sum(max(0, source.rooms[link]) for link in self._links(lane))
        return min(room, self._left, self._budgets.get(source.lane.brand, AT_MOST))

    def pick(self, message: Message, bound: str | None) -> str | Millis | None:
        source = self._sources[message.lane]
        if self._left <= 0 or self._budgets.get(source.lane.brand, 1) <= 0:
            return None
        may = source.route.links if bound is None else (bound,)
        full = self._offer.full(may, message.content.to) if self._offer.full else {}
        link = _bound(bound, source.rooms, full) if bound else self._chosen(source, message, full)
        if link is not None:
            self._give(link, source.lane.brand, message.segments)
            return link
        elsewhere = not self._offer.usable.isdisjoint(set(may) - full.keys()) if full else True
        return None if elsewhere else min(full.values())

    def _chosen(self, source: _Source, message: Message, full: Mapping[str, Millis]) -> str | None:
        usable: Collection[str] = self._offer.usable
        if full:
            usable = self._offer.usable - full.keys()
        if message.refused:
            usable = _willing(usable, message.refused, source.route.links)
        return source.chooser.choose(usable, source.rooms)

    def _give(self, link: str, brand: str, segments: int) -> None:
        self._urgent[link] -= segments
        self._bulk[link] -= segments
        self._left -= segments
        if brand in self._budgets:
            self._budgets[brand] -= segments

    def charge(self, claimed: Iterable[Claimed]) -> None:
        """What was claimed indeed counts for the turns to come."""
        for one in claimed:
            if one.lane in self._flows:
                turns, flow = self._flows[one.lane]
                turns.charge(flow, len(one.segments))


def _claimable(counts: Counts) -> dict[LaneId, list[Stage]]:
    found: dict[LaneId, list[Stage]] = {}
    for (lane, stage), n in counts.items():
        if n > 0 and stage in CLAIMABLE:
            found.setdefault(lane, []).append(stage)
    return found


def _bound(link: str, rooms: Mapping[str, int], full: Mapping[str, Millis]) -> str | None:
    return link if link not in full and rooms.get(link, 0) > 0 else None


def _willing(usable: Collection[str], refused: Sequence[str], links: Sequence[str]) -> Collection[str]:
    """Links that have not refused the message; if all have that are usable, the one that did longest ago."""
    fresh = [link for link in links if link in usable and link not in refused]
    return fresh or [link for link in refused if link in usable and link in links][:1]
