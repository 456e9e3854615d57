"""Octets <-> PDU, and the frame buffer. Pure.

At import each PDU class is turned into two straight-line functions, one that reads and one that writes,
generated from its field table: no loop over fields, no look-up per field is left at run time.
"""

import struct
from collections.abc import Callable
from typing import Any, Final

from gatewayd.errors import LocalProtocolError, RemoteProtocolError
from gatewayd.smpp import consts
from gatewayd.smpp.pdu import PDUS, Pdu, fields, is_response, wire_name
from gatewayd.smpp.wire import Place, Tlv, Unreadable

MAX_PDU: Final = 64 * 1024 + 512
"""Largest command_length taken, in octets: a message_payload of 65,535 and all around it."""

HEADER_SIZE: Final = 16
_HEADER = struct.Struct(">IIII")
_LENGTH = struct.Struct(">I")
_TAG_LENGTH = struct.Struct(">HH")

_STATUS_OF_FIELD: Final[dict[str, int]] = {
    "service_type": consts.ESME_RINVSERTYP,
    "source_addr": consts.ESME_RINVSRCADR,
    "destination_addr": consts.ESME_RINVDSTADR,
    "dl_name": consts.ESME_RINVDLNAME,
    "dest_flag": consts.ESME_RINVDESTFLAG,
    "schedule_delivery_time": consts.ESME_RINVSCHED,
    "validity_period": consts.ESME_RINVEXPIRY,
    "short_message": consts.ESME_RINVMSGLEN,
    "message_id": consts.ESME_RINVMSGID,
    "system_id": consts.ESME_RINVSYSID,
    "password": consts.ESME_RINVPASWD,
    "system_type": consts.ESME_RINVSYSTYP,
    "tlvs": consts.ESME_RINVOPTPARSTREAM,
}
"""The answer to a request whose field cannot be read; others: ESME_RINVCMDLEN."""

Reader = Callable[[bytes, int, int], Pdu]
Writer = Callable[[Any, int], bytes]


def encode(pdu: Pdu, sequence_number: int) -> bytes:
    """Octets of one PDU. sequence_number: 1 to 0x7FFFFFFF, in a response whatever the request had.

    Raises LocalProtocolError where a field does not fit; nothing is cut.
    """
    try:
        return _WRITERS[type(pdu)](pdu, sequence_number)
    except (ValueError, OverflowError, TypeError, AttributeError, struct.error):
        raise LocalProtocolError(_refusal(pdu)) from None  # the cause would quote the value


def decode(frame: bytes) -> Pdu:
    """Exactly one whole PDU, as FrameBuffer cuts it.

    Taken although 3.4 says otherwise, since peers do it: a response without the id that is its only field,
    an error response with any body or none, any TLV in any PDU.
    Raises RemoteProtocolError only; fatal where the frame is not as long as its command_length says.
    """
    if len(frame) < HEADER_SIZE:
        raise RemoteProtocolError("shorter than a header", command_status=consts.ESME_RINVCMDLEN, fatal=True)
    command_length, command_id, command_status, sequence_number = _HEADER.unpack_from(frame)
    if command_length != len(frame):
        raise RemoteProtocolError(
            "command_length is not that of the frame",
            command_status=consts.ESME_RINVCMDLEN,
            fatal=True,
            sequence_number=sequence_number,
            command_id=command_id,
        )
    reader = _READERS.get(command_id)
    if reader is None:
        raise RemoteProtocolError(
            f"unknown command_id 0x{command_id:08X}",
            command_status=consts.ESME_RINVCMDID,
            sequence_number=sequence_number,
            command_id=command_id,
        )
    try:
        return reader(frame, command_status, sequence_number)
    except IndexError:
        fault = Unreadable("mandatory part")
    except Unreadable as error:
        fault = error
    return _without_body(PDUS[command_id], command_status, sequence_number, len(frame), str(fault))


def _without_body(
    pdu: type[Pdu], command_status: int, sequence_number: int, command_length: int, field: str
) -> Pdu:
    """The response that says all it has to say without its unreadable body; else RemoteProtocolError."""
    only_an_id_is_missing = command_length == HEADER_SIZE and len(fields(pdu)) == 1
    if is_response(pdu) and (command_status != consts.ESME_ROK or only_an_id_is_missing):
        return pdu(command_status=command_status, sequence_number=sequence_number)
    raise RemoteProtocolError(
        f"{wire_name(pdu)}: cannot read {field} (cut off, too long or invalid)",
        command_status=_STATUS_OF_FIELD.get(field, consts.ESME_RINVCMDLEN),
        sequence_number=sequence_number,
        command_id=pdu.command_id,
    )


