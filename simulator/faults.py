"""What can befall a session: a list in the scenario, or the command `fault` while it runs."""

from collections.abc import Callable
from typing import Final

from gatewayd.smpp.codec import encode
from gatewayd.smpp.consts import ESME_RINVCMDLEN
from gatewayd.smpp.pdu import (
    AlertNotification,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    SubmitSmResp,
    Unbind,
)
from simulator.connection import Connection
from simulator.settings import SessionFault, What

NOBODYS: Final = 0x7FFF_0000  # sequence numbers that no ESME has used yet, nor this side
ODD_NUMBERS: Final = (0, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
_MO: Final = DeliverSm(source_addr=b"8613900000000", destination_addr=b"10690001", short_message=b"hello")


def inject(connection: Connection, what: What, seconds: float) -> None:
    """Do it, now. seconds: that a stall lasts."""
    if what == "stall":
        connection.stall(seconds)
    else:
        _DEEDS[what](connection)


def due(faults: tuple[SessionFault, ...], connection: Connection, before: int) -> list[SessionFault]:
    """What befalls a session whose count of submit_sm has just risen from `before` (-1: it is just bound)."""
    return [
        fault
        for fault in faults
        if before < fault.after <= connection.submits
        and (not fault.sessions or connection.place < fault.sessions)
    ]


def _torn(connection: Connection) -> None:
    connection.raw(encode(_MO, NOBODYS)[:-5])
    connection.cut("torn")


def _lie(connection: Connection) -> None:
    """sm_length tells of more octets than there are; the frame itself is whole."""
    octets = bytearray(encode(_MO, NOBODYS))
    octets[octets.index(b"\x05hello")] = 200
    connection.raw(bytes(octets))


def _unknown_command(connection: Connection) -> None:
    octets = bytearray(encode(EnquireLink(), NOBODYS))
    octets[4:8] = (0x0FFF).to_bytes(4)
    connection.raw(bytes(octets))


def _stray_responses(connection: Connection) -> None:
    for number in (NOBODYS, 0, 0xFFFF_FFFF):
        connection.raw(encode(SubmitSmResp(message_id=b"nobodys"), number))


def _odd_numbers(connection: Connection) -> None:
    for number in ODD_NUMBERS:
        connection.raw(encode(EnquireLink(), number))


def _data_after_unbind(connection: Connection) -> None:
    connection.ask(Unbind())
    connection.raw(encode(_MO, NOBODYS))


def _length(value: int) -> Callable[[Connection], None]:
    return lambda connection: connection.raw(value.to_bytes(4) + encode(EnquireLink(), NOBODYS)[4:])


_DEEDS: Final[dict[What, Callable[[Connection], None]]] = {
    "cut": lambda connection: connection.cut("cut"),
    "freeze": Connection.freeze,
    "garbage": lambda connection: connection.raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "torn": _torn,
    "length_zero": _length(0),
    "length_short": _length(15),
    "length_huge": _length(0xFFFF_FFFF),
    "lie": _lie,
    "unknown_command": _unknown_command,
    "nack_zero": lambda connection: connection.raw(encode(GenericNack(command_status=ESME_RINVCMDLEN), 0)),
    "stray_responses": _stray_responses,
    "odd_numbers": _odd_numbers,
    "unbind": lambda connection: connection.ask(Unbind()),
    "data_after_unbind": _data_after_unbind,
    "outbind": lambda connection: connection.raw(encode(Outbind(system_id=b"smsc"), NOBODYS)),
    "alert": lambda connection: connection.raw(encode(AlertNotification(), NOBODYS)),
}
