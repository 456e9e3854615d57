"""One link: what it can take, and what its binds tell. Several binds share one rate."""

import math
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import trio

from gatewayd import retry
from gatewayd.config import Limits as Bounds
from gatewayd.config import Link as Settings
from gatewayd.configlink import BindKind, Host
from gatewayd.dispatch import Room
from gatewayd.errors import LocalProtocolError
from gatewayd.ledger.claim import Claimed
from gatewayd.ledger.settle import Kind, Outcome
from gatewayd.link.bind import Bind, Sendable
from gatewayd.link.credentials import Credentials
from gatewayd.link.full_queues import FullQueues
from gatewayd.link.place import REFUSALS, LinkState, Place
from gatewayd.log import logger
from gatewayd.metrics import Metrics
from gatewayd.model import Millis
from gatewayd.pace_control import PaceControl, Reason
from gatewayd.pacing import Bucket
from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DataSm, DataSmResp, DeliverSm, DeliverSmResp, Unbind

BATCH: Final = 0.005  # seconds of rate that are claimed at once: fewer commits, and no burst
_REFUSALS: Final = frozenset(map(consts.status_name, REFUSALS))

Delivery = tuple[Bind, DeliverSm | DataSm]


class Pool(Protocol):
    """What a link hands upwards; `link.pool.Pool` is the one there is."""

    metrics: Metrics
    millis: Callable[[], Millis]

    def settled(self, outcomes: Sequence[Outcome]) -> None:
        """Outcomes to record, oldest first."""

    def arrived(self) -> None:
        """A delivery waits in `Link.deliveries`."""

    def wake(self) -> None:
        """The link can take more, or less, than before."""

    def next_serial(self) -> int:
        """Of a bind; no other bind of this store has it."""


