"""Two sessions over a network that loses, repeats, reorders and damages octets; what their books must say.

A PDU may arrive as another one, so an answer may reach the wrong request; but each request has one fate, and
no error but the declared ones comes out. Each action draws what it does from the rng it is given.
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Final

from gatewayd.errors import LocalProtocolError
from gatewayd.smpp.codec import HEADER_SIZE, FrameBuffer, decode, encode
from gatewayd.smpp.consts import RESPONSE
from gatewayd.smpp.events import (
    Closed,
    LateResponse,
    RequestExpired,
    RequestReceived,
    ResponseReceived,
    SessionEvent,
)
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    PDUS,
    REQUESTS,
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Pdu,
    QuerySm,
    SubmitMulti,
    SubmitSm,
    Unbind,
)
from gatewayd.smpp.session import COUNTED, Session
from gatewayd.smpp.transitions import BOUND, Role, State
from gatewayd.smpp.window import MAX_SEQUENCE_NUMBER

LIMITS: Final = Limits(window=3, response_timeout=10.0, enquire_link_interval=15.0, bind_timeout=20.0)
ASKS: Final[dict[Role, tuple[type[Pdu], ...]]] = {
    Role.ESME: (SubmitSm, DataSm, QuerySm, EnquireLink),
    Role.SMSC: (DeliverSm, DataSm, EnquireLink),
}
FATES: Final[tuple[list[str], ...]] = ([], ["answered"], ["expired"], ["expired", "late"])
EVERYTHING: Final = 1 << 20  # octets
ANY: Final = tuple(
    kind for kind in PDUS.values() if kind is not SubmitMulti
)  # an empty one cannot be written


def _other(role: Role) -> Role:
    return Role.SMSC if role is Role.ESME else Role.ESME


class Side:
    """A session with its owner's books. fates: of each request asked, by its token, in order."""

    def __init__(self, role: Role, now: float) -> None:
        self.session = Session(role, LIMITS, now)
        self.wire = b""  # octets on their way to the other side
        self.fates: dict[int, list[str]] = {}
        self.numbers: dict[int, int] = {}  # token -> sequence_number
        self.kinds: dict[int, type[Pdu]] = {}
        self.counted = set[int]()  # tokens of requests that take a slot
        self.sent = set[int]()
        self.to_answer: list[Pdu] = []
        self.closed = False
        self.asked_of_us = Counter[int]()  # by sequence_number, malformed requests too
        self.answers = Counter[int]()
        self._heard, self._said = FrameBuffer(), FrameBuffer()

    def asked(self, token: int, kind: type[Pdu], number: int) -> None:
        self.fates[token], self.kinds[token], self.numbers[token] = [], kind, number
        if kind in COUNTED:
            self.counted.add(token)

    def take(self, events: list[SessionEvent]) -> None:
        assert not (events and self.closed), "nothing comes after Closed"
        for event in events:
            match event:
                case RequestReceived():
                    if type(event.request) in REQUESTS:
                        self.to_answer.append(event.request)
                case ResponseReceived(context=int() as token):
                    assert token in self.sent
                    self.fates[token].append("answered")
                case LateResponse(context=int() as token):
                    self.fates[token].append("late")
                case RequestExpired(context=int() as token):
                    assert token in self.sent
                    self.fates[token].append("expired")
                case Closed():
                    assert event is events[-1]
                    self.closed = True
                case _:
                    pass

    def hear(self, data: bytes, now: float) -> None:
        """Octets from the network."""
        for frame in self._heard.feed(data):
            if not int.from_bytes(frame[4:8]) & RESPONSE:
                self.asked_of_us[int.from_bytes(frame[12:16])] += 1
        if self._heard.fault is not None:
            self.asked_of_us[self._heard.fault.sequence_number] += 1
        self.take(self.session.receive_data(data, now))

    def hand_out(self) -> list[Pdu]:
        """Octets to the network: whole PDUs only, and which."""
        octets = self.session.data_to_send()
        self.sent |= set(self.fates) if octets and not self.closed else set()
        self.wire += octets
        frames = self._said.feed(octets)
        assert sum(map(len, frames)) == len(octets)
        pdus = list(map(decode, frames))
        for pdu in pdus:
            self.answers[pdu.sequence_number] += pdu.command_id & RESPONSE != 0
        return pdus

    @property
    def open(self) -> set[int]:
        """Tokens of requests whose number is taken: waiting, or expired with their slot kept."""
        return {
            token
            for token, told in self.fates.items()
            if not told or (told == ["expired"] and token in self.counted)
        }


