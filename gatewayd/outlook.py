"""When a message would leave, by what stands in front of it and how fast its links are. Pure; an estimate.

It follows `dispatch`: what has a lower priority number leaves first; of one priority lanes take turns, so
that each other lane has at most as many messages in front as the message's own. How long messages are is not
looked up: those of its own lane are taken to be as long as itself, those of other lanes to have one segment.
"""

from collections.abc import Callable, Mapping

import msgspec

from gatewayd.model import Lane
from gatewayd.routing import Spec, parse_spec


class Outlook(msgspec.Struct, frozen=True):
    """How things stand at one moment.

    waiting: messages that could leave, by lane. speeds: usable links -> segments a second; inf: no limit.
    priority: of a class.
    """

    waiting: Mapping[Lane, int]
    speeds: Mapping[str, float]
    priority: Callable[[str], int]

    def seconds(self, lane: Lane, segments: int) -> float | None:
        """Until one more message of `lane`, of so many segments, leaves; None: no link would take it now."""
        route = parse_spec(lane.route)
        speed = speed_of(route, self.speeds)
        return None if speed is None else self._in_front(lane, route, segments) / speed

    def _in_front(self, lane: Lane, route: Spec, segments: int) -> int:
        own, priority = self.waiting.get(lane, 0), self.priority(lane.class_)
        links = {link for link in route.links if link in self.speeds}
        total = own * segments
        for other, messages in self.waiting.items():
            if other == lane or links.isdisjoint(parse_spec(other.route).links):
                continue
            theirs = self.priority(other.class_)
            if theirs < priority:
                total += messages
            elif theirs == priority:
                total += min(messages, own)
        return total


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
