"""Commands while it runs: one JSON object a line on a Unix socket, one reply line each. See README.md."""

import socket
from functools import partial
from pathlib import Path
from typing import Any, Final, assert_never

import msgspec
import trio

from gatewayd.errors import GatewayError
from simulator.mo import Mo, segments
from simulator.settings import What
from simulator.smsc import Smsc

MAX_LINE: Final = 64 * 1024  # octets


class Set(msgspec.Struct, tag="set", tag_field="op", forbid_unknown_fields=True):
    """Merge values into the scenario (RFC 7396: null takes a value back to its default)."""

    values: dict[str, Any]


class Drop(msgspec.Struct, tag="drop", tag_field="op", forbid_unknown_fields=True):
    """Cut all connections, or those of an account, without unbind."""

    account: str | None = None


class Fault(msgspec.Struct, tag="fault", tag_field="op", forbid_unknown_fields=True):
    """Let something befall all bound sessions, or those of an account; see `faults.do` of a scenario."""

    do: What
    account: str | None = None


class HoldReceipts(msgspec.Struct, tag="hold_receipts", tag_field="op", forbid_unknown_fields=True):
    """Keep receipts back."""


class ReleaseReceipts(msgspec.Struct, tag="release_receipts", tag_field="op", forbid_unknown_fields=True):
    """Let out what was kept back, and keep back no more."""


class Stats(msgspec.Struct, tag="stats", tag_field="op", forbid_unknown_fields=True):
    """Tell what was counted."""


Command = Mo | Set | Drop | Fault | HoldReceipts | ReleaseReceipts | Stats

_decode = msgspec.json.Decoder(Command).decode
_encode = msgspec.json.Encoder().encode


class Refused(GatewayError):
    """The simulator could not do what it was told; says why."""


def command(path: Path, op: str, **fields: object) -> dict[str, Any]:
    """Send one command and return its reply. For tests and the demo: it blocks, with 10 s at most.

    Raises Refused if the simulator says no, OSError if it does not answer.
    """
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rb") as replies:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(_encode({"op": op, **fields}) + b"\n")
        line = replies.readline()
    if not line:
        raise ConnectionError("the simulator closed the control socket without a reply")
    reply: dict[str, Any] = msgspec.json.decode(line)
    if not reply["ok"]:
        raise Refused(reply["error"])
    return reply


async def listen(path: Path) -> trio.SocketListener:
    """A socket file that nobody listens on any more is replaced. Raises OSError, also if somebody does."""
    _clear(path)
    listener = trio.socket.socket(socket.AF_UNIX)
    try:
        await listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    listener.listen()
    return trio.SocketListener(listener)


async def serve(smsc: Smsc, listener: trio.SocketListener) -> None:
    """Answer commands for ever; the socket file goes at the end."""
    path = Path(listener.socket.getsockname())
    try:
        await trio.serve_listeners(partial(_converse, smsc), [listener])
    finally:
        _remove(path)


def _clear(path: Path) -> None:
    """Remove the socket of a simulator that was killed; leave that of a living one, so that bind fails."""
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)):
                _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _converse(smsc: Smsc, stream: trio.SocketStream) -> None:
    buffered = b""
    try:
        async with stream:
            async for data in stream:
                *lines, buffered = (buffered + data).split(b"\n")
                if lines:
                    await stream.send_all(b"".join(_encode(answer(line, smsc)) + b"\n" for line in lines))
                if len(buffered) > MAX_LINE:
                    await stream.send_all(_encode({"ok": False, "error": "the line is too long"}) + b"\n")
                    return
    except trio.BrokenResourceError:
        return  # whoever asked is gone


def answer(line: bytes, smsc: Smsc) -> dict[str, Any]:
    """The reply to one line: {"ok": true, …}, or {"ok": false, "error": why}."""
    try:
        return {"ok": True, **_do(_decode(line), smsc)}
    except (msgspec.DecodeError, GatewayError) as error:
        return {"ok": False, "error": str(error)}


def _do(command: Command, smsc: Smsc) -> dict[str, Any]:
    match command:
        case Mo():
            pdus = segments(command)
            smsc.deliver(pdus, command.account)
            return {"segments": len(pdus)}
        case Set(values=values):
            smsc.change(values)
        case Drop(account=account):
            return {"dropped": smsc.drop(account)}
        case Fault(do=what, account=account):
            return {"sessions": smsc.inject(what, account)}
        case HoldReceipts():
            smsc.hold_receipts()
        case ReleaseReceipts():
            return {"released": smsc.release_receipts()}
        case Stats():
            return smsc.stats()
        case _:
            assert_never(command)
    return {}
