"""A segment -> its submit_sm (3.4 section 4.4.1). Pure."""

from collections.abc import Callable
from typing import Final

from gatewayd.config import Link
from gatewayd.ledger.claim import Claimed
from gatewayd.model import Millis, Segment, message_reference
from gatewayd.smpp.consts import TLV_TAGS
from gatewayd.smpp.pdu import SubmitSm
from gatewayd.smpp.text import Part
from gatewayd.smpp.udh import UDHI

_REFERENCE: Final = TLV_TAGS["user_message_reference"]
_RECEIPT_ALWAYS: Final = 1  # registered_delivery: final receipt, success or failure (3.4 section 5.2.17)

Builder = Callable[[Claimed, Segment, Part, Millis], SubmitSm]


def builder(link: Link) -> Builder:
    """What the link asks of every submit_sm, settled once."""
    dest_ton, dest_npi, reference_tlv, source = link.dest_ton, link.dest_npi, link.reference_tlv, link.source

    def build(claimed: Claimed, segment: Segment, part: Part, now: Millis) -> SubmitSm:
        content = claimed.content
        source_ton, source_npi = source(content.sender)
        tlvs = part.tlvs
        if reference_tlv:
            reference = message_reference(segment.message, segment.number)
            tlvs = (*tlvs, (_REFERENCE, reference.to_bytes(2)))
        return SubmitSm(
            source_addr_ton=source_ton,
            source_addr_npi=source_npi,
            source_addr=content.sender.encode("latin-1"),
            dest_addr_ton=dest_ton,
            dest_addr_npi=dest_npi,
            destination_addr=content.to.encode("ascii"),
            esm_class=UDHI if part.udhi else 0,
            validity_period=relative_time(content.expires_at - now),
            registered_delivery=_RECEIPT_ALWAYS,
            data_coding=part.data_coding,
            short_message=part.short_message,
            tlvs=tlvs,
        )

    return build


def relative_time(millis: Millis) -> bytes:
    """`YYMMDDhhmmss000R` (3.4 section 7.1.1): a length of time needs no agreement on clocks."""
    days, rest = divmod(max(1, millis // 1000), 86_400)
    return b"0000%02d%02d%02d%02d000R" % (min(days, 31), rest // 3600, rest // 60 % 60, rest % 60)
