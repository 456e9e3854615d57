"""The driver on streams without a network, in virtual time: what the peer does is written out."""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from gatewayd.errors import LocalProtocolError
from gatewayd.smpp import consts
from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.driver import LINGER, Driver
from gatewayd.smpp.events import Closed, RequestReceived, ResponseReceived, SessionEvent
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import Role, State

LIMITS = Limits(response_timeout=10.0)
BIND = BindTransceiver(system_id=b"acme")
SUBMIT_SM = SubmitSm(destination_addr=b"8613800138000", short_message=b"hello")
HOURS = 10_000.0  # virtual seconds; a test that takes them hangs

Streams = Callable[[], tuple[trio.abc.Stream, trio.abc.Stream]]


class Peer:
    """The other end, by hand."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._frames = FrameBuffer()
        self._pdus: list[Pdu] = []

    async def receive(self) -> Pdu | None:
        """The next PDU; None at the end of the stream."""
        while not self._pdus:
            data = await self.stream.receive_some(65536)
            if not data:
                return None
            self._pdus += map(decode, self._frames.feed(data))
        return self._pdus.pop(0)

    async def send(self, pdu: Pdu, sequence_number: int) -> None:
        await self.stream.send_all(encode(pdu, sequence_number))


class Connection:
    """A driver that runs, its peer, and what its owner has heard."""

    def __init__(self, driver: Driver, peer: Peer, events: list[SessionEvent]) -> None:
        self.driver = driver
        self.peer = peer
        self.events = events
        self.reason = ""
        self.ended = trio.Event()
        self.ended_at = math.nan

    async def run(self) -> None:
        self.reason = await self.driver.run()
        self.ended_at = trio.current_time()
        self.ended.set()

    def heard(self, kind: type[SessionEvent]) -> list[SessionEvent]:
        return [event for event in self.events if isinstance(event, kind)]


@asynccontextmanager
async def connected(
    role: Role = Role.ESME,
    limits: Limits = LIMITS,
    streams: Streams = trio.testing.memory_stream_pair,
    handle: Callable[[list[SessionEvent]], None] | None = None,
) -> AsyncIterator[Connection]:
    """A driver on one end of a stream; at the end it must have ended, or it is cancelled."""
    ours, theirs = streams()
    events: list[SessionEvent] = []
    driver = Driver(ours, Session(role, limits, trio.current_time()), handle or events.extend)
    connection = Connection(driver, Peer(theirs), events)
    with trio.fail_after(HOURS):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.run)
            yield connection
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def bound(
    limits: Limits = LIMITS, streams: Streams = trio.testing.memory_stream_pair
) -> AsyncIterator[Connection]:
    """An ESME that is bound; sequence_number 1 is used up."""
    async with connected(limits=limits, streams=streams) as connection:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(accept_bind, connection.peer)
            assert isinstance(await connection.driver.request(BIND), BindTransceiverResp)
        yield connection


async def accept_bind(peer: Peer) -> None:
    bind = await peer.receive()
    assert isinstance(bind, BindTransceiver)
    await peer.send(BindTransceiverResp(), bind.sequence_number)


async def answer_enquire_links(peer: Peer) -> int:
    """How many came until the end of the stream."""
    count = 0
    while (pdu := await peer.receive()) is not None:
        assert isinstance(pdu, EnquireLink)
        count += 1
        await peer.send(EnquireLinkResp(), pdu.sequence_number)
    return count


# ---------------------------------------------------------------------------------------------- timers


async def test_a_deaf_peer_is_dropped(autojump_clock: trio.testing.MockClock) -> None:
    """A peer that stops reading cannot stop our timers: after 30 + 10 s of silence the session ends."""
    async with bound(streams=trio.testing.lockstep_stream_pair) as connection:
        await connection.ended.wait()
    assert (connection.reason, connection.ended_at) == ("enquire_link unanswered", 40.0)
    assert connection.events[-1] == Closed("enquire_link unanswered", flush=False)


async def test_an_idle_hour_takes_120_enquire_links(autojump_clock: trio.testing.MockClock) -> None:
    """One every 30 s while nothing else comes: the clock is armed again after each."""
    async with bound() as connection, trio.open_nursery() as nursery:
        counted: list[int] = []

        async def count() -> None:
            counted.append(await answer_enquire_links(connection.peer))

        nursery.start_soon(count)
        await trio.sleep(3600.5)
        connection.driver.close("counted")
    assert counted == [120]


async def test_a_busy_hour_takes_no_enquire_link(autojump_clock: trio.testing.MockClock) -> None:
    """Any PDU counts as life."""
    async with bound() as connection:
        for number in range(180):
            await connection.peer.send(EnquireLink(), number)
            assert await connection.peer.receive() == EnquireLinkResp(sequence_number=number)
            await trio.sleep(20)
        assert not connection.reason


async def test_a_send_moves_the_deadline_of_the_read_in_progress(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The reader sleeps until 30 s; a request at 5 s expires at 15 s all the same."""
    async with bound() as connection:
        expired_at: list[float] = []
        connection.driver._handle = lambda events: expired_at.extend([trio.current_time()] * len(events))
        await trio.sleep(5)
        connection.driver.send(SUBMIT_SM, "context")
        await trio.sleep(24)
    assert expired_at == [15.0]


