"""The messages an account's SMSC still knows: what query_sm, cancel_sm and replace_sm are about."""

from collections import OrderedDict
from collections.abc import Sequence
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
from simulator.settings import STATES, Outcome

KEPT: Final = 100_000  # messages
EN_ROUTE: Final = Outcome(stat="ENROUTE")
DELETED: Final = Outcome(stat="DELETED")


class Accepted(msgspec.Struct, eq=False, gc=False):
    """One submit_sm that was taken. Nothing that it leads to leads back, so the collector need not look.

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
    """The last messages by their id; those of one submit_multi share one."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[Accepted, ...]] = OrderedDict()

    def add(self, *messages: Accepted) -> None:
        self._kept[messages[0].message_id.encode()] = messages
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def query(self, request: QuerySm, now: float, wall: float) -> QuerySmResp:
        """Of several, the last to end. final_date: of its receipt, in UTC; empty while it is under way."""
        message = max(self._known(request), key=lambda one: one.final_at, default=None)
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
        """The answer, and what was cancelled: those of an id, or without one all of a pair of addresses."""
        if request.message_id:
            found = self._known(request)
        else:
            every = (message for messages in self._kept.values() for message in messages)
            found = [message for message in every if _between(message.submit, request)]
        cancelled = [message for message in found if now < message.final_at]
        for message in cancelled:
            message.cancelled, message.outcome, message.final_at = True, DELETED, now
        status = consts.ESME_ROK if cancelled else consts.ESME_RCANCELFAIL
        return CancelSmResp(command_status=status), cancelled

    def replace(self, request: ReplaceSm, now: float) -> ReplaceSmResp:
        """A new text, validity and registered_delivery for what is under way."""
        under_way = [message for message in self._known(request) if now < message.final_at]
        for message in under_way:
            message.submit = msgspec.structs.replace(
                message.submit,
                short_message=request.short_message,
                registered_delivery=request.registered_delivery,
                validity_period=request.validity_period or message.submit.validity_period,
            )
        return ReplaceSmResp(command_status=0 if under_way else consts.ESME_RREPLACEFAIL)

    def named(self, message_id: str) -> Sequence[Accepted]:
        """The messages of that id; none if the SMSC does not know it any more."""
        return self._kept.get(message_id.encode(), ())

    def _known(self, request: QuerySm | CancelSm | ReplaceSm) -> Sequence[Accepted]:
        """The messages of that id, if they came from that source (3.4 section 4.8.1)."""
        found = self._kept.get(request.message_id, ())
        return found if found and found[0].submit.source_addr == request.source_addr else ()


def _between(submit: SubmitSm, request: CancelSm) -> bool:
    return (submit.source_addr, submit.destination_addr, submit.service_type) == (
        request.source_addr,
        request.destination_addr,
        request.service_type,
    )
