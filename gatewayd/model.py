"""The domain's records: messages, segments, states, ids.

Times are whole milliseconds since the Unix epoch, UTC (`Millis`), so that records, SQL and
comparison stay cheap; the edges turn them into RFC 3339.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final, NewType

import msgspec

MessageId = NewType("MessageId", int)
LaneId = NewType("LaneId", int)
Millis = int


class State(StrEnum):
    """What upstream sees of a message (CONTRACT section 4, States)."""

    SCHEDULED = "scheduled"
    HELD = "held"
    QUEUED = "queued"
    SUBMITTED = "submitted"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Stage(IntEnum):
    """Where a message stands inside; finer than `State`, stored as its number.

    READY may be claimed now, RETRY waits for a time, CLAIMED is in the hands of one link.
    RESUME is in doubt to the outside, yet has segments that surely never left and may go now; once they
    are claimed, or while a refusal of theirs has to pass, it is IN_DOUBT.
    """

    SCHEDULED = 0
    HELD = 1
    READY = 2
    RETRY = 3
    CLAIMED = 4
    SUBMITTED = 5
    IN_DOUBT = 6
    RESUME = 7
    DELIVERED = 10
    UNDELIVERABLE = 11
    EXPIRED = 12
    REJECTED = 13
    CANCELLED = 14
    UNKNOWN = 15


FIRST_FINAL: Final = Stage.DELIVERED
STATE_OF: Final[Mapping[Stage, State]] = {
    Stage.SCHEDULED: State.SCHEDULED,
    Stage.HELD: State.HELD,
    Stage.READY: State.QUEUED,
    Stage.RETRY: State.QUEUED,
    Stage.CLAIMED: State.QUEUED,
    Stage.SUBMITTED: State.SUBMITTED,
    Stage.IN_DOUBT: State.IN_DOUBT,
    Stage.RESUME: State.IN_DOUBT,
    Stage.DELIVERED: State.DELIVERED,
    Stage.UNDELIVERABLE: State.UNDELIVERABLE,
    Stage.EXPIRED: State.EXPIRED,
    Stage.REJECTED: State.REJECTED,
    Stage.CANCELLED: State.CANCELLED,
    Stage.UNKNOWN: State.UNKNOWN,
}
FINALS: Final = frozenset(STATE_OF[stage] for stage in Stage if stage >= FIRST_FINAL)
CLAIMABLE: Final = (Stage.READY, Stage.RESUME)
CANCELLABLE: Final = (Stage.SCHEDULED, Stage.HELD, Stage.READY, Stage.RETRY)

_FINAL_TARGETS: Final = FINALS
ALLOWED: Final[Mapping[State, frozenset[State]]] = {
    State.SCHEDULED: frozenset({State.QUEUED, State.HELD}) | _FINAL_TARGETS,
    State.HELD: frozenset({State.QUEUED}) | _FINAL_TARGETS,
    State.QUEUED: frozenset({State.HELD, State.SUBMITTED, State.IN_DOUBT}) | _FINAL_TARGETS,
    State.SUBMITTED: frozenset({State.IN_DOUBT}) | _FINAL_TARGETS,
    State.IN_DOUBT: frozenset({State.SUBMITTED, State.QUEUED}) | _FINAL_TARGETS,
    **{state: frozenset[State]() for state in FINALS},
}


class SegmentStage(IntEnum):
    """Where one segment stands. WAITING is not on the wire; CLAIMED may be (G2)."""

    WAITING = 0
    CLAIMED = 1
    ACCEPTED = 2
    REFUSED = 3
    IN_DOUBT = 4
    DELIVERED = 5
    UNDELIVERABLE = 6
    EXPIRED = 7
    REJECTED = 8
    DELETED = 9


class Lane(msgspec.Struct, frozen=True):
    """What queued messages share; messages of one lane leave first in, first out.

    route: the canonical text of strategy and links (`routing.Route.spec`).
    """

    route: str
    class_: str
    client: str
    brand: str


class Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was accepted; never changes. New fields go to the end, with a default.

    to: digits with country code. text, or data with udh (octets) for a binary message.
    encoding, segments, state: as told in the answer to the submit.
    fingerprint: of the request, to tell a repeated key from a conflicting one.
    asked: the client named the encoding itself; else each link writes the text as suits it best.
    billed: segments as the carrier counts them, where the first link of the route says how; else None.
    template: name and version of the template its text is of.
    warnings: as told in the answer to the submit. changed: the stages of policy that wrote the text.
    """

    to: str
    sender: str
    text: str | None
    data: bytes | None
    udh: bytes
    encoding: str
    segments: int
    state: str
    accepted_at: Millis
    expires_at: Millis
    send_at: Millis | None = None
    key: str | None = None
    tag: str | None = None
    order_key: str | None = None
    fingerprint: bytes = b""
    asked: bool = False
    billed: int | None = None
    template: tuple[str, int] | None = None
    warnings: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Failure(msgspec.Struct, frozen=True, gc=False):
    """The `error` of a message: why it ended, or what it met last (CONTRACT section 4)."""

    code: str
    detail: str | None = None
    command_status: str | None = None
    stat: str | None = None
    err: str | None = None
    segment: int | None = None