async def test_an_smsc_drops_who_does_not_bind(autojump_clock: trio.testing.MockClock) -> None:
    """session_init_timer: 30 s from the connect, also for a peer that sends half a PDU and waits."""
    async with connected(Role.SMSC) as connection:
        await connection.peer.stream.send_all(encode(BIND, 1)[:-1])
        await connection.ended.wait()
    assert (connection.reason, connection.ended_at) == ("not bound within 30 s", 30.0)


# ------------------------------------------------------------------------------------ ask and be asked


async def test_requests_queued_together_leave_in_one_send_all(autojump_clock: trio.testing.MockClock) -> None:
    """One system call for all that is queued, in order."""
    async with bound(Limits(window=100)) as connection:
        calls = 0

        async def count() -> None:
            nonlocal calls
            calls += 1

        stream = connection.driver._stream
        assert isinstance(stream, trio.StapledStream)
        stream.send_stream.send_all_hook = count
        numbers = [connection.driver.send(SUBMIT_SM) for _ in range(100)]
        received = [await connection.peer.receive() for _ in numbers]
        assert [pdu.sequence_number for pdu in received if pdu] == numbers
        assert calls == 1


async def test_a_response_reaches_the_owner_with_its_context(autojump_clock: trio.testing.MockClock) -> None:
    """Recorded from the event, in virtual seconds."""
    async with bound() as connection:
        number = connection.driver.send(SUBMIT_SM, "context")
        await connection.peer.receive()
        await trio.sleep(3)
        await connection.peer.send(SubmitSmResp(message_id=b"A"), number)
        await trio.testing.wait_all_tasks_blocked()
        answer = SubmitSmResp(message_id=b"A", sequence_number=number)
        assert connection.events[-1] == ResponseReceived(SUBMIT_SM, answer, "context", 3.0)


async def test_the_owner_answers_a_request_when_it_is_ready(autojump_clock: trio.testing.MockClock) -> None:
    """Meanwhile enquire_link is answered: the reader waits for nobody."""
    async with bound() as connection:
        await connection.peer.send(DeliverSm(), 7)
        await connection.peer.send(EnquireLink(), 8)
        assert await connection.peer.receive() == EnquireLinkResp(sequence_number=8)
        (event,) = connection.heard(RequestReceived)
        assert isinstance(event, RequestReceived)
        connection.driver.respond(event.request, DeliverSmResp())
        assert await connection.peer.receive() == DeliverSmResp(sequence_number=7)


async def test_a_refused_bind_is_an_answer(autojump_clock: trio.testing.MockClock) -> None:
    """request() returns it whatever its command_status; the owner decides."""
    async with connected() as connection, trio.open_nursery() as nursery:

        async def refuse() -> None:
            assert await connection.peer.receive()
            await connection.peer.send(BindTransceiverResp(command_status=consts.ESME_RINVPASWD), 1)

        nursery.start_soon(refuse)
        answer = await connection.driver.request(BIND)
        assert answer.command_status == consts.ESME_RINVPASWD
        assert connection.driver.session.state is State.OPEN


