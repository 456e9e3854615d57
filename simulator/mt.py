"""What an ESME submits, in whichever PDU: submit_sm, data_sm, or submit_multi with many destinations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import asdict

from gatewayd.smpp import consts
from gatewayd.smpp.multi import SmeAddress
from gatewayd.smpp.pdu import DataSm, SubmitMulti, SubmitSm, wire_name
from gatewayd.smpp.udh import (
    MESSAGE_PAYLOAD,
    SAR_MSG_REF_NUM,
    SAR_SEGMENT_SEQNUM,
    SAR_TOTAL_SEGMENTS,
)
from simulator.settings import Fault

Submission = SubmitSm | DataSm | SubmitMulti
REQUESTS: Final[dict[type[Submission], str]] = {
    kind: wire_name(kind) for kind in (SubmitSm, DataSm, SubmitMulti)
}

LONGEST_ADDRESS: Final = 20  # octets; what a deliver_sm can be addressed to
NO_SOURCE: Final = Fault(status=consts.ESME_RINVSRCADR)
NO_DESTINATION: Final = Fault(status=consts.ESME_RINVDSTADR)
NO_LIST: Final = Fault(status=consts.ESME_RINVDLNAME)

USER_MESSAGE_REFERENCE: Final = consts.TLV_TAGS["user_message_reference"]

Leg = tuple[SubmitSm, Fault | None]
"""What goes to one destination, and what speaks against it."""


class Fate(msgspec.Struct, gc=False):
    """What becomes of one request. number, message_id: of what was taken; empty if nothing was."""

    legs: Sequence[Leg]
    number: int = 0
    message_id: str = ""

    @property
    def failed(self) -> Sequence[tuple[SubmitSm, Fault]]:
        """What was refused, and why."""
        return [(submit, fault) for submit, fault in self.legs if fault is not None]


def legs(request: Submission, lists: Mapping[str, Sequence[str]]) -> Sequence[Leg]:
    """One for each destination; lists: the distribution lists of the account, by dl_name."""
    match request:
        case SubmitSm():
            return (_leg(request),)
        case DataSm():
            return (_leg(SubmitSm(**asdict(request))),)
        case SubmitMulti():
            return tuple(_legs_of_many(request, lists))


def _leg(submit: SubmitSm) -> Leg:
    """Refused is an address that no receipt could be to or from (data_sm has room for longer ones)."""
    if len(submit.source_addr) > LONGEST_ADDRESS:
        return submit, NO_SOURCE
    return submit, NO_DESTINATION if len(submit.destination_addr) > LONGEST_ADDRESS else None


def _legs_of_many(request: SubmitMulti, lists: Mapping[str, Sequence[str]]) -> Iterator[Leg]:
    """A list stands for its numbers; one that nobody knows is told by its name in place of a number."""
    shared = asdict(request)
    for destination in shared.pop("dest_address"):
        if isinstance(destination, SmeAddress):
            yield _leg(SubmitSm(**shared, **asdict(destination)))
            continue
        members = lists.get(destination.dl_name.decode("latin-1"))
        if members is None:
            yield SubmitSm(**shared, destination_addr=destination.dl_name), NO_LIST
            continue
        for number in members:
            yield _leg(SubmitSm(**shared, destination_addr=number.encode()))


def marks(submit: SubmitSm) -> tuple[str | None, int | None, tuple[int, int, int] | None]:
    """message_payload in hex, user_message_reference, and the place that SAR TLVs tell."""
    tlvs = dict(submit.tlvs)
    payload, reference = tlvs.get(MESSAGE_PAYLOAD), tlvs.get(USER_MESSAGE_REFERENCE)
    return (
        None if payload is None else payload.hex(),
        None if reference is None else int.from_bytes(reference),
        sar(tlvs),
    )


def sar(tlvs: Mapping[int, bytes]) -> tuple[int, int, int] | None:
    """Reference, total and number, if all three are there (3.4 sections 5.3.2.22 to 5.3.2.24)."""
    found = [tlvs.get(tag) for tag in (SAR_MSG_REF_NUM, SAR_TOTAL_SEGMENTS, SAR_SEGMENT_SEQNUM)]
    reference, total, number = (None if raw is None else int.from_bytes(raw) for raw in found)
    return None if reference is None or total is None or number is None else (reference, total, number)
