"""One bind: a session with the SMSC, the segments it has been given, and what became of them."""

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

import msgspec

from gatewayd import retry
from gatewayd.config import Link as Settings
from gatewayd.ledger.claim import Claimed
from gatewayd.ledger.settle import Kind, Outcome
from gatewayd.link.submit import builder
from gatewayd.model import Millis, Segment
from gatewayd.pacing import Bucket
from gatewayd.smpp.driver import Driver
from gatewayd.smpp.events import (
    BindFailed,
    Bound,
    Closed,
    Fault,
    LateResponse,
    RequestExpired,
    RequestReceived,
    ResponseReceived,
    SessionEvent,
    UnmatchedResponse,
)
from gatewayd.smpp.pdu import DataSm, DeliverSm, SubmitSmResp, wire_name
from gatewayd.smpp.text import Part
from gatewayd.smpp.tlv import CONGESTION_STATE


class Sendable(msgspec.Struct, frozen=True, gc=False):
    """One claimed segment on its way: the context of its submit_sm."""

    claimed: Claimed
    segment: Segment
    part: Part

    def outcome(self, kind: Kind, at: Millis, status: int = 0, smsc_id: str = "") -> Outcome:
        s = self.segment
        return Outcome(s.link, s.message, s.number, s.attempt, kind, at, status, smsc_id)


class Owner(Protocol):
    """The link of a bind, as far as the bind needs it."""

    settings: Settings
    bucket: Bucket

    def pump(self, now: float) -> None: ...
    def millis(self) -> Millis: ...
    def now(self) -> float: ...
    def settled(self, outcomes: Sequence[Outcome]) -> None: ...
    def delivered(self, bind: "Bind", request: DeliverSm | DataSm) -> None: ...
    def bound(self, bind: "Bind") -> None: ...
    def accepted(self, seconds: float) -> None: ...
    def throttled(self, seconds: float) -> None: ...
    def congested(self, state: int, seconds: float) -> None: ...
    def sent(self, sendable: Sendable, at: Millis) -> None: ...
    def refused(self, sendable: Sendable, status: int, seconds: float) -> None: ...
    def responded(self, seconds: float) -> None: ...
    def room(self) -> None: ...
    def fault(self, detail: str, status: int) -> None: ...