@pytest.mark.parametrize("reads", [True, False])
async def test_a_bind_without_answer_raises_the_reason(
    autojump_clock: trio.testing.MockClock, *, reads: bool
) -> None:
    """Whoever waits for a bind is told why there will be no answer: the end of the stream, or of patience."""
    async with connected() as connection, trio.open_nursery() as nursery:
        if reads:
            nursery.start_soon(connection.peer.stream.aclose)
        with pytest.raises(trio.BrokenResourceError) as error:
            await connection.driver.request(BIND)
        assert str(error.value) == ("closed by the peer" if reads else "not bound within 30 s")
        assert trio.current_time() == (0.0 if reads else 30.0)


async def test_who_gives_up_a_bind_leaves_nothing_behind(autojump_clock: trio.testing.MockClock) -> None:
    """A cancelled request() does not hear the answer; the owner does."""
    async with connected() as connection:
        with trio.move_on_after(5):
            await connection.driver.request(BIND)
        await accept_bind(connection.peer)
        await trio.testing.wait_all_tasks_blocked()
        assert connection.driver.session.state is State.BOUND_TRX
        assert len(connection.events) == 1
        assert connection.driver._question is None


# ---------------------------------------------------------------------------------------------- unbind


async def test_unbind_by_us(autojump_clock: trio.testing.MockClock) -> None:
    """request() returns the unbind_resp, and then the connection ends by itself."""
    async with bound() as connection, trio.open_nursery() as nursery:

        async def let_go() -> None:
            submit_sm, unbind = await connection.peer.receive(), await connection.peer.receive()
            assert isinstance(submit_sm, SubmitSm)
            assert isinstance(unbind, Unbind)
            await connection.peer.send(SubmitSmResp(), submit_sm.sequence_number)
            await connection.peer.send(UnbindResp(), unbind.sequence_number)

        nursery.start_soon(let_go)
        connection.driver.send(SUBMIT_SM)
        assert isinstance(await connection.driver.request(Unbind()), UnbindResp)
        await connection.ended.wait()
        assert (connection.reason, connection.ended_at) == ("unbound", 0.0)
        assert await connection.peer.receive() is None


async def test_unbind_by_the_peer(autojump_clock: trio.testing.MockClock) -> None:
    """unbind_resp has left before the stream is closed, after the answer the owner gave at once."""

    def handle(events: list[SessionEvent]) -> None:
        for event in events:
            if isinstance(event, RequestReceived) and isinstance(event.request, BindTransceiver):
                connection.driver.respond(event.request, BindTransceiverResp())
            elif isinstance(event, RequestReceived):
                connection.driver.respond(event.request, SubmitSmResp(message_id=b"A"))

    async with connected(Role.SMSC, handle=handle) as connection:
        await connection.peer.send(BIND, 1)
        await connection.peer.receive()
        await connection.peer.stream.send_all(encode(SUBMIT_SM, 2) + encode(Unbind(), 3))
        assert await connection.peer.receive() == SubmitSmResp(message_id=b"A", sequence_number=2)
        assert await connection.peer.receive() == UnbindResp(sequence_number=3)
        assert await connection.peer.receive() is None
        await connection.ended.wait()
    assert (connection.reason, connection.ended_at) == ("unbound by the peer", 0.0)


# --------------------------------------------------------------------------------------------- the end


async def test_lost_framing_is_told_to_the_peer_before_the_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """generic_nack, then the end of the stream."""
    async with connected(Role.SMSC) as connection:
        await connection.peer.stream.send_all(b"GET / HTTP/1.1\r\n\r\n")
        assert isinstance(await connection.peer.receive(), GenericNack)
        assert await connection.peer.receive() is None
        await connection.ended.wait()
    assert connection.reason.startswith("framing lost")


async def test_last_words_to_a_deaf_peer_are_cut_short(autojump_clock: trio.testing.MockClock) -> None:
    """The generic_nack is worth LINGER seconds, no more."""
    async with connected(Role.SMSC, streams=trio.testing.lockstep_stream_pair) as connection:
        await connection.peer.stream.send_all(bytes(16))
        await connection.ended.wait()
    assert connection.ended_at == LINGER


