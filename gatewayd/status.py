"""How the gateway stands now: for the op `status`, the gauges, and the reason a message waits."""

from collections.abc import Callable

import msgspec

from gatewayd.ledger.tables import Tables
from gatewayd.link.link import Link
from gatewayd.link.place import LinkState
from gatewayd.link.pool import Pool
from gatewayd.metrics import Metrics
from gatewayd.model import LaneId, Millis, Stage, accepted_millis
from gatewayd.outlook import Outlook
from gatewayd.routing import parse_spec
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.upstream.outbox import lags

_QUEUED = (Stage.READY, Stage.RETRY, Stage.CLAIMED)


class SessionStatus(msgspec.Struct, frozen=True):
    """bind: its kind. host: where it is bound, or tried last. detail: why it is not bound; None: it is."""

    bind: str
    state: str
    host: str
    detail: str | None


class LinkStatus(msgspec.Struct, frozen=True):
    """rate: segments a second it may send now; 0: no limit. rate_reason: what made it so, see
    `pace_control.Reason`. sessions: the binds it has or wants.
    """

    state: str
    binds: int
    window_in_use: int
    window: int
    rate: float
    rate_reason: str
    sessions: list[SessionStatus]


class QueueStatus(msgspec.Struct, frozen=True):
    messages: int
    oldest_seconds: float


class Report(msgspec.Struct, frozen=True):
    links: dict[str, LinkStatus]
    queues: dict[str, QueueStatus]


class Status:
    def __init__(
        self, store: Store, pool: Pool, snapshot: Snapshot, metrics: Metrics, millis: Callable[[], Millis]
    ) -> None:
        self._store, self._pool, self._snapshot = store, pool, snapshot
        self._metrics, self._millis = metrics, millis

    async def report(self) -> Report:
        """What `status` answers."""
        oldest = await self._oldest()
        queued = self._count(_QUEUED)
        queues = {name: QueueStatus(queued[name], oldest.get(name, 0.0)) for name in self._snapshot.classes}
        return Report({name: self._link(name) for name in self._pool.links}, queues)

    def _link(self, name: str) -> LinkStatus:
        link = self._pool.links[name]
        settings = link.settings
        size = settings.window * settings.binds
        rate, reason = round(link.bucket.rate, 2), link.pace.reason
        sessions = [SessionStatus(p.kind, p.state, str(p.host), p.detail or None) for p in link.places]
        return LinkStatus(link.state, link.binds_bound, link.in_use, size, rate, reason, sessions)

    def waits(self) -> dict[str, str]:
        """Route -> why what may leave by it has not: no_link, window or rate; absent: it is about to."""
        routes = {lane.route for lane in self._store.lanes.values()}
        return {route: reason for route in routes if (reason := self._waits(route)) is not None}

    def _waits(self, route: str) -> str | None:
        links = [self._pool.links[name] for name in parse_spec(route).links if name in self._pool.links]
        usable = [link for link in links if link.usable]
        if not usable:
            return "no_link"
        if all(link.full for link in usable):
            return "window"
        return "rate" if all(map(_rationed, usable)) else None

    def outlook(self) -> Outlook:
        """What stands in front of whom."""
        priorities = {name: class_.priority for name, class_ in self._snapshot.classes.items()}
        return Outlook.of(self._store.lanes, self._store.counts, self._pool.speeds(), priorities)

    async def show(self) -> None:
        """Set the gauges that are read off at a scrape."""
        metrics, oldest = self._metrics, await self._oldest()
        for gauge, stages in (
            (metrics.queue_messages, _QUEUED),
            (metrics.held_messages, (Stage.HELD,)),
            (metrics.scheduled_messages, (Stage.SCHEDULED,)),
        ):
            for name, count in self._count(stages).items():
                metrics.child(gauge, name).set(count)
        for name in self._snapshot.classes:
            metrics.child(metrics.queue_oldest, name).set(oldest.get(name, 0.0))
        for name, link in self._pool.links.items():
            metrics.child(metrics.link_window_in_use, name).set(link.in_use)
            metrics.child(metrics.link_rate_limit, name).set(link.bucket.rate)
            metrics.child(metrics.link_deliver_queue, name).set(len(link.deliveries))
            refused = sum(place.state is LinkState.REFUSED for place in link.places)
            metrics.child(metrics.link_refused, name).set(refused)
            metrics.child(metrics.link_full_queues, name).set(link.full_queues.waiting(self._millis()))
        for (client, consumer), lag in (await self._store.read(lags)).items():
            metrics.child(metrics.events_lag, f"{client}/{consumer}").set(lag)
        metrics.store_jobs.set(self._store.waiting)

    def _count(self, stages: tuple[Stage, ...]) -> dict[str, int]:
        counts = dict.fromkeys(self._snapshot.classes, 0)
        for (lane, stage), count in self._store.counts.items():
            if stage in stages:
                name = self._store.lanes[lane].class_
                counts[name] = counts.get(name, 0) + count
        return counts

    async def _oldest(self) -> dict[str, float]:
        """Class -> age in seconds of its oldest message that could leave."""
        lanes = [lane for (lane, stage), n in self._store.counts.items() if n > 0 and stage is Stage.READY]
        ages = await self._store.read(_ages, lanes, self._millis()) if lanes else {}
        oldest: dict[str, float] = {}
        for lane, age in ages.items():
            name = self._store.lanes[lane].class_
            oldest[name] = max(age, oldest.get(name, 0.0))
        return oldest


def _rationed(link: Link) -> bool:
    """Whether a rate, or a pause after ESME_RTHROTTLED, decides when the next segment leaves."""
    return link.bucket.rate > 0 or link.bucket.available(link.now()) == 0


def _ages(tables: Tables, lanes: list[LaneId], now: Millis) -> dict[LaneId, float]:
    found = {lane: tables.oldest_ready(lane) for lane in lanes}
    return {
        lane: max(0, now - accepted_millis(message)) / 1000
        for lane, message in found.items()
        if message is not None
    }
