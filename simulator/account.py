"""One account at the SMSC: what becomes of its submit_sm, and what waits to be delivered to it."""

import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import msgspec
import trio

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DeliverSm, Pdu, SubmitSm, SubmitSmResp
from gatewayd.smpp.udh import MESSAGE_PAYLOAD, SAR_MSG_REF_NUM, SAR_SEGMENT_SEQNUM, SAR_TOTAL_SEGMENTS
from simulator import record
from simulator.agenda import Agenda
from simulator.connection import Connection, Delivery
from simulator.receipts import USER_MESSAGE_REFERENCE, ReceiptWriter, asked_for
from simulator.scenario import Account as Settings

TRY_AGAIN: Final = frozenset(
    {consts.ESME_RX_T_APPN, consts.ESME_RMSGQFUL, consts.ESME_RSYSERR, consts.ESME_RTHROTTLED}
)
"""deliver_sm_resp that ask for the deliver_sm again; any other error ends it, as an SMSC would drop it."""

NOTATIONS: Final = {
    "decimal": "{:010d}".format,
    "hex": "{:x}".format,
    "uuid": "00000000-0000-4000-8000-{:012x}".format,
}
LONGEST_ADDRESS: Final = 20  # octets; of the destination_addr a receipt goes to


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


class Reply(msgspec.Struct, frozen=True, eq=False):
    """A submit_sm_resp that is due."""

    home: Connection
    request: SubmitSm
    response: SubmitSmResp


