"""The configuration as records: every key with its unit, default and meaning.

Strict: a text is no number, unknown keys are errors. What concerns one value alone is judged here, what
concerns several in `gatewayd.configrules`. Durations are seconds.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, Tag
from pydantic_core import PydanticCustomError

from gatewayd.configcarriers import Carriers
from gatewayd.configlink import Link
from gatewayd.configpolicy import Brand, ClassSettings, Policy, Suspension
from gatewayd.configtypes import (
    NOT_EMPTY,
    Address,
    Count,
    Mode,
    Model,
    Name,
    NameOrAll,
    Names,
    Patterns,
    Seconds,
    Secret,
    SecretOf,
    host_port,
    told_by_type,
)
from gatewayd.errors import Problem
from gatewayd.yamltext import Document, Path


class Encryption(Model):
    key: SecretOf = Field(description="the key that numbers and texts are encrypted with at rest")


class Listener(Model):
    protocol: Literal["stream", "http"] = Field(
        description="stream: submits and events; http: metrics, health, and REST for its client"
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
    rate: float = Field(
        default=0,
        ge=0,
        allow_inf_nan=False,
        description="submits a second, those of a whole second at once; beyond: rate_limited; 0: no limit",
    )
    weight: Count = Field(
        default=1, description="its share beside other clients of a link, below the priority of otp"
    )
    window: Count = Field(
        default=1000, description="requests outstanding on one connection; beyond it reading stops"
    )
    admin: bool = Field(default=False, description="may use the admin operations")
    holds_consent: bool = Field(default=False, description="vouches for its recipients' consent to marketing")
    suspended: Suspension | None = Field(
        default=None, description="present: nothing more is taken from the client, or sent for it"
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
    full_queues: Count = Field(
        default=10_000,
        description="destinations of one link left alone after ESME_RMSGQFUL; beyond: oldest forgotten",
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
    carriers: Carriers = Field(default=Carriers(), description="whose numbers are whose")
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
