"""An SMSC of a few lines on a plain socket: it does what its test says, right or wrong, octet by octet."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.pdu import REQUESTS, Bind, BindTransceiver, EnquireLink, Pdu, Unbind

LIMIT = 30.0  # seconds that one read may take


class Gone(Exception):
    """The ESME has closed the connection."""


class Peer:
    """One connection of an ESME. place: how many there were before it."""

    def __init__(self, connection: socket.socket, place: int) -> None:
        self.place = place
        self._socket = connection
        self._frames = FrameBuffer()
        self._received: list[Pdu] = []
        self._number = 0

    def raw(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except OSError:
            raise Gone from None

    def send(self, *pdus: Pdu) -> None:
        """Requests under numbers of their own, in one write; responses under the number they carry."""
        self.raw(b"".join(encode(pdu, pdu.sequence_number or self._next()) for pdu in pdus))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def answer(self, request: Pdu, **fields: Any) -> None:
        self.send(REQUESTS[type(request)](sequence_number=request.sequence_number, **fields))

    def receive(self) -> Pdu:
        """The next PDU. Raises Gone."""
        while not self._received:
            try:
                data = self._socket.recv(65_536)
            except OSError:
                data = b""
            if not data:
                raise Gone
            self._received += map(decode, self._frames.feed(data))
        return self._received.pop(0)

    def bind(self) -> Bind:
        """Take the ESME's bind."""
        request = self.receive()
        assert isinstance(request, BindTransceiver)
        self.answer(request, system_id=b"raw")
        return request

    def drain(self) -> None:
        """Answer what asks for a sign of life, read all else, until the ESME goes."""
        while True:
            request = self.receive()
            if isinstance(request, EnquireLink | Unbind):
                self.answer(request)


class RawSmsc:
    """Serves each connection on a thread; a connection ends when `serve` returns.

    context: TLS. failures: what went wrong in `serve`, for `close` to tell.
    """

    def __init__(self, serve: Callable[[Peer], None], context: ssl.SSLContext | None = None) -> None:
        self.connections = 0
        self.failures: list[Exception] = []
        self._serve, self._context = serve, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._threads = [Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(LIMIT)
            thread = Thread(target=self._connected, args=(connection, self.connections))
            self.connections += 1
            self._open.append(connection)
            self._threads.append(thread)
            thread.start()

    def _connected(self, connection: socket.socket, place: int) -> None:
        with connection, suppress(Gone, ssl.SSLError, ConnectionError):
            stream = connection
            if self._context is not None:
                stream = self._context.wrap_socket(connection, server_side=True)
            try:
                self._serve(Peer(stream, place))
            except (Gone, OSError):
                raise
            except Exception as error:  # noqa: BLE001  told to the test by close()
                self.failures.append(error)
            finally:
                stream.close()

    def close(self) -> None:
        """End all connections. Raises what `serve` met."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LIMIT)
        if self.failures:
            raise self.failures[0]
