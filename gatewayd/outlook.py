"""When a message would leave, by what stands in front of it and how fast its links are. Pure; an estimate.

It follows `dispatch`: what has a lower priority number leaves first; of one priority lanes take turns, so
that each other lane has at most as many messages in front as the message's own. How long messages are is not
looked up: those of its own lane are taken to be as long as itself, those of other lanes to have one segment.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Final, Self

import msgspec

from gatewayd.model import CLAIMABLE, Lane, LaneId, Stage
from gatewayd.routing import Spec, parse_spec

_NOT_YET: Final = (Stage.HELD, Stage.SCHEDULED)


class Outlook(msgspec.Struct, frozen=True):
    """How things stand at one moment.

    waiting: messages that could leave, by lane. held: those that may not yet, scheduled ones included.
    speeds: usable links -> segments a second; inf: no limit. priorities: of classes. answers: given so far,
    since a bulk asks the same again and again.
    """

    waiting: Mapping[Lane, int]
    held: Mapping[Lane, int]
    speeds: Mapping[str, float]
    priorities: Mapping[str, int]
    answers: dict[tuple[Lane, int, bool], float | None] = msgspec.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        lanes: Mapping[LaneId, Lane],
        counts: Mapping[tuple[LaneId, Stage], int],
        speeds: Mapping[str, float],
        priorities: Mapping[str, int],
    ) -> Self:
        """counts: open messages, as a store has them."""
        waiting, held = Counter[Lane](), Counter[Lane]()
        for (lane, stage), messages in counts.items():
            if stage in CLAIMABLE:
                waiting[lanes[lane]] += messages
            elif stage in _NOT_YET:
                held[lanes[lane]] += messages
        return cls(+waiting, +held, speeds, priorities)

    def seconds(self, lane: Lane, segments: int, *, held: bool = False) -> float | None:
        """Until one more message of `lane`, of so many segments, leaves; None: no link would take it now.

        held: counted from the end of its hold, which is taken to be that of those held before it.
        """
        asked = (lane, segments, held)
        if asked not in self.answers:
            self.answers[asked] = self._seconds(lane, segments, held=held)
        return self.answers[asked]

    def _seconds(self, lane: Lane, segments: int, *, held: bool) -> float | None:
        route = parse_spec(lane.route)
        speed = speed_of(route, self.speeds)
        if speed is None:
            return None
        own = self.waiting.get(lane, 0) + (self.held.get(lane, 0) if held else 0)
        return self._in_front(lane, route, own, segments) / speed

    def _in_front(self, lane: Lane, route: Spec, own: int, segments: int) -> int:
        priority = self.priorities.get(lane.class_, 0)
        links = {link for link in route.links if link in self.speeds}
        total = own * segments
        for other, messages in self.waiting.items():
            if other == lane or links.isdisjoint(parse_spec(other.route).links):
                continue
            theirs = self.priorities.get(other.class_, 0)
            if theirs < priority:
                total += messages
            elif theirs == priority:
                total += min(messages, own)
        return total


NOTHING_KNOWN: Final = Outlook({}, {}, {}, {})


def first_usable(route: Spec, speeds: Mapping[str, float]) -> str | None:
    """The link that the next message would take first."""
    return next((link for link in route.links if link in speeds), None)


def speed_of(route: Spec, speeds: Mapping[str, float]) -> float | None:
    """Segments a second: failover uses one link at a time, weights hold all to the slowest share."""
    first = first_usable(route, speeds)
    if first is None:
        return None
    if route.strategy == "failover":
        return speeds[first]
    shares = {link: weight for link, weight in route.weights if link in speeds}
    total = sum(shares.values())
    return min(speeds[link] * total / weight for link, weight in shares.items())