class FrameBuffer:
    """Cuts a stream into PDUs. Holds less than one PDU between two calls.

    limit: largest command_length taken, in octets; refused before any of it is buffered.
    fault: why framing is lost, a fatal RemoteProtocolError, or None. Frames before the fault are still
    given out by the feed that meets it; later ones give none.
    """

    def __init__(self, limit: int = MAX_PDU) -> None:
        self.fault: RemoteProtocolError | None = None
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes | bytearray) -> list[bytes]:
        """The PDUs that are whole now, in order. Look at `fault` after it. Never raises."""
        if self.fault is not None:
            return []
        octets, at, frames = self._rest + data, 0, []
        while at + _LENGTH.size <= len(octets):
            (command_length,) = _LENGTH.unpack_from(octets, at)
            if not HEADER_SIZE <= command_length <= self._limit:
                self.fault = _lost(octets[at : at + HEADER_SIZE])
                break
            end = at + command_length
            if end > len(octets):
                break
            frames.append(octets[at:end])
            at = end
        self._rest = octets[at:]
        return frames


def _lost(header: bytes) -> RemoteProtocolError:
    """The fault of a command_length that cannot be, with as much of the header as has arrived."""
    command_length, command_id, _, sequence_number = _HEADER.unpack(header.ljust(HEADER_SIZE, b"\0"))
    return RemoteProtocolError(
        f"command_length {command_length} is out of bounds",
        command_status=consts.ESME_RINVCMDLEN,
        fatal=True,
        sequence_number=sequence_number,
        command_id=command_id,
    )


def _refusal(pdu: Pdu) -> str:
    """Which field cannot be sent and why, without its value."""
    for name, kind in fields(type(pdu)).items():
        if not kind.accepts(getattr(pdu, name)):
            return f"{wire_name(pdu)}: {name} must be {kind.rule}"
    return f"{wire_name(pdu)}: sequence_number and command_status must fit 32 bits, a TLV 65,535 octets"


def _read_tlvs(buf: bytes, at: int) -> tuple[Tlv, ...]:
    """The optional part from `at` to the end (3.4 section 3.2.4)."""
    tlvs = []
    size = len(buf)
    while at < size:
        if at + 4 > size:
            raise Unreadable("tlvs")
        tag, length = _TAG_LENGTH.unpack_from(buf, at)
        end = at + 4 + length
        if end > size:
            raise Unreadable("tlvs")
        tlvs.append((tag, buf[at + 4 : end]))
        at = end
    return tuple(tlvs)


def _write_tlvs(tlvs: tuple[Tlv, ...]) -> bytes:
    return b"".join([_TAG_LENGTH.pack(tag, len(raw)) + raw for tag, raw in tlvs])


def _reader_source(pdu: type[Pdu]) -> str:
    """Source of `read(buf, command_status, sequence_number) -> pdu`."""
    at = Place("", HEADER_SIZE)
    lines, values = ["size = len(buf)", "find = buf.find"], []
    for name, kind in fields(pdu).items():
        reading = kind.read(name, at)
        lines += reading.lines
        values.append(reading.value)
        at = reading.after
    lines.append(f"tlvs = read_tlvs(buf, {at}) if size > {at} else ()")
    lines.append(f"return pdu(command_status, sequence_number, tlvs, {', '.join(values)})")
    return "\n    ".join(["def read(buf, command_status, sequence_number):", *lines])


def _writer_source(pdu: type[Pdu]) -> str:
    """Source of `write(pdu, sequence_number) -> octets`; it raises ValueError where a field does not fit."""
    table = fields(pdu)
    lines = [f"{name} = pdu.{name}" for name in table]
    if checks := " or ".join(filter(None, (kind.refuse(name) for name, kind in table.items()))):
        lines.append(f"if {checks}: raise ValueError")
    form = "".join(kind.form for kind in table.values())
    values = "".join(f"{kind.values(name)}, " for name, kind in table.items())
    lines += [
        f'body = b"{form}" % ({values})',
        "if pdu.tlvs: body += write_tlvs(pdu.tlvs)",
        f"octets = {HEADER_SIZE} + len(body)",
        f"return header(octets, {pdu.command_id}, pdu.command_status, sequence_number) + body",
    ]
    return "\n    ".join(["def write(pdu, sequence_number):", *lines])


def _compiled(pdu: type[Pdu], source: str, name: str) -> Any:
    scope: dict[str, Any] = {f"{field}_kind": kind for field, kind in fields(pdu).items()}
    scope |= {"pdu": pdu, "header": _HEADER.pack, "Unreadable": Unreadable}
    scope |= {"read_tlvs": _read_tlvs, "write_tlvs": _write_tlvs}
    exec(compile(source, f"<{wire_name(pdu)}>", "exec"), scope)  # noqa: S102  of our own tables, at import
    return scope[name]


_READERS: Final[dict[int, Reader]] = {
    command_id: _compiled(pdu, _reader_source(pdu), "read") for command_id, pdu in PDUS.items()
}
_WRITERS: Final[dict[type[Pdu], Writer]] = {
    pdu: _compiled(pdu, _writer_source(pdu), "write") for pdu in PDUS.values()
}
