"""Receipts as this SMSC writes them: a text, by default as in 3.4 Appendix B, and TLVs that say the same."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
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
        self._zone = ZoneInfo(settings.timezone)
        self._date = lru_cache(maxsize=1024)(self._format_date)
        template = settings.layout.replace("%", "%%").format(**{key: f"%({key})b" for key in LAYOUT_FIELDS})
        self._template = template.encode("latin-1", "replace")
        self._text_id = in_receipts(settings.message_id)
        self._tlv_id = _tlv_notation(settings)

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
        fields: dict[str, Any] = {
            "source_addr_ton": submit.dest_addr_ton,
            "source_addr_npi": submit.dest_addr_npi,
            "source_addr": submit.destination_addr,
            "dest_addr_ton": submit.source_addr_ton,
            "dest_addr_npi": submit.source_addr_npi,
            "destination_addr": submit.source_addr,
            "esm_class": settings.esm_class,
            "data_coding": settings.data_coding,
            "tlvs": tuple(tlvs),
        }
        if settings.pdu == "data_sm":
            return DataSm(**fields)
        return DeliverSm(**fields, short_message=short_message)

    def _tlvs(self, message: Accepted, outcome: Outcome) -> list[Tlv]:
        settings, tlvs = self._settings, list[Tlv]()
        if self._tlv_id is not None:
            tlvs.append(
                (RECEIPTED_MESSAGE_ID, self._tlv_id(message.number, message.message_id).encode() + b"\0")
            )
        if settings.state_tlv:
            tlvs.append((MESSAGE_STATE, STATES[outcome.stat].to_bytes()))
        if settings.reference_tlv:
            tlvs += [(tag, raw) for tag, raw in message.submit.tlvs if tag == USER_MESSAGE_REFERENCE]
        return tlvs

    def _text(self, message: Accepted, outcome: Outcome, submitted: float, done: float) -> bytes:
        text = self._template % {
            b"id": self._text_id(message.number, message.message_id).encode(),
            b"sub": b"001",
            b"dlvrd": b"001" if outcome.stat == "DELIVRD" else b"000",
            b"submit": self._date(int(submitted)),
            b"done": self._date(int(done)),
            b"stat": (outcome.written or outcome.stat).encode(),
            b"err": outcome.err.encode(),
            b"text": text_head(message.submit),
        }
        wide = self._settings.encoding == "utf-16-be"
        return text.decode("latin-1").encode("utf-16-be") if wide else text

    def _format_date(self, second: int) -> bytes:
        moment = datetime.fromtimestamp(second, UTC).astimezone(self._zone)
        return moment.strftime(self._settings.date_format).encode()


def _tlv_notation(settings: Receipts) -> Callable[[int, str], str] | None:
    """How the TLV writes the id: as the text does, or in a notation of its own; None: there is no TLV."""
    match settings.message_id_tlv:
        case False | "none":
            return None
        case True:
            return None if settings.message_id == "none" else in_receipts(settings.message_id)
        case notation:
            return in_receipts(notation)


def text_head(submit: SubmitSm) -> bytes:
    """The first octets of the text, without a UDH; a UCS-2 character may be cut in half, as in the field."""
    return user_data(submit.esm_class, submit.short_message, submit.tlvs).octets[:TEXT_HEAD]