class Bind:
    """Fed by its link; its driver calls `handle`. Nothing here waits.

    serial: tells it from every other bind there ever was on this store.
    place: the number of the link's place that it fills. sends: it is no receiver.
    refusal: command_status of a refused bind. bound_at: trio clock; inf before it is bound.
    """

    def __init__(self, owner: Owner, serial: int, place: int, *, sends: bool) -> None:
        self.serial, self.place, self.sends = serial, place, sends
        self.refusal = 0
        self.bound_at = math.inf
        self._owner = owner
        self._retry = owner.settings.retry_table
        self._build = builder(owner.settings)
        self._reserve = owner.settings.reserved
        self._urgent: deque[Sendable] = deque()
        self._bulk: deque[Sendable] = deque()
        self._driver: Driver | None = None

    @property
    def driver(self) -> Driver:
        assert self._driver is not None
        return self._driver

    def attach(self, driver: Driver) -> None:
        self._driver = driver

    @property
    def bound(self) -> bool:
        """No more once its session is over, though its connection may linger."""
        return self.driver.session.bound

    @property
    def sending(self) -> bool:
        """Whether it takes submit_sm."""
        return self.sends and self.bound

    @property
    def in_use(self) -> int:
        return self.driver.session.window.in_use if self.bound else 0

    @property
    def slots(self) -> int:
        """Free slots of the window."""
        return self.driver.session.window.free if self.sending else 0

    @property
    def free(self) -> int:
        """Segments it can take: free slots less those kept for urgent ones, and what waits for one."""
        return self.slots - self._reserve - self.waiting

    @property
    def free_urgent(self) -> int:
        """Urgent segments it can take: only their like stand before them."""
        return self.slots - len(self._urgent)

    @property
    def waiting(self) -> int:
        return len(self._urgent) + len(self._bulk)

    @property
    def waiting_urgent(self) -> int:
        return len(self._urgent)

    def take(self, claimed: Claimed, *, urgent: bool) -> None:
        """Segments of one message; they leave in order, on this bind, urgent ones before all others."""
        queue = self._urgent if urgent else self._bulk
        queue.extend([Sendable(claimed, segment, part) for segment, part in claimed.segments])

    def pump(self, now: float, *, urgent: bool) -> None:
        """Send what window and rate allow: of urgent segments, or of the others."""
        queue = self._urgent if urgent else self._bulk
        if not queue or not self.bound:
            return
        owner, at = self._owner, self._owner.millis()
        room = min(self.slots, owner.bucket.available(now))
        if not urgent:
            room = min(self.slots - self._reserve, owner.bucket.available(now) - owner.bucket.kept)
        sent = 0
        while queue and sent < room:
            sent += self._send(queue.popleft(), at)
        owner.bucket.take(sent, now)

    def _send(self, item: Sendable, at: Millis) -> int:
        """Send one segment unless its time is over (G8). Returns how many were sent."""
        if item.claimed.content.expires_at <= at:
            self._owner.settled([item.outcome(Kind.EXPIRED, at), *self._drop(item, at)])
            return 0
        self.driver.send(self._build(item.claimed, item.segment, item.part, at), item)
        self._owner.sent(item, at)
        return 1

    def _drop(self, item: Sendable, at: Millis) -> list[Outcome]:
        """Give back what waits of the same message, so that its segments keep their order."""
        message = item.claimed.message
        dropped = [one for one in (*self._urgent, *self._bulk) if one.claimed.message == message]
        if dropped:
            self._urgent = deque(one for one in self._urgent if one.claimed.message != message)
            self._bulk = deque(one for one in self._bulk if one.claimed.message != message)
        return [one.outcome(Kind.RELEASED, at) for one in dropped]

    def withdraw(self, unwanted: Callable[[Claimed], bool]) -> None:
        """Give back what has not left of messages that are not wanted any more."""
        at = self._owner.millis()
        items = [item for item in (*self._urgent, *self._bulk) if unwanted(item.claimed)]
        messages = {item.claimed.message: item for item in items}
        for item in messages.values():
            self._owner.settled(self._drop(item, at))

    def release(self) -> None:
        """Give back all that has not left."""
        at = self._owner.millis()
        released = [item.outcome(Kind.RELEASED, at) for item in (*self._urgent, *self._bulk)]
        self._urgent.clear()
        self._bulk.clear()
        if released:
            self._owner.settled(released)

    def ended(self) -> None:
        """The connection is over: what is unsent goes back, what is unanswered is in doubt (G2)."""
        at, lost = self._owner.millis(), self.driver.session.lost()
        unsent = [entry.context for entry in lost.unsent]
        doubtful = [entry.context for entry in lost.unanswered]
        self._owner.settled(
            [c.outcome(Kind.RELEASED, at) for c in unsent if isinstance(c, Sendable)]
            + [c.outcome(Kind.DOUBTFUL, at) for c in doubtful if isinstance(c, Sendable)]
        )
        self.release()

    # what the session tells

    def handle(self, events: list[SessionEvent]) -> None:
        """All events of one read; responses as one batch."""
        outcomes: list[Outcome] = []
        for event in events:
            self._handlers[type(event)](self, event, outcomes)
        if outcomes:
            self._owner.settled(outcomes)
            self._owner.pump(self._owner.now())
            self._owner.room()

    def _on_bound(self, _event: Bound, _outcomes: list[Outcome]) -> None:
        self.bound_at = self._owner.now()
        self._owner.bound(self)

    def _on_bind_failed(self, event: BindFailed, _outcomes: list[Outcome]) -> None:
        self.refusal = event.response.command_status
        self.driver.close("bind refused")

    def _on_response(self, event: ResponseReceived, outcomes: list[Outcome]) -> None:
        item = event.context
        if not isinstance(item, Sendable):
            return
        self._owner.responded(event.seconds)
        self._answered(item, event, outcomes)

    def _on_late_response(self, event: LateResponse, outcomes: list[Outcome]) -> None:
        if isinstance(event.context, Sendable):
            self._answered(event.context, event, outcomes)

    def _answered(
        self, item: Sendable, event: ResponseReceived | LateResponse, outcomes: list[Outcome]
    ) -> None:
        response, at = event.response, self._owner.millis()
        if response.tlvs:
            state = CONGESTION_STATE.find(response.tlvs)
            if state is not None:
                self._owner.congested(state, event.seconds)
        if response.command_status == 0:
            smsc_id = response.message_id.decode("latin-1") if isinstance(response, SubmitSmResp) else ""
            outcomes.append(item.outcome(Kind.ANSWERED, at, 0, smsc_id))
            self._owner.accepted(event.seconds)
        else:
            outcomes.append(item.outcome(Kind.ANSWERED, at, response.command_status))
            outcomes.extend(self._drop(item, at))
            self._refused(item, response.command_status, event.seconds)

    def _refused(self, item: Sendable, status: int, seconds: float) -> None:
        """What a refusal means for the link; for the message `ledger.settle` knows."""
        self._owner.refused(item, status, seconds)
        class_ = self._retry.rule(status).class_
        if class_ is retry.Class.THROTTLED:
            self._owner.throttled(seconds)
        elif class_ is retry.Class.SESSION:
            self.driver.close("the SMSC says the bind is not valid")

    def _on_expired(self, event: RequestExpired, outcomes: list[Outcome]) -> None:
        if isinstance(event.context, Sendable):
            outcomes.append(event.context.outcome(Kind.DOUBTFUL, self._owner.millis()))

    def _on_request(self, event: RequestReceived, _outcomes: list[Outcome]) -> None:
        request = event.request
        if isinstance(request, DeliverSm | DataSm):
            self._owner.delivered(self, request)

    def _on_unmatched(self, event: UnmatchedResponse, _outcomes: list[Outcome]) -> None:
        response = event.response
        self._owner.fault(f"{wire_name(response)} to no open request", response.command_status)

    def _on_fault(self, event: Fault, _outcomes: list[Outcome]) -> None:
        self._owner.fault(event.detail, event.command_status)

    def _on_closed(self, _event: Closed, _outcomes: list[Outcome]) -> None:
        """The driver ends; `ended` does the rest."""

    _handlers: ClassVar[dict[type, Callable[..., None]]] = {
        Bound: _on_bound,
        BindFailed: _on_bind_failed,
        ResponseReceived: _on_response,
        LateResponse: _on_late_response,
        RequestExpired: _on_expired,
        RequestReceived: _on_request,
        UnmatchedResponse: _on_unmatched,
        Fault: _on_fault,
        Closed: _on_closed,
    }
