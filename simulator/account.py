"""One account at the SMSC: its binds, and what becomes of its submit_sm."""

import random
from collections import Counter, deque
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

import msgspec
import trio

from gatewayd.smpp import consts
from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import (
    CancelSm,
    CancelSmResp,
    DeliverSm,
    GenericNack,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitSm,
    SubmitSmResp,
    wire_name,
)
from gatewayd.smpp.udh import (
    MESSAGE_PAYLOAD,
    SAR_MSG_REF_NUM,
    SAR_SEGMENT_SEQNUM,
    SAR_TOTAL_SEGMENTS,
    user_data,
)
from simulator import faults, record
from simulator.admission import Admission
from simulator.catalogue import EN_ROUTE, Accepted, Catalogue
from simulator.connection import Connection, Delivery
from simulator.mailbox import Mailbox, World
from simulator.mo import scripted
from simulator.receipts import USER_MESSAGE_REFERENCE, ReceiptWriter, asked_for
from simulator.settings import Account as Settings
from simulator.settings import Fault, MoScript, Outcome
from simulator.throttle import Gate

NOTATIONS: Final = {
    "decimal": "{:010d}".format,
    "hex": "{:x}".format,
    "HEX": "{:X}".format,
    "0x": "0x{:x}".format,
    "uuid": "00000000-0000-4000-8000-{:012x}".format,
}
LONGEST_ADDRESS: Final = 20  # octets; of the destination_addr a receipt goes to
CONGESTION_STATE: Final = consts.TLV_TAGS["congestion_state"]
FULL: Final = Fault(status=consts.ESME_RMSGQFUL)
THROTTLED: Final = Fault(status=consts.ESME_RTHROTTLED)
UNADDRESSABLE: Final = Fault(status=consts.ESME_RINVSRCADR)
AN_ID: Final = b"4711"  # in an error response that has no business to hold one


class Reply(msgspec.Struct, frozen=True, eq=False):
    """A submit_sm_resp that is due. body: false: the header alone. doubled: sent twice."""

    home: Connection
    request: SubmitSm
    response: SubmitSmResp | GenericNack
    body: bool = True
    doubled: bool = False


class Report(msgspec.Struct, frozen=True, eq=False):
    """A receipt that is due, written when it is. at: trio clock."""

    message: Accepted
    outcome: Outcome
    at: float


