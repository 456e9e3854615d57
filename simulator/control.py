"""Commands while it runs: one JSON object a line on a Unix socket, one reply line each. See README.md."""

import socket
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, assert_never

import msgspec
import trio

from gatewayd.errors import GatewayError
from gatewayd.smpp import text as texts
from gatewayd.smpp import udh
from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import DeliverSm
from simulator.smsc import Smsc

MAX_LINE: Final = 64 * 1024  # octets
TON_INTERNATIONAL: Final = 1  # 3.4 section 5.2.5
NPI_E164: Final = 1  # 3.4 section 5.2.6
ENCODINGS: Final = {
    encoding.data_coding: encoding for encoding in texts.Encoding if encoding is not texts.Encoding.BINARY
}


class Mo(msgspec.Struct, tag="mo", tag_field="op", forbid_unknown_fields=True, rename={"source": "from"}):
    """A handset writes. data_coding: 0, 3 or 8; absent, as the text needs. hex: short_message as it is.

    carry, reference: of a long text. order: which segments go out, in this order, counted from 1; a number
    may be missing or stand twice; absent, all in order.
    """

    source: str
    to: str
    text: str = ""
    hex: str | None = None
    data_coding: int | None = None
    esm_class: int = 0
    carry: texts.Carry = texts.Carry.UDH8
    reference: int = 1
    order: list[int] | None = None
    account: str | None = None


class Set(msgspec.Struct, tag="set", tag_field="op", forbid_unknown_fields=True):
    """Merge values into the scenario (RFC 7396: null takes a value back to its default)."""

    values: dict[str, Any]


class Drop(msgspec.Struct, tag="drop", tag_field="op", forbid_unknown_fields=True):
    """Cut all connections, or those of an account, without unbind."""

    account: str | None = None


class HoldReceipts(msgspec.Struct, tag="hold_receipts", tag_field="op", forbid_unknown_fields=True):
    """Keep receipts back."""


class ReleaseReceipts(msgspec.Struct, tag="release_receipts", tag_field="op", forbid_unknown_fields=True):
    """Let out what was kept back, and keep back no more."""


class Stats(msgspec.Struct, tag="stats", tag_field="op", forbid_unknown_fields=True):
    """Tell what was counted."""


Command = Mo | Set | Drop | HoldReceipts | ReleaseReceipts | Stats

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
            pdus = mo_segments(command)
            smsc.deliver(pdus, command.account)
            return {"segments": len(pdus)}
        case Set(values=values):
            smsc.change(values)
            return {}
        case Drop(account=account):
            return {"dropped": smsc.drop(account)}
        case HoldReceipts():
            smsc.hold_receipts()
            return {}
        case ReleaseReceipts():
            return {"released": smsc.release_receipts()}
        case Stats():
            return smsc.stats()
        case _:
            assert_never(command)


def mo_segments(mo: Mo) -> Sequence[DeliverSm]:
    """The deliver_sm of an MO in the order they go out. Raises Refused, LocalProtocolError."""
    parts = _parts(mo)
    order = range(1, len(parts) + 1) if mo.order is None else mo.order
    if not set(order) <= set(range(1, len(parts) + 1)):
        raise Refused(f"order: the text has {len(parts)} segments")
    pdus = [
        DeliverSm(
            source_addr_ton=TON_INTERNATIONAL,
            source_addr_npi=NPI_E164,
            source_addr=mo.source.encode(),
            destination_addr=mo.to.encode(),
            esm_class=mo.esm_class | (udh.UDHI if part.udhi else 0),
            data_coding=part.data_coding,
            short_message=part.short_message,
            tlvs=part.tlvs,
        )
        for part in (parts[number - 1] for number in order)
    ]
    for pdu in pdus:
        encode(pdu, 1)  # so what does not fit is told to whoever asked
    return pdus


def _parts(mo: Mo) -> tuple[texts.Part, ...]:
    if mo.hex is not None:
        try:
            octets = bytes.fromhex(mo.hex)
        except ValueError:
            raise Refused("hex: an even number of hexadecimal digits") from None
        return (texts.Part(octets, udhi=False, data_coding=mo.data_coding or 0, tlvs=(), number=1, total=1),)
    encoding = texts.choose(mo.text) if mo.data_coding is None else ENCODINGS.get(mo.data_coding)
    if encoding is None:
        raise Refused("data_coding: 0, 3 or 8 for a text; any with hex")
    return texts.split(mo.text, encoding, mo.carry, mo.reference)
