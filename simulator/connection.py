"""One connection of an ESME: its session, and what this side has under way on it."""

from collections.abc import Callable

import msgspec
import trio

from gatewayd.smpp.events import SessionEvent
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import DataSm, DeliverSm, Pdu
from gatewayd.smpp.transitions import BOUND, Role, State
from simulator.settings import Account, Wire
from simulator.wire import AnyNumber, Line, LooseDriver, LooseSession


class Delivery(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A deliver_sm or data_sm on its way until its answer ends it.

    home: the connection its submit_sm came by; None for an MO.
    message_id, stat: of the receipt; empty for an MO.
    attempt: counts from 1; what a lost connection or a temporary error returns goes out again with the next.
    """

    pdu: DeliverSm | DataSm
    home: "Connection | None" = None
    message_id: str = ""
    stat: str = ""
    attempt: int = 1


class Connection:
    """number: of the session in the record. submits: submit_sm received; unanswered: those without an answer.

    in_flight: deliver_sm without a deliver_sm_resp. place: how many sessions its account had before it.
    """

    def __init__(
        self,
        number: int,
        stream: trio.abc.Stream,
        limits: Limits,
        wire: Wire,
        handle: Callable[["Connection", list[SessionEvent]], None],
    ) -> None:
        self.number = number
        self._began = trio.current_time()
        self.place = 0
        self.submits = 0
        self.unanswered = 0
        self.in_flight = 0
        self.to_transmitters = False
        self._line = Line(stream, wire)
        self._session = LooseSession(Role.SMSC, limits, trio.current_time())
        if wire.first_sequence_number != 1:
            self._session.window = AnyNumber(self._session.window, wire.first_sequence_number)
        self._driver = LooseDriver(self._line, self._session, lambda events: handle(self, events))

    async def run(self) -> str:
        """Until the connection ends; returns why."""
        return await self._driver.run()

    def follow(self, settings: Account) -> None:
        """What its account has of it, once it is bound."""
        self.to_transmitters = settings.deliver_to_transmitters
        self._session.answers_unbind = settings.binding.unbind_answered

    @property
    def bound(self) -> bool:
        return self._session.state in BOUND

    def status(self, account: str) -> dict[str, object]:
        """For the status page."""
        return {
            "session": self.number,
            "account": account,
            "state": self._session.state.value,
            "seconds": round(trio.current_time() - self._began, 1),
            "submits": self.submits,
            "unanswered": self.unanswered,
            "in_flight": self.in_flight,
        }

    @property
    def receives(self) -> bool:
        """Whether a deliver_sm may be sent on it now; a transmitter gets none unless its account says so."""
        state = self._session.state
        return (
            state is State.BOUND_TRX
            or state is State.BOUND_RX
            or (self.to_transmitters and state is State.BOUND_TX)
        )

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Answer any request; nothing happens if the session has ended."""
        self._driver.respond(request, response)

    def respond_headless(self, request: Pdu, response: Pdu) -> None:
        """Answer by the header of a response alone; nothing happens if the session has ended."""
        if self.alive:
            self._driver.respond_headless(request, response)

    @property
    def alive(self) -> bool:
        return self._session.state is not State.CLOSED

    def deliver(self, delivery: Delivery) -> int:
        """Send a deliver_sm or data_sm; returns its sequence_number."""
        self.in_flight += 1
        return self._driver.send(delivery.pdu, delivery)

    def ask(self, pdu: Pdu) -> None:
        """Send a request whose answer nobody waits for."""
        self._driver.send(pdu)

    def raw(self, octets: bytes) -> None:
        """Send any octets; nothing happens if the session has ended."""
        if self.alive:
            self._driver.raw(octets)

    def undelivered(self) -> list[Delivery]:
        """Once it has ended: what was sent, or was about to be, and got no answer; oldest first."""
        lost = self._session.lost()
        waiting = (*lost.unanswered, *lost.unsent)
        return [entry.context for entry in waiting if isinstance(entry.context, Delivery)]

    def cut(self, reason: str) -> None:
        """Close without unbind, after what is queued."""
        self._driver.close(reason)

    def stall(self, seconds: float) -> None:
        """For so long nothing is read or sent."""
        self._line.stall(trio.current_time() + seconds)

    def freeze(self) -> None:
        """Nothing is read or sent any more; the peer is not told."""
        self._line.die()