async def test_close_lets_answers_leave_but_not_requests(autojump_clock: trio.testing.MockClock) -> None:
    """What did not leave stays surely unsent; nothing more can be asked."""
    async with bound() as connection:
        await connection.peer.send(DeliverSm(), 7)
        await trio.testing.wait_all_tasks_blocked()
        (event,) = connection.heard(RequestReceived)
        assert isinstance(event, RequestReceived)
        connection.driver.send(SUBMIT_SM, "queued")
        connection.driver.respond(event.request, DeliverSmResp())
        connection.driver.close("enough")
        with pytest.raises(LocalProtocolError):
            connection.driver.send(SUBMIT_SM)
        assert await connection.peer.receive() == DeliverSmResp(sequence_number=7)
        assert await connection.peer.receive() is None
        await connection.ended.wait()
        connection.driver.close("later")
    assert connection.reason == connection.driver.reason == "enough"
    assert connection.ended_at == 0.0
    assert [entry.context for entry in connection.driver.session.lost().unsent] == ["queued"]


async def test_close_from_inside_handle(autojump_clock: trio.testing.MockClock) -> None:
    """As an SMSC does that refuses a bind: the refusal leaves, then the connection ends."""

    def refuse(events: list[SessionEvent]) -> None:
        for event in events:
            assert isinstance(event, RequestReceived)
            answer = BindTransceiverResp(command_status=consts.ESME_RINVSYSID)
            connection.driver.respond(event.request, answer)
            connection.driver.close("bind refused")

    async with connected(Role.SMSC, handle=refuse) as connection:
        await connection.peer.send(BIND, 1)
        answer = await connection.peer.receive()
        assert answer is not None
        assert answer.command_status == consts.ESME_RINVSYSID
        assert await connection.peer.receive() is None
        await connection.ended.wait()
    assert connection.reason == "bind refused"