class Link:
    """See the module. `name` is the link's in the configuration."""

    def __init__(self, name: str, settings: Settings, limits: Bounds, pool: Pool) -> None:
        self.name, self.settings = name, settings
        self.paused = False
        self.bucket = Bucket(settings.throughput, trio.current_time(), settings.reserved)
        self.pace = PaceControl(self.bucket, settings.throttle_pause, trio.current_time())
        self.full_queues = FullQueues(limits.full_queues)
        self._full_wait = settings.retry_table.delay(consts.ESME_RMSGQFUL, 1)
        self._full_in_a_row = 0
        self.deliveries: list[Delivery] = []
        self._deliver_queue = limits.deliver_queue
        self._pool = pool
        self._binds: list[Bind] = []
        self.credentials = Credentials(settings.refused_retry)
        self.places = [Place(self, number, kind) for number, kind in enumerate(settings.kinds)]
        self._told: dict[Host, tuple[str, str]] = {}  # why tries failed, as logged since the last bind
        self._log = logger(link=name)
        metrics, child = pool.metrics, pool.metrics.child
        self._submit_response = child(metrics.submit_response, name)
        self._throttle_wait = child(metrics.throttle_wait, name)
        child(metrics.link_window_size, name).set(settings.window * settings.binds)
        child(metrics.link_window_reserved, name).set(settings.reserved * settings.binds)
        child(metrics.link_rate_limit, name).set(settings.throughput)

    # what the pool asks

    @property
    def state(self) -> LinkState:
        """Of its best place; receivers count where nothing else does."""
        if self.paused:
            return LinkState.PAUSED
        places = [place for place in self.places if place.kind != "receiver"] or self.places
        states = {place.state for place in places}
        return next(state for state in LinkState if state in states)

    @property
    def binds_bound(self) -> int:
        return sum(bind.bound for bind in self._binds)

    @property
    def live_binds(self) -> Sequence[Bind]:
        return self._binds

    @property
    def in_use(self) -> int:
        return sum(bind.in_use for bind in self._binds)

    @property
    def busy(self) -> bool:
        """Whether answers are awaited or segments wait to leave."""
        return any(bind.in_use or bind.waiting for bind in self._binds)

    @property
    def usable(self) -> bool:
        """Whether a message may take it, now or when its window has room."""
        return not self.paused and any(bind.sending for bind in self._binds)

    @property
    def full(self) -> bool:
        """Whether every slot of its windows is taken."""
        return all(bind.free <= 0 for bind in self._binds)

    def capacity(self, now: float) -> Room:
        """Segments to claim now. Bulk waits for a few milliseconds' worth of rate, to be claimed together."""
        if not self.usable:
            return Room(0, 0)
        tokens, binds = self.bucket.available(now), self._binds
        urgent = tokens - sum(min(bind.waiting_urgent, bind.slots) for bind in binds)
        bulk = tokens - self.bucket.kept - sum(min(bind.waiting, bind.slots) for bind in binds)
        return Room(
            max(0, min(urgent, sum(max(0, bind.free_urgent) for bind in binds))),
            0 if bulk < self._batch else min(bulk, sum(max(0, bind.free) for bind in binds)),
        )

    @property
    def _batch(self) -> int:
        return max(1, int(self.bucket.rate * BATCH))

    def ready_at(self, now: float, *, urgent: bool) -> float:
        """When, after now, the rate lets the next segments go; inf if it is not what is waited for.

        urgent: something urgent waits to be claimed.
        """
        if not self.usable or not any(bind.slots > 0 for bind in self._binds):
            return math.inf
        if urgent or any(bind.waiting_urgent for bind in self._binds):
            at = self.bucket.next_at(now)
        else:
            at = self.bucket.next_at(now, self._batch, self.bucket.kept)
        return at if at > now else math.inf

    def take(self, claimed: Claimed, *, urgent: bool) -> None:
        """All segments of a message go by one bind. If there is none by now, they come back unsent.

        Also if the SMSC has throttled meanwhile: who waits longer is judged again (G7).
        """
        bound = [bind for bind in self._binds if bind.sending]
        if bound and not self.paused and self.bucket.available(self.now()):
            best = max(bound, key=lambda bind: bind.free_urgent if urgent else bind.free)
            best.take(claimed, urgent=urgent)
            return
        at = self.millis()
        self.settled([Sendable(claimed, s, p).outcome(Kind.RELEASED, at) for s, p in claimed.segments])

    def withdraw(self, unwanted: Callable[[Claimed], bool]) -> None:
        """Take back what is claimed, has not left, and is not wanted any more."""
        for bind in self._binds:
            bind.withdraw(unwanted)

    def pump(self, now: float) -> None:
        """Urgent segments of all binds first: the rate is one."""
        for urgent in (True, False):
            for bind in self._binds:
                bind.pump(now, urgent=urgent)

    def _release(self) -> None:
        """Give back what was claimed and has not left."""
        for bind in self._binds:
            bind.release()

    def pause(self) -> None:
        self.paused = True
        self._release()

    def resume(self) -> None:
        """Also tries again after refused credentials."""
        self.paused = False
        self.credentials.ask_again()
        self._pool.wake()

    # what a place tells (`place.Home`)

    async def run(self) -> None:
        """Keep every place bound until cancelled."""
        async with trio.open_nursery() as nursery:
            for place in self.places:
                nursery.start_soon(place.run)

    def new_bind(self, place: int, kind: BindKind) -> Bind:
        return Bind(self, self._pool.next_serial(), place, sends=kind != "receiver")

    def began(self, bind: Bind) -> None:
        self._binds.append(bind)

    def ended(self, bind: Bind) -> None:
        self._binds.remove(bind)
        bind.ended()
        self._show_bound()
        self._pool.wake()

    def lost(self, host: Host, category: str, detail: str, *, bound: bool) -> None:
        """A bind that was bound, or a try. The same failure of tries is logged once, until one is bound."""
        self._pool.metrics.child(self._pool.metrics.disconnects, self.name, category).inc()
        if not bound and self._told.get(host) == (category, detail):
            return
        self._told[host] = category, detail
        if detail in _REFUSALS:
            self._log.error("link_refused", host=str(host), command_status=detail)
        else:
            self._log.warning("link_disconnected", host=str(host), reason=category, detail=detail)

    def _show_bound(self) -> None:
        self._pool.metrics.child(self._pool.metrics.link_bound, self.name).set(self.binds_bound)

    async def unbind(self) -> None:
        """Say goodbye on every bind; the caller bounds the time."""
        async with trio.open_nursery() as nursery:
            for bind in self._binds:
                nursery.start_soon(_unbind, bind)

    # what a bind tells (`bind.Owner`)

    def millis(self) -> Millis:
        return self._pool.millis()

    def now(self) -> float:
        return trio.current_time()

    def settled(self, outcomes: Sequence[Outcome]) -> None:
        if outcomes:
            self._pool.settled(outcomes)

    def delivered(self, bind: Bind, request: DeliverSm | DataSm) -> None:
        """Over the bound the SMSC is told at once, so that it keeps what we cannot."""
        if len(self.deliveries) < self._deliver_queue:
            self.deliveries.append((bind, request))
            self._pool.arrived()
        else:
            bind.driver.respond(request, answer(request, consts.ESME_RMSGQFUL))

    def bound(self, bind: Bind) -> None:
        """The rate starts from empty, as a new session owes the SMSC a fresh second (G9)."""
        if bind.sends and sum(other.sending for other in self._binds) == 1:
            self.bucket.reset(self.now())
        place = self.places[bind.place]
        place.bound()
        self.credentials.taken()
        self._told.clear()
        self._show_bound()
        self._log.info(
            "link_bound", bind=place.number, kind=place.kind, host=str(place.host), binds=self.binds_bound
        )
        self._pool.wake()

    def accepted(self, seconds: float) -> None:
        self._full_in_a_row = 0
        self._fallen(self.pace.accepted(seconds, self.now()))

    def congested(self, state: int, seconds: float) -> None:
        self._fallen(self.pace.congestion(state, seconds, self.now()))

    def throttled(self, seconds: float) -> None:
        """Nothing leaves for a moment; what was claimed goes back to the front of the queue."""
        pause = self.pace.throttled(seconds, self.now())
        if pause:
            self._throttle_wait.observe(pause)
            self._fallen(Reason.THROTTLED)
        self._release()

    def _fallen(self, reason: Reason | None) -> None:
        if reason is not None:
            metrics = self._pool.metrics
            metrics.child(metrics.rate_decreases, self.name, reason.value).inc()

    def sent(self, sendable: Sendable, at: Millis) -> None:
        metrics, class_ = self._pool.metrics, sendable.claimed.class_
        metrics.child(metrics.submits, self.name, class_).inc()
        if sendable.segment.number == 1 and sendable.segment.attempt == 1:
            content = sendable.claimed.content
            waited = at - max(content.accepted_at, content.send_at or 0)
            metrics.child(metrics.accept_to_submit, class_).observe(waited / 1000)

    def refused(self, sendable: Sendable, status: int, seconds: float) -> None:
        if status == consts.ESME_RMSGQFUL:
            self._queue_full(sendable.claimed.content.to, seconds)
        else:
            self._full_in_a_row = 0
        self._pool.metrics.child(self._pool.metrics.submit_errors, self.name, _status_label(status)).inc()

    def _queue_full(self, number: str, seconds: float) -> None:
        """Full queues of many destinations in a row are the link's: the rate is too high for it."""
        if self._full_wait is not None:
            now = self.millis()
            self.full_queues.add(number, now + int(self._full_wait * 1000), now)
        self._full_in_a_row += 1
        if self._full_in_a_row == retry.QUEUE_FULL_IN_A_ROW:
            self._full_in_a_row = 0
            self.throttled(seconds)

    def responded(self, seconds: float) -> None:
        self._submit_response.observe(seconds)

    def room(self) -> None:
        self._pool.wake()

    def fault(self, detail: str, status: int) -> None:
        self._pool.metrics.child(self._pool.metrics.protocol_faults, self.name).inc()
        self._log.warning("protocol_fault", detail=detail, command_status=consts.status_name(status))


def answer(request: DeliverSm | DataSm, status: int = 0) -> DeliverSmResp | DataSmResp:
    """deliver_sm_resp or data_sm_resp with an empty message_id (3.4 section 4.6.2)."""
    if isinstance(request, DeliverSm):
        return DeliverSmResp(command_status=status)
    return DataSmResp(command_status=status)


async def _unbind(bind: Bind) -> None:
    try:
        await bind.driver.request(Unbind())
    except (trio.BrokenResourceError, LocalProtocolError):
        return  # it has gone by itself, or was never bound


def _status_label(status: int) -> str:
    name = consts.status_name(status)
    return name if name.startswith("ESME_") else "other"
