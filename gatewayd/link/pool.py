"""The pool: gives queued messages to links, and brings what links met back to the store.

Two loops. `_dispatch` claims in one transaction what all links can take now; `_settle` writes in one
transaction all outcomes and deliveries that have gathered, and answers deliver_sm after it (G3).
"""

import math
import random
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import Final, NamedTuple

import trio

from gatewayd.dispatch import Counts, Dispatch, Full, Offer, Round
from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.claim import Claimed, claim
from gatewayd.ledger.inbound import Mo, receive
from gatewayd.ledger.reroute import reroute
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.settle import Outcome, settle
from gatewayd.ledger.tables import Effects, Tables
from gatewayd.link.full_queues import FullQueues
from gatewayd.link.link import Delivery, Link, answer
from gatewayd.link.senders import Senders
from gatewayd.log import logger
from gatewayd.metrics import Metrics
from gatewayd.model import Content, Lane, MessageId, Millis, Stage
from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DataSm, DeliverSm
from gatewayd.smpp.receipt import Receipt, parse
from gatewayd.smpp.udh import user_data
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store

RETRY_STORE: Final = 1.0  # seconds until a store that could not commit is asked again
IDLE_LOOK: Final = 5.0  # seconds after which the queue is looked at even if nothing woke the loop
REROUTE_STEP: Final = 500  # messages in one transaction