class Account:
    """Everything here is plain calls in one batch; whoever makes them flushes the record."""

    def __init__(self, name: str, settings: Settings, seed: int, world: World) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.sessions: list[Connection] = []
        self.pending: deque[Delivery] = deque()
        self._held: list[Delivery] | None = None
        self._world = world
        self._rng = random.Random(f"{seed}/{name}")  # noqa: S311  reproducible on purpose
        self.settings = settings

    @property
    def settings(self) -> Settings:
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        self._writer = ReceiptWriter(settings.receipts)
        self._weights = tuple(accumulate(outcome.weight for outcome in settings.receipts.outcomes))
        self._notation = NOTATIONS[settings.responses.message_id]
        self._second: deque[float] = deque(maxlen=settings.responses.throttle)

    def stats(self) -> dict[str, int]:
        """Counts since the start, and what is under way."""
        return {
            "sessions": len(self.sessions),
            "pending": len(self.pending),
            "held": len(self._held or ()),
            "in_flight": sum(connection.in_flight for connection in self.sessions),
            **self.counts,
        }

    # ------------------------------------------------------------------------------------- submit_sm

    def take(self, home: Connection, submits: list[SubmitSm], now: float) -> None:
        """Decide what becomes of the submit_sm of one read, record them, and do what is due at once."""
        limit = self._settings.disconnect_after
        cutting = bool(limit) and home.submits + len(submits) >= limit
        if cutting:
            submits = submits[: max(0, limit - home.submits)]
        home.submits += len(submits)
        self.counts["submits"] += len(submits)
        due: list[object] = []
        for submit in submits:
            self._take_one(home, submit, now, due, answering=not cutting)
        self._do(due)
        if cutting:
            home.cut("disconnect_after")

    def _take_one(
        self, home: Connection, submit: SubmitSm, now: float, due: list[object], *, answering: bool
    ) -> None:
        rng, responses = self._rng, self._settings.responses
        status = self._refusal(submit, now)
        message_id = "" if status else self._notation(next(self._world.numbers))
        answered = answering and rng.random() < responses.answered
        home.unanswered += 1
        self.counts["unanswered" if not answered else "refused" if status else "accepted"] += 1
        self._world.recorder.add(self._recorded(home, submit, now, message_id, status if answered else None))

        answer_at = now + responses.delay.drawn(rng)
        early = rng.random() < self._settings.receipts.before_response
        plan = [] if status else self._receipts(home, submit, message_id, answer_at, early=early)
        if answered:
            response = SubmitSmResp(command_status=status, message_id=message_id.encode())
            plan.insert(len(plan) if early else 0, (answer_at, Reply(home, submit, response)))
        for at, item in plan:
            if at > now:
                self._world.agenda.add(at, self.due, item)
            else:
                due.append(item)

    def _refusal(self, submit: SubmitSm, now: float) -> int:
        """command_status; ESME_ROK if nothing speaks against it."""
        settings = self._settings.responses
        if len(submit.source_addr) > LONGEST_ADDRESS:  # a receipt could not be addressed to it
            return consts.ESME_RINVSRCADR
        for fault in settings.errors:
            if submit.destination_addr.startswith(fault.to.encode()) and self._rng.random() < fault.share:
                return fault.status
        if settings.throttle:
            if len(self._second) == settings.throttle and now - self._second[0] < 1:
                return consts.ESME_RTHROTTLED
            self._second.append(now)
        return consts.ESME_ROK

    def _recorded(
        self, home: Connection, submit: SubmitSm, now: float, message_id: str, status: int | None
    ) -> record.Submit:
        payload, reference, sar = None, None, None
        if submit.tlvs:
            tlvs = dict(submit.tlvs)
            payload, reference = tlvs.get(MESSAGE_PAYLOAD), tlvs.get(USER_MESSAGE_REFERENCE)
            sar = _sar(tlvs)
        return record.Submit(
            at=now + self._world.wall_offset,
            account=self.name,
            session=home.number,
            sequence_number=submit.sequence_number,
            source=submit.source_addr.decode("latin-1"),
            destination=submit.destination_addr.decode("latin-1"),
            esm_class=submit.esm_class,
            data_coding=submit.data_coding,
            short_message=submit.short_message.hex(),
            registered_delivery=submit.registered_delivery,
            validity_period=submit.validity_period.decode("latin-1"),
            message_payload=None if payload is None else payload.hex(),
            reference=None if reference is None else int.from_bytes(reference),
            sar=sar,
            outstanding=home.unanswered,
            message_id=message_id,
            command_status=status,
        )

    def _receipts(
        self, home: Connection, submit: SubmitSm, message_id: str, answer_at: float, *, early: bool
    ) -> list[tuple[float, object]]:
        """The receipt, twice or not at all, and when it is due."""
        rng, settings = self._rng, self._settings.receipts
        if rng.random() < settings.lost:
            return []
        [outcome] = rng.choices(settings.outcomes, cum_weights=self._weights)
        if not asked_for(submit.registered_delivery, outcome.stat):
            return []
        at = answer_at if early else answer_at + settings.delay.drawn(rng)
        offset = self._world.wall_offset
        pdu = self._writer.write(submit, message_id, outcome, answer_at + offset, at + offset)
        delivery = Delivery(pdu=pdu, home=home, message_id=message_id, stat=outcome.stat)
        return [(at, delivery)] * (2 if rng.random() < settings.duplicated else 1)

    # ------------------------------------------------------------------------------------- what is due

    def due(self, items: list[object]) -> None:
        """The agenda's batch."""
        self._do(items)
        self._world.recorder.flush()

    def _do(self, items: list[object]) -> None:
        """Replies and deliveries in this order."""
        for item in items:
            if isinstance(item, Reply):
                self.deliver()  # what stands before the response must leave before it
                item.home.unanswered -= 1
                item.home.respond(item.request, item.response)
            elif isinstance(item, Delivery):
                (self.pending if self._held is None or not item.message_id else self._held).append(item)
        self.deliver()

    def post(self, pdus: Iterable[DeliverSm]) -> None:
        """Deliver the segments of an MO in the order given."""
        self._do([Delivery(pdu=pdu) for pdu in pdus])

    def hold(self) -> None:
        """Keep receipts back from now on."""
        if self._held is None:
            self._held = []

    def release(self) -> int:
        """Let out the receipts that were kept back; returns their number."""
        held, self._held = self._held or [], None
        self._do(list(held))
        return len(held)

    # ------------------------------------------------------------------------------------- deliver_sm

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
        settings = self._settings.receipts
        window = settings.window
        if settings.session == "same" and home is not None and home.receives and home.in_flight < window:
            return home
        open_ones = [one for one in self.sessions if one.receives and one.in_flight < window]
        return min(open_ones, key=lambda one: (one is home, one.in_flight), default=None)

    def answered(self, connection: Connection, response: Pdu, delivery: Delivery) -> None:
        """A deliver_sm_resp; a temporary error brings the deliver_sm again, any other error ends it."""
        connection.in_flight -= 1
        status = response.command_status
        self.counts["deliver_errors" if status else "delivered"] += 1
        self._world.recorder.add(
            record.Answer(
                at=self._world.wall(),
                account=self.name,
                session=connection.number,
                sequence_number=response.sequence_number,
                command_status=status,
            )
        )
        if status in TRY_AGAIN:
            at = trio.current_time() + self._settings.receipts.retry_delay
            self._world.agenda.add(at, self.due, _again(delivery))

    def expired(self, connection: Connection, delivery: Delivery) -> None:
        """No deliver_sm_resp in time: it goes out again with the next batch."""
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
            self.counts["receipts"] += 1
            event: record.AnyEvent = record.Receipt(
                at=at,
                account=self.name,
                session=connection.number,
                sequence_number=sequence_number,
                message_id=delivery.message_id,
                stat=delivery.stat,
                attempt=delivery.attempt,
            )
        else:
            self.counts["mos"] += 1
            event = record.Mo(
                at=at,
                account=self.name,
                session=connection.number,
                sequence_number=sequence_number,
                source=pdu.source_addr.decode("latin-1"),
                destination=pdu.destination_addr.decode("latin-1"),
                esm_class=pdu.esm_class,
                data_coding=pdu.data_coding,
                short_message=pdu.short_message.hex(),
                attempt=delivery.attempt,
            )
        self._world.recorder.add(event)


def _again(delivery: Delivery) -> Delivery:
    return msgspec.structs.replace(delivery, attempt=delivery.attempt + 1)


def _sar(tlvs: dict[int, bytes]) -> tuple[int, int, int] | None:
    """Reference, total and number, if all three are there."""
    found = [tlvs.get(tag) for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM)]
    reference, total, number = (None if raw is None else int.from_bytes(raw) for raw in found)
    return None if reference is None or total is None or number is None else (reference, total, number)
