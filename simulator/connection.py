"""One connection of an ESME: its session, and what this side has under way on it."""

from collections.abc import Callable

import msgspec
import trio

from gatewayd.smpp.driver import Driver
from gatewayd.smpp.events import SessionEvent
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import DeliverSm, Pdu
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import Role, State


class Delivery(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A deliver_sm on its way until a deliver_sm_resp ends it.

    home: the connection its submit_sm came by; None for an MO.
    message_id, stat: of the receipt; empty for an MO.
    attempt: counts from 1; what a lost connection or a temporary error returns goes out again with the next.
    """

    pdu: DeliverSm
    home: "Connection | None" = None
    message_id: str = ""
    stat: str = ""
    attempt: int = 1


class Connection:
    """number: of the session in the record. submits: submit_sm received; unanswered: those without an answer.

    in_flight: deliver_sm without a deliver_sm_resp.
    """

    def __init__(
        self,
        number: int,
        stream: trio.abc.Stream,
        limits: Limits,
        handle: Callable[["Connection", list[SessionEvent]], None],
    ) -> None:
        self.number = number
        self.submits = 0
        self.unanswered = 0
        self.in_flight = 0
        self._session = Session(Role.SMSC, limits, trio.current_time())
        self._driver = Driver(stream, self._session, lambda events: handle(self, events))

    async def run(self) -> str:
        """Until the connection ends; returns why."""
        return await self._driver.run()

    @property
    def receives(self) -> bool:
        """Whether a deliver_sm may be sent on it now; a transmitter gets none."""
        state = self._session.state
        return state is State.BOUND_TRX or state is State.BOUND_RX

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Answer any request; nothing happens if the session has ended."""
        self._driver.respond(request, response)

    def deliver(self, delivery: Delivery) -> int:
        """Send a deliver_sm; returns its sequence_number."""
        self.in_flight += 1
        return self._driver.send(delivery.pdu, delivery)

    def undelivered(self) -> list[Delivery]:
        """Once it has ended: what was sent, or was about to be, and got no answer; oldest first."""
        lost = self._session.lost()
        waiting = (*lost.unanswered, *lost.unsent)
        return [entry.context for entry in waiting if isinstance(entry.context, Delivery)]

    def cut(self, reason: str) -> None:
        """Close without unbind."""
        self._driver.close(reason)
