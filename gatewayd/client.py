"""A client of the stream socket for programs without an event loop: command line, demo, benches."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from gatewayd.errors import GatewayError

Object = dict[str, Any]
Request = Mapping[str, object]
_READ: Final = 65_536  # octets
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Unreachable(GatewayError):
    """There is no daemon at the socket, or it went away."""


class Refused(GatewayError):
    """The gateway did not do it. error: the `error` of its reply."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['detail']}")
        self.error = error
        self.code: str = error["code"]


class SubscriptionClosed(GatewayError):
    """No more events come; `reason`: taken_over, gone, overloaded."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"subscription closed: {reason}")
        self.reason = reason


class Client:
    """One connection; not for several threads at once.

    patience: seconds to wait for the gateway, None: for ever. window: requests that may be outstanding.
    Every method raises Unreachable when the connection is lost.
    """

    def __init__(self, path: str, patience: float | None = None) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._patience = patience
        self._socket.settimeout(patience)
        self._rest = b""
        self._events: list[Object] = []
        self._seqs = count(1)
        try:
            self._socket.connect(path)
            self.greeting = self._greeting()
        except OSError as error:
            self.close()
            raise Unreachable(f"{path}: {error.strerror or error}") from None
        except GatewayError:
            self.close()
            raise
        self.name: str = self.greeting["client"]
        self.window: int = self.greeting["window"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def request(self, op: str, **fields: object) -> Object:
        """One request and its reply; fields that are None are left out. Raises Refused."""
        ((_, reply),) = self.pipeline([{"op": op, **fields}])
        if not reply["ok"]:
            raise Refused(reply["error"])
        return reply

    def pipeline(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Object]]:
        """Each request with its reply, in the order of the replies, as many under way as may be.

        Raises Refused for a line that is too long to be answered by its seq.
        """
        source, waiting = iter(requests), dict[int, Request]()
        while True:
            fresh = dict(zip(self._seqs, islice(source, self.window - len(waiting)), strict=False))
            waiting |= fresh
            if not waiting:
                return
            self._send(b"".join([_line(seq, request) for seq, request in fresh.items()]))
            for reply in self._replies():
                if reply["seq"] is None:
                    raise Refused(reply["error"])
                yield waiting.pop(reply["seq"]), reply

    def subscribe(self, consumer: str, after: int | None = None) -> int:
        """Begin to receive events; returns the cursor they start after."""
        cursor: int = self.request("subscribe", consumer=consumer, after=after)["cursor"]
        return cursor

    def ack(self, consumer: str, cursor: int) -> None:
        """Everything up to `cursor` is done with; returns when that is durable."""
        self.request("ack", consumer=consumer, cursor=cursor)

    def events(self, quiet: float | None = None) -> Iterator[Object]:
        """Events one by one; see `batches`."""
        for batch in self.batches(quiet):
            yield from batch

    def batches(self, quiet: float | None = None) -> Iterator[list[Object]]:
        """Events as they come, those that came together together.

        Ends when none came for `quiet` seconds (None: never). Raises SubscriptionClosed.
        """
        while True:
            while not self._events:
                self._socket.settimeout(quiet)
                try:
                    self._events.extend(self._receive())
                except TimeoutError:
                    return
                finally:
                    self._socket.settimeout(self._patience)
            batch, self._events = self._events, []
            good = [event for event in batch if event["event"] != "closed"]
            if good:
                yield good
            if len(good) < len(batch):
                raise SubscriptionClosed(next(e["reason"] for e in batch if e["event"] == "closed"))

    def _greeting(self) -> Object:
        first, *events = self._receive()
        self._events.extend(events)
        if "error" in first:
            raise Refused(first["error"])
        return first

    def _replies(self) -> list[Object]:
        """At least one; events that come between are kept."""
        while True:
            try:
                objects = self._receive()
            except TimeoutError:
                raise Unreachable("the daemon does not answer") from None
            self._events.extend(one for one in objects if "event" in one)
            if replies := [one for one in objects if "event" not in one]:
                return replies

    def _receive(self) -> list[Object]:
        """At least one line's object."""
        while True:
            try:
                data = self._socket.recv(_READ)
            except ConnectionError as error:
                raise Unreachable(error.strerror or str(error)) from None
            if not data:
                raise Unreachable("the daemon closed the connection")
            *lines, self._rest = (self._rest + data).split(b"\n")
            if lines:
                return [_decode(line) for line in lines]

    def _send(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except OSError as error:
            raise Unreachable(error.strerror or str(error)) from None


def _line(seq: int, request: Request) -> bytes:
    given = {name: value for name, value in request.items() if value is not None}
    return _encode({"seq": seq, **given}) + b"\n"
