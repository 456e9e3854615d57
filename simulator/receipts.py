"""Receipts as this SMSC writes them: text of SMPP 3.4 Appendix B and the TLVs that say the same."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DeliverSm, SubmitSm
from gatewayd.smpp.udh import user_data
from simulator.scenario import Outcome, Receipts

ESM_CLASS_RECEIPT: Final = 0x04  # 3.4 section 5.2.12
TEXT_HEAD: Final = 20  # octets of the text that Appendix B repeats

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

    def write(
        self, submit: SubmitSm, message_id: str, outcome: Outcome, submitted: float, done: float
    ) -> DeliverSm:
        """submitted, done: seconds of Unix time."""
        settings = self._settings
        stat = outcome.stat
        body, tlvs = b"", []
        if settings.text:
            body = b"id:%b sub:001 dlvrd:%b submit date:%b done date:%b stat:%b err:%b text:%b" % (
                message_id.encode(),
                b"001" if stat == "DELIVRD" else b"000",
                self._date(int(submitted)),
                self._date(int(done)),
                stat.encode(),
                outcome.err.encode(),
                text_head(submit),
            )
        if settings.message_id_tlv:
            tlvs.append((RECEIPTED_MESSAGE_ID, message_id.encode() + b"\0"))
        if settings.state_tlv:
            tlvs.append((MESSAGE_STATE, STATES[stat].to_bytes()))
        if settings.reference_tlv:
            tlvs += [(tag, raw) for tag, raw in submit.tlvs if tag == USER_MESSAGE_REFERENCE]
        return DeliverSm(
            source_addr_ton=submit.dest_addr_ton,
            source_addr_npi=submit.dest_addr_npi,
            source_addr=submit.destination_addr,
            dest_addr_ton=submit.source_addr_ton,
            dest_addr_npi=submit.source_addr_npi,
            destination_addr=submit.source_addr,
            esm_class=ESM_CLASS_RECEIPT,
            short_message=body,
            tlvs=tuple(tlvs),
        )

    def _format_date(self, second: int) -> bytes:
        moment = datetime.fromtimestamp(second, UTC).astimezone(self._zone)
        return moment.strftime(self._settings.date_format).encode()


def text_head(submit: SubmitSm) -> bytes:
    """The first octets of the text, without a UDH; a UCS-2 character may be cut in half, as in the field."""
    return user_data(submit.esm_class, submit.short_message, submit.tlvs).octets[:TEXT_HEAD]
