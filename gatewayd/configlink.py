"""The configuration of links: hosts, binds, pace, texts, receipts, retries. Durations are seconds."""

import re
from ipaddress import IPv6Address
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from gatewayd.configreplies import Replies
from gatewayd.configtypes import (
    NOT_EMPTY,
    Count,
    FailedState,
    Model,
    Octet,
    Seconds,
    SecretOf,
    StatState,
    StatWord,
    Zone,
    ascii_text,
    host_port,
)
from gatewayd.retry import DEFAULT as SHIPPED_RETRY
from gatewayd.retry import Class as RetryClass
from gatewayd.retry import Rule, Table, temporary
from gatewayd.smpp.consts import STATUS_NUMBERS
from gatewayd.smpp.shift_tables import LANGUAGES
from gatewayd.smpp.style import DefaultAlphabet, Flash, SignatureBy, Style, Wide


class Tls(Model):
    ca: str | None = Field(
        default=None, description="file of the CA that signed the SMSC's certificate; absent: the system's"
    )
    certificate: str | None = Field(
        default=None, description="file of our own certificate, if the SMSC asks for one"
    )
    key: SecretOf | None = Field(default=None, description="private key of our certificate, in PEM")
    server_name: str | None = Field(
        default=None, description="name the SMSC's certificate must bear; absent: host"
    )


class Receipts(Model):
    id: Literal["auto", "as_is", "any_case", "unpadded", "hex_to_decimal", "decimal_to_hex"] = Field(
        default="auto",
        description="how ids in receipts differ from those in submit_sm_resp; auto: any way, where exactly "
        "one open segment fits; hex_to_decimal: hex in submit_sm_resp, decimal in receipts",
    )
    stat: dict[StatWord, StatState] = Field(
        default={}, description='what words in stat mean here, as in {"MK:0001": undeliverable}'
    )
    err: dict[StatWord, FailedState] = Field(
        default={},
        description="what codes in err mean here of a segment that failed or whose stat tells nothing, as in "
        '{"DB:0144": rejected}',
    )
    unknown_stat: Literal["open", "undeliverable"] = Field(
        default="open", description="what a word in stat that nobody knows means"
    )
    accepted_is_final: bool = Field(default=False, description="ACCEPTD is the SMSC's last word: delivered")
    segments: Literal["all", "first", "last"] = Field(
        default="all", description="which segments of a long message get a receipt; first, last: it decides"
    )


class Text(Model):
    alphabet: Literal["gsm7", "latin1", "ascii"] = Field(
        default="gsm7", description="the SMSC's default alphabet: what it reads in data_coding 0, both ways"
    )
    packed: bool = Field(
        default=False, description="GSM 7-bit characters travel packed, 160 in 140 octets, both ways"
    )
    wide: Literal["ucs2", "gbk"] = Field(
        default="ucs2",
        description="how texts leave that the default alphabet lacks characters of; gbk: data_coding 15, "
        "of Chinese relays; what GBK lacks leaves as UCS-2",
    )
    byte_order: Literal["big", "little"] = Field(default="big", description="of UCS-2, both ways")
    byte_order_mark: bool = Field(
        default=False, description="one at the head of each UCS-2 text; it takes the room of a character"
    )
    national_shift: tuple[
        Literal["tr", "es", "pt", "bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur"], ...
    ] = Field(
        default=(),
        description="languages whose tables handsets here have; used where it saves segments against UCS-2",
    )
    transliterate: bool = Field(
        default=False,
        description="typographic signs and accents that the default alphabet lacks become near ones of it; "
        "a text with other characters is left as it is",
    )
    flash: Literal["no", "general", "class"] = Field(
        default="no",
        description="texts are shown at once and not kept, for a link that serves such messages; says in "
        "which data_coding: general: 0x10, or 0x18 for UCS-2; class: 0xF0, or 0x18",
    )
    signature: Literal["keep", "strip_head", "strip_tail"] = Field(
        default="keep",
        description="strip: the carrier writes the brand's signature, at head or tail; it is taken off the "
        "text, and its room left free",
    )
    count: Literal["gsm", "cn"] = Field(
        default="gsm",
        description="what the carrier bills; cn: 70 and 67 characters whatever the encoding, told as "
        "billed in the reply to a submit",
    )

    @property
    def style(self) -> Style:
        return Style(
            alphabet=DefaultAlphabet(self.alphabet),
            packed=self.packed,
            wide=Wide(self.wide),
            little_endian=self.byte_order == "little",
            byte_order_mark=self.byte_order_mark,
            shifts=tuple(LANGUAGES[code] for code in self.national_shift),
            transliterate=self.transliterate,
            signature=SignatureBy(self.signature),
            flash=Flash(self.flash),
        )


