"""Who leaves next: which lanes give how much, and by which link each message leaves.

The lower the priority of its class, the sooner a message leaves. Classes up to the priority of otp are
urgent: of one priority the earliest deadline goes first, and what links keep back (`Room`) is theirs. Below,
clients take fair turns at a link, then the brands of a client, then the lanes of a brand.

Pure: time is what is asked of `Offer`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from math import ceil, inf
from typing import Final, NamedTuple

import msgspec

from gatewayd.fair_turns import FairTurns, Flow
from gatewayd.ledger.claim import Claimed, Want
from gatewayd.model import CLAIMABLE, Lane, LaneId, Message, Millis, Stage
from gatewayd.routing import Chooser, Spec, parse_spec
from gatewayd.snapshot import Snapshot

AT_MOST: Final = 500  # segments of one claim: what comes meanwhile waits until it is committed
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


class _Plan(msgspec.Struct, frozen=True):
    """What never changes of a lane, made once."""

    id: LaneId
    brand: str
    route: Spec
    links: tuple[str, ...]
    chooser: Chooser
    priority: int
    urgent: bool
    flow: Flow


class Dispatch:
    """What outlives one round: the turns of clients, and of the links of weighted routes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._plans: dict[LaneId, _Plan] = {}
        self._choosers: dict[str, Chooser] = {}
        self._turns: defaultdict[tuple[str, int], FairTurns] = defaultdict(FairTurns)

    def urgent(self, class_: str) -> bool:
        return self._known(class_) in self._snapshot.urgent

    def _known(self, class_: str) -> str:
        return class_ if class_ in self._snapshot.classes else _FALLBACK_CLASS

    def plan(self, identifier: LaneId, lanes: Mapping[LaneId, Lane]) -> _Plan:
        found = self._plans.get(identifier)
        if found is None:
            found = self._plans[identifier] = self._new_plan(identifier, lanes[identifier])
        return found

    def _new_plan(self, identifier: LaneId, lane: Lane) -> _Plan:
        route = parse_spec(lane.route)
        return _Plan(
            id=identifier,
            brand=lane.brand,
            route=route,
            links=route.links,
            chooser=self._choosers.setdefault(lane.route, Chooser(lane.route)),
            priority=self._snapshot.classes[self._known(lane.class_)].priority,
            urgent=self.urgent(lane.class_),
            flow=self._flow(identifier, lane),
        )

    def _flow(self, identifier: LaneId, lane: Lane) -> Flow:
        """Who is gone from the configuration weighs 1."""
        client = self._snapshot.clients.get(lane.client)
        brand = self._snapshot.brands.get(lane.brand)
        weights = (client.weight if client else 1.0, brand.weight if brand else 1.0, 1.0)
        return Flow((lane.client, lane.brand, identifier), weights)

    def turns(self, link: str, priority: int) -> FairTurns:
        """Of those that share a link at one priority."""
        return self._turns[link, priority]