class Message(msgspec.Struct, gc=False):
    """One message as the store keeps it.

    due: when the scheduler has to look at it; None in stage CLAIMED and once final.
    link: the link that holds or held its segments; None before the first claim.
    segments: as many submit_sm as it takes on `link` (before: on the first link of the route).
    attempts: counted refusals (throttling is not counted). resent: its one resend is used up.
    reference: concatenation reference, kept on retry.
    refused: links whose SMSC refused it for now or for failover, the one longest ago first.
    """

    id: MessageId
    lane: LaneId
    stage: Stage
    content: Content
    due: Millis | None
    changed_at: Millis
    segments: int
    link: str | None = None
    attempts: int = 0
    resent: bool = False
    reference: int | None = None
    reason: str | None = None
    until: Millis | None = None
    error: Failure | None = None
    refused: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        return STATE_OF[self.stage]

    @property
    def final(self) -> bool:
        return self.stage >= FIRST_FINAL


class Segment(msgspec.Struct, gc=False):
    """One submit_sm of a message: its `attempt`-th sending (2 only after the one resend).

    owner: the life of the daemon that claimed it (store epoch); after a crash its claims are in doubt.
        0: a resend that was not claimed yet.
    to: the message's number, by which a receipt without a known id finds it.
    smsc_id: the message_id of submit_sm_resp. stat, err: of the newest receipt, as the SMSC wrote them.
    """

    message: MessageId
    number: int
    attempt: int
    stage: SegmentStage
    link: str
    owner: int
    claimed_at: Millis
    to: str
    smsc_id: str | None = None
    answered_at: Millis | None = None
    status: int | None = None
    stat: str | None = None
    err: str | None = None
    receipt_at: Millis | None = None


class Refusal(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why a request was not done; the `error` object of a reply (CONTRACT section 4)."""

    code: str
    detail: str
    field: str | None = None
    retryable: bool = False
    retry_after: float | None = None


POLICY_REFUSALS: Final = frozenset(
    {
        "signature_mismatch",
        "opted_out",
        "no_consent",
        "frequency_cap",
        "otp_cap",
        "quiet_hours",
        "finance_marketing",
        "sensitive_word",
        "template_mismatch",
        "duplicate_text",
        "suspended",
    }
)
"""Codes of rules about who may be sent what and when; the others are about form, rights and state."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES: Final = {character: value for value, character in enumerate(_ALPHABET)}
_PAIRS: Final = tuple(high + low for high in _ALPHABET for low in _ALPHABET)
_LENGTH: Final = 13
_COUNTER_BITS: Final = 15


def public_id(message: MessageId) -> str:
    """13 Crockford base-32 characters; they sort like the time of accept."""
    pairs = _PAIRS
    return (
        _ALPHABET[message >> 60]
        + pairs[message >> 50 & 1023]
        + pairs[message >> 40 & 1023]
        + pairs[message >> 30 & 1023]
        + pairs[message >> 20 & 1023]
        + pairs[message >> 10 & 1023]
        + pairs[message & 1023]
    )


def parse_id(text: str) -> MessageId | None:
    """The inverse of `public_id`; None for anything else."""
    if len(text) != _LENGTH:
        return None
    value = 0
    for character in text.upper():
        digit = _VALUES.get(character)
        if digit is None:
            return None
        value = value << 5 | digit
    return MessageId(value) if value < 1 << 63 else None


def accepted_millis(message: MessageId) -> Millis:
    """When the id was made."""
    return message >> _COUNTER_BITS


def first_id(at: Millis) -> MessageId:
    """Not greater than any id that is made at `at`."""
    return MessageId(max(0, at) << _COUNTER_BITS)


class IdMaker:
    """Increasing ids: 48 bits of milliseconds, then 15 that count; fits SQL's signed 64 bits.

    It never goes back, whatever the clock does. `node` (0 to 31) keeps gateways that share a
    store apart: the upper 5 of the 15 bits.
    """

    def __init__(self, node: int = 0, last: MessageId | None = None) -> None:
        self._node = node << 10
        self._millis = accepted_millis(last) + 1 if last is not None else 0
        self._count = 0

    def next(self, now: Millis) -> MessageId:
        if now > self._millis:
            self._millis, self._count = now, 0
        elif self._count == 1023:
            self._millis, self._count = self._millis + 1, 0
        else:
            self._count += 1
        return MessageId(self._millis << _COUNTER_BITS | self._node | self._count)


def message_reference(message: MessageId, number: int) -> int:
    """user_message_reference (3.4 section 5.3.2.17) of a segment: 1 to 65,535, the same at each sending."""
    return ((message >> _COUNTER_BITS) * 1024 + (message & 1023) + number * 31) % 0xFFFF + 1
