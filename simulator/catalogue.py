"""The messages an account's SMSC still knows: what query_sm, cancel_sm and replace_sm are about."""

from collections import OrderedDict
from datetime import UTC, datetime
from typing import Final

import msgspec

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import (
    CancelSm,
    CancelSmResp,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
    SubmitSm,
)
from simulator.connection import Connection
from simulator.receipts import STATES
from simulator.settings import Outcome

KEPT: Final = 100_000  # messages
EN_ROUTE: Final = Outcome(stat="ENROUTE")
DELETED: Final = Outcome(stat="DELETED")


class Accepted(msgspec.Struct, eq=False):
    """One submit_sm that was taken.

    message_id: as in the response. taken_at, final_at: trio clock; until final_at it is under way.
    """

    number: int
    message_id: str
    home: Connection
    submit: SubmitSm
    outcome: Outcome
    taken_at: float
    final_at: float
    cancelled: bool = False


class Catalogue:
    """The last messages by their id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Accepted] = OrderedDict()

    def add(self, message: Accepted) -> None:
        self._kept[message.message_id.encode()] = message
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def query(self, request: QuerySm, now: float, wall: float) -> QuerySmResp:
        """final_date: of the receipt, in UTC; empty while the message is under way."""
        message = self._known(request)
        if message is None:
            return QuerySmResp(command_status=consts.ESME_RQUERYFAIL)
        final = now >= message.final_at
        date = datetime.fromtimestamp(wall - now + message.final_at, UTC).strftime("%y%m%d%H%M%S000+")
        return QuerySmResp(
            message_id=request.message_id,
            final_date=date.encode() if final else b"",
            message_state=STATES[(message.outcome if final else EN_ROUTE).stat],
        )

    def cancel(self, request: CancelSm, now: float) -> tuple[CancelSmResp, list[Accepted]]:
        """The answer, and what was cancelled: one message, or without an id all of a pair of addresses."""
        if request.message_id:
            message = self._known(request)
            found = [] if message is None else [message]
        else:
            found = [message for message in self._kept.values() if _between(message.submit, request)]
        cancelled = [message for message in found if now < message.final_at]
        for message in cancelled:
            message.cancelled, message.outcome, message.final_at = True, DELETED, now
        status = consts.ESME_ROK if cancelled else consts.ESME_RCANCELFAIL
        return CancelSmResp(command_status=status), cancelled

    def replace(self, request: ReplaceSm, now: float) -> ReplaceSmResp:
        """A new text, validity and registered_delivery for a message that is under way."""
        message = self._known(request)
        if message is None or now >= message.final_at:
            return ReplaceSmResp(command_status=consts.ESME_RREPLACEFAIL)
        message.submit = msgspec.structs.replace(
            message.submit,
            short_message=request.short_message,
            registered_delivery=request.registered_delivery,
            validity_period=request.validity_period or message.submit.validity_period,
        )
        return ReplaceSmResp()

    def _known(self, request: QuerySm | CancelSm | ReplaceSm) -> Accepted | None:
        """The message of that id, if it came from that source (3.4 section 4.8.1)."""
        message = self._kept.get(request.message_id)
        return message if message and message.submit.source_addr == request.source_addr else None


def _between(submit: SubmitSm, request: CancelSm) -> bool:
    return (submit.source_addr, submit.destination_addr, submit.service_type) == (
        request.source_addr,
        request.destination_addr,
        request.service_type,
    )
