"""Refusals as HTTP answers: problem details (RFC 9457) with the codes of the stream protocol."""

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gatewayd.model import Refusal

TOO_LARGE: Final = Refusal("invalid_request", "the body is too large")
_STATUS: Final = {
    "invalid_request": 400,
    "invalid_destination": 400,
    "not_permitted": 403,
    "not_found": 404,
    "idempotency_conflict": 409,
    "too_late": 409,
    "gone": 410,
    "rate_limited": 429,
    "internal": 500,
    "overloaded": 503,
}
_REFUSED: Final = 422  # all else is about the message itself
_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an answer that is no success. oldest: with `gone`, the lowest `after` without a gap."""

    title: str
    status: int
    code: str
    detail: str
    retryable: bool
    field: str | None = None
    retry_after: float | None = None
    oldest: int | None = None


def status_of(refusal: Refusal) -> int:
    return 413 if refusal is TOO_LARGE else _STATUS.get(refusal.code, _REFUSED)


def problem(refusal: Refusal, oldest: int | None = None) -> Response:
    """One refusal; who may try again reads after how many whole seconds in Retry-After."""
    status = status_of(refusal)
    told = (refusal.code, refusal.detail, refusal.retryable, refusal.field, refusal.retry_after, oldest)
    headers = {} if refusal.retry_after is None else {"Retry-After": str(int(refusal.retry_after) + 1)}
    body = _encode(Problem(HTTPStatus(status).phrase, status, *told))
    return Response(body, status, headers, "application/problem+json")


async def no_such_resource(_request: Request, error: Exception) -> Response:
    """What the routes do not have, or not with this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    known = Refusal("not_found", "there is no such resource") if status == 404 else None
    refusal = known or Refusal("invalid_request", "the resource does not have this method")
    phrase = HTTPStatus(status).phrase
    body = _encode(Problem(phrase, status, refusal.code, refusal.detail, retryable=False))
    return Response(body, status, media_type="application/problem+json")
