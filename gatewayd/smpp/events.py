"""What a Session tells its owner: frozen records, in the order in which things happened."""

import msgspec

from gatewayd.smpp.pdu import Pdu
from gatewayd.smpp.window import InFlight


class Bound(msgspec.Struct, frozen=True, gc=False):
    """Our bind was accepted."""

    response: Pdu


class BindFailed(msgspec.Struct, frozen=True, gc=False):
    """Our bind was refused, by bind_resp or by generic_nack; the session is open and may try again."""

    response: Pdu


class ResponseReceived(msgspec.Struct, frozen=True):
    """The answer to a request of ours, whatever its command_status; a generic_nack too.

    context: as given with the request. seconds: from request to response.
    """

    request: Pdu
    response: Pdu
    context: object
    seconds: float


class LateResponse(msgspec.Struct, frozen=True):
    """The same for a request that was told as RequestExpired; its slot is free again."""

    request: Pdu
    response: Pdu
    context: object
    seconds: float


class RequestExpired(msgspec.Struct, frozen=True):
    """No answer within the response timeout: nobody knows whether the peer took the request.

    One that counts in the window keeps its slot until its late response or the end of the bind.
    """

    request: Pdu
    context: object


class UnmatchedResponse(msgspec.Struct, frozen=True, gc=False):
    """A response to nothing we asked, or of a kind that does not fit what we asked."""

    response: Pdu


class RequestReceived(msgspec.Struct, frozen=True, gc=False):
    """The peer asks; the owner answers by Session.respond (outbind and alert_notification have no answer)."""

    request: Pdu


class Fault(msgspec.Struct, frozen=True, gc=False):
    """The peer broke the protocol in one PDU, and has been answered where an answer is due.

    command_status: the answer. command_id, sequence_number: of the PDU, 0 where unreadable.
    A response that cannot be read answers nothing: its request goes on waiting until it expires.
    """

    detail: str
    command_status: int
    command_id: int
    sequence_number: int


class Closed(msgspec.Struct, frozen=True, gc=False):
    """The session is over; always the last event. Send what is queued if `flush`, then disconnect."""

    reason: str
    flush: bool


SessionEvent = (
    Bound
    | BindFailed
    | ResponseReceived
    | LateResponse
    | RequestExpired
    | UnmatchedResponse
    | RequestReceived
    | Fault
    | Closed
)


class Lost(msgspec.Struct, frozen=True):
    """Requests without an answer at the end of a connection, oldest first; without those told as expired.

    unsent: never handed to the stream, so surely not with the peer.
    unanswered: perhaps with the peer.
    """

    unsent: tuple[InFlight, ...]
    unanswered: tuple[InFlight, ...]
