"""A Session on a trio stream: one task reads, one writes; the session's clock is the read's deadline.

The reader awaits the stream and nothing else, so enquire_link is answered whatever the owner is busy with;
the writer stands apart, so a peer that stops reading cannot stop our timers.
"""

from collections.abc import Callable

import trio

from gatewayd.smpp.events import BindFailed, Bound, Closed, ResponseReceived, SessionEvent
from gatewayd.smpp.pdu import Pdu
from gatewayd.smpp.session import Session

MAX_RECEIVE = 64 * 1024  # octets of one read
LINGER = 1.0  # seconds for the last octets (unbind_resp, generic_nack, a refused bind_resp) to leave

Handle = Callable[[list[SessionEvent]], None]


class Driver:
    """Carries one connection through its life.

    handle: gets the events of one read or one deadline, in order, and must not wait.
        What it raises ends run().
    reason: why the connection ended; "" while it lives.
    """

    def __init__(self, stream: trio.abc.Stream, session: Session, handle: Handle) -> None:
        self.session = session
        self.reason = ""
        self._stream = stream
        self._handle = handle
        self._read_scope = trio.CancelScope()
        self._something_to_write = trio.lowlevel.ParkingLot()
        self._room_to_read = trio.lowlevel.ParkingLot()
        self._writable = True
        self._question: _Question | None = None

    async def run(self) -> str:
        """Read and write until the end of the connection; returns the reason, and the stream is closed.

        Never raises for what the peer does. Afterwards session.lost() tells what is without an answer.
        Cancelled: closes the stream as it is.
        """
        try:
            with trio.CancelScope() as last_words:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._write)
                    linger = await self._read()
                    last_words.deadline = trio.current_time() + linger
                await self._stream.aclose()  # in good order: TLS says goodbye
        finally:
            self._end("cancelled")
            await trio.aclose_forcefully(self._stream)
        return self.reason

    def send(self, pdu: Pdu, context: object = None) -> int:
        """Queue a request; see Session.request. Returns its sequence_number."""
        sequence_number = self.session.request(pdu, trio.current_time(), context)
        self._queued()
        return sequence_number

    def respond(self, request: Pdu, response: Pdu) -> None:
        """Queue the answer to a request of the peer; see Session.respond."""
        self.session.respond(request, response)
        self._queued()

    async def request(self, pdu: Pdu) -> Pdu:
        """Send a bind or unbind and wait for its answer, whatever its command_status. One at a time.

        Raises trio.BrokenResourceError, with the reason, if the connection ends first.
        """
        self.send(pdu)
        question = self._question = _Question(pdu)
        try:
            await question.settled.wait()
        finally:
            self._question = None
        if question.response is None:
            raise trio.BrokenResourceError(self.reason)
        return question.response

    def close(self, reason: str) -> None:
        """End the connection: answers that are queued still leave, requests that are queued do not."""
        self._end(reason)
        self._read_scope.cancel()

    def _end(self, reason: str) -> None:
        """Once: later reasons are consequences of the first."""
        if not self.reason:
            self.reason = reason
            self.session.close()
            self._something_to_write.unpark_all()
            if self._question is not None:
                self._question.settled.set()

    def _queued(self) -> None:
        """Wake the writer; move the deadline of the read in progress."""
        if self._something_to_write:
            self._something_to_write.unpark()
        deadline = self.session.next_deadline()
        if deadline < self._read_scope.deadline:  # noqa: PLR1730  to set it costs ten times as much as to ask
            self._read_scope.deadline = deadline

    async def _read(self) -> float:
        """Until the end; returns how many seconds the octets still queued then are worth."""
        while not self.reason:
            try:
                data = await self._receive()
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                self._end("connection lost")
                break
            if data == b"":
                self._end("closed by the peer")
                break
            closed = self._take(data)
            if closed is not None:
                self._end(closed.reason)
                return LINGER if closed.flush else 0.0
        return LINGER

    async def _receive(self) -> bytes | None:
        """Octets of the peer, b"" at their end; None if the deadline or close() came first.

        A peer that floods requests and reads none of the answers is not read from.
        """
        session = self.session
        with trio.CancelScope(deadline=session.next_deadline()) as self._read_scope:
            while self._writable and session.outgoing_octets > session.limits.max_outgoing:
                await self._room_to_read.park()
            return bytes(await self._stream.receive_some(MAX_RECEIVE))
        return None

    def _take(self, data: bytes | None) -> Closed | None:
        """One read, or one deadline, through the session to the owner."""
        now = trio.current_time()
        events = self.session.on_deadline(now) if data is None else self.session.receive_data(data, now)
        self._queued()
        if not events:
            return None
        if self._question is not None:
            self._question.look_at(events)
        self._handle(events)
        last = events[-1]
        return last if isinstance(last, Closed) else None

    async def _write(self) -> None:
        """Send all that is queued at once, until the end of the connection and of the queue.

        When the peer is gone the reader still takes what it sent before; only the writing ends here.
        """
        session = self.session
        while session.outgoing_octets or not self.reason:
            if not session.outgoing_octets:
                await self._something_to_write.park()
                continue
            octets = session.data_to_send()
            self._room_to_read.unpark_all()
            try:
                await self._stream.send_all(octets)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                break
        self._writable = False
        self._room_to_read.unpark_all()


class _Question:
    """A bind or unbind that somebody waits for."""

    def __init__(self, request: Pdu) -> None:
        self.settled = trio.Event()
        self.response: Pdu | None = None
        self._request = request

    def look_at(self, events: list[SessionEvent]) -> None:
        """Take the answer if it is among them."""
        for event in events:
            match event:
                case Bound() | BindFailed():
                    self._settle(event.response)
                case ResponseReceived() if event.request is self._request:
                    self._settle(event.response)
                case _:
                    pass

    def _settle(self, response: Pdu) -> None:
        self.response = response
        self.settled.set()
