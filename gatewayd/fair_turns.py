"""Fair turns: of those who wait, the one goes first that has had least for its weight.

A tree of flows: clients, under each its brands, under each its lanes. Every node has a mark that moves on by
what it was given, divided by its weight (start-time fair queueing). Who comes anew, or again, starts level
with those who are there: having been away earns nothing.

Pure. Counted in segments.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

Path = tuple[Hashable, ...]


class Flow(NamedTuple):
    """A leaf: the steps down the tree, and the weight of each step among those beside it."""

    path: Path
    weights: tuple[float, ...]


class Share(NamedTuple):
    """segments: the flow's part of what there is; less than one where many wait for little."""

    flow: Flow
    segments: float


class FairTurns:
    """Remembers who had how much of one thing that is to be shared."""

    def __init__(self) -> None:
        self._marks: dict[Path, float] = {}
        self._levels: dict[Path, float] = {}  # node -> the least mark of those who last waited under it

    def turns(self, flows: Sequence[Flow], segments: float) -> Iterator[Share]:
        """All flows that wait now, all of one depth, in the order of their turns, each with its share."""
        return self._under((), flows, segments)

    def charge(self, flow: Flow, segments: int) -> None:
        """`flow` was given so many."""
        for depth, weight in enumerate(flow.weights, 1):
            node = flow.path[:depth]
            self._marks[node] = self._mark(node) + segments / weight

    def _mark(self, node: Path) -> float:
        return max(self._marks.get(node, 0.0), self._levels.get(node[:-1], 0.0))

    def _under(self, node: Path, flows: Sequence[Flow], segments: float) -> Iterator[Share]:
        depth = len(node)
        if flows and depth == len(flows[0].path):
            yield Share(flows[0], segments)
            return
        children: dict[Path, list[Flow]] = {}
        for flow in flows:
            children.setdefault(flow.path[: depth + 1], []).append(flow)
        marks = {child: self._mark(child) for child in children}
        self._levels[node] = min(marks.values(), default=0.0)
        total = sum(below[0].weights[depth] for below in children.values())
        for child in sorted(children, key=marks.__getitem__):
            below = children[child]
            yield from self._under(child, below, segments * below[0].weights[depth] / total)