async def test_what_a_broken_send_carried_is_doubtful_and_what_waited_is_not(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The octets of the first send_all may be with the peer; those queued behind it surely are not."""
    async with bound(streams=trio.testing.lockstep_stream_pair) as connection:
        connection.driver.send(SUBMIT_SM, "in send_all")
        await trio.testing.wait_all_tasks_blocked()
        connection.driver.send(SUBMIT_SM, "queued")
        await trio.testing.wait_all_tasks_blocked()
        await connection.peer.stream.aclose()
        await connection.ended.wait()
        lost = connection.driver.session.lost()
    assert [entry.context for entry in lost.unanswered] == ["in send_all"]
    assert [entry.context for entry in lost.unsent] == ["queued"]
    assert connection.reason == "closed by the peer"


async def test_answers_sent_before_the_peer_went_still_count(autojump_clock: trio.testing.MockClock) -> None:
    """When writing fails, what has come is still read: each answer is a segment less in doubt."""
    async with bound() as connection:
        number = connection.driver.send(SUBMIT_SM, "context")
        await connection.peer.receive()
        stream = connection.peer.stream
        assert isinstance(stream, trio.StapledStream)
        await stream.receive_stream.aclose()
        connection.driver.send(SUBMIT_SM, "into the void")
        await trio.testing.wait_all_tasks_blocked()
        await connection.peer.send(SubmitSmResp(), number)
        await stream.send_stream.aclose()
        await connection.ended.wait()
        assert len(connection.heard(ResponseReceived)) == 1
        lost = connection.driver.session.lost()
    assert [entry.context for entry in lost.unanswered] == ["into the void"]


async def test_the_end_of_an_idle_stream_is_noticed_at_once(autojump_clock: trio.testing.MockClock) -> None:
    """Nothing is queued, so nothing is waited for."""
    async with bound() as connection:
        await trio.testing.wait_all_tasks_blocked()
        await connection.peer.stream.aclose()
        await connection.ended.wait()
    assert (connection.reason, connection.ended_at) == ("closed by the peer", 0.0)


async def test_a_reset_connection_is_an_end_like_others(autojump_clock: trio.testing.MockClock) -> None:
    """An error of the stream while reading is a reason, not an exception."""
    async with bound() as connection:

        async def fail() -> None:
            raise trio.BrokenResourceError

        stream = connection.driver._stream
        assert isinstance(stream, trio.StapledStream)
        stream.receive_stream.receive_some_hook = fail
        await connection.peer.send(EnquireLink(), 7)
        await connection.ended.wait()
    assert (connection.reason, connection.ended_at) == ("connection lost", 0.0)


async def test_a_cancelled_driver_closes_its_stream(autojump_clock: trio.testing.MockClock) -> None:
    """A crash or a second SIGTERM elsewhere leaves no open connection, and waits for nothing."""
    async with bound(streams=trio.testing.lockstep_stream_pair) as connection:
        connection.driver.send(SUBMIT_SM, "in send_all")
        await trio.testing.wait_all_tasks_blocked()
        peer = connection.peer
    assert connection.driver.reason == "cancelled"
    assert connection.driver.session.state is State.CLOSED
    with trio.fail_after(HOURS):
        assert isinstance(await peer.receive(), SubmitSm)  # on the wire already
        assert await peer.receive() is None


async def test_what_the_owner_raises_ends_the_driver(autojump_clock: trio.testing.MockClock) -> None:
    """A bug of ours is not hidden; the stream is closed."""

    def fail(events: list[SessionEvent]) -> None:
        raise ZeroDivisionError(len(events))

    with pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
        async with connected(Role.SMSC, handle=fail) as connection:
            await connection.peer.send(BIND, 1)
            await trio.sleep_forever()
    assert await connection.peer.receive() is None


# --------------------------------------------------------------------------------------- back-pressure


async def test_who_floods_and_does_not_read_is_not_read_from(autojump_clock: trio.testing.MockClock) -> None:
    """What we owe stays bounded by max_outgoing and one read; when the peer reads again all is answered."""
    limits = Limits(max_outgoing=1000, enquire_link_interval=math.inf)
    batch = encode(EnquireLink(), 9) * 200
    async with bound(limits, trio.testing.lockstep_stream_pair) as connection, trio.open_nursery() as nursery:
        sent = 0

        async def flood() -> None:
            nonlocal sent
            for _ in range(20):
                await connection.peer.stream.send_all(batch)
                sent += 1

        nursery.start_soon(flood)
        await trio.testing.wait_all_tasks_blocked()
        assert sent < 3  # the answers to the first are in send_all, those to the second are queued
        assert connection.driver.session.outgoing_octets == len(batch)
        for _ in range(20 * 200):
            assert await connection.peer.receive() == EnquireLinkResp(sequence_number=9)
        assert sent == 20


async def test_a_flood_by_one_who_never_reads_again_is_read_to_its_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """When writing fails there is no queue to wait for: what the peer has sent is read, and then its end."""
    limits = Limits(max_outgoing=1000, enquire_link_interval=math.inf)
    async with bound(limits, trio.testing.lockstep_stream_pair) as connection:
        stream = connection.peer.stream
        assert isinstance(stream, trio.StapledStream)
        with trio.move_on_after(1):
            await stream.send_all(encode(EnquireLink(), 9) * 200)
            await stream.send_all(encode(EnquireLink(), 9) * 200)
        await stream.receive_stream.aclose()
        await stream.send_stream.aclose()
        await connection.ended.wait()
    assert (connection.reason, connection.ended_at) == ("closed by the peer", 0.0)


async def test_a_flood_does_not_keep_a_dead_peer_alive(autojump_clock: trio.testing.MockClock) -> None:
    """While we do not read for its sake, its silence counts: the session ends by enquire_link."""
    limits = Limits(max_outgoing=1000, response_timeout=10.0)
    async with bound(limits, trio.testing.lockstep_stream_pair) as connection:
        with trio.move_on_after(5):
            for _ in range(3):
                await connection.peer.stream.send_all(encode(EnquireLink(), 9) * 200)
        await connection.ended.wait()
    assert (connection.reason, connection.ended_at) == ("enquire_link unanswered", 40.0)
