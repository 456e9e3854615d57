"""One SMPP session without I/O: octets and the time go in, octets and events come out; both roles.

Legality is in `transitions`, requests in flight are in `window`. What is left here: matching responses,
answering what needs no owner (enquire_link, unbind, what is malformed or out of place), and three clocks
that are one deadline: the oldest request, the silence of the peer, and the leaving of the present state.
"""

import math
from collections.abc import Callable
from typing import ClassVar, Final

from gatewayd.errors import LocalProtocolError, RemoteProtocolError
from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.consts import ESME_RALYBND, ESME_RINVBNDSTS, RESPONSE
from gatewayd.smpp.events import (
    BindFailed,
    Bound,
    Closed,
    Fault,
    LateResponse,
    Lost,
    RequestExpired,
    RequestReceived,
    ResponseReceived,
    SessionEvent,
    UnmatchedResponse,
)
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    REQUESTS,
    AlertNotification,
    DataSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    SubmitMulti,
    SubmitSm,
    Unbind,
    UnbindResp,
    wire_name,
)
from gatewayd.smpp.transitions import BINDING, BINDS, BOUND, Role, State, after_bind, requests_of
from gatewayd.smpp.window import InFlight, Window

COUNTED: Final[frozenset[type[Pdu]]] = frozenset({SubmitSm, SubmitMulti, DataSm})
"""Requests that take a slot of the window."""

_MAY_REQUEST: Final = {(role, state): requests_of(role, state) for role in Role for state in State}
_RESPONSE_TO: Final = {request.command_id: response for request, response in REQUESTS.items()}


