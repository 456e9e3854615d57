"""Receipts as this SMSC writes them: a text, by default as in 3.4 Appendix B, and TLVs that say the same."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DataSm, DeliverSm, SubmitSm
from gatewayd.smpp.udh import MESSAGE_PAYLOAD, user_data
from gatewayd.smpp.wire import Tlv
from simulator.catalogue import Accepted
from simulator.ids import in_receipts
from simulator.mt import USER_MESSAGE_REFERENCE
from simulator.settings import LAYOUT_FIELDS, STATES, Outcome, Receipts

TEXT_HEAD: Final = 20  # octets of the text that Appendix B repeats
LONGEST_TEXT: Final = 254  # octets of short_message; what is longer is cut, as in the field

RECEIPTED_MESSAGE_ID: Final = consts.TLV_TAGS["receipted_message_id"]
MESSAGE_STATE: Final = consts.TLV_TAGS["message_state"]


def asked_for(registered_delivery: int, stat: str) -> bool:
    """Whether the ESME wants a receipt of this outcome (3.4 section 5.2.17; 3 is success only, of 5.0)."""
    match registered_delivery & 0x03:
        case 0:
            return False
        case 1:
            return True
        case 2:
            return stat != "DELIVRD"
        case _:
            return stat == "DELIVRD"


class ReceiptWriter:
    """Writes the receipts of one account under one setting."""

    def __init__(self, settings: Receipts) -> None:
        self._settings = settings
        template = settings.layout.replace("%", "%%").format(**{key: f"%({key})b" for key in LAYOUT_FIELDS})
        self._template = template.encode("latin-1", "replace")
        zone = ZoneInfo(settings.timezone)
        self._submit_date = _dates(settings.date_format, zone)
        self._done_date = _dates(settings.done_date_format or settings.date_format, zone)
        self._text_id = in_receipts(settings.message_id)
        self._tlv_id = _tlv_notation(settings)
        self._added: list[Tlv] = [tlv.pair for tlv in settings.tlvs]

    def write(self, message: Accepted, outcome: Outcome, submitted: float, done: float) -> DeliverSm | DataSm:
        """submitted, done: seconds of Unix time."""
        settings, submit = self._settings, message.submit
        text = self._text(message, outcome, submitted, done) if settings.text else b""
        tlvs = self._tlvs(message, outcome)
        short_message = b""
        if settings.pdu == "deliver_sm" and settings.body == "short_message":
            short_message = text[:LONGEST_TEXT]
        elif text:
            tlvs.insert(0, (MESSAGE_PAYLOAD, text))
        receipt = DeliverSm(
            source_addr_ton=submit.dest_addr_ton,
            source_addr_npi=submit.dest_addr_npi,
            source_addr=submit.destination_addr,
            dest_addr_ton=submit.source_addr_ton,
            dest_addr_npi=submit.source_addr_npi,
            destination_addr=submit.source_addr,
            esm_class=settings.esm_class,
            data_coding=settings.data_coding,
            short_message=short_message,
            tlvs=tuple(tlvs),
        )
        if settings.pdu == "deliver_sm":
            return receipt
        return DataSm(**{name: getattr(receipt, name) for name in DataSm.__struct_fields__})

    def _tlvs(self, message: Accepted, outcome: Outcome) -> list[Tlv]:
        state = self._settings.state_tlv
        tlvs = [*self._added]
        if self._tlv_id is not None:
            told = self._tlv_id(message.number, message.message_id)
            tlvs.append((RECEIPTED_MESSAGE_ID, told.encode() + b"\0"))
        if state is not False:
            tlvs.append((MESSAGE_STATE, (STATES[outcome.stat] if state is True else state).to_bytes()))
        if self._settings.reference_tlv:
            tlvs += [pair for pair in message.submit.tlvs if pair[0] == USER_MESSAGE_REFERENCE]
        return tlvs

    def _text(self, message: Accepted, outcome: Outcome, submitted: float, done: float) -> bytes:
        text = self._template % {
            b"id": self._text_id(message.number, message.message_id).encode(),
            b"sub": b"001",
            b"dlvrd": b"001" if outcome.stat == "DELIVRD" else b"000",
            b"submit": self._submit_date(int(submitted)),
            b"done": self._done_date(int(done)),
            b"stat": (outcome.written or outcome.stat).encode(),
            b"err": outcome.err.encode(),
            b"text": text_head(message.submit, raw=self._settings.raw_head),
        }
        wide = self._settings.encoding == "utf-16-be"
        return text.decode("latin-1").encode("utf-16-be") if wide else text


def _dates(date_format: str, zone: ZoneInfo) -> Callable[[int], bytes]:
    """Unix time -> the date as it is written."""

    @lru_cache(maxsize=1024)
    def written(second: int) -> bytes:
        return datetime.fromtimestamp(second, UTC).astimezone(zone).strftime(date_format).encode()

    return written


def _tlv_notation(settings: Receipts) -> Callable[[int, str], str] | None:
    """How the TLV writes the id: as the text does, or in a notation of its own; None: there is no TLV."""
    notation = settings.message_id_tlv
    if notation is True:
        notation = settings.message_id
    return None if notation is False or notation == "none" else in_receipts(notation)


def text_head(submit: SubmitSm, *, raw: bool = False) -> bytes:
    """The first octets of the text, without a UDH; a UCS-2 character may be cut in half, as in the field.

    raw: of short_message as it is, header and all.
    """
    if raw:
        return submit.short_message[:TEXT_HEAD]
    return user_data(submit.esm_class, submit.short_message, submit.tlvs).octets[:TEXT_HEAD]
