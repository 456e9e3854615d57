"""What one account of the simulated SMSC is told, section by section. Every key is described in README.md."""

import random
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import SubmitSm
from gatewayd.smpp.text import Carry
from simulator.expectations import Judge, Texts
from simulator.ids import Notation, Numbered
from simulator.keys import CommandStatus, Number, Octet, Seconds, Section, Share, Zone, bare


def _short_date(date_format: str) -> str:
    if (
        not 0
        < len(datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=UTC).strftime(date_format))
        <= LONGEST_DATE
    ):
        raise ValueError(f"gives no date of 1 to {LONGEST_DATE} characters; write one like %y%m%d%H%M")
    return date_format


def _known_fields(layout: str) -> str:
    try:
        layout.format(**dict.fromkeys(LAYOUT_FIELDS, ""))
    except (LookupError, ValueError):
        raise ValueError(f"write the fields as {{id}}; there are {', '.join(LAYOUT_FIELDS)}") from None
    return layout


LONGEST_DATE: Final = 24  # characters; two of them and the rest of a receipt must fit into short_message
LAYOUT_FIELDS: Final = ("id", "sub", "dlvrd", "submit", "done", "stat", "err", "text")
APPENDIX_B: Final = (
    "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit} done date:{done} stat:{stat} err:{err} text:{text}"
)

DateFormat = Annotated[str, AfterValidator(_short_date)]
Stat = Literal["DELIVRD", "UNDELIV", "EXPIRED", "REJECTD", "DELETED", "ACCEPTD", "UNKNOWN", "ENROUTE"]

STATES: Final[dict[Stat, int]] = {
    "ENROUTE": consts.MESSAGE_STATE_ENROUTE,
    "DELIVRD": consts.MESSAGE_STATE_DELIVERED,
    "EXPIRED": consts.MESSAGE_STATE_EXPIRED,
    "DELETED": consts.MESSAGE_STATE_DELETED,
    "UNDELIV": consts.MESSAGE_STATE_UNDELIVERABLE,
    "ACCEPTD": consts.MESSAGE_STATE_ACCEPTED,
    "UNKNOWN": consts.MESSAGE_STATE_UNKNOWN,
    "REJECTD": consts.MESSAGE_STATE_REJECTED,
}
"""message_state of each (3.4 section 5.2.28)."""


class Delay(Section):
    """Seconds: `min`, plus an even spread up to `max`, plus an exponential tail of the given mean.

    A bare number is that number each time.
    """

    min: Seconds = 0.0
    max: Seconds | None = None
    mean: Seconds = 0.0

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, value: object) -> object:
        return bare("min", value)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max is not None and self.max < self.min:
            raise ValueError("max is less than min")
        return self

    def drawn(self, rng: random.Random) -> float:
        """One delay. A bare number draws nothing."""
        seconds = self.min
        if self.max is not None:
            seconds = rng.uniform(seconds, self.max)
        return seconds + rng.expovariate(1 / self.mean) if self.mean else seconds


class Throttle(Section):
    """More than the limit is ESME_RTHROTTLED; 0: no limit.

    limit, up_to: submit_sm a second; drawn once between the two by the seed, and told to nobody.
    counter: sliding (any second), second (begins anew with each second of the clock), or a token bucket.
    burst: what the bucket holds; 0: one second's worth.
    """

    limit: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    up_to: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    counter: Literal["sliding", "second", "bucket"] = "sliding"
    burst: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, value: object) -> object:
        return bare("limit", value)


class Tlv(Section):
    """One that the SMSC adds, whatever the specification says of its tag; several may have the same."""

    tag: Annotated[int, Field(ge=0, le=0xFFFF)]
    hex: Annotated[str, Field(pattern="^([0-9a-fA-F]{2})*$", max_length=510)] = ""

    @property
    def pair(self) -> tuple[int, bytes]:
        """As a PDU holds it."""
        return self.tag, bytes.fromhex(self.hex)


class Fault(Section):
    """Some submit_sm refused: of those from and to addresses that begin so, each Nth, a share, the first N.

    body: of the error response: one NUL, none at all, an id; or generic_nack in its place.
    """

    status: CommandStatus
    source: Annotated[str, Field(alias="from")] = ""
    to: str = ""
    every: Annotated[int, Field(ge=0)] = 0
    first: Annotated[int, Field(ge=0)] = 0
    share: Share = 1.0
    body: Literal["nul", "none", "id", "generic_nack"] = "nul"

    def is_about(self, submit: SubmitSm) -> bool:
        """Whether it may befall a submit_sm between such addresses."""
        return submit.destination_addr.startswith(self.to.encode()) and submit.source_addr.startswith(
            self.source.encode()
        )


class Responses(Section):
    """How submit_sm are answered."""

    message_id: Numbered = "decimal"
    empty_id: Share = 0.0
    delay: Delay = Delay()
    drift: Annotated[float, Field(ge=0, le=1)] = 0.0
    answered: Share = 1.0
    doubled: Share = 0.0
    throttle: Throttle = Throttle()
    queue: Annotated[int, Field(ge=0)] = 0
    congestion: Annotated[int, Field(ge=0, le=100)] | Literal["measured"] | None = None
    errors: tuple[Fault, ...] = ()
    tlvs: tuple[Tlv, ...] = ()


class Outcome(Section):
    """One way a message can end; weight is relative to the other outcomes.

    written: how the text writes the stat.
    """

    stat: Stat
    weight: Annotated[float, Field(gt=0)] = 1.0
    err: Annotated[str, Field(max_length=8)] = "000"
    written: Annotated[str, Field(min_length=1, max_length=20, pattern="^[!-~]+$")] | None = None