class Session:
    """One side of one SMPP session (3.4 section 2.2). Times: seconds of one clock that never goes back.

    Every octet of data_to_send must be sent in order; what it has handed out counts as perhaps with the peer.
    """

    def __init__(self, role: Role, limits: Limits, now: float) -> None:
        self.role = role
        self.limits = limits
        self.window = Window(limits.window, limits.response_timeout)
        self.outgoing_octets = 0
        self._peer = Role.SMSC if role is Role.ESME else Role.ESME
        self._frames = FrameBuffer(limits.max_pdu)
        self._outgoing: list[bytes] = []
        self._queued: list[InFlight] = []  # requests whose octets are in _outgoing
        self._management: InFlight | None = None  # our bind or unbind under way
        self._peer_unbind: Unbind | None = None  # waits until we owe nothing
        self._owed = 0  # requests the owner has not answered yet
        self._timeouts = 0  # in a row
        self._stuck_until = math.inf  # when a window of nothing but timed-out requests counts as one more
        self._silent_until = now + limits.enquire_link_interval
        self._probed = False  # enquire_link is out and nothing was heard since
        self._enter(State.OPEN, leave_by=now + limits.bind_timeout if role is Role.SMSC else math.inf)

    def _enter(self, state: State, leave_by: float = math.inf) -> None:
        """leave_by: when the session must have left that state, or it ends."""
        self.state = state
        self._bound = state in BOUND  # the hash of an Enum is too slow to ask each time
        self._leave_by = leave_by
        self._may_request = _MAY_REQUEST[self.role, state]
        self._may_be_asked = _MAY_REQUEST[self._peer, state]

    @property
    def bound(self) -> bool:
        """Whether it is in one of the bound states: not before, nor once an unbind is under way."""
        return self._bound

    # ------------------------------------------------------------------------------------ what we send

    def request(self, pdu: Pdu, now: float, context: object = None) -> int:
        """Queue a request. Returns its sequence_number.

        context: comes back with the answer, the expiry or the loss of the request.
        Raises LocalProtocolError, and queues nothing, if the state forbids it, the window is full or a field
        cannot be encoded.
        """
        kind = type(pdu)
        if kind not in self._may_request:
            raise LocalProtocolError(f"{wire_name(pdu)} is not ours to send in state {self.state.value}")
        target = self._may_request[kind]
        if target is self.state:
            raise LocalProtocolError(f"{wire_name(pdu)} is under way already")
        counted = kind in COUNTED
        if counted and self.window.free <= 0:
            raise LocalProtocolError(f"the window of {self.window.size} is full")
        number = self.window.next_sequence_number()
        octets = encode(pdu, number)
        self._send(octets)
        if kind in REQUESTS:
            entry = InFlight(
                request=pdu,
                context=context,
                sequence_number=number,
                requested_at=now,
                counted=counted,
                unsent=octets,
            )
            self._queued.append(entry)
            if target is None:
                self.window.add(entry)
            else:
                self._manage(entry, target)
        return number

    def _manage(self, entry: InFlight, target: State) -> None:
        """A bind or unbind of ours leads to a state that waits for its answer."""
        timeout = self.limits.bind_timeout if target in BINDING else self.limits.response_timeout
        self._management = entry
        self._enter(target, leave_by=entry.requested_at + timeout)

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Queue the answer to a request that came as RequestReceived, under its sequence_number.

        After the end of the session it is dropped: the peer has to ask again.
        Raises LocalProtocolError if the response does not fit, or nothing is owed.
        """
        if self.state is State.CLOSED:
            return
        if not _fits(request, response) or not self._owed:
            raise LocalProtocolError(f"{wire_name(response)} answers nothing we were asked")
        self._send(encode(response, request.sequence_number))
        self._owed -= 1
        if type(request) in BINDS and self.state in BINDING:
            self._bind_answered(response)
        if self._peer_unbind is not None and not self._owed:
            self._leave_by = -math.inf

    def _bind_answered(self, response: Pdu) -> None:
        """The session-init timer of an SMSC runs on through a refusal."""
        state = after_bind(self.state, response)
        self._enter(state, leave_by=self._leave_by if state is State.OPEN else math.inf)

    def _send(self, octets: bytes) -> None:
        self._outgoing.append(octets)
        self.outgoing_octets += len(octets)

    def data_to_send(self) -> bytes:
        """All queued octets. From here on their requests count as perhaps with the peer."""
        octets = b"".join(self._outgoing)
        self._outgoing.clear()
        self.outgoing_octets = 0
        for entry in self._queued:
            entry.unsent = b""
        self._queued.clear()
        return octets

    # --------------------------------------------------------------------------------- what we receive

    def receive_data(self, data: bytes, now: float) -> list[SessionEvent]:
        """What these octets, cut anywhere, bring about. Never raises for what a peer may send."""
        events: list[SessionEvent] = []
        handlers = self._handlers
        frames = self._frames.feed(data)
        if frames:
            self._silent_until = now + self.limits.enquire_link_interval
            self._probed = False
        for frame in frames:
            if self.state is State.CLOSED:
                break
            try:
                pdu = decode(frame)
            except RemoteProtocolError as error:
                self._on_malformed(error, events)
            else:
                handlers[type(pdu)](self, pdu, now, events)
        if self._frames.fault is not None and self.state is not State.CLOSED:
            self._on_malformed(self._frames.fault, events)
        return events

    def _on_response(self, pdu: Pdu, now: float, events: list[SessionEvent]) -> None:
        entry = self.window.get(pdu.sequence_number)
        if entry is None or entry.unsent or not _fits(entry.request, pdu):
            events.append(UnmatchedResponse(pdu))
            return
        self.window.remove(entry)
        self._timeouts, self._stuck_until = 0, math.inf
        event = LateResponse if entry.expired else ResponseReceived
        events.append(event(entry.request, pdu, entry.context, now - entry.requested_at))

    def _on_management_response(self, pdu: Pdu, now: float, events: list[SessionEvent]) -> None:
        entry = self._management
        if entry is None or entry.sequence_number != pdu.sequence_number or not _fits(entry.request, pdu):
            events.append(UnmatchedResponse(pdu))
            return
        self._management = None
        if self.state is State.UNBINDING:
            events.append(ResponseReceived(entry.request, pdu, entry.context, now - entry.requested_at))
            self._end("unbound", events, flush=True)
        else:
            self._enter(after_bind(self.state, pdu))
            events.append(Bound(pdu) if self._bound else BindFailed(pdu))

    def _on_generic_nack(self, pdu: Pdu, now: float, events: list[SessionEvent]) -> None:
        if pdu.sequence_number == 0:  # the peer could not even read a header of ours
            events.append(UnmatchedResponse(pdu))
            self._end("generic_nack without a sequence_number", events)
        elif self._management is not None and self._management.sequence_number == pdu.sequence_number:
            self._on_management_response(pdu, now, events)
        else:
            self._on_response(pdu, now, events)

    def _on_request(self, pdu: Pdu, _now: float, events: list[SessionEvent]) -> None:
        kind = type(pdu)
        if kind not in self._may_be_asked:
            self._on_misplaced(pdu, events)
            return
        target = self._may_be_asked[kind]
        if target is not None:  # a bind; the session-init timer runs on
            self._enter(target, leave_by=self._leave_by)
        self._owed += kind in REQUESTS
        events.append(RequestReceived(pdu))

    def _on_misplaced(self, pdu: Pdu, events: list[SessionEvent]) -> None:
        """A request the state forbids. After an unbind it is no fault: the peer may have sent it before."""
        if self.state is State.UNBINDING:
            return
        kind = type(pdu)
        status = ESME_RALYBND if kind in BINDS and self.state in BOUND | BINDING else ESME_RINVBNDSTS
        if kind in REQUESTS:
            self._send(encode(REQUESTS[kind](command_status=status), pdu.sequence_number))
        detail = f"{wire_name(pdu)} in state {self.state.value}"
        events.append(Fault(detail, status, kind.command_id, pdu.sequence_number))

    def _on_enquire_link(self, pdu: Pdu, _now: float, _events: list[SessionEvent]) -> None:
        self._send(encode(EnquireLinkResp(), pdu.sequence_number))

    def _on_enquire_link_resp(self, pdu: Pdu, now: float, events: list[SessionEvent]) -> None:
        """Ours only asks for a sign of life, so its answer needs no match; one of the owner's has one."""
        if pdu.sequence_number in self.window:
            self._on_response(pdu, now, events)

    def _on_unbind(self, pdu: Unbind, now: float, events: list[SessionEvent]) -> None:
        """What the owner still owes goes out first, or the peer would have to ask all that again."""
        if self._peer_unbind is not None:
            return
        self._peer_unbind = pdu
        self._enter(State.UNBINDING, leave_by=now + self.limits.unbind_grace)
        if not self._owed:
            self._let_go(pdu, events)

    def _let_go(self, unbind: Unbind, events: list[SessionEvent]) -> None:
        self._send(encode(UnbindResp(), unbind.sequence_number))
        self._end("unbound by the peer", events, flush=True)

    def _on_malformed(self, error: RemoteProtocolError, events: list[SessionEvent]) -> None:
        """Answer a request that cannot be read by its response; no response is ever answered."""
        if error.fatal or not error.command_id & RESPONSE:
            kind = GenericNack if error.fatal else _RESPONSE_TO.get(error.command_id, GenericNack)
            self._send(encode(kind(command_status=error.command_status), error.sequence_number))
        events.append(Fault(error.detail, error.command_status, error.command_id, error.sequence_number))
        if error.fatal:
            self._end(f"framing lost: {error.detail}", events, flush=True)

    # ------------------------------------------------------------------------------------------- time

    def next_deadline(self) -> float:
        """When on_deadline is due; inf if never, -inf if at once."""
        if self._bound:
            return min(self._silent_until, self._stuck_until, self.window.next_deadline())
        if self.state is State.CLOSED:
            return math.inf
        return min(self._leave_by, self.window.next_deadline())

    def on_deadline(self, now: float) -> list[SessionEvent]:
        """What the passing of time brings about; nothing if next_deadline is still to come."""
        events: list[SessionEvent] = []
        if self.state is not State.CLOSED:
            self._expire(now, events)
        if now >= self._leave_by:
            self._overdue(events)
        elif self._bound and now >= self._silent_until:
            self._silence(now, events)
        return events

    def _expire(self, now: float, events: list[SessionEvent]) -> None:
        """Once every slot has timed out nothing more can be asked: then silence counts on by itself."""
        expired, stuck = self.window.expire(now), now >= self._stuck_until
        events.extend([RequestExpired(entry.request, entry.context) for entry in expired])
        self._timeouts += len(expired) + stuck
        if expired or stuck:
            self._stuck_until = now + self.limits.response_timeout if self.window.stuck else math.inf
        if self._timeouts >= self.limits.max_timeouts:
            self._end(f"{self._timeouts} requests in a row unanswered", events)
        elif self.window.next_deadline() <= now:
            self._end("the peer stopped reading", events)

    def _silence(self, now: float, events: list[SessionEvent]) -> None:
        """Ask a silent peer for a sign of life, once; any PDU is one."""
        if self._probed:
            self._end("enquire_link unanswered", events)
            return
        self._send(encode(EnquireLink(), self.window.next_sequence_number()))
        self._probed = True
        self._silent_until = now + self.limits.response_timeout

    def _overdue(self, events: list[SessionEvent]) -> None:
        if self._peer_unbind is not None:
            self._let_go(self._peer_unbind, events)
        elif self.state is State.UNBINDING:
            self._end("unbind unanswered", events)
        else:
            self._end(f"not bound within {self.limits.bind_timeout:g} s", events)

    # ---------------------------------------------------------------------------------------- the end

    def _end(self, reason: str, events: list[SessionEvent], *, flush: bool = False) -> None:
        self.close()
        events.append(Closed(reason, flush))

    def close(self) -> None:
        """End the session from our side. Requests not handed out yet will not be: they stay surely unsent."""
        if self.state is not State.CLOSED:
            unsent = {entry.unsent for entry in self._queued}
            self._outgoing = [octets for octets in self._outgoing if octets not in unsent]
            self.outgoing_octets = sum(map(len, self._outgoing))
            self._queued.clear()
            self._enter(State.CLOSED)

    def lost(self) -> Lost:
        """After the connection has ended: what was asked and has no answer, neither got nor given up."""
        self.close()
        waiting = self.window.waiting
        return Lost(
            unsent=tuple(entry for entry in waiting if entry.unsent),
            unanswered=tuple(entry for entry in waiting if not entry.unsent),
        )

    _handlers: ClassVar[dict[type[Pdu], Callable[..., None]]] = {
        **dict.fromkeys([*REQUESTS, Outbind, AlertNotification], _on_request),
        **dict.fromkeys(REQUESTS.values(), _on_response),
        **dict.fromkeys([*map(REQUESTS.__getitem__, BINDS), UnbindResp], _on_management_response),
        EnquireLink: _on_enquire_link,
        EnquireLinkResp: _on_enquire_link_resp,
        Unbind: _on_unbind,
        GenericNack: _on_generic_nack,
    }


def _fits(request: Pdu, response: Pdu) -> bool:
    """Whether that kind of response answers that kind of request; generic_nack answers any."""
    kind = type(response)
    return kind is REQUESTS.get(type(request)) or kind is GenericNack