class RetryRule(Model):
    class_: Literal["permanent", "temporary", "throttled", "session"] = Field(
        alias="class",
        description="permanent: refused for good; temporary: again later; throttled: the link rests; "
        "session: the link binds anew",
    )
    delay: Seconds | None = Field(
        default=None, description="temporary: seconds before the next try, doubled each time up to 300"
    )
    attempts: Count | None = Field(
        default=None, description="temporary: refusals before the message is refused for good"
    )
    failover: bool | None = Field(
        default=None,
        description="the next link of the route is tried at once; absent: if temporary",
    )


def _status(name: str) -> str:
    try:
        status_number(name)
    except ValueError:
        raise PydanticCustomError(
            "status", "must be a command_status, as ESME_RX_T_APPN or 0x00000444, or unknown"
        ) from None
    return name


def status_number(name: str) -> int | None:
    """The number of a command_status in symbols or hex; None for `unknown`. Raises ValueError."""
    if name == UNKNOWN_STATUS:
        return None
    found = STATUS_NUMBERS.get(name)
    if found is None and re.fullmatch(r"0x[0-9a-fA-F]{1,8}", name):
        found = int(name, 16)
    if not found:
        raise ValueError(name)
    return found


UNKNOWN_STATUS = "unknown"
_RuleOrClass = Annotated[
    RetryRule,
    BeforeValidator(
        lambda value: {"class": value} if isinstance(value, str) else value,
        json_schema_input_type=str | RetryRule,
    ),
]


BindKind = Literal["transceiver", "transmitter", "receiver"]


class Host(NamedTuple):
    """Where an SMSC listens. name: of DNS, or an address."""

    name: str
    port: int

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


def _host(name: str) -> str:
    try:
        if not re.fullmatch(r"[^\s:\[\]]+", name):
            IPv6Address(name)
    except ValueError:
        raise PydanticCustomError("host", "must be a name or an address; the port goes into port") from None
    return name


def _host_port(text: str) -> str:
    try:
        port = host_port(text)[1]
    except ValueError:
        port = 0
    if not port:
        message = "must be HOST:PORT, as in smsc.example:2775 or [2001:db8::1]:2775"
        raise PydanticCustomError("host_port", message)
    return text


_Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host_port)], ...], NOT_EMPTY]


