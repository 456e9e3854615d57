"""Store: durable state to the rest of the daemon. Operations of `gatewayd.ledger` are run on its Tables."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from gatewayd.ledger.tables import Effects, Tables
from gatewayd.model import Lane, LaneId, Stage

P = ParamSpec("P")
T = TypeVar("T")
Watcher = Callable[[Effects], None]


class Store(Protocol):
    """What the parts that wait see.

    owner: this life of the daemon; no other life has had it. lanes, counts: as of the newest commit.
    """

    @property
    def owner(self) -> int: ...
    @property
    def lanes(self) -> Mapping[LaneId, Lane]: ...
    @property
    def counts(self) -> Counter[tuple[LaneId, Stage]]: ...

    @property
    def waiting(self) -> int:
        """Jobs the writer has not begun."""

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` with what each commit changed, on the loop, before its writers go on.

        Also after one that failed: nothing has changed then.
        """

    async def write(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a pure operation in a transaction and return when it is durable.

        Raises StoreUnavailable if it could not be committed; then nothing of it has happened.
        """

    async def read(
        self, operation: Callable[Concatenate[Tables, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation that writes nothing, on a consistent view, beside the writer."""


class Committed:
    """The loop's side of every store: what commits have added up to, and who wants to know."""

    def __init__(self) -> None:
        self.lanes: dict[LaneId, Lane] = {}
        self.counts: Counter[tuple[LaneId, Stage]] = Counter()
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> None:
        self._watchers.append(watcher)

    def _announce(self, effects: Effects) -> None:
        self.counts.update(effects.stages)
        self.lanes.update(effects.lanes)
        for watcher in self._watchers:
            watcher(effects)
