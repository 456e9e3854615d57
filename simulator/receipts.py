"""Receipts as this SMSC writes them: a text, by default as in 3.4 Appendix B, and TLVs that say the same."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DataSm, DeliverSm, SubmitSm
from gatewayd.smpp.udh import MESSAGE_PAYLOAD, user_data
from simulator.settings import LAYOUT_FIELDS, Notation, Outcome, Receipts

TEXT_HEAD: Final = 20  # octets of the text that Appendix B repeats
LONGEST_TEXT: Final = 254  # octets of short_message; what is longer is cut, as in the field

RECEIPTED_MESSAGE_ID: Final = consts.TLV_TAGS["receipted_message_id"]
MESSAGE_STATE: Final = consts.TLV_TAGS["message_state"]
USER_MESSAGE_REFERENCE: Final = consts.TLV_TAGS["user_message_reference"]

STATES: Final = {
    "ENROUTE": consts.MESSAGE_STATE_ENROUTE,
    "DELIVRD": consts.MESSAGE_STATE_DELIVERED,
    "EXPIRED": consts.MESSAGE_STATE_EXPIRED,
    "DELETED": consts.MESSAGE_STATE_DELETED,
    "UNDELIV": consts.MESSAGE_STATE_UNDELIVERABLE,
    "ACCEPTD": consts.MESSAGE_STATE_ACCEPTED,
    "UNKNOWN": consts.MESSAGE_STATE_UNKNOWN,
    "REJECTD": consts.MESSAGE_STATE_REJECTED,
}

SHORT_ID: Final = 8  # characters of a truncated id, its last: the first are those of every message
NOTATIONS: Final[dict[Notation, Callable[[int, str], str]]] = {
    "same": lambda _number, answered: answered,
    "decimal": lambda number, _answered: f"{number:010d}",
    "hex": lambda number, _answered: f"{number:x}",
    "HEX": lambda number, _answered: f"{number:X}",
    "0x": lambda number, _answered: f"0x{number:x}",
    "padded": lambda _number, answered: answered.zfill(20),
    "stripped": lambda _number, answered: answered.lstrip("0"),
    "upper": lambda _number, answered: answered.upper(),
    "lower": lambda _number, answered: answered.lower(),
    "truncated": lambda _number, answered: answered[-SHORT_ID:],
    "none": lambda _number, _answered: "",
}
"""(number of the message, its id in submit_sm_resp) -> its id in the receipt."""


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
        self._text_id = NOTATIONS[settings.message_id]
        self._tlv_id = _tlv_notation(settings)

    def write(
        self, submit: SubmitSm, number: int, message_id: str, outcome: Outcome, submitted: float, done: float
    ) -> DeliverSm | DataSm:
        """number: of the message; message_id: as in its response. submitted, done: seconds of Unix time."""
        settings = self._settings
        text = self._text(submit, self._text_id(number, message_id), outcome, submitted, done)
        payload = settings.pdu == "data_sm" or settings.body == "message_payload"
        tlvs = [(MESSAGE_PAYLOAD, text)] if payload and text else []
        if self._tlv_id is not None:
            tlvs.append((RECEIPTED_MESSAGE_ID, self._tlv_id(number, message_id).encode() + b"\0"))
        if settings.state_tlv:
            tlvs.append((MESSAGE_STATE, STATES[outcome.stat].to_bytes()))
        if settings.reference_tlv:
            tlvs += [(tag, raw) for tag, raw in submit.tlvs if tag == USER_MESSAGE_REFERENCE]
        receipt = DeliverSm(
            source_addr_ton=submit.dest_addr_ton,
            source_addr_npi=submit.dest_addr_npi,
            source_addr=submit.destination_addr,
            dest_addr_ton=submit.source_addr_ton,
            dest_addr_npi=submit.source_addr_npi,
            destination_addr=submit.source_addr,
            esm_class=settings.esm_class,
            data_coding=settings.data_coding,
            short_message=b"" if payload else text[:LONGEST_TEXT],
            tlvs=tuple(tlvs),
        )
        return _as_data_sm(receipt) if settings.pdu == "data_sm" else receipt

    def _text(
        self, submit: SubmitSm, message_id: str, outcome: Outcome, submitted: float, done: float
    ) -> bytes:
        if not self._settings.text:
            return b""
        text = self._template % {
            b"id": message_id.encode(),
            b"sub": b"001",
            b"dlvrd": b"001" if outcome.stat == "DELIVRD" else b"000",
            b"submit": self._date(int(submitted)),
            b"done": self._date(int(done)),
            b"stat": (outcome.written or outcome.stat).encode(),
            b"err": outcome.err.encode(),
            b"text": text_head(submit),
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
            return None if settings.message_id == "none" else NOTATIONS[settings.message_id]
        case notation:
            return NOTATIONS[notation]


def _as_data_sm(receipt: DeliverSm) -> DataSm:
    return DataSm(
        source_addr_ton=receipt.source_addr_ton,
        source_addr_npi=receipt.source_addr_npi,
        source_addr=receipt.source_addr,
        dest_addr_ton=receipt.dest_addr_ton,
        dest_addr_npi=receipt.dest_addr_npi,
        destination_addr=receipt.destination_addr,
        esm_class=receipt.esm_class,
        data_coding=receipt.data_coding,
        tlvs=receipt.tlvs,
    )


def text_head(submit: SubmitSm) -> bytes:
    """The first octets of the text, without a UDH; a UCS-2 character may be cut in half, as in the field."""
    return user_data(submit.esm_class, submit.short_message, submit.tlvs).octets[:TEXT_HEAD]
