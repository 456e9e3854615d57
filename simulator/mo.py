"""What a handset writes, as deliver_sm."""

import random
from collections.abc import Sequence
from typing import Final

import msgspec

from gatewayd.errors import GatewayError
from gatewayd.smpp import text as texts
from gatewayd.smpp import udh
from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import DeliverSm
from simulator.settings import MoScript

TON_INTERNATIONAL: Final = 1  # 3.4 section 5.2.5
NPI_E164: Final = 1  # 3.4 section 5.2.6
ENCODINGS: Final = {
    encoding.data_coding: encoding for encoding in texts.Encoding if encoding is not texts.Encoding.BINARY
}


class Unwritable(GatewayError):
    """No deliver_sm can say that; says why."""


class Mo(msgspec.Struct, forbid_unknown_fields=True, rename={"source": "from"}):
    """A handset writes. data_coding: 0, 3 or 8; absent, as the text needs. hex: short_message as it is.

    carry, reference: of a long text. order: which segments go out, in this order, counted from 1; a number
    may be missing or stand twice; absent, all in order.
    count: so many handsets write the same, of numbers that follow each other.
    """

    source: str
    to: str
    text: str = ""
    hex: str | None = None
    data_coding: int | None = None
    esm_class: int = 0
    carry: texts.Carry = texts.Carry.UDH8
    reference: int = 1
    order: Sequence[int] | None = None
    account: str | None = None
    count: int = 1


def segments(mo: Mo) -> Sequence[DeliverSm]:
    """The deliver_sm of an MO in the order they go out. Raises Unwritable, LocalProtocolError."""
    parts = _parts(mo)
    order = range(1, len(parts) + 1) if mo.order is None else mo.order
    if not set(order) <= set(range(1, len(parts) + 1)):
        raise Unwritable(f"order: the text has {len(parts)} segments")
    if mo.count != 1 and not (mo.count > 0 and mo.source.isdigit()):
        raise Unwritable("count: 1 or more, and more than one only from a number of digits")
    pdus = [
        DeliverSm(
            source_addr_ton=TON_INTERNATIONAL,
            source_addr_npi=NPI_E164,
            source_addr=number_after(mo.source, place).encode(),
            destination_addr=mo.to.encode(),
            esm_class=mo.esm_class | (udh.UDHI if part.udhi else 0),
            data_coding=part.data_coding,
            short_message=part.short_message,
            tlvs=part.tlvs,
        )
        for place in range(mo.count)
        for part in (parts[number - 1] for number in order)
    ]
    for pdu in pdus:
        encode(pdu, 1)  # so what does not fit is told to whoever asked
    return pdus


def number_after(number: str, places: int) -> str:
    """The number that stands so many places after this one, with as many digits."""
    return f"{int(number) + places:0{len(number)}d}" if places else number


def scripted(script: MoScript, place: int, rng: random.Random) -> Sequence[DeliverSm]:
    """The MO of a scenario that stands at that place of its script."""
    mo = Mo(
        source=number_after(script.source, place),
        to=script.to,
        text=script.text,
        carry=script.carry,
        reference=place % 255 + 1,
        order=None if script.order == "shuffled" else script.order,
    )
    pdus = list(segments(mo))
    if script.order == "shuffled":
        rng.shuffle(pdus)
    return pdus


def _parts(mo: Mo) -> tuple[texts.Part, ...]:
    if mo.hex is not None:
        try:
            octets = bytes.fromhex(mo.hex)
        except ValueError:
            raise Unwritable("hex: an even number of hexadecimal digits") from None
        return (texts.Part(octets, udhi=False, data_coding=mo.data_coding or 0, tlvs=(), number=1, total=1),)
    encoding = texts.choose(mo.text) if mo.data_coding is None else ENCODINGS.get(mo.data_coding)
    if encoding is None:
        raise Unwritable("data_coding: 0, 3 or 8 for a text; any with hex")
    return texts.split(mo.text, encoding, mo.carry, mo.reference)