class Pool:
    """All links. `millis`: wall clock; `snapshot`, `rules`: of the configuration in force."""

    def __init__(
        self, store: Store, snapshot: Snapshot, rules: Rules, metrics: Metrics, millis: Callable[[], Millis]
    ) -> None:
        self.metrics, self.millis = metrics, millis
        self._store, self._snapshot, self._rules = store, snapshot, rules
        self._serial = store.owner << 32
        self._wakeup, self._work = trio.Event(), trio.Event()
        self._outcomes: list[Outcome] = []
        self._dispatcher = Dispatch(snapshot)
        self._senders = Senders(snapshot.brands, metrics, trio.current_time())
        self._draining = self._settling = False
        self._claiming = 0  # claims under way
        self._unwanted: set[tuple[str, str]] = set()  # while they were
        self._expecting, self._expected = trio.Event(), set[str]()
        self._idle = trio.lowlevel.ParkingLot()
        self._log = logger()
        self.links = {name: Link(name, link, snapshot.limits, self) for name, link in snapshot.links.items()}
        store.watch(self._committed)

    # what links tell (`link.Pool`)

    def settled(self, outcomes: Sequence[Outcome]) -> None:
        self._outcomes.extend(outcomes)
        self._work.set()

    def arrived(self) -> None:
        self._work.set()

    def wake(self) -> None:
        self._wakeup.set()
        self._quiet()

    def next_serial(self) -> int:
        self._serial += 1
        return self._serial

    def _committed(self, effects: Effects) -> None:
        if effects.unwanted:
            self._unwanted |= effects.unwanted if self._claiming else set()
            self._withdraw(effects.unwanted)
        self._senders.told(effects.receptions, self._store.lanes, trio.current_time())
        if any(n > 0 and stage in (Stage.READY, Stage.RESUME) for (_, stage), n in effects.stages.items()):
            self.wake()

    def _withdraw(self, unwanted: Container[tuple[str, str]]) -> None:
        """What is claimed and has not left is judged anew, before the opt-out is acknowledged (G6)."""
        for link in self.links.values():
            link.withdraw(lambda claimed: (claimed.content.to, self._brand(claimed)) in unwanted)

    def _brand(self, claimed: Claimed) -> str | None:
        """Whose marketing it is; None: no opt-out binds it."""
        lane = self._store.lanes[claimed.lane]
        return lane.brand if self._rules.class_rule(lane.class_).marketing else None

    # life

    async def serve(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        async with trio.open_nursery() as nursery:
            for link in self.links.values():
                nursery.start_soon(link.run)
            nursery.start_soon(self._dispatch)
            nursery.start_soon(self._claim_ahead)
            nursery.start_soon(self._settle)
            nursery.start_soon(self._reroute)
            task_status.started()

    async def drain(self, within: float) -> None:
        """Claim no more; wait until every window is empty and recorded, but no longer; then unbind."""
        self._draining = True
        for link in self.links.values():
            link.pause()
        with trio.move_on_after(within):
            while self._busy():
                await self._idle.park()
        async with trio.open_nursery() as nursery:
            for link in self.links.values():
                nursery.start_soon(link.unbind)

    def _busy(self) -> bool:
        recording = bool(self._claiming) or self._settling or bool(self._outcomes)
        return recording or any(link.busy for link in self.links.values())

    async def flush(self) -> None:
        """Record what is left after the binds have gone: the last word of a stop."""
        outcomes, self._outcomes = self._outcomes, []
        if outcomes:
            await self._store.write(settle, outcomes, (), self._rules, self.millis())

    def _quiet(self) -> None:
        self._idle.unpark_all()

    # from the queue to the links

    async def _dispatch(self) -> None:
        while True:
            self._wakeup = trio.Event()
            now = trio.current_time()  # one for all: what is not ready by it has its moment after it
            for link in self.links.values():
                link.pump(now)
            turn = self._round(now, self._store.counts)
            again = self._look_again(turn, now)
            if turn.any and not self._draining and await self._claim(turn):
                continue
            with trio.move_on_at(again):
                await self._wakeup.wait()

    def expect(self, client: str) -> None:
        """Something urgent of the client is about to be stored: to be claimed in the same commit."""
        self._expected.add(client)
        self._expecting.set()

    async def _claim_ahead(self) -> None:
        """What is expected; what does not come so soon is claimed as everything else is."""
        while True:
            await self._expecting.wait()
            self._expecting, clients, self._expected = trio.Event(), self._expected, set()
            lanes, urgent = self._store.lanes.items(), self._dispatcher.urgent
            theirs = [i for i, lane in lanes if lane.client in clients and urgent(lane.class_)]
            ahead = {(lane, Stage.READY): 1 for lane in theirs}
            turn = self._round(trio.current_time(), ahead)
            if turn.any and not self._draining:
                await self._claim(turn)

    async def _reroute(self) -> None:
        """What was accepted under other routes follows those in force now."""
        after: MessageId | None = MessageId(0)
        while after is not None:
            try:
                after = await self._store.write(reroute, self._route_of, after, REROUTE_STEP, self.millis())
            except StoreUnavailable:
                await trio.sleep(RETRY_STORE)

    def _route_of(self, lane: Lane, content: Content) -> str | None:
        route = self._snapshot.route(lane.class_, lane.brand, lane.client, content.to)
        return None if route is None else route.spec

    def _round(self, now: float, counts: Counts) -> Round:
        offer = Offer(
            rooms={name: link.capacity(now) for name, link in self.links.items()},
            usable=frozenset(name for name, link in self.links.items() if link.usable),
            budgets=self._senders.budgets(now),
            full=self._full_queues(),
        )
        return Round(self._dispatcher, offer, self._store.lanes, counts)

    def speeds(self) -> dict[str, float]:
        """Usable links -> segments a second they may send now; inf: no limit."""
        return {name: link.bucket.rate or math.inf for name, link in self.links.items() if link.usable}

    def _look_again(self, turn: Round, now: float) -> float:
        urgent = turn.urgent_waits
        links = [link.ready_at(now, urgent=urgent) for link in self.links.values()]
        return min([now + IDLE_LOOK, self._senders.ready_at(turn.short, now), *links])

    def _full_queues(self) -> Full | None:
        """Of links with numbers whose queue at the SMSC is full; None if there are none."""
        now = self.millis()
        queues = {n: link.full_queues for n, link in self.links.items() if link.full_queues.waiting(now)}
        return partial(_full, queues, now) if queues else None

    async def _claim(self, turn: Round) -> bool:
        """True if there may be more to claim at once."""
        start, now = random.getrandbits(16), self.millis()
        self._unwanted = self._unwanted if self._claiming else set()
        self._claiming += 1
        try:
            claims = await self._store.write(claim, turn, self._rules, self._store.owner, start, now)
        except StoreUnavailable as error:
            self._log.error("store_unavailable", during="claim", detail=str(error))
            await trio.sleep(RETRY_STORE)
            return False
        finally:
            self._claiming -= 1
            self._quiet()
        turn.charge(claims.claimed)
        self._senders.charge(claims.claimed, self._store.lanes, trio.current_time())
        self._hand_over(claims.claimed)
        return bool(claims.claimed) or claims.more

    def _hand_over(self, claimed: Sequence[Claimed]) -> None:
        for one in claimed:
            self.links[one.link].take(one, urgent=self._dispatcher.urgent(one.class_))
        if self._unwanted:
            self._withdraw(self._unwanted)
        now = trio.current_time()
        for link in self.links.values():
            link.pump(now)

    # from the links to the store

    async def _settle(self) -> None:
        while True:
            self._quiet()
            await self._work.wait()
            self._work = trio.Event()
            outcomes, self._outcomes = self._outcomes, []
            deliveries = {name: link.deliveries for name, link in self.links.items() if link.deliveries}
            for name in deliveries:
                self.links[name].deliveries = []
            self._settling = True
            if not await self._record(outcomes, deliveries):
                self._outcomes = outcomes + self._outcomes
                self._work.set()
                await trio.sleep(RETRY_STORE)
            self._settling = False

    async def _record(self, outcomes: list[Outcome], deliveries: dict[str, list[Delivery]]) -> bool:
        """One transaction; then the SMSC hears that what it delivered is safe, or to keep it."""
        usable = frozenset(name for name, link in self.links.items() if link.usable)
        gathered = Gathered(outcomes, *self._sorted(deliveries), usable)
        live = {bind.serial for link in self.links.values() for bind in link.live_binds}
        status = 0
        try:
            await self._store.write(record, gathered, self._rules, live, self.millis())
        except StoreUnavailable as error:
            self._log.error("store_unavailable", during="settle", detail=str(error))
            status = consts.ESME_RX_T_APPN
        for bind, request in (delivery for several in deliveries.values() for delivery in several):
            bind.driver.respond(request, answer(request, status))
        return status == 0

    def _sorted(self, deliveries: dict[str, list[Delivery]]) -> tuple[list[tuple[str, Receipt]], list[Mo]]:
        receipts: list[tuple[str, Receipt]] = []
        mos: list[Mo] = []
        now = datetime.fromtimestamp(self.millis() / 1000, UTC)
        for name, several in deliveries.items():
            account = self._rules.account(name)
            dialect = self._rules.dialect(account)
            for bind, request in several:
                receipt = parse(request, dialect, now)
                if receipt is not None:
                    receipts.append((account, receipt))
                else:
                    mos.append(_mo(name, bind.serial, request))
        return receipts, mos


class Gathered(NamedTuple):
    """What came from the links since the last transaction; receipts by link.

    usable: links that are (`Link.usable`).
    """

    outcomes: list[Outcome]
    receipts: list[tuple[str, Receipt]]
    mos: list[Mo]
    usable: frozenset[str]


def record(tables: Tables, gathered: Gathered, rules: Rules, live: set[int], now: Millis) -> None:
    """Outcomes first: a receipt may speak of a response that came in the same read."""
    if gathered.outcomes or gathered.receipts:
        settle(tables, gathered.outcomes, gathered.receipts, rules, now, gathered.usable)
    if gathered.mos:
        receive(tables, gathered.mos, rules, live, now)


def _full(
    queues: Mapping[str, FullQueues], now: Millis, links: Sequence[str], number: str
) -> dict[str, Millis]:
    """Those of the links whose SMSC takes nothing for `number` now, and until when."""
    waits = {link: queues[link].until(number, now) for link in links if link in queues}
    return {link: until for link, until in waits.items() if until}


def _mo(link: str, session: int, request: DeliverSm | DataSm) -> Mo:
    short_message = request.short_message if isinstance(request, DeliverSm) else b""
    return Mo(
        link=link,
        source=request.source_addr.decode("latin-1"),
        destination=request.destination_addr.decode("latin-1"),
        data_coding=request.data_coding,
        user_data=user_data(request.esm_class, short_message, request.tlvs),
        fingerprint=_fingerprint(link, request, short_message),
        session=session,
    )


def _fingerprint(link: str, request: DeliverSm | DataSm, short_message: bytes) -> bytes:
    """Of what its repetition would repeat: all but the sequence_number."""
    parts = (
        link.encode(),
        request.source_addr,
        request.destination_addr,
        bytes((request.esm_class, request.data_coding)),
        short_message,
        *(tag.to_bytes(2) + value for tag, value in request.tlvs),
    )
    return blake2b(b"\0".join(parts), digest_size=16).digest()
