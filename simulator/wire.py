"""What an SMSC that breaks the rules needs below PDUs: any octets, a dead line, odd numbers."""

import math
from collections.abc import Callable
from typing import ClassVar, Final

import trio

from gatewayd.smpp.codec import encode
from gatewayd.smpp.driver import Driver
from gatewayd.smpp.events import SessionEvent
from gatewayd.smpp.pdu import Pdu, Unbind
from gatewayd.smpp.session import Session
from gatewayd.smpp.window import Window
from simulator.settings import Wire

HEADER_SIZE: Final = 16  # octets (3.4 section 3.2)
ALL_NUMBERS: Final = 2**32  # 3.4 section 5.1.4 allows the lower half without 0


class Line(trio.abc.Stream):
    """A stream that can write in small pieces, and die without a word, as a host that lost its power."""

    def __init__(self, stream: trio.abc.Stream, settings: Wire) -> None:
        self._stream, self._settings = stream, settings
        self._dead = False
        self._stalled_until = -math.inf

    def stall(self, until: float) -> None:
        """Until then nothing is read and nothing leaves, as if this process had stopped; then all goes on."""
        self._stalled_until = until

    def die(self) -> None:
        """From now on nothing is read and nothing leaves; the peer is not told."""
        self._dead = True

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        size = self._settings.dribble or len(data)
        for start in range(0, len(data), size or 1):
            await self._stand_still()
            if self._dead:
                return
            await self._stream.send_all(data[start : start + size])
            if self._settings.pause:
                await trio.sleep(self._settings.pause)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Octets of the peer. Those that come to a dead line are lost; it ends as any other."""
        data = await self._stream.receive_some(max_bytes)
        while self._dead and data:
            data = await self._stream.receive_some(max_bytes)
        await self._stand_still()
        return data

    async def _stand_still(self) -> None:
        if self._stalled_until > trio.current_time():
            await trio.sleep_until(self._stalled_until)

    async def aclose(self) -> None:
        await self._stream.aclose()


class AnyNumber(Window):
    """Sequence numbers from `first` on through all 32 bits, 0 among them."""

    def __init__(self, like: Window, first: int) -> None:
        super().__init__(like.size, like.timeout)
        self._next = first

    def next_sequence_number(self) -> int:
        number, self._next = self._next, (self._next + 1) % ALL_NUMBERS
        return number


class LooseSession(Session):
    """A session that can also send what it should not, and leave unanswered what it should not.

    answers_unbind: whether an unbind has any effect.
    """

    answers_unbind = True

    def _on_unbind(self, pdu: Unbind, now: float, events: list[SessionEvent]) -> None:
        if self.answers_unbind:
            super()._on_unbind(pdu, now, events)

    _handlers: ClassVar[dict[type[Pdu], Callable[..., None]]] = {**Session._handlers, Unbind: _on_unbind}  # noqa: SLF001  its table of what is done with which PDU

    def raw(self, octets: bytes) -> None:
        """Queue any octets behind those that are queued."""
        self._send(octets)

    def respond_raw(self, octets: bytes) -> None:
        """Queue octets in place of an answer that is owed."""
        self._send(octets)
        self._owed -= 1


class LooseDriver(Driver):
    """The driver of a LooseSession."""

    session: LooseSession

    def raw(self, octets: bytes) -> None:
        self.session.raw(octets)
        self._queued()

    def respond_headless(self, request: Pdu, response: Pdu) -> None:
        """Answer by a header without the body that its command_id asks for."""
        octets = encode(response, request.sequence_number)
        self.session.respond_raw(HEADER_SIZE.to_bytes(4) + octets[4:HEADER_SIZE])
        self._queued()
