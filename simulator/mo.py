"""What a handset writes, as deliver_sm."""

import random
from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import structs

from gatewayd.errors import GatewayError
from gatewayd.smpp import text as texts
from gatewayd.smpp import udh
from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import DeliverSm
from gatewayd.smpp.style import Style, Wide
from gatewayd.smpp.writer import Writer
from simulator.settings import MoScript

TON_INTERNATIONAL: Final = 1  # 3.4 section 5.2.5
NPI_E164: Final = 1  # 3.4 section 5.2.6
ENCODINGS: Final = {
    0: texts.Encoding.GSM7,
    3: texts.Encoding.LATIN1,
    8: texts.Encoding.UCS2,
    texts.GBK: texts.Encoding.UCS2,  # as the style's wide form
}


class Unwritable(GatewayError):
    """No deliver_sm can say that; says why."""


class Mo(msgspec.Struct, forbid_unknown_fields=True, rename={"source": "from"}):
    """A handset writes. data_coding: 0, 3, 8 or 15; absent, as the text needs. hex: short_message as it is.

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


def segments(mo: Mo, style: Style) -> Sequence[DeliverSm]:
    """The deliver_sm of an MO in the order they go out.

    Raises Unwritable, Unencodable, LocalProtocolError.
    """
    parts = _parts(mo, style)
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


def scripted(script: MoScript, place: int, style: Style, rng: random.Random) -> Sequence[DeliverSm]:
    """The MO of a scenario that stands at that place of its script."""
    mo = Mo(
        source=number_after(script.source, place),
        to=script.to,
        text=script.text,
        hex=script.hex,
        data_coding=script.data_coding,
        esm_class=script.esm_class,
        carry=script.carry,
        reference=place % 255 + 1,
        order=None if script.order == "shuffled" else script.order,
    )
    pdus = list(segments(mo, style))
    if script.order == "shuffled":
        rng.shuffle(pdus)
    return pdus


def _parts(mo: Mo, style: Style) -> tuple[texts.Part, ...]:
    if mo.hex is not None:
        try:
            octets = bytes.fromhex(mo.hex)
        except ValueError:
            raise Unwritable("hex: an even number of hexadecimal digits") from None
        return (texts.Part(octets, udhi=False, data_coding=mo.data_coding or 0, tlvs=(), number=1, total=1),)
    asked = None if mo.data_coding is None else ENCODINGS.get(mo.data_coding)
    if mo.data_coding is not None:
        if asked is None:
            raise Unwritable("data_coding: 0, 3, 8 or 15 for a text; any with hex")
        style = structs.replace(style, wide=Wide.GBK if mo.data_coding == texts.GBK else Wide.UCS2)
    parts = Writer(mo.carry, style).split(mo.text, asked, mo.reference)
    if mo.data_coding not in (None, parts[0].data_coding):
        raise Unwritable(f"data_coding: {mo.data_coding} cannot write all of the text")
    return parts
