"""What waits to be delivered to one account, and what of it is under way on its sessions."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec
import trio

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DataSm, DeliverSm, Pdu
from gatewayd.smpp.udh import MESSAGE_PAYLOAD
from simulator import record
from simulator.agenda import Agenda
from simulator.connection import Connection, Delivery
from simulator.mt import sar
from simulator.settings import Account as Settings

TRY_AGAIN: Final = frozenset(
    {consts.ESME_RX_T_APPN, consts.ESME_RMSGQFUL, consts.ESME_RSYSERR, consts.ESME_RTHROTTLED}
)
"""deliver_sm_resp that ask for the deliver_sm again; any other error ends it, as an SMSC would drop it."""


@dataclass(frozen=True)
class World:
    """What all accounts share. wall_offset: Unix time minus the trio clock, seconds."""

    agenda: Agenda
    recorder: record.Recorder
    numbers: Iterator[int]
    wall_offset: float

    def wall(self) -> float:
        """Unix time, seconds."""
        return trio.current_time() + self.wall_offset


class Mailbox:
    """Deliveries of one account, in order, and the sessions that may take them."""

    def __init__(self, name: str, settings: Settings, world: World, counts: Counter[str]) -> None:
        self.settings = settings
        self.sessions: list[Connection] = []
        self.pending: deque[Delivery] = deque()
        self._name, self._world, self._counts = name, world, counts
        self._held: list[Delivery] | None = None

    @property
    def held(self) -> int:
        return len(self._held or ())

    def put(self, delivery: Delivery) -> None:
        """At the end of what waits; a receipt is kept back while receipts are held."""
        (self.pending if self._held is None or not delivery.message_id else self._held).append(delivery)

    def hold(self) -> None:
        """Keep receipts back from now on."""
        if self._held is None:
            self._held = []

    def release(self) -> int:
        """Let out the receipts that were kept back; returns their number."""
        held, self._held = self._held or [], None
        self.pending.extend(held)
        self.deliver()
        return len(held)

    def deliver(self) -> None:
        """Send what waits, as far as sessions are bound and their windows are open."""
        while self.pending:
            connection = self._receiver(self.pending[0].home)
            if connection is None:
                return
            delivery = self.pending.popleft()
            self._record_sent(connection, connection.deliver(delivery), delivery)

    def _receiver(self, home: Connection | None) -> Connection | None:
        """The session for a deliver_sm: by setting that of its submit_sm or any other, the least loaded."""
        settings = self.settings.receipts
        window = settings.window
        if settings.session == "same" and home is not None and home.receives and home.in_flight < window:
            return home
        open_ones = [one for one in self.sessions if one.receives and one.in_flight < window]
        return min(open_ones, key=lambda one: (one is home, one.in_flight), default=None)

    def answered(self, connection: Connection, response: Pdu, delivery: Delivery) -> None:
        """The answer; a temporary error brings the deliver_sm again, any other error ends it."""
        connection.in_flight -= 1
        status = response.command_status
        self._counts["deliver_errors" if status else "delivered"] += 1
        self._world.recorder.add(
            record.Answer(
                at=self._world.wall(),
                account=self._name,
                session=connection.number,
                sequence_number=response.sequence_number,
                command_status=status,
            )
        )
        if status in TRY_AGAIN:
            at = trio.current_time() + self.settings.receipts.retry_delay
            self._world.agenda.add(at, self._retry, _again(delivery))

    def _retry(self, items: list[object]) -> None:
        """The agenda's batch."""
        for item in items:
            if isinstance(item, Delivery):
                self.put(item)
        self.deliver()
        self._world.recorder.flush()

    def expired(self, connection: Connection, delivery: Delivery) -> None:
        """No answer in time: it goes out again with the next batch."""
        connection.in_flight -= 1
        self.pending.append(_again(delivery))

    def lose(self, connection: Connection) -> int:
        """Its session has ended; what was not answered goes first on the next. Returns how many."""
        self.sessions.remove(connection)
        undelivered = [_again(delivery) for delivery in connection.undelivered()]
        self.pending.extendleft(reversed(undelivered))
        self.deliver()
        return len(undelivered)

    def _record_sent(self, connection: Connection, sequence_number: int, delivery: Delivery) -> None:
        at, pdu = self._world.wall(), delivery.pdu
        if delivery.message_id:
            self._counts["receipts"] += 1
            event: record.AnyEvent = record.Receipt(
                at=at,
                account=self._name,
                session=connection.number,
                sequence_number=sequence_number,
                message_id=delivery.message_id,
                stat=delivery.stat,
                attempt=delivery.attempt,
            )
        else:
            self._counts["mos"] += 1
            event = record.Mo(
                at=at,
                account=self._name,
                session=connection.number,
                sequence_number=sequence_number,
                source=pdu.source_addr.decode("latin-1"),
                destination=pdu.destination_addr.decode("latin-1"),
                esm_class=pdu.esm_class,
                data_coding=pdu.data_coding,
                short_message=_octets(pdu).hex(),
                sar=sar(dict(pdu.tlvs)),
                attempt=delivery.attempt,
            )
        self._world.recorder.add(event)


def _octets(pdu: DeliverSm | DataSm) -> bytes:
    """The text's octets, wherever they stand."""
    short = pdu.short_message if isinstance(pdu, DeliverSm) else b""
    return short or dict(pdu.tlvs).get(MESSAGE_PAYLOAD, b"")


def _again(delivery: Delivery) -> Delivery:
    return msgspec.structs.replace(delivery, attempt=delivery.attempt + 1)