class Enroute(Section):
    """A share of messages of which an ENROUTE is told too, on its way or after the end."""

    share: Share = 0.0
    after: bool = False
    esm_class: Octet = 0x04


class Receipts(Section):
    """What receipts look like, when they go out and on which session."""

    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)] = (Outcome(stat="DELIVRD"),)
    delay: Delay = Delay()
    before_response: Share = 0.0
    duplicated: Share = 0.0
    lost: Share = 0.0
    enroute: Enroute = Enroute()
    segments: Literal["all", "first", "last"] = "all"
    session: Literal["same", "other"] = "same"
    window: Annotated[int, Field(ge=1, le=100_000)] = 1000
    retry_delay: Seconds = 1.0
    timezone: Zone = "UTC"
    date_format: DateFormat = "%y%m%d%H%M"
    done_date_format: DateFormat | None = None
    pdu: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    body: Literal["short_message", "message_payload"] = "short_message"
    esm_class: Octet = 0x04
    data_coding: Octet = 0
    encoding: Literal["ascii", "utf-16-be"] = "ascii"
    layout: Annotated[str, AfterValidator(_known_fields), Field(max_length=160)] = APPENDIX_B
    text: bool = True
    raw_head: bool = False
    message_id: Notation = "same"
    message_id_tlv: bool | Notation = True
    state_tlv: bool | Octet = True
    reference_tlv: bool = True
    tlvs: tuple[Tlv, ...] = ()

    @model_validator(mode="after")
    def _tells_something(self) -> Self:
        if not (self.text or self.message_id_tlv):
            raise ValueError("with neither text nor message_id_tlv a receipt names no message")
        return self


What = Literal[
    "cut",
    "freeze",
    "stall",
    "garbage",
    "torn",
    "length_zero",
    "length_short",
    "length_huge",
    "lie",
    "unknown_command",
    "nack_zero",
    "stray_responses",
    "odd_numbers",
    "unbind",
    "data_after_unbind",
    "outbind",
    "alert",
]


class SessionFault(Section):
    """What happens once on a session, before the answers to the read that brings its Nth submit_sm.

    after: N; 0: as soon as it is bound. sessions: how many sessions of the account suffer it; 0: all.
    seconds: that a stall lasts.
    """

    do: What
    after: Annotated[int, Field(ge=0)] = 0
    sessions: Annotated[int, Field(ge=0)] = 0
    seconds: Seconds = 5.0


class Binding(Section):
    """How binds are answered, beyond what the account's credentials say, and how an unbind is.

    refusals: how many binds refuse_bind refuses; 0: all. unanswered: how many are never answered.
    stale: seconds for which a connection that was lost without unbind counts as a session still.
    """

    refusals: Annotated[int, Field(ge=0)] = 0
    unanswered: Annotated[int, Field(ge=0)] = 0
    generic_nack: bool = False
    delay: Delay = Delay()
    system_type: str | None = None
    interface_version: Octet | None = None
    address_range: str | None = None
    sc_interface_version: Octet | None = 0x34
    enquire_link_first: bool = False
    stale: Seconds = 0.0
    unbind_answered: bool = True


class MoScript(Section):
    """MO that come by themselves, once the account has bound for the first time.

    source: of the first; each further one comes from the next number.
    text, hex, data_coding, esm_class, carry, order: as the command `mo` has them; order: or shuffled by the
        seed.
    """

    source: Annotated[Number, Field(alias="from")]
    to: Annotated[str, Field(min_length=1, max_length=20)]
    text: str = ""
    hex: Annotated[str, Field(pattern="^([0-9a-fA-F]{2})*$")] | None = None
    data_coding: Octet | None = None
    esm_class: Octet = 0
    count: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    after: Delay = Delay()
    carry: Carry = Carry.UDH8
    order: tuple[Annotated[int, Field(ge=1, le=255)], ...] | Literal["shuffled"] | None = None


BindKind = Literal["transmitter", "receiver", "transceiver"]


class Account(Section):
    """One account. window and throughput are what it is told; the judge measures against them.

    lists: of numbers, by the dl_name that a submit_multi may write to.
    """

    password: str | None = None
    binds: frozenset[BindKind] = frozenset({"transmitter", "receiver", "transceiver"})
    sessions: Annotated[int, Field(ge=0)] = 0
    refuse_bind: CommandStatus | None = None
    binding: Binding = Binding()
    window: Annotated[int, Field(ge=0)] = 0
    throughput: Annotated[float, Field(ge=0)] = 0.0
    disconnect_after: Annotated[int, Field(ge=0)] = 0
    deliver_to_transmitters: bool = False
    faults: tuple[SessionFault, ...] = ()
    mos: tuple[MoScript, ...] = ()
    lists: dict[Annotated[str, Field(max_length=20)], tuple[Number, ...]] = Field(default_factory=dict)
    responses: Responses = Responses()
    receipts: Receipts = Receipts()
    texts: Texts = Texts()
    judge: Judge = Judge()


class Wire(Section):
    """How octets travel on every connection. dribble: octets of one write at most; 0: as they come.

    pause: seconds after each such write.
    """

    dribble: Annotated[int, Field(ge=0, le=65_536)] = 0
    pause: Seconds = 0.0
    outbind: bool = False
    first_sequence_number: Annotated[int, Field(ge=0, le=0xFFFFFFFF)] = 1