class Account:
    """Everything here is plain calls in one batch; whoever makes them flushes the record."""

    def __init__(self, name: str, settings: Settings, seed: int, world: World) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.mailbox = Mailbox(name, settings, world, self.counts)
        self._world, self._seed = world, f"{seed}/{name}"
        self._rng = random.Random(self._seed)  # noqa: S311  reproducible on purpose
        self.admission = Admission(settings, random.Random(f"{self._seed}/bind"))  # noqa: S311  reproducible
        self._catalogue = Catalogue()
        self._queues: dict[bytes, deque[float]] = {}
        self._sessions_had = 0
        self._first_submit_at: float | None = None
        self._gate = self._drawn_gate(settings)
        self._follow(settings)

    @property
    def settings(self) -> Settings:
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        """In force from the next PDU on. A hidden limit is drawn anew only if it was told anew."""
        if settings.responses.throttle != self._settings.responses.throttle:
            self._gate = self._drawn_gate(settings)
        self._follow(settings)

    def _follow(self, settings: Settings) -> None:
        self._settings = self.mailbox.settings = self.admission.settings = settings
        self._writer = ReceiptWriter(settings.receipts)
        self._weights = tuple(accumulate(outcome.weight for outcome in settings.receipts.outcomes))
        self._notation = NOTATIONS[settings.responses.message_id]

    def _drawn_gate(self, settings: Settings) -> Gate:
        rng = random.Random(f"{self._seed}/throttle")  # noqa: S311  reproducible on purpose
        return Gate(settings.responses.throttle, rng)

    def stats(self) -> dict[str, int]:
        """Counts since the start, and what is under way."""
        return {
            "sessions": len(self.mailbox.sessions),
            "pending": len(self.mailbox.pending),
            "held": self.mailbox.held,
            "in_flight": sum(connection.in_flight for connection in self.mailbox.sessions),
            **self.counts,
        }

    # -------------------------------------------------------------------------------------- sessions

    def bound(self, connection: Connection) -> None:
        """One more session; with the first the MO of the scenario begin."""
        connection.place = self._sessions_had
        connection.to_transmitters = self._settings.deliver_to_transmitters
        self._sessions_had += 1
        self.mailbox.sessions.append(connection)
        if connection.place == 0:
            self._plan_mos(trio.current_time())
        self._suffer(connection, before=-1)

    def _suffer(self, connection: Connection, before: int) -> None:
        for what in faults.due(self._settings.faults, connection, before):
            self.counts["faults"] += 1
            faults.inject(connection, what)

    def _plan_mos(self, now: float) -> None:
        for serial, script in enumerate(self._settings.mos):
            rng = random.Random(f"{self._seed}/mo/{serial}")  # noqa: S311  reproducible on purpose
            for place in range(script.count):
                item = (script, place, rng)
                self._world.agenda.add(now + script.after.drawn(rng), self._write_mos, item)

    def _write_mos(self, items: list[object]) -> None:
        """The agenda's batch."""
        for item in items:
            match item:
                case (MoScript() as script, int() as place, random.Random() as rng):
                    self.post(scripted(script, place, rng))
                case _:
                    raise AssertionError(item)
        self._world.recorder.flush()

    # ------------------------------------------------------------------------------------- submit_sm

    def take(self, home: Connection, submits: list[SubmitSm], now: float) -> None:
        """Decide what becomes of the submit_sm of one read, record them, and do what is due at once."""
        limit = self._settings.disconnect_after
        cutting = bool(limit) and home.submits + len(submits) >= limit
        if cutting:
            submits = submits[: max(0, limit - home.submits)]
        before = home.submits
        home.submits += len(submits)
        self.counts["submits"] += len(submits)
        if self._first_submit_at is None and submits:
            self._first_submit_at = now
        due: list[object] = []
        for submit in submits:
            self._take_one(home, submit, now, due, answering=not cutting)
        if self._settings.faults:
            self._suffer(home, before)
        self._do(due)
        if cutting:
            home.cut("disconnect_after")

    def _take_one(
        self, home: Connection, submit: SubmitSm, now: float, due: list[object], *, answering: bool
    ) -> None:
        rng, responses = self._rng, self._settings.responses
        refusal = self._refusal(submit, now)
        number = 0 if refusal else next(self._world.numbers)
        message_id = "" if refusal else self._notation(number)
        answered = answering and rng.random() < responses.answered
        home.unanswered += 1
        self.counts["unanswered" if not answered else "refused" if refusal else "accepted"] += 1
        status = refusal.status if refusal else 0
        self._world.recorder.add(self._recorded(home, submit, now, message_id, status if answered else None))

        answer_at = (
            now + responses.delay.drawn(rng) + responses.drift * (now - (self._first_submit_at or now))
        )
        early = rng.random() < self._settings.receipts.before_response
        plan: list[tuple[float, object]] = []
        if not refusal:
            [outcome] = rng.choices(self._settings.receipts.outcomes, cum_weights=self._weights)
            final_at = answer_at if early else answer_at + self._settings.receipts.delay.drawn(rng)
            message = Accepted(number, message_id, home, submit, outcome, answer_at, final_at)
            self._catalogue.add(message)
            if responses.queue:
                self._queues[submit.destination_addr].append(final_at)
            plan = self._reports(message)
        if answered:
            plan.insert(
                len(plan) if early else 0, (answer_at, self._reply(home, submit, message_id, refusal))
            )
        for at, item in plan:
            if at > now:
                self._world.agenda.add(at, self.due, item)
            else:
                due.append(item)

    def _refusal(self, submit: SubmitSm, now: float) -> Fault | None:
        """What speaks against it, if anything does."""
        settings = self._settings.responses
        if len(submit.source_addr) > LONGEST_ADDRESS:  # a receipt could not be addressed to it
            return UNADDRESSABLE
        for fault in settings.errors:
            if submit.destination_addr.startswith(fault.to.encode()) and self._rng.random() < fault.share:
                return fault
        if not self._gate.passes(now):
            return THROTTLED
        return FULL if settings.queue and self._queue_is_full(submit.destination_addr, now) else None

    def _queue_is_full(self, number: bytes, now: float) -> bool:
        """Whether as many messages to that number are under way as the SMSC keeps for one."""
        queue = self._queues.setdefault(number, deque())
        while queue and queue[0] <= now:
            queue.popleft()
        return len(queue) >= self._settings.responses.queue

    def _reply(self, home: Connection, submit: SubmitSm, message_id: str, refusal: Fault | None) -> Reply:
        responses, rng = self._settings.responses, self._rng
        doubled = bool(responses.doubled) and rng.random() < responses.doubled
        if refusal is not None and refusal.body == "generic_nack":
            return Reply(home, submit, GenericNack(command_status=refusal.status), doubled=doubled)
        told = message_id.encode()
        if refusal is not None:
            told = AN_ID if refusal.body == "id" else b""
        elif responses.empty_id and rng.random() < responses.empty_id:
            told = b""
        response = SubmitSmResp(
            command_status=refusal.status if refusal else 0, message_id=told, tlvs=self._congestion()
        )
        return Reply(home, submit, response, refusal is None or refusal.body != "none", doubled)

    def _congestion(self) -> tuple[tuple[int, bytes], ...]:
        """congestion_state (5.0 section 4.8.4.18), fixed or the load of the hidden limit."""
        told = self._settings.responses.congestion
        if told is None:
            return ()
        percent = self._gate.load(trio.current_time()) if told == "measured" else told
        return ((CONGESTION_STATE, percent.to_bytes()),)

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

    def _reports(self, message: Accepted) -> list[tuple[float, object]]:
        """The receipt, twice or not at all, an ENROUTE beside it, and when each is due."""
        rng, settings = self._rng, self._settings.receipts
        lost = rng.random() < settings.lost
        copies = 2 if rng.random() < settings.duplicated else 1
        if lost or not _reported(message.submit, settings.segments):
            return []
        at = message.final_at
        reports: list[tuple[float, object]] = [(at, Report(message, message.outcome, at))] * copies
        if settings.enroute.share and rng.random() < settings.enroute.share:
            early = at if settings.enroute.after else (message.taken_at + at) / 2
            enroute = (early, Report(message, EN_ROUTE, early))
            reports.insert(len(reports) if settings.enroute.after else 0, enroute)
        return reports

    # ---------------------------------------------------------------- query_sm, cancel_sm, replace_sm

    def manage(self, request: QuerySm | CancelSm | ReplaceSm) -> QuerySmResp | CancelSmResp | ReplaceSmResp:
        """The answer; a cancelled message has its DELETED receipt at once."""
        now = trio.current_time()
        response: QuerySmResp | CancelSmResp | ReplaceSmResp
        match request:
            case QuerySm():
                response = self._catalogue.query(request, now, self._world.wall())
            case CancelSm():
                response, cancelled = self._catalogue.cancel(request, now)
                self._do([Report(message, message.outcome, now) for message in cancelled])
            case ReplaceSm():
                response = self._catalogue.replace(request, now)
        self._world.recorder.add(
            record.Manage(
                at=self._world.wall(),
                account=self.name,
                request=wire_name(request),
                message_id=request.message_id.decode("latin-1"),
                short_message=request.short_message.hex() if isinstance(request, ReplaceSm) else None,
                command_status=response.command_status,
            )
        )
        return response

    # ------------------------------------------------------------------------------------- what is due

    def due(self, items: list[object]) -> None:
        """The agenda's batch."""
        self._do(items)
        self._world.recorder.flush()

    def _do(self, items: list[object]) -> None:
        """Replies and receipts in this order."""
        for item in items:
            if isinstance(item, Reply):
                self.mailbox.deliver()  # what stands before the response must leave before it
                item.home.unanswered -= 1
                _send(item)
            elif isinstance(item, Report):
                self._report(item)
        self.mailbox.deliver()

    def _report(self, report: Report) -> None:
        """Nothing if nobody asked, or if the message has been cancelled before this was due."""
        message, outcome = report.message, report.outcome
        if not asked_for(message.submit.registered_delivery, outcome.stat):
            return
        if message.cancelled and outcome is not message.outcome:
            return
        offset = self._world.wall_offset
        pdu = self._writer.write(
            message.submit,
            message.number,
            message.message_id,
            outcome,
            message.taken_at + offset,
            report.at + offset,
        )
        if outcome is EN_ROUTE:
            pdu = msgspec.structs.replace(pdu, esm_class=self._settings.receipts.enroute.esm_class)
        self.mailbox.put(
            Delivery(pdu=pdu, home=message.home, message_id=message.message_id, stat=outcome.stat)
        )

    def post(self, pdus: Iterable[DeliverSm]) -> None:
        """Deliver the segments of an MO in the order given."""
        for pdu in pdus:
            self.mailbox.put(Delivery(pdu=pdu))
        self.mailbox.deliver()


def _send(reply: Reply) -> None:
    if reply.body:
        reply.home.respond(reply.request, reply.response)
    else:
        reply.home.respond_headless(reply.request, reply.response)
    if reply.doubled:
        reply.home.raw(encode(reply.response, reply.request.sequence_number))


def _reported(submit: SubmitSm, segments: str) -> bool:
    """Whether this SMSC tells about that segment of a long message."""
    if segments == "all":
        return True
    concat = user_data(submit.esm_class, submit.short_message, submit.tlvs).concat
    return concat is None or concat.number == (1 if segments == "first" else concat.total)


def _sar(tlvs: dict[int, bytes]) -> tuple[int, int, int] | None:
    """Reference, total and number, if all three are there."""
    found = [tlvs.get(tag) for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM)]
    reference, total, number = (None if raw is None else int.from_bytes(raw) for raw in found)
    return None if reference is None or total is None or number is None else (reference, total, number)