class Link(Model):
    host: Annotated[str, AfterValidator(_host)] | None = Field(
        default=None, description="the SMSC's name or address; this, or hosts"
    )
    port: int = Field(default=2775, ge=1, le=65_535, description="the SMSC's TCP port, beside host")
    hosts: _Hosts | None = Field(
        default=None,
        description="several, as HOST:PORT: each bind begins at its own, round the list, and goes on to the "
        "next at once when one fails",
    )
    receiver_hosts: _Hosts | None = Field(
        default=None, description="where the receivers of bind: pair bind; absent: where the transmitters do"
    )
    tls: Tls | None = Field(default=None, description="absent: plain TCP; the certificate is always verified")
    bind: Literal["transceiver", "transmitter", "receiver", "pair"] = Field(
        default="transceiver",
        description="kind of bind; pair: a transmitter and a receiver, for SMSCs without transceivers",
    )
    binds: int = Field(default=1, ge=1, le=100, description="sessions held at a time; of pair: pairs")
    system_id: Annotated[str, ascii_text(15)] = Field(description="account at the SMSC")
    password: SecretOf | None = Field(default=None, description="absent: an empty password is sent")
    system_type: Annotated[str, ascii_text(12)] = Field(default="", description="as the SMSC prescribes")
    interface_version: Octet = Field(default=0x34, description="SMPP version told at bind; 52 (0x34) is 3.4")
    addr_ton: Octet = Field(default=0, description="TON of address_range")
    addr_npi: Octet = Field(default=0, description="NPI of address_range")
    address_range: Annotated[str, ascii_text(40)] = Field(
        default="", description="addresses a receiver bind asks for"
    )
    window: Count = Field(default=10, description="outstanding submit_sm per bind")
    reserve: int | None = Field(
        default=None,
        ge=0,
        description="slots of each bind's window, and segments of the rate, that only otp and more urgent "
        "classes take; absent: 2, 1 in a window below 8, 0 below 4",
    )
    throughput: float = Field(
        default=0, ge=0, allow_inf_nan=False, description="segments a second over all binds; 0: no limit"
    )
    enquire_link_interval: Seconds = Field(default=30, description="seconds of silence before enquire_link")
    response_timeout: Seconds = Field(default=30, description="seconds until a request counts as unanswered")
    bind_timeout: Seconds = Field(default=30, description="seconds to connect and bind")
    max_timeouts: Count = Field(default=3, description="unanswered requests in a row that close the bind")
    throttle_pause: Seconds | None = Field(
        default=None,
        description="seconds of rest after ESME_RTHROTTLED; absent: as long as it takes, at most 1",
    )
    retry: dict[Annotated[str, AfterValidator(_status)], _RuleOrClass] = Field(
        default={},
        description="command_status in submit_sm_resp, by name or hex, or unknown: its class or its rule; "
        "merged over the shipped table",
    )
    reconnect_min: Seconds = Field(
        default=1, description="seconds before the first new try; doubles, with jitter"
    )
    reconnect_max: Seconds = Field(default=60, description="seconds between tries at most")
    refused_retry: float = Field(
        default=300,
        ge=60,
        allow_inf_nan=False,
        description="seconds until credentials that the SMSC refused are tried again, by one bind",
    )
    source_ton: Octet | None = Field(
        default=None, description="TON of the sender; absent: 5 with letters in it, else 0"
    )
    source_npi: Octet | None = Field(
        default=None, description="NPI of the sender; absent: 0 with letters in it, else 1"
    )
    dest_ton: Octet = Field(default=1, description="TON of the destination")
    dest_npi: Octet = Field(default=1, description="NPI of the destination")
    long_messages: Literal["udh8", "udh16", "sar", "payload"] = Field(
        default="udh8",
        description="how several segments are told: UDH with 8 or 16 bit reference, SAR TLVs, one payload",
    )
    reference_tlv: bool = Field(
        default=False, description="send user_message_reference (0x0204), so receipts may echo it"
    )
    receipt_timezone: Zone = Field(
        default="UTC", description="time zone of dates in receipt texts: a name or +HH:MM"
    )
    text: Text = Field(default=Text(), description="how the SMSC wants texts written")
    receipts: Receipts = Field(default=Receipts(), description="how the SMSC writes receipts")
    replies: Replies = Field(
        default=Replies(), description="keywords of replies that come by it, over those of policy"
    )

    @property
    def kinds(self) -> tuple[BindKind, ...]:
        """Of the sessions it holds, those that send first."""
        one: tuple[BindKind, ...] = ("transmitter", "receiver") if self.bind == "pair" else (self.bind,)
        return tuple(kind for kind in one for _ in range(self.binds))

    def hosts_of(self, kind: BindKind) -> tuple[Host, ...]:
        """Where sessions of that kind bind."""
        given = self.receiver_hosts if kind == "receiver" and self.receiver_hosts else self.hosts
        if given is not None:
            return tuple(Host(*host_port(text)) for text in given)
        assert self.host is not None, "configrules saw to it"
        return (Host(self.host, self.port),)

    @property
    def reserved(self) -> int:
        """Slots of each window that only urgent segments take."""
        return min(2, self.window // 4) if self.reserve is None else self.reserve

    @property
    def retry_table(self) -> Table:
        """The shipped table with the link's own rules."""
        own = {status_number(name): _rule(status_number(name), given) for name, given in self.retry.items()}
        unknown = own.pop(None, SHIPPED_RETRY.unknown)
        named = {status: rule for status, rule in own.items() if status is not None}
        return Table({**SHIPPED_RETRY.rules, **named}, unknown)

    def source(self, sender: str) -> tuple[int, int]:
        """(TON, NPI) of a sender: what the link sets, else alphanumeric (5, 0) or a service code (0, 1).

        Service codes with TON 0 are what carriers' guides ask for; 3.4 section 5.2.5 lists the values.
        """
        ton, npi = (0, 1) if sender.isdigit() else (5, 0)
        return (
            ton if self.source_ton is None else self.source_ton,
            npi if self.source_npi is None else self.source_npi,
        )


def _rule(status: int | None, given: RetryRule) -> Rule:
    """What is not given of a temporary one is as shipped for that status, else for any."""
    class_ = RetryClass(given.class_)
    if class_ is not RetryClass.TEMPORARY:
        return Rule(class_, failover=given.failover or False)
    shipped = SHIPPED_RETRY.rules.get(status or 0)
    if shipped is None or shipped.class_ is not class_:
        shipped = temporary()
    return Rule(
        class_,
        given.delay or shipped.delay,
        given.attempts or shipped.attempts,
        shipped.failover if given.failover is None else given.failover,
    )
