"""Fair turns: of those who wait, the one goes first that has had least for its weight.

A tree of flows: clients, under each its brands, under each its lanes. Every node has a mark that moves on by
what it was given, divided by its weight (start-time fair queueing). Who comes anew, or again, starts level
with those who are there: having been away earns nothing.

Pure. Counted in segments.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple


class Flow(NamedTuple):
    """A leaf: the steps down the tree, and the weight of each step among those beside it."""

    path: tuple[Hashable, ...]
    weights: tuple[float, ...]


class Share(NamedTuple):
    """segments: the flow's part of what there is; less than one where many wait for little."""

    flow: Flow
    segments: float


class _Node:
    """level: the least mark of those who last waited here."""

    def __init__(self) -> None:
        self.level = 0.0
        self.marks: dict[Hashable, float] = {}
        self.below: dict[Hashable, _Node] = {}

    def mark(self, step: Hashable) -> float:
        return max(self.marks.get(step, 0.0), self.level)

    def down(self, step: Hashable) -> "_Node":
        node = self.below.get(step)
        if node is None:
            node = self.below[step] = _Node()
        return node


class FairTurns:
    """Remembers who had how much of one thing that is to be shared."""

    def __init__(self) -> None:
        self._root = _Node()

    def turns(self, flows: Sequence[Flow], segments: float) -> Iterator[Share]:
        """All flows that wait now, all of one depth, in the order of their turns, each with its share.

        Made as they are asked for: where many wait for little, the last ones cost nothing.
        """
        return _under(self._root, 0, flows, segments) if flows else iter(())

    def charge(self, flow: Flow, segments: int) -> None:
        """`flow` was given so many."""
        node = self._root
        for step, weight in zip(flow.path, flow.weights, strict=True):
            node.marks[step] = node.mark(step) + segments / weight
            node = node.down(step)


def _under(node: _Node, depth: int, flows: Sequence[Flow], segments: float) -> Iterator[Share]:
    if depth == len(flows[0].path):
        yield Share(flows[0], segments)
        return
    children: dict[Hashable, list[Flow]] = {}
    for flow in flows:
        children.setdefault(flow.path[depth], []).append(flow)
    order = sorted(children, key=node.mark)
    node.level = node.mark(order[0])
    total = sum(below[0].weights[depth] for below in children.values())
    for step in order:
        below = children[step]
        yield from _under(node.down(step), depth + 1, below, segments * below[0].weights[depth] / total)