class Round:
    """One claim: whose turn it is, and the picker (`ledger.claim.Picker`) that it asks.

    Rooms are counted down as segments are given. short: brands that wait for their own limit. urgent_waits:
    something urgent waits that has a usable link.
    """

    def __init__(
        self, dispatch: Dispatch, offer: Offer, lanes: Mapping[LaneId, Lane], counts: Counts
    ) -> None:
        self._dispatch, self._offer, self._lanes = dispatch, offer, lanes
        self._urgent = {link: room.urgent for link, room in offer.rooms.items()}
        self._bulk = {link: room.bulk for link, room in offer.rooms.items()}
        self._budgets = dict(offer.budgets)
        self._left = AT_MOST
        self._anywhere: set[LaneId] = set()  # what began to leave by a link, in the route or not
        self._groups: dict[int, list[_Plan]] = {}
        self._shared: dict[LaneId, FairTurns] = {}
        self.short: set[str] = set()
        self.urgent_waits = False
        for plan in self._waiting(counts):
            self._sort_in(plan)

    def _waiting(self, counts: Counts) -> Iterable[_Plan]:
        """Lanes that have something to give."""
        found: dict[LaneId, None] = {}
        for (lane, stage), n in counts.items():
            if n > 0 and stage in CLAIMABLE:
                found[lane] = None
                if stage is Stage.RESUME:
                    self._anywhere.add(lane)
        return [self._dispatch.plan(lane, self._lanes) for lane in found]

    def _sort_in(self, plan: _Plan) -> None:
        if plan.urgent and not self._offer.usable.isdisjoint(plan.links):
            self.urgent_waits = True
        if self._budgets.get(plan.brand, 1) <= 0:
            self.short.add(plan.brand)
        elif any(room > 0 for room in self._rooms_of(plan)):
            self._groups.setdefault(plan.priority, []).append(plan)

    def _rooms_of(self, plan: _Plan) -> list[int]:
        rooms = self._urgent if plan.urgent else self._bulk
        links = rooms if plan.id in self._anywhere else plan.links
        return [rooms[link] for link in links if link in rooms]

    # whose turn it is

    @property
    def any(self) -> bool:
        return bool(self._groups)

    @property
    def wants(self) -> Iterator[Want]:
        for priority in sorted(self._groups):
            plans = self._groups[priority]
            if plans[0].urgent:
                yield Want(tuple(plan.id for plan in plans), AT_MOST)
            else:
                for link, those in self._by_link(plans).items():
                    yield from self._in_turns(self._dispatch.turns(link, priority), link, those)

    def _by_link(self, plans: Iterable[_Plan]) -> dict[str, list[_Plan]]:
        """By the link that a lane shares with others: the first of its route that is usable."""
        found: dict[str, list[_Plan]] = {}
        for plan in plans:
            link = next((name for name in plan.links if name in self._offer.usable), "")
            found.setdefault(link, []).append(plan)
        return found

    def _in_turns(self, turns: FairTurns, link: str, plans: Sequence[_Plan]) -> Iterator[Want]:
        """First to each its share, then to each what others left; who is alone is not counted."""
        if len(plans) == 1:
            yield Want((plans[0].id,), AT_MOST)
            return
        by_flow = {plan.flow: plan.id for plan in plans}
        self._shared |= dict.fromkeys(by_flow.values(), turns)
        room = min(self._between(link, plans), AT_MOST)
        for flow, share in chain(turns.turns(list(by_flow), room), turns.turns(list(by_flow), inf)):
            if self._left <= 0 or max(self._bulk.values()) <= 0:
                return
            yield Want((by_flow[flow],), max(1, ceil(min(share, AT_MOST))))

    def _between(self, link: str, plans: Iterable[_Plan]) -> int:
        """Segments that lanes have between them whose first usable link is `link`."""
        weighted = {name for plan in plans if plan.route.strategy == "weighted" for name in plan.links}
        return sum(self._bulk.get(name, 0) for name in {link} | weighted)

    # what the claim asks (`ledger.claim.Picker`)

    def room(self, lane: LaneId) -> int:
        plan = self._dispatch.plan(lane, self._lanes)
        room = sum(max(0, room) for room in self._rooms_of(plan))
        return min(room, self._left, self._budgets.get(plan.brand, AT_MOST))

    def pick(self, message: Message, bound: str | None) -> str | Millis | None:
        plan = self._dispatch.plan(message.lane, self._lanes)
        if self._left <= 0 or self._budgets.get(plan.brand, 1) <= 0:
            return None
        rooms = self._urgent if plan.urgent else self._bulk
        may = plan.links if bound is None else (bound,)
        full = self._offer.full(may, message.content.to) if self._offer.full else {}
        link = _bound(bound, rooms, full) if bound else self._chosen(plan, rooms, message, full)
        if link is not None:
            self._give(link, plan.brand, message.segments)
            return link
        elsewhere = not self._offer.usable.isdisjoint(set(may) - full.keys()) if full else True
        return None if elsewhere else min(full.values())

    def _chosen(
        self, plan: _Plan, rooms: Mapping[str, int], message: Message, full: Mapping[str, Millis]
    ) -> str | None:
        usable: Collection[str] = self._offer.usable
        if full:
            usable = self._offer.usable - full.keys()
        if message.refused:
            usable = _willing(usable, message.refused, plan.links)
        return plan.chooser.choose(usable, rooms)

    def _give(self, link: str, brand: str, segments: int) -> None:
        self._urgent[link] -= segments
        self._bulk[link] -= segments
        self._left -= segments
        if brand in self._budgets:
            self._budgets[brand] -= segments

    def charge(self, claimed: Iterable[Claimed]) -> None:
        """What was claimed indeed counts for the turns to come."""
        for one in claimed:
            turns = self._shared.get(one.lane)
            if turns is not None:
                turns.charge(self._dispatch.plan(one.lane, self._lanes).flow, len(one.segments))


def _bound(link: str, rooms: Mapping[str, int], full: Mapping[str, Millis]) -> str | None:
    return link if link not in full and rooms.get(link, 0) > 0 else None


def _willing(usable: Collection[str], refused: Sequence[str], links: Sequence[str]) -> Collection[str]:
    """Links that have not refused the message; if all have that are usable, the one that did longest ago."""
    fresh = [link for link in links if link in usable and link not in refused]
    return fresh or [link for link in refused if link in usable and link in links][:1]
