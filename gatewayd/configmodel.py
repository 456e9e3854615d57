"""The configuration as records: every key with its unit, default and meaning.

Strict: a text is no number, unknown keys are errors. What concerns one value alone is judged here, what
concerns several in `gatewayd.configrules`. Durations are seconds.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, Tag
from pydantic_core import PydanticCustomError

from gatewayd.configtypes import (
    LONGEST_VALIDITY,
    NOT_EMPTY,
    Address,
    Clock,
    Count,
    Mode,
    Name,
    NameOrAll,
    Names,
    Octet,
    Patterns,
    Seconds,
    StatState,
    StatWord,
    Zone,
    ascii_text,
    form,
    host_port,
    reference_only,
    told_by_type,
)
from gatewayd.errors import Problem
from gatewayd.retry import DEFAULT as SHIPPED_RETRY
from gatewayd.retry import Class as RetryClass
from gatewayd.retry import Rule, Table, temporary
from gatewayd.smpp.consts import STATUS_NUMBERS
from gatewayd.smpp.shift_tables import LANGUAGES
from gatewayd.smpp.style import DefaultAlphabet, SignatureBy, Style, Wide
from gatewayd.yamltext import Document, Path


class Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Secret(Model):
    """Where a secret is read from; exactly one of the three. The secret itself is never part of a Config."""

    file: str | None = Field(
        default=None, description="a file that holds it; a line end after it does not count"
    )
    env: str | None = Field(default=None, description="the environment variable that holds it")
    credential: str | None = Field(
        default=None, description="a systemd credential: a file in $CREDENTIALS_DIRECTORY"
    )


SecretOf = Annotated[Secret, BeforeValidator(reference_only)]


class Encryption(Model):
    key: SecretOf = Field(description="the key that numbers and texts are encrypted with at rest")


class Listener(Model):
    protocol: Literal["stream", "http"] = Field(
        description="stream: submits and events; http: metrics, health"
    )
    path: str | None = Field(
        default=None,
        min_length=1,
        max_length=107,
        description="Unix socket; stream needs it, http may have it",
    )
    address: Address | None = Field(
        default=None, description="HOST:PORT for http over TCP; port 0: any free one"
    )
    mode: Mode | None = Field(
        default=None, description='file mode of the Unix socket; default "0660", http "0600"'
    )
    client: Name | None = Field(
        default=None, description="http: the client that its requests act as; TCP: loopback only"
    )

    @property
    def permissions(self) -> int:
        return int(self.mode or ("0660" if self.protocol == "stream" else "0600"), 8)

    @property
    def loopback(self) -> bool:
        host = host_port(self.address)[0] if self.address else "localhost"
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


class Client(Model):
    users: tuple[str, ...] = Field(
        default=(), description='names or uids of peers that are this client; "*": all'
    )
    groups: tuple[str, ...] = Field(
        default=(), description='names or gids, primary or supplementary; "*": all'
    )
    brands: tuple[NameOrAll, ...] = Field(default=(), description='brands it may send for; "*": all')
    classes: tuple[NameOrAll, ...] = Field(default=(), description='classes it may send; "*": all')
    rate: float = Field(default=0, ge=0, allow_inf_nan=False, description="submits a second; 0: no limit")
    window: Count = Field(
        default=1000, description="requests outstanding on one connection; beyond it reading stops"
    )
    admin: bool = Field(default=False, description="may use the admin operations")
    holds_consent: bool = Field(default=False, description="vouches for its recipients' consent to marketing")


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


class Link(Model):
    host: str = Field(min_length=1, description="the SMSC's name or address")
    port: int = Field(default=2775, ge=1, le=65_535, description="the SMSC's TCP port")
    tls: Tls | None = Field(default=None, description="absent: plain TCP; the certificate is always verified")
    bind: Literal["transceiver", "transmitter", "receiver"] = Field(
        default="transceiver", description="kind of bind"
    )
    binds: int = Field(default=1, ge=1, le=100, description="sessions held at a time")
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


class Brand(Model):
    signature: Annotated[str, form("【[^【】]+】", "must have the form 【…】")] | None = Field(
        default=None, description="put before the text; null: none"
    )
    sender: Annotated[
        str,
        form(
            r"[0-9]{1,20}|(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}",
            "must be 1 to 20 digits, or 1 to 11 Latin letters and digits",
        ),
    ] = Field(description="source address of its messages; opt-outs to it count for this brand")
    industry: Name | None = Field(default=None, description="finance, retail …: decides which rules apply")


class ClassSettings(Model):
    """What a file says about one class; the rest is the shipped class of that name, else `notice`."""

    priority: int | None = Field(default=None, ge=0, le=99, description="lower leaves first")
    validity: Annotated[float, Field(gt=0, le=LONGEST_VALIDITY, allow_inf_nan=False)] | None = Field(
        default=None, description="seconds after which it no longer leaves"
    )
    receipt_wait: Seconds | None = Field(
        default=None, description="seconds to wait for a final receipt, then unknown"
    )
    in_doubt: Literal["report", "resend"] | None = Field(
        default=None, description="report: never twice; resend: at most once"
    )
    marketing: bool | None = Field(
        default=None, description="forces opt_out, opt_out_text, quiet_hours, consent, frequency"
    )
    opt_out: bool | None = Field(default=None, description="refused to numbers that opted out of the brand")
    opt_out_text: bool | None = Field(default=None, description="must tell how to opt out")
    quiet_hours: bool | None = Field(default=None, description="does not leave in quiet hours")
    consent: bool | None = Field(default=None, description="needs the recipient's consent")
    frequency: bool | None = Field(default=None, description="counted against policy.frequency")


def _shipped(
    priority: int, validity: int, receipt_wait: int, in_doubt: str, *, marketing: bool
) -> ClassSettings:
    return ClassSettings.model_validate(
        {
            "priority": priority,
            "validity": validity,
            "receipt_wait": receipt_wait,
            "in_doubt": in_doubt,
            "marketing": marketing,
        }
    )


SHIPPED_CLASSES: Mapping[str, ClassSettings] = MappingProxyType(
    {
        "emergency": _shipped(0, 7_200, 259_200, "resend", marketing=False),
        "otp": _shipped(1, 300, 3_600, "resend", marketing=False),
        "notice": _shipped(2, 86_400, 259_200, "report", marketing=False),
        "member": _shipped(3, 172_800, 259_200, "report", marketing=True),
        "traffic": _shipped(4, 172_800, 259_200, "report", marketing=True),
    }
)


class Match(Model):
    class_: Names | None = Field(default=None, alias="class", description="class of the message")
    brand: Names | None = Field(default=None, description="brand of the message")
    client: Names | None = Field(default=None, description="client that submits")
    to: Patterns | None = Field(
        default=None, description='destination with country code; "86*": all that begin with 86'
    )
    carrier: Names | None = Field(default=None, description="carrier of the destination")


RouteLinks = Annotated[
    Annotated[tuple[Name, ...], NOT_EMPTY, Tag("list")] | Annotated[dict[Name, Count], NOT_EMPTY, Tag("map")],
    told_by_type(list=tuple, map=dict),
]


class Route(Model):
    match: Match = Field(description="all keys must hold, a list means any; {}: every message")
    links: RouteLinks = Field(
        description="list in order of preference (failover), or map of link to weight (weighted)"
    )
    strategy: Literal["failover", "weighted"] | None = Field(
        default=None, description="absent: failover for a list, weighted for a map"
    )


class QuietHours(Model):
    from_: Clock = Field(alias="from", description="first minute in which marketing does not leave")
    to: Clock = Field(description="first minute in which it leaves again")
    action: Literal["hold", "refuse"] = Field(default="hold", description="hold until then, or refuse")


class Frequency(Model):
    count: Count = Field(description="marketing messages per brand and number")
    days: Count = Field(description="in this many rolling days")


class Policy(Model):
    timezone: Zone = Field(
        default="Asia/Shanghai", description="time zone of rules that speak of the time of day"
    )
    default_country: Annotated[
        str, form(r"[1-9][0-9]{0,2}", 'must be 1 to 3 digits in quotes, as in "86"')
    ] = Field(default="86", description="country code of numbers written without one")
    quiet_hours: QuietHours = Field(
        default=QuietHours.model_validate({"from": "21:00", "to": "08:00"}),
        description="when marketing does not leave",
    )
    frequency: tuple[Frequency, ...] = Field(
        default=(Frequency(count=2, days=7), Frequency(count=4, days=30)), description="limits for marketing"
    )


class Refused(Model):
    refused: Name = Field(description="error code of the refusal")


class RoutingTest(Model):
    to: str = Field(description="destination, written as a submit may write it")
    class_: Name = Field(alias="class", description="class of the message")
    brand: Name | None = Field(default=None, description="absent: a brand no route asks for")
    client: Name | None = Field(default=None, description="absent: a client no route asks for")
    expect: Annotated[
        Annotated[Name, Tag("link")]
        | Annotated[tuple[Name, ...], NOT_EMPTY, Tag("links")]
        | Annotated[Refused, Tag("code")],
        told_by_type(link=str, links=tuple, code=dict),
    ] = Field(
        description="link taken first with all links up; list: all links it may take; or {refused: CODE}"
    )


class Limits(Model):
    """Every bound of the daemon; what is beyond waits or is refused, it is never dropped."""

    line_length: int = Field(default=65_536, ge=1024, description="octets of one line of the stream protocol")
    stream_connections: Count = Field(default=1000, description="stream connections at a time")
    max_segments: int = Field(default=10, ge=1, le=255, description="segments of one message")
    event_window: Count = Field(default=10_000, description="unacknowledged events under way to one consumer")
    events_kept_days: Count = Field(default=7, description="days an unacknowledged event is kept")
    store_queue: Count = Field(default=10_000, description="jobs waiting for the store's writer")
    deliver_queue: Count = Field(
        default=1000, description="deliver_sm of one link waiting for the store; beyond: ESME_RMSGQFUL"
    )


def _store_url(url: str) -> str:
    if not re.fullmatch(r"sqlite://.+|postgres(ql)?://.+", url):
        raise PydanticCustomError("store", "must be sqlite://PATH or postgresql://USER@HOST/DATABASE")
    if re.match(r"[^/]+//[^/@]*:[^/@]*@", url):
        raise PydanticCustomError("in_clear", "a password is never written in clear; use a pgpass file")
    return url


class Config(Model):
    """A whole configuration file, every value judged."""

    store: Annotated[str, AfterValidator(_store_url)] = Field(
        default="sqlite:///var/lib/gatewayd/gatewayd.db", description="where messages and events are kept"
    )
    drain_timeout: Seconds = Field(default=30, description="seconds a stop waits for outstanding responses")
    encryption: Encryption | None = Field(default=None, description="absent: not encrypted, said at start")
    listeners: tuple[Listener, ...] = Field(
        default=(Listener(protocol="stream", path="/run/gatewayd/gatewayd.sock"),),
        description="where the daemon listens",
    )
    clients: dict[Name, Client] = Field(default={}, description="who may submit, first match wins")
    links: dict[Name, Link] = Field(default={}, description="accounts at SMSCs")
    brands: dict[Name, Brand] = Field(default={}, description="who a message speaks for")
    classes: dict[Name, ClassSettings] = Field(default={}, description="merged over the shipped classes")
    routes: tuple[Route, ...] = Field(default=(), description="first match wins; may be absent with one link")
    policy: Policy = Field(default=Policy(), description="absent: the shipped policy, not none")
    limits: Limits = Field(default=Limits(), description="bounds of memory and length")
    tests: tuple[RoutingTest, ...] = Field(default=(), description="routing tests, run by `gatewayd check`")

    def secrets(self) -> Iterator[tuple[Path, Secret]]:
        """Every reference to a secret, with its path in the file."""
        if self.encryption:
            yield ("encryption", "key"), self.encryption.key
        for name, link in self.links.items():
            if link.password:
                yield ("links", name, "password"), link.password
            if link.tls and link.tls.key:
                yield ("links", name, "tls", "key"), link.tls.key

    _document: Document = PrivateAttr(default_factory=lambda: Document(b"", "configuration"))
    _warnings: tuple[Problem, ...] = PrivateAttr(default=())

    def read_from(self, document: Document, warnings: tuple[Problem, ...]) -> Self:
        """Keep where the values stand and what to warn of."""
        self._document, self._warnings = document, warnings
        return self

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is accepted but not as one might believe; for the log at start and `gatewayd check`."""
        return self._warnings

    def problem(self, path: Path, message: str) -> Problem:
        """A finding about the value at `path`, with its place in the file."""
        return self._document.problem(self._document.place(path), message)