class FaultyNetwork:
    """Two owners, and what befalls the octets between them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.tokens = 0
        self.connect()

    def connect(self) -> None:
        """A new pair of sessions, bound."""
        self.sides = {role: Side(role, self.now) for role in Role}
        esme, smsc = self.sides[Role.ESME], self.sides[Role.SMSC]
        esme.session.request(BindTransceiver(), self.now)
        self._carry(Role.ESME, EVERYTHING)
        smsc.session.respond(smsc.to_answer.pop(), BindTransceiverResp())
        self._carry(Role.SMSC, EVERYTHING)
        assert {side.session.state for side in self.sides.values()} == {State.BOUND_TRX}

    def _carry(self, sender: Role, octets: int) -> None:
        source, target = self.sides[sender], self.sides[_other(sender)]
        source.hand_out()
        data, source.wire = source.wire[:octets], source.wire[octets:]
        target.hear(data, self.now)

    # what the owners do

    def ask(self, role: Role, rng: random.Random) -> None:
        """A number that is taken is never given again; a full window and a wrong state are refused."""
        side, kind = self.sides[role], rng.choice(ASKS[role])
        for _ in range(rng.randint(1, 4)):
            taken = {side.numbers[token] for token in side.open}
            room = side.session.window.free > 0 or kind not in COUNTED
            try:
                number = side.session.request(kind(), self.now, self.tokens)
            except LocalProtocolError:
                assert side.session.state not in BOUND or not room
                return
            assert room
            assert number not in taken
            side.asked(self.tokens, kind, number)
            self.tokens += 1

    def answer(self, role: Role, rng: random.Random) -> None:
        """Some of what is owed, in any order."""
        side = self.sides[role]
        for _ in range(rng.randint(0, len(side.to_answer))):
            request = side.to_answer.pop(rng.randrange(len(side.to_answer)))
            kind = rng.choice((REQUESTS[type(request)], GenericNack))
            side.session.respond(request, kind(command_status=rng.choice((0, 8))))

    def leave(self, role: Role, rng: random.Random) -> None:
        """Now and then a side unbinds, or its connection breaks; a new one follows the end."""
        side = self.sides[role]
        if any(each.closed for each in self.sides.values()) or rng.random() < 0.1:
            self.settle()
            self.connect()
        elif side.session.state in BOUND and rng.random() < 0.1:
            side.session.request(Unbind(), self.now)

    def go_round(self, role: Role, _rng: random.Random) -> None:
        """As if 2^31 requests had passed: the next number would be that of an open request."""
        side = self.sides[role]
        side.hand_out()
        if side.open:
            lowest = min(side.numbers[token] for token in side.open)
            side.session.window._sequence_number = lowest - 1 or MAX_SEQUENCE_NUMBER

    # what befalls the octets

    def arrive(self, role: Role, _rng: random.Random) -> None:
        """All that is on its way."""
        self._carry(role, EVERYTHING)

    def trickle(self, role: Role, rng: random.Random) -> None:
        """Some octets, cut anywhere."""
        self._carry(role, rng.randint(0, 60))

    def repeat(self, role: Role, rng: random.Random) -> None:
        """PDUs come twice, and out of order."""
        side = self.sides[role]
        side.hand_out()
        frames = FrameBuffer().feed(side.wire)
        if frames:
            frames.append(rng.choice(frames))
            rng.shuffle(frames)
            side.wire = b"".join(frames)

    def damage(self, role: Role, rng: random.Random) -> None:
        """Octets are lost, changed, or were never sent."""
        side = self.sides[role]
        side.hand_out()
        place = rng.randrange(len(side.wire) + 1)
        head, tail = side.wire[:place], side.wire[place:]
        flipped = bytes(octet ^ 1 << rng.randrange(8) for octet in tail[:1]) + tail[1:]
        side.wire = head + rng.choice((tail[rng.randint(1, 20) :], flipped, rng.randbytes(9) + tail))

    def forge(self, role: Role, rng: random.Random) -> None:
        """An answer to an open request that nobody gave: in time, too early or too late."""
        side, forger = self.sides[role], self.sides[_other(role)]
        if side.open:
            token = rng.choice(sorted(side.open))
            kind = rng.choice((REQUESTS[side.kinds[token]], GenericNack))
            forger.wire = encode(kind(command_status=8), side.numbers[token]) + forger.wire

    def foreign(self, role: Role, rng: random.Random) -> None:
        """A PDU that the sender never sent, in front of what waits; maybe its body has no end."""
        side, kind = self.sides[role], rng.choice(ANY)
        number = rng.choice((rng.randrange(40), MAX_SEQUENCE_NUMBER, 0xFFFF_FFFF))
        octets = encode(kind(command_status=rng.choice((0, 8))), number)
        octets = octets[: max(HEADER_SIZE, len(octets) - rng.randrange(4))]
        side.wire = len(octets).to_bytes(4) + octets[4:] + side.wire

    def wait(self, _role: Role, rng: random.Random) -> None:
        """Deadlines pass one by one; none comes again at once."""
        end = self.now + rng.choice((0.1, 3.0, 11.0))
        while (due := min(side.session.next_deadline() for side in self.sides.values())) <= end:
            self.now = max(self.now, due)
            for side in self.sides.values():
                side.take(side.session.on_deadline(self.now))
                assert side.session.next_deadline() > self.now
        self.now = end

    # what must hold

    def check(self) -> None:
        """At any time."""
        for side in self.sides.values():
            assert all(told in FATES for told in side.fates.values())
            waiting = {entry.context for entry in side.session.window.waiting}
            assert waiting == {token for token, told in side.fates.items() if not told}
            assert side.session.window.in_use == len(side.open & side.counted) <= LIMITS.window
            assert side.answers <= side.asked_of_us, "answered twice, or what was not asked"
            assert side.closed == (side.session.state is State.CLOSED)
            assert side.closed or side.session._frames.fault is None

    def settle(self) -> None:
        """At the end: what never had a fate is in lost(), once, and what is there as unsent never leaves."""
        for side in self.sides.values():
            lost = side.session.lost()
            asked = {pdu.sequence_number for pdu in side.hand_out() if type(pdu) in REQUESTS}
            assert not asked & {entry.sequence_number for entry in lost.unsent}
            told = Counter(entry.context for entry in (*lost.unsent, *lost.unanswered))
            assert told == Counter(token for token, fates in side.fates.items() if not fates)
            assert side.session.next_deadline() == float("inf")


Action = Callable[[FaultyNetwork, Role, random.Random], None]
ACTIONS: Final[tuple[Action, ...]] = (
    *[FaultyNetwork.ask, FaultyNetwork.answer, FaultyNetwork.arrive] * 6,
    *[FaultyNetwork.trickle, FaultyNetwork.wait, FaultyNetwork.forge, FaultyNetwork.repeat] * 2,
    *[FaultyNetwork.foreign, FaultyNetwork.damage, FaultyNetwork.leave, FaultyNetwork.go_round],
)
"""As often as they should happen."""


def walk(rng: random.Random) -> None:
    """Sixty actions of anybody."""
    world, roles = FaultyNetwork(), tuple(Role)
    for _ in range(60):
        rng.choice(ACTIONS)(world, rng.choice(roles), rng)
        world.check()
    world.settle()
