"""One account at the SMSC: its binds, and what becomes of what it submits."""

import random
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import msgspec
import trio

from gatewayd.smpp.pdu import (
    CancelSm,
    CancelSmResp,
    DeliverSm,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitSm,
    wire_name,
)
from gatewayd.smpp.udh import user_data
from simulator import faults, record
from simulator.admission import Admission
from simulator.catalogue import EN_ROUTE, Accepted, Catalogue
from simulator.connection import Connection, Delivery
from simulator.ids import NUMBERED
from simulator.mailbox import Mailbox, World
from simulator.mo import Mo, scripted, segments
from simulator.mt import REQUESTS, Fate, Leg, Submission, legs, marks
from simulator.rates import Meter
from simulator.receipts import ReceiptWriter, asked_for
from simulator.refusals import Refusals
from simulator.replies import Replies, Reply
from simulator.settings import Account as Settings
from simulator.settings import MoScript, Outcome


class Report(msgspec.Struct, frozen=True, eq=False, gc=False):
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
        self._refusals = Refusals(settings.responses, self._rng, self._seed)
        self._catalogue = Catalogue()
        self._submitted, self._sent = Meter(trio.current_time()), Meter(trio.current_time())
        self._planned = 0
        self._sessions_had = 0
        self._first_submit_at: float | None = None
        self._terms: dict[str, Any] = {}
        self._follow(settings)

    @property
    def settings(self) -> Settings:
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        """In force from the next PDU on."""
        self._refusals.follow(settings.responses)
        self._follow(settings)

    def _follow(self, settings: Settings) -> None:
        terms = _terms(settings)
        if terms != self._terms:
            self._terms = terms
            self._world.recorder.add(record.Terms(at=self._world.wall(), account=self.name, **terms))
        self._settings = self.mailbox.settings = self.admission.settings = settings
        self._writer = ReceiptWriter(settings.receipts)
        self._replies = Replies(settings.responses, self._rng)
        self._weights = tuple(accumulate(outcome.weight for outcome in settings.receipts.outcomes))
        self._notation = NUMBERED[settings.responses.message_id]

    def status(self) -> dict[str, int | float]:
        """Counts since the start, and what is under way.

        planned: receipts that are due later; pending, held: those that wait to be sent; in_flight: those sent
        and not answered. limit: submit_sm a second that pass, drawn and told to nobody else.
        """
        now = trio.current_time()
        self._measure(now)
        return {
            "sessions": len(self.mailbox.sessions),
            "planned": self._planned,
            "pending": len(self.mailbox.pending),
            "held": self.mailbox.held,
            "in_flight": sum(connection.in_flight for connection in self.mailbox.sessions),
            "limit": self._refusals.limit,
            "submit_rate": round(self._submitted.per_second(now), 1),
            "deliver_rate": round(self._sent.per_second(now), 1),
            **self.counts,
        }

    # -------------------------------------------------------------------------------------- sessions

    def bound(self, connection: Connection) -> None:
        """One more session; with the first the MO of the scenario begin."""
        connection.place = self._sessions_had
        connection.follow(self._settings)
        self._sessions_had += 1
        self.mailbox.sessions.append(connection)
        if connection.place == 0:
            self._plan_mos(trio.current_time())
        self._suffer(connection, before=-1)

    def _suffer(self, connection: Connection, before: int) -> None:
        for fault in faults.due(self._settings.faults, connection, before):
            self.counts["faults"] += 1
            faults.inject(connection, fault.do, fault.seconds)

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
                    self.post(scripted(script, place, self.settings.texts.reading.style, rng))
                case _:
                    raise AssertionError(item)
        self._world.recorder.flush()

    # -------------------------------------------------------------------- submit_sm, data_sm, submit_multi

    def take(self, home: Connection, requests: list[Submission], now: float) -> None:
        """Decide what becomes of the requests of one read, record them, and do what is due at once."""
        limit = self._settings.disconnect_after
        cutting = bool(limit) and home.submits + len(requests) >= limit
        if cutting:
            requests = requests[: max(0, limit - home.submits)]
        before = home.submits
        home.submits += len(requests)
        if self._first_submit_at is None and requests:
            self._first_submit_at = now
        due: list[object] = []
        for request in requests:
            self._take_one(home, request, now, due, answering=not cutting)
        if self._settings.faults:
            self._suffer(home, before)
        self._do(due)
        if cutting:
            home.cut("disconnect_after")

    def _take_one(
        self, home: Connection, request: Submission, now: float, due: list[object], *, answering: bool
    ) -> None:
        """Everything drawn by lot is drawn here, in the same order for the same requests."""
        rng, responses = self._rng, self._settings.responses
        fate = self._decide(request, now)
        answered = answering and rng.random() < responses.answered
        home.unanswered += 1
        self._note(home, request, fate, now, answered=answered)
        waiting = now - (self._first_submit_at or now)
        answer_at = now + responses.delay.drawn(rng) + responses.drift * waiting
        early = rng.random() < self._settings.receipts.before_response
        plan = self._accept(home, fate, answer_at, early=early)
        if answered:
            load = None if responses.congestion is None else self._told_load(now)
            reply = self._replies.to(home, request, fate, load)
            plan.insert(len(plan) if early else 0, (answer_at, reply))
        for at, item in plan:
            if at > now:
                self._world.agenda.add(at, self.due, item)
            else:
                due.append(item)

    def _decide(self, request: Submission, now: float) -> Fate:
        """What is taken, and what is refused for which reason."""
        found: list[Leg] = []
        taken = False
        for submit, fault in legs(request, self._settings.lists):
            reason = fault or self._refusals.against(submit, now)
            taken |= reason is None
            found.append((submit, reason))
        if not taken:
            return Fate(found)
        number = next(self._world.numbers)
        return Fate(found, number, self._notation(number))

    def _accept(
        self, home: Connection, fate: Fate, answer_at: float, *, early: bool
    ) -> list[tuple[float, object]]:
        """Draw how each message ends; their receipts, and when each is due."""
        rng, receipts, queue = self._rng, self._settings.receipts, self._settings.responses.queue
        messages: list[Accepted] = []
        reports: list[tuple[float, object]] = []
        for submit, fault in fate.legs:
            if fault is not None:
                continue
            outcome = receipts.outcomes[0]
            if len(self._weights) > 1:
                [outcome] = rng.choices(receipts.outcomes, cum_weights=self._weights)
            final_at = answer_at if early else answer_at + receipts.delay.drawn(rng)
            message = Accepted(fate.number, fate.message_id, home, submit, outcome, answer_at, final_at)
            if queue:
                self._refusals.under_way(submit.destination_addr, final_at)
            messages.append(message)
            reports += self._reports(message)
        if messages:
            self._catalogue.add(*messages)
        return reports

    def _note(self, home: Connection, request: Submission, fate: Fate, now: float, *, answered: bool) -> None:
        """Into the record, and into the counts."""
        at, asked = now + self._world.wall_offset, REQUESTS[type(request)]
        for submit, fault in fate.legs:
            self.counts["unanswered" if not answered else "refused" if fault else "accepted"] += 1
            payload, reference, sar = marks(submit) if submit.tlvs else (None, None, None)
            event = record.Submit(
                at=at,
                account=self.name,
                session=home.number,
                request=asked,
                sequence_number=request.sequence_number,
                source=submit.source_addr.decode("latin-1"),
                destination=submit.destination_addr.decode("latin-1"),
                esm_class=submit.esm_class,
                data_coding=submit.data_coding,
                short_message=submit.short_message.hex(),
                registered_delivery=submit.registered_delivery,
                validity_period=submit.validity_period.decode("latin-1"),
                message_payload=payload,
                reference=reference,
                sar=sar,
                outstanding=home.unanswered,
                message_id="" if fault else fate.message_id,
                command_status=None if not answered else fault.status if fault else 0,
            )
            self._world.recorder.add(event)
        self.counts["submits"] += len(fate.legs)

    def _told_load(self, now: float) -> int | None:
        """congestion_state, fixed or the load of the hidden limit."""
        told = self._settings.responses.congestion
        return self._refusals.load(now) if told == "measured" else told

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
        self._planned += len(reports)
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
                self._planned += len(cancelled)
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
                item.send()
            elif isinstance(item, Report):
                self._report(item)
        self.mailbox.deliver()
        self._measure(trio.current_time())

    def _measure(self, now: float) -> None:
        self._submitted.note(now, self.counts["submits"])
        self._sent.note(now, self.counts["receipts"] + self.counts["mos"])

    def _report(self, report: Report) -> None:
        """Nothing if nobody asked, or if the message has been cancelled before this was due."""
        message, outcome = report.message, report.outcome
        self._planned -= 1
        if message.cancelled and outcome is not message.outcome:
            return
        if asked_for(message.submit.registered_delivery, outcome.stat):
            self._put(report)

    def _put(self, report: Report) -> None:
        message, outcome, offset = report.message, report.outcome, self._world.wall_offset
        pdu = self._writer.write(message, outcome, message.taken_at + offset, report.at + offset)
        if outcome is EN_ROUTE:
            pdu = msgspec.structs.replace(pdu, esm_class=self._settings.receipts.enroute.esm_class)
        self.mailbox.put(
            Delivery(pdu=pdu, home=message.home, message_id=message.message_id, stat=outcome.stat)
        )

    def report(self, message_id: str, outcome: Outcome) -> int:
        """By hand: a receipt of each message of that id, whatever was asked for or told; returns how many."""
        found = self._catalogue.named(message_id)
        for message in found:
            self._put(Report(message, outcome, trio.current_time()))
        self.mailbox.deliver()
        return len(found)

    def write(self, mo: Mo) -> int:
        """What a handset writes, by hand; returns the number of its segments."""
        pdus = segments(mo, self.settings.texts.reading.style)
        self.post(pdus)
        return len(pdus)

    def post(self, pdus: Iterable[DeliverSm]) -> None:
        """Deliver the segments of an MO in the order given; they wait until a session is bound."""
        for pdu in pdus:
            self.mailbox.put(Delivery(pdu=pdu))
        self.mailbox.deliver()


def _terms(settings: Settings) -> dict[str, Any]:
    """What the record states of an account; see `record.Terms`."""
    return {
        "window": settings.window,
        "throughput": settings.throughput,
        "reading": settings.texts.reading,
        "judge": settings.judge.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    }


def _reported(submit: SubmitSm, segments: str) -> bool:
    """Whether this SMSC tells about that segment of a long message."""
    if segments == "all":
        return True
    concat = user_data(submit.esm_class, submit.short_message, submit.tlvs).concat
    return concat is None or concat.number == (1 if segments == "first" else concat.total)
