"""deliver_sm or data_sm -> Receipt, or None for an MO.

SMPP 3.4 sections 2.11, 5.2.12 (marks), 5.2.28 (states), 5.3.2.12 and 5.3.2.35 (TLVs), Appendix B (text).
A receipt taken for an MO is lost, an MO taken for a receipt too: an unmarked PDU has to prove what it is.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Final, Literal

import msgspec

from gatewayd.smpp.consts import TLV_TAGS
from gatewayd.smpp.pdu import DataSm, DeliverSm
from gatewayd.smpp.receipt_dates import read_date
from gatewayd.smpp.receipt_ids import Notation
from gatewayd.smpp.receipt_text import MAX_MESSAGE_ID, NOTHING, read_fields
from gatewayd.smpp.udh import MESSAGE_PAYLOAD, UDHI


class ReceiptState(StrEnum):
    """What the SMSC says became of a segment."""

    ENROUTE = "enroute"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DELETED = "deleted"
    UNDELIVERABLE = "undeliverable"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REJECTED = "rejected"


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """How one SMSC writes its receipts.

    receipt_timezone: of dates in receipt texts that carry no offset.
    accepted_is_final: ACCEPTD is the last word of this SMSC (Kannel and most SMSCs: it is not).
    stats: this SMSC's own words, in capitals, before those of `STATS`.
    errs: what its codes in err say, in capitals, of a segment that has failed or whose stat tells nothing.
    unknown_stat: what a stat nobody knows means: nothing yet (vumi), or a failure (Kannel).
    notation: of its ids. segments: which segments of a long message it reports on.
    """

    receipt_timezone: tzinfo = UTC
    accepted_is_final: bool = False
    stats: Mapping[bytes, ReceiptState] = {}
    errs: Mapping[str, ReceiptState] = {}
    unknown_stat: Literal["open", "undeliverable"] = "open"
    notation: Notation = Notation.AUTO
    segments: Literal["all", "first", "last"] = "all"

    def state_of(self, stat: bytes) -> ReceiptState | None:
        """What a stat of a receipt's text says; None if it is not known."""
        word = stat.upper().rstrip(b",;.")
        return self.stats.get(word) or STATS.get(word)

    def refined(self, state: ReceiptState, err: str) -> ReceiptState:
        """A state by what err says of it: how it failed, or that it may not have; never that it arrived."""
        if not self.errs or state in _NOT_FAILED:
            return state
        return self.errs.get(err.upper().rstrip(",;."), state)

    def is_final(self, state: ReceiptState) -> bool:
        return state in FINAL or (self.accepted_is_final and state is ReceiptState.ACCEPTED)


class Receipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One report about one segment.

    smsc_message_id: as sent, from the TLV, else from the text; "" if there is none.
    text_message_id: the text's, where it differs from the TLV's (decimal beside hex); else "".
    tlv_state: what message_state says; None without one. intermediate: an intermediate notification.
    final: the SMSC will say nothing else about the segment.
    stat, err: as sent, "" if absent. err is "network type:code" where only network_error_code told it.
    submit_at, done_at: aware UTC; None if absent or impossible. done_at may be before submit_at.
    text_head: octets after `text:`, as sent and maybe garbled; never for logs.
    reference: user_message_reference, echoed from the submit_sm.
    source, destination: addresses of the receipt: the handset's and the sender's of the MT.
    """

    smsc_message_id: str
    text_message_id: str = ""
    state: ReceiptState
    final: bool
    stat: str = ""
    err: str = ""
    submit_at: datetime | None = None
    done_at: datetime | None = None
    text_head: bytes = b""
    reference: int | None = None
    source: bytes = b""
    destination: bytes = b""
    tlv_state: ReceiptState | None = None
    intermediate: bool = False

    @property
    def ids(self) -> tuple[str, ...]:
        """What it calls the segment: in the TLV first."""
        first, second = self.smsc_message_id, self.text_message_id
        if not second:  # most
            return (first,) if first else ()
        return (first, second) if first else (second,)

    def __repr__(self) -> str:
        """Without text and numbers, which must not reach a log."""
        told = f"final={self.final}, stat={self.stat!r}, err={self.err!r}"
        return f"Receipt({self.smsc_message_id!r}, {self.state}, {told})"


STATES: Final[dict[int, ReceiptState]] = {  # 3.4 section 5.2.28
    0: ReceiptState.ENROUTE,  # 5.0: SCHEDULED
    1: ReceiptState.ENROUTE,
    2: ReceiptState.DELIVERED,
    3: ReceiptState.EXPIRED,
    4: ReceiptState.DELETED,
    5: ReceiptState.UNDELIVERABLE,
    6: ReceiptState.ACCEPTED,
    7: ReceiptState.UNKNOWN,
    8: ReceiptState.REJECTED,
}

STATS: Final[dict[bytes, ReceiptState]] = {
    # Appendix B
    b"DELIVRD": ReceiptState.DELIVERED,
    b"EXPIRED": ReceiptState.EXPIRED,
    b"DELETED": ReceiptState.DELETED,
    b"UNDELIV": ReceiptState.UNDELIVERABLE,
    b"ACCEPTD": ReceiptState.ACCEPTED,
    b"UNKNOWN": ReceiptState.UNKNOWN,
    b"REJECTD": ReceiptState.REJECTED,
    # 3.4 section 5.2.28 and 5.0
    b"ENROUTE": ReceiptState.ENROUTE,
    b"SCHEDULED": ReceiptState.ENROUTE,
    b"SKIPPED": ReceiptState.UNKNOWN,
    # as SMSCs write them
    b"DELIVERED": ReceiptState.DELIVERED,
    b"DELIVERD": ReceiptState.DELIVERED,  # CM.com
    b"FAILED": ReceiptState.UNDELIVERABLE,  # Vonage, Route Mobile, Kaleyra
    b"UNDELIVERABLE": ReceiptState.UNDELIVERABLE,
    b"REJECTED": ReceiptState.REJECTED,
    b"DND_REJECTED": ReceiptState.REJECTED,
    b"EXP-MSG-Q-EXD": ReceiptState.EXPIRED,
    b"ACCEPTED": ReceiptState.ACCEPTED,
    b"ACKED": ReceiptState.ACCEPTED,  # Kannel: buffered
    b"BUFFRED": ReceiptState.ENROUTE,
    b"BUFFERD": ReceiptState.ENROUTE,
}

FINAL: Final = frozenset(
    {
        ReceiptState.DELIVERED,
        ReceiptState.EXPIRED,
        ReceiptState.DELETED,
        ReceiptState.UNDELIVERABLE,
        ReceiptState.REJECTED,
    }
)

_NOT_FAILED: Final = frozenset({ReceiptState.DELIVERED, ReceiptState.ACCEPTED, ReceiptState.ENROUTE})

MESSAGE_TYPE: Final = 0x3C  # bits 5-2 of esm_class (3.4 section 5.2.12)
INTERMEDIATE: Final = 0x20
MARKS: Final = frozenset(
    {0x04, 0x08, INTERMEDIATE}
)  # receipt, delivery acknowledgement, intermediate notification
TEXT_HEAD: Final = 160  # octets kept; Appendix B says 20, some SMSCs repeat the whole text

_RECEIPTED_MESSAGE_ID: Final = TLV_TAGS["receipted_message_id"]
_MESSAGE_STATE: Final = TLV_TAGS["message_state"]
_NETWORK_ERROR_CODE: Final = TLV_TAGS["network_error_code"]
_USER_MESSAGE_REFERENCE: Final = TLV_TAGS["user_message_reference"]


def parse(pdu: DeliverSm | DataSm, dialect: Dialect, now: datetime) -> Receipt | None:
    """The receipt that `pdu` is; None if it is an MO.

    It is a receipt by its esm_class, its TLVs, or a body that holds an id, a known stat and nothing foreign.
    now: aware; decides between two readings of a date. Never raises.
    """
    tlvs = dict(pdu.tlvs[::-1])  # of a repeated TLV the first counts
    body = (pdu.short_message if isinstance(pdu, DeliverSm) else b"") or tlvs.get(MESSAGE_PAYLOAD, b"")
    fields = read_fields(body, udhi=bool(pdu.esm_class & UDHI)) if body else NOTHING
    tlv_id = _message_id(tlvs.get(_RECEIPTED_MESSAGE_ID, b""))
    tlv_state = int.from_bytes(tlvs.get(_MESSAGE_STATE, b""))
    message_type = pdu.esm_class & MESSAGE_TYPE
    text_state = dialect.state_of(fields.stat)
    typed_by_nobody = text_state is not None and fields.message_id and fields.clean
    if not (message_type in MARKS or tlv_id or tlv_state or typed_by_nobody):
        return None
    text_id = fields.message_id.decode("latin-1")
    err = fields.err.decode("latin-1") or _network_error(tlvs.get(_NETWORK_ERROR_CODE, b""))
    told = STATES.get(tlv_state) if _MESSAGE_STATE in tlvs else None
    state = _state(told, fields.stat, err, dialect)
    intermediate = message_type == INTERMEDIATE
    return Receipt(
        smsc_message_id=tlv_id or text_id,
        text_message_id=text_id if tlv_id and tlv_id != text_id else "",
        state=state,
        final=not intermediate and dialect.is_final(state),
        stat=fields.stat.decode("latin-1"),
        err=err,
        submit_at=read_date(fields.submit_date, dialect.receipt_timezone, now),
        done_at=read_date(fields.done_date, dialect.receipt_timezone, now),
        text_head=fields.text[:TEXT_HEAD],
        reference=_reference(tlvs.get(_USER_MESSAGE_REFERENCE, b"")),
        source=pdu.source_addr,
        destination=pdu.destination_addr,
        tlv_state=told,
        intermediate=intermediate,
    )


def read_again(receipt: Receipt, dialect: Dialect) -> Receipt:
    """A kept receipt under what is known of its SMSC now: a word that said nothing may have got a meaning."""
    told = receipt.tlv_state or (None if receipt.stat else receipt.state)
    state = _state(told, receipt.stat.encode("latin-1"), receipt.err, dialect)
    if state is receipt.state:
        return receipt
    final = not receipt.intermediate and dialect.is_final(state)
    return msgspec.structs.replace(receipt, state=state, final=final)


def _state(told: ReceiptState | None, stat: bytes, err: str, dialect: Dialect) -> ReceiptState:
    """message_state counts before the text, and a code in err refines both."""
    return dialect.refined(told or dialect.state_of(stat) or _unread(stat, dialect), err)


def _unread(stat: bytes, dialect: Dialect) -> ReceiptState:
    """The state that a stat nobody knows gives; without any stat nothing is told."""
    failed = bool(stat) and dialect.unknown_stat == "undeliverable"
    return ReceiptState.UNDELIVERABLE if failed else ReceiptState.UNKNOWN


def _message_id(raw: bytes) -> str:
    """receipted_message_id with its NUL, without it, or padded; an id too long to be ours is none."""
    value = raw.strip(b"\0 ")
    return value.decode("latin-1") if len(value) <= MAX_MESSAGE_ID else ""


def _network_error(raw: bytes) -> str:
    """network_error_code: one octet of network type, two of code (3.4 section 5.3.2.31)."""
    return f"{raw[0]}:{int.from_bytes(raw[1:])}" if len(raw) == 3 else ""


def _reference(raw: bytes) -> int | None:
    """user_message_reference: two octets (3.4 section 5.3.2.17); some peers send one."""
    return int.from_bytes(raw) if 0 < len(raw) <= 2 else None
