"""The stream protocol without its socket: results in, lines out; `wire` is the way in."""

from typing import Final

import msgspec

from gatewayd.model import Refusal

PROTOCOL: Final = 1
_encode = msgspec.json.Encoder().encode


class Greeting(msgspec.Struct, frozen=True, gc=False):
    """The first line of a connection. window: requests that may be outstanding."""

    gatewayd: str
    client: str
    window: int
    protocol: int = PROTOCOL


class Error(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`error` of a reply. oldest: with `gone`, the lowest `after` that misses nothing."""

    code: str
    detail: str
    retryable: bool
    field: str | None = None
    retry_after: float | None = None
    oldest: int | None = None


class Closed(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, tag="closed", tag_field="event"):
    """The end of a subscription that the client did not ask for."""

    consumer: str
    reason: str
    oldest: int | None = None


class _Failed(msgspec.Struct, frozen=True, gc=False):
    seq: int | None
    ok: bool
    error: Error


class _Refused(msgspec.Struct, frozen=True, gc=False):
    error: Error
    ok: bool = False


def line(record: object) -> bytes:
    return _encode(record) + b"\n"


def done(seq: int, result: object) -> bytes:
    """The reply to a request that was done; `result`: a record or dict, its fields stand beside `ok`."""
    body = _encode(result)
    return b'{"seq":%d,"ok":true%b%b\n' % (seq, b"" if body == b"{}" else b",", body[1:])


def failed(seq: int | None, refusal: Refusal, oldest: int | None = None) -> bytes:
    """The reply to a request that was not done."""
    return line(_Failed(seq, ok=False, error=_error(refusal, oldest)))


def turned_away(refusal: Refusal) -> bytes:
    """The only line of a connection that is not served."""
    return line(_Refused(_error(refusal, None)))


def _error(refusal: Refusal, oldest: int | None) -> Error:
    return Error(refusal.code, refusal.detail, refusal.retryable, refusal.field, refusal.retry_after, oldest)
