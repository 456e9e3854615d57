"""The stream protocol without its socket: octets in, requests out; `replies` is the way back.

Each request is a record named after its `op`. A line that fits no record becomes `Malformed`, which
says what is wrong with which field; the fast way and the precise way read the same records.
"""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta, field

from gatewayd.model import Refusal, State
from gatewayd.upstream import wire_policy
from gatewayd.upstream.wire_base import LARGEST_SEQ, Operation, Seq

LINE_LENGTH: Final = 65_536  # octets, without the newline
JUNK_IN_A_ROW: Final = 10
LONGEST_VALIDITY: Final = 604_800  # seconds

Cursor = Annotated[int, Meta(ge=0, le=LARGEST_SEQ)]
Key = Annotated[str, Meta(min_length=1, max_length=255)]
Tag = Annotated[str, Meta(min_length=1, max_length=128)]
ConsumerName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z")]
Encodings = Literal["auto", "gsm7", "latin1", "ucs2", "binary"]


class Consent(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What the client knows of the recipient's consent. at: RFC 3339."""

    channel: str | None = None
    at: str | None = None
    wording: str | None = None
    proof: str | None = None


class MessageFields(Operation, frozen=True, kw_only=True, gc=False):
    """One message. What its fields must be to each other is judged at intake.

    send_at, valid_until: RFC 3339 with offset. valid_for: seconds. data, udh: hex.
    """

    to: str
    class_: str = field(name="class")
    brand: str | None = None
    text: str | None = None
    template: str | None = None
    params: dict[str, str] | None = None
    data: str | None = None
    udh: str | None = None
    key: Key | None = None
    tag: Tag | None = None
    order_key: Key | None = None
    sender: str | None = None
    send_at: str | None = None
    valid_until: str | None = None
    valid_for: Annotated[int, Meta(ge=1, le=LONGEST_VALIDITY)] | None = None
    encoding: Encodings = "auto"
    consent: Consent | None = None


class Submit(MessageFields, frozen=True, kw_only=True, gc=False, tag="submit"):
    """Take it and send it."""


class Preview(MessageFields, frozen=True, kw_only=True, gc=False, tag="preview"):
    """What would become of it: nothing is stored, counted or sent."""


class _Misfit(ValueError):
    """Fields that are right by themselves but not together. `field`: the one to name."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(detail)
        self.field = name


def _one_of(**fields: str | None) -> None:
    """Raise unless exactly one of the fields is given."""
    given = [name for name, value in fields.items() if value is not None]
    if len(given) != 1:
        raise _Misfit(given[1] if given else next(iter(fields)), f"give exactly one of {', '.join(fields)}")


class _OfMessage(Operation, frozen=True, kw_only=True, gc=False):
    """A request about one message. An id is that of the answer to its submit."""

    id: str | None = None
    key: Key | None = None

    def __post_init__(self) -> None:
        _one_of(id=self.id, key=self.key)


class Query(_OfMessage, frozen=True, kw_only=True, gc=False, tag="query"):
    """The state of a message."""


class Explain(_OfMessage, frozen=True, kw_only=True, gc=False, tag="explain"):
    """The life of a message."""


class Search(Operation, frozen=True, kw_only=True, gc=False, tag="search"):
    """Messages of any client, the newest first. from, until: RFC 3339, of the accept."""

    to: str | None = None
    from_: str | None = field(name="from", default=None)
    until: str | None = None
    state: State | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class Cancel(Operation, frozen=True, kw_only=True, gc=False, tag="cancel"):
    """Cancel a message, or all with a tag, while nothing of it is claimed."""

    id: str | None = None
    key: Key | None = None
    tag: Tag | None = None

    def __post_init__(self) -> None:
        _one_of(id=self.id, key=self.key, tag=self.tag)


class Subscribe(Operation, frozen=True, kw_only=True, gc=False, tag="subscribe"):
    """after None: after the last acknowledged; 0: the oldest kept."""

    consumer: ConsumerName
    after: Cursor | None = None


class Unsubscribe(Operation, frozen=True, kw_only=True, gc=False, tag="unsubscribe"):
    consumer: ConsumerName


class Ack(Operation, frozen=True, kw_only=True, gc=False, tag="ack"):
    """Cumulative: everything up to `cursor` is done with."""

    consumer: ConsumerName
    cursor: Cursor


class _OfTag(Operation, frozen=True, kw_only=True, gc=False):
    """A request about all messages with a tag. client: whose; another's only for an admin."""

    tag: Tag
    client: str | None = None


class TagPause(_OfTag, frozen=True, kw_only=True, gc=False, tag="tag_pause"):
    """Nothing of it leaves until it is resumed."""


class TagResume(_OfTag, frozen=True, kw_only=True, gc=False, tag="tag_resume"):
    """Let it go on."""


class TagProgress(_OfTag, frozen=True, kw_only=True, gc=False, tag="tag_progress"):
    """How far it has come: counts by state."""


class LinkReceipts(Operation, frozen=True, kw_only=True, gc=False, tag="link_receipts"):
    """What was learnt of a link's receipts. replay: match those of no known segment anew (admin)."""

    link: str
    replay: bool = False


class Status(Operation, frozen=True, kw_only=True, gc=False, tag="status"):
    """Links and queues."""


class Ping(Operation, frozen=True, kw_only=True, gc=False, tag="ping"):
    """Is anybody there?"""


Request: TypeAlias = (
    Submit
    | Preview
    | Query
    | Explain
    | Search
    | Cancel
    | Subscribe
    | Unsubscribe
    | Ack
    | wire_policy.OptoutCheck
    | wire_policy.OptoutAdd
    | wire_policy.OptoutRemove
    | wire_policy.OptoutList
    | wire_policy.OptoutLoad
    | TagPause
    | TagResume
    | TagProgress
    | wire_policy.ConsentAdd
    | wire_policy.ConsentRevoke
    | wire_policy.ConsentCheck
    | wire_policy.ConsentLoad
    | wire_policy.ConsentList
    | wire_policy.TemplatePut
    | wire_policy.TemplateReview
    | wire_policy.TemplateGet
    | LinkReceipts
    | Status
    | Ping
)
RECORDS: Final[dict[str, type[Request]]] = {
    record.__struct_config__.tag: record for record in get_args(Request)
}
LATER: Final = frozenset(
    {
        *("link_pause", "link_resume", "reload", "drain"),
    }
)
"""Operations of the contract that this version does not have yet."""


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """A line that is no request. seq: None where the line gives none to answer with.

    junk: not even a JSON object.
    """

    seq: int | None
    refusal: Refusal
    junk: bool = False


_decode: Callable[[bytes], Request] = msgspec.json.Decoder(Request).decode
_decode_seq = msgspec.json.Decoder(Seq).decode
_decode_op = msgspec.json.Decoder(str).decode
_decode_raw = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_FIELDS: Final = {
    op: {f.encode_name: f for f in msgspec.structs.fields(record)} for op, record in RECORDS.items()
}


class Reader:
    """Octets of one connection -> its requests, in order."""

    def __init__(self, line_length: int = LINE_LENGTH) -> None:
        self._limit = line_length
        self._rest = b""
        self._skipping = False
        self._junk = 0

    @property
    def hopeless(self) -> bool:
        """Ten lines in a row were no JSON object: answer what there is and close."""
        return self._junk >= JUNK_IN_A_ROW

    def feed(self, data: bytes) -> list[Request | Malformed]:
        """What the lines say that `data` completes. After `hopeless` there is nothing more."""
        if self.hopeless:
            return []
        *lines, self._rest = (self._rest + data).split(b"\n")
        if self._skipping and lines:
            del lines[0]
            self._skipping = False
        found = self._read(lines)
        if self._skipping:
            self._rest = b""
        elif len(self._rest) > self._limit:
            self._rest, self._skipping = b"", True
            self._judged(found, self._too_long())
        return found

    def _read(self, lines: Sequence[bytes]) -> list[Request | Malformed]:
        if lines and max(map(len, lines)) <= self._limit:
            try:
                requests: list[Request | Malformed] = [_decode(line) for line in lines]
            except (ValueError, RecursionError):
                pass
            else:
                self._junk = 0
                return requests
        found: list[Request | Malformed] = []
        for line in lines:
            self._judged(found, decode(line) if len(line) <= self._limit else self._too_long())
            if self.hopeless:
                break
        return found

    def _judged(self, found: list[Request | Malformed], one: Request | Malformed) -> None:
        found.append(one)
        self._junk = self._junk + 1 if isinstance(one, Malformed) and one.junk else 0

    def _too_long(self) -> Malformed:
        return Malformed(None, _invalid(f"a line has at most {self._limit} octets"), junk=True)


def decode(line: bytes) -> Request | Malformed:
    """One line, without its newline."""
    try:
        return _decode(line)
    except (ValueError, RecursionError) as error:
        return _malformed(line, error)


def _malformed(line: bytes, error: Exception) -> Malformed:
    """Find out what is wrong with a line that does not decode because of `error`."""
    try:
        values = _values(line)
    except (ValueError, RecursionError):
        return Malformed(None, _invalid("the line is no JSON object"), junk=True)
    try:
        seq = _decode_seq(values["seq"])
    except KeyError:
        return Malformed(None, _invalid("seq is missing", "seq"))
    except (ValueError, RecursionError):
        return Malformed(None, _invalid("seq must be an integer from 0 to 2^53", "seq"))
    return Malformed(seq, _wrong_op(values) or _wrong_field(values) or _wrong_together(error))


def _values(line: bytes) -> dict[str, msgspec.Raw]:
    """The fields, as they are written. Raises ValueError, RecursionError.

    Half of a surrogate pair, which a JavaScript client writes that cuts a string, is no JSON at all to
    msgspec; the standard library takes it, and so its field can be named.
    """
    try:
        return _decode_raw(line)
    except msgspec.DecodeError:
        values = json.loads(line.decode())
    if not isinstance(values, dict):
        raise msgspec.DecodeError
    return {name: msgspec.Raw(json.dumps(value).encode()) for name, value in values.items()}


def _wrong_op(values: dict[str, msgspec.Raw]) -> Refusal | None:
    if "op" not in values:
        return _invalid("op is missing", "op")
    try:
        op = _decode_op(values["op"])
    except (ValueError, RecursionError):
        return _invalid("op must be a string", "op")
    if op in RECORDS:
        return None
    if op in LATER:
        return _invalid(f"{op} is not available in this version", "op")
    return _invalid("there is no such op", "op")


def _wrong_field(values: dict[str, msgspec.Raw]) -> Refusal | None:
    """The first field that is unknown, wrong or missing."""
    fields = _FIELDS[_decode_op(values["op"])]
    for name, value in values.items():
        if name != "op" and (problem := _problem(fields.get(name), value)):
            return _invalid(problem, name)
    missing = (name for name, info in fields.items() if info.required and name not in values)
    lacking = next(missing, None)
    return None if lacking is None else _invalid("this field is missing", lacking)


def _wrong_together(error: Exception) -> Refusal:
    """Each field is right by itself (or was written twice, wrong at first)."""
    cause = error.__cause__
    return _invalid(str(cause or error), cause.field if isinstance(cause, _Misfit) else None)


def _problem(info: msgspec.structs.FieldInfo | None, value: msgspec.Raw) -> str | None:
    if info is None:
        return "there is no such field in this op"
    try:
        msgspec.json.decode(value, type=info.type)
    except UnicodeDecodeError:
        return "not UTF-8"
    except RecursionError:
        return "nested too deeply"
    except msgspec.ValidationError as error:
        return str(error)
    except msgspec.DecodeError:
        return "not JSON that can be kept: half of a surrogate pair, or a number that is none"
    return None


def _invalid(detail: str, name: str | None = None) -> Refusal:
    return Refusal("invalid_request", detail, name)
