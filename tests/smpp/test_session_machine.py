"""Two Sessions back to back, cut and delayed at will: every request has one fate, and they never disagree."""

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gatewayd.smpp.events import (
    Bound,
    Closed,
    LateResponse,
    RequestExpired,
    RequestReceived,
    ResponseReceived,
    SessionEvent,
    UnmatchedResponse,
)
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    REQUESTS,
    BindTransceiver,
    DeliverSm,
    DeliverSmResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import BOUND, Role, State
from gatewayd.smpp.window import MAX_SEQUENCE_NUMBER

LIMITS = Limits(window=4, response_timeout=10.0, enquire_link_interval=15.0, bind_timeout=20.0)


class Side:
    """One session with its owner's books. A request is known by a token that its text carries."""

    def __init__(self, role: Role) -> None:
        self.session = Session(role, LIMITS, 0.0)
        self.wire = b""  # octets on their way to the other side
        self.asked: set[bytes] = set()
        self.answered: set[bytes] = set()
        self.expired: set[bytes] = set()
        self.late: set[bytes] = set()
        self.seen: list[bytes] = []  # tokens of the other side
        self.to_answer: list[Pdu] = []
        self.closed = False

    def take(self, events: list[SessionEvent]) -> None:
        assert not (events and self.closed)
        for event in events:
            match event:
                case RequestReceived():
                    self._take_request(event.request)
                case ResponseReceived(request=SubmitSm() | DeliverSm()):
                    self._take_response(event, self.answered)
                case LateResponse():
                    assert event.context in self.expired
                    self._take_response(event, self.late)
                case RequestExpired():
                    assert isinstance(event.context, bytes)
                    self.expired.add(event.context)
                case Closed():
                    self.closed = True
                    assert event is events[-1]
                case UnmatchedResponse():  # deliver_sm holds no slot, so its expiry forgets it
                    assert isinstance(event.response, DeliverSmResp | GenericNack)
                case _:
                    assert isinstance(event, Bound | ResponseReceived), event

    def _take_request(self, request: Pdu) -> None:
        if isinstance(request, SubmitSm | DeliverSm):
            assert request.short_message not in self.seen
            self.seen.append(request.short_message)
        self.to_answer.append(request)

    def _take_response(self, event: ResponseReceived | LateResponse, book: set[bytes]) -> None:
        token = event.context
        assert isinstance(token, bytes)
        assert isinstance(event.request, SubmitSm | DeliverSm)
        assert event.request.short_message == token
        assert token not in book
        if isinstance(event.response, SubmitSmResp):
            assert event.response.message_id == token  # the other side answered this very request
        book.add(token)

    def hand_out(self) -> None:
        self.wire += self.session.data_to_send()


class TwoSessions(RuleBasedStateMachine):
    """An ESME and an SMSC, bound; all that either may do, and a network that is late and cuts anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.tokens = 0
        self.esme, self.smsc = Side(Role.ESME), Side(Role.SMSC)

    @initialize(first=st.sampled_from([0, 40, MAX_SEQUENCE_NUMBER - 2]))
    def bind(self, first: int) -> None:
        for side in (self.esme, self.smsc):
            side.session.window._sequence_number = first
        self.esme.session.request(BindTransceiver(system_id=b"acme"), 0.0)
        self.esme.hand_out()
        self.carry(self.esme, self.smsc, len(self.esme.wire))
        (bind,) = self.smsc.to_answer
        self.smsc.to_answer.clear()
        self.smsc.session.respond(bind, REQUESTS[type(bind)]())
        self.smsc.hand_out()
        self.carry(self.smsc, self.esme, len(self.smsc.wire))
        assert self.esme.session.state is self.smsc.session.state is State.BOUND_TRX

    def carry(self, sender: Side, receiver: Side, octets: int) -> None:
        data, sender.wire = sender.wire[:octets], sender.wire[octets:]
        receiver.take(receiver.session.receive_data(data, self.now))

    def ask(self, side: Side, kind: type[SubmitSm | DeliverSm]) -> None:
        self.tokens += 1
        token = b"%d" % self.tokens
        side.session.request(kind(destination_addr=b"1", short_message=token), self.now, token)
        side.asked.add(token)

    @precondition(lambda self: self.esme.session.state in BOUND and self.esme.session.window.free > 0)
    @rule(fill=st.booleans())
    def submit(self, *, fill: bool) -> None:
        for _ in range(self.esme.session.window.free if fill else 1):
            self.ask(self.esme, SubmitSm)

    @precondition(lambda self: self.smsc.session.state in BOUND)
    @rule()
    def deliver(self) -> None:
        self.ask(self.smsc, DeliverSm)

    @rule(by_esme=st.booleans(), nack=st.booleans(), choice=st.randoms(use_true_random=False))
    def answer(self, *, by_esme: bool, nack: bool, choice: random.Random) -> None:
        side = self.esme if by_esme else self.smsc
        if not side.to_answer:
            return
        request = side.to_answer.pop(choice.randrange(len(side.to_answer)))
        if nack:
            side.session.respond(request, GenericNack(command_status=8))
        elif isinstance(request, SubmitSm):
            side.session.respond(request, SubmitSmResp(message_id=request.short_message))
        else:
            side.session.respond(request, DeliverSmResp())

    @rule(from_esme=st.booleans(), octets=st.one_of(st.integers(0, 80), st.just(1 << 20)))
    def move(self, *, from_esme: bool, octets: int) -> None:
        sender, receiver = (self.esme, self.smsc) if from_esme else (self.smsc, self.esme)
        sender.hand_out()
        self.carry(sender, receiver, octets)

    @rule(seconds=st.sampled_from([0.1, 3.0, 11.0]))
    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := min(side.session.next_deadline() for side in (self.esme, self.smsc))) <= end:
            self.now = max(self.now, due)
            for side in (self.esme, self.smsc):
                side.take(side.session.on_deadline(self.now))
                assert side.session.next_deadline() > self.now
        self.now = end

    @precondition(lambda self: self.esme.session.state in BOUND and self.tokens > 10)
    @rule(by_esme=st.booleans())
    def unbind(self, *, by_esme: bool) -> None:
        side = self.esme if by_esme else self.smsc
        if side.session.state in BOUND:
            side.session.request(Unbind(), self.now)

    @invariant()
    def every_request_has_one_fate(self) -> None:
        """Asked = answered + expired + waiting, without overlap; late responses are to expired requests."""
        for side in (self.esme, self.smsc):
            waiting = {entry.context for entry in side.session.window.waiting}
            assert side.asked == side.answered | side.expired | waiting
            assert len(side.asked) == len(side.answered) + len(side.expired) + len(waiting)
            assert side.late <= side.expired

    @invariant()
    def the_window_holds(self) -> None:
        """Slots in use: what waits and what expired unanswered; never more than the window."""
        esme = self.esme
        in_use = len(esme.asked) - len(esme.answered) - len(esme.late)
        assert esme.session.window.in_use == in_use <= LIMITS.window
        assert self.smsc.session.window.in_use == 0

    def teardown(self) -> None:
        """What is told as unsent never reached the other side, and nothing is told twice or not at all."""
        for side, other in ((self.esme, self.smsc), (self.smsc, self.esme)):
            lost = side.session.lost()
            unsent = {entry.context for entry in lost.unsent}
            unanswered = {entry.context for entry in lost.unanswered}
            assert not unsent & set(other.seen)
            assert len(side.asked) == len(side.answered) + len(side.expired) + len(unsent) + len(unanswered)
            assert not unsent & unanswered


TestTwoSessions = TwoSessions.TestCase
TestTwoSessions.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
