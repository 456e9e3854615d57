"""The REST interface of one client: the operations of the stream protocol, through the same desk."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final, cast

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gatewayd.errors import StoreUnavailable
from gatewayd.http.fields import BATCH_BODY, BODY, Fields, body_of, in_url, record_of
from gatewayd.http.openapi import description
from gatewayd.http.problems import problem
from gatewayd.http.resources import RESOURCES, Resource
from gatewayd.ledger.accept import Answer
from gatewayd.ledger.consumers import Gone
from gatewayd.ledger.lookup import Cancelled
from gatewayd.log import logger
from gatewayd.model import Refusal
from gatewayd.upstream import wire
from gatewayd.upstream.desk import Desk, Question
from gatewayd.upstream.polls import Polls

BATCH: Final = 1000
LONGEST_WAIT: Final = 60.0  # seconds that a poll for events may last
_OVERLOADED: Final = Refusal("overloaded", "the store cannot take it now", retryable=True)
_INTERNAL: Final = Refusal("internal", "a fault of the gateway; its log knows more")
_TOO_LATE: Final = Refusal("too_late", "it has begun to leave, or has ended")
_GONE: Final = Refusal("gone", "events after this cursor are no longer kept", "after")
_encode = msgspec.json.Encoder().encode


class _Messages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    messages: Annotated[list[Fields], Meta(max_length=BATCH)]


class Rest:
    """client: whom the requests act as. desk: without admin rights where it is reached over TCP."""

    def __init__(self, desk: Desk, polls: Polls, client: str) -> None:
        self._desk, self._polls, self._client = desk, polls, client
        self._log = logger(client=client)

    def routes(self) -> list[Route]:
        """In the order in which they match: a fixed name before a parameter at the same place."""
        own = [
            Route("/v1/openapi.json", _describe, methods=["GET"]),
            self._route("POST", "/v1/messages", self._submit),
            self._route("POST", "/v1/messages/batch", self._batch),
            self._route("GET", "/v1/events", self._events),
            self._route("POST", "/v1/events/ack", self._acknowledge),
        ]
        return [*own, *(self._route(r.method, r.path, partial(self._answer, r)) for r in RESOURCES)]

    def _route(self, method: str, path: str, handle: Callable[[Request], Awaitable[Response]]) -> Route:
        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except StoreUnavailable:
                return problem(_OVERLOADED)
            except Exception:  # noqa: BLE001  one request harms no other; the traceback is logged
                self._log.exception("request_failed", op=f"{method} {path}")
                return problem(_INTERNAL)

        return Route(path, guarded, methods=[method])

    async def _answer(self, resource: Resource, request: Request) -> Response:
        body = await body_of(request, BATCH_BODY if resource.path.endswith("/batch") else BODY)
        if isinstance(body, Refusal):
            return problem(body)
        asked = record_of(resource.op, in_url(request, resource.record), body)
        if isinstance(asked, Refusal):
            return problem(asked)
        result = await self._desk.perform(self._client, cast("Question", asked))
        if isinstance(result, Cancelled) and result.too_late and not result.cancelled:
            return problem(_TOO_LATE)
        return problem(result) if isinstance(result, Refusal) else _json(result)

    # submits

    async def _submit(self, request: Request) -> Response:
        body = await body_of(request)
        if isinstance(body, Refusal):
            return problem(body)
        key = request.headers.get("idempotency-key")
        asked = _submission(body, {} if key is None else {"key": msgspec.Raw(_encode(key))})
        if isinstance(asked, Refusal):
            return problem(asked)
        (answer,) = await self._desk.take(self._client, [asked])
        if isinstance(answer, Refusal):
            return problem(answer)
        return _json(answer, 200 if answer.duplicate else 202)

    async def _batch(self, request: Request) -> Response:
        """Each message by itself: one that is refused keeps no other from being taken."""
        body = await body_of(request, BATCH_BODY)
        if isinstance(body, Refusal):
            return problem(body)
        try:
            batch = _batch_of(body)
        except msgspec.ValidationError as error:
            return problem(Refusal("invalid_request", str(error), "messages"))
        asked = [_submission(fields) for fields in batch.messages]
        answers = iter(await self._desk.take(self._client, [a for a in asked if isinstance(a, wire.Submit)]))
        results = [a if isinstance(a, Refusal) else next(answers) for a in asked]
        return _json({"results": [_result(one) for one in results]})

    # events

    async def _events(self, request: Request) -> Response:
        given = in_url(request, wire.Subscribe)
        try:
            wait = msgspec.convert(request.query_params.get("wait", "0"), float, strict=False)
        except msgspec.ValidationError:
            return problem(Refusal("invalid_request", "is no number of seconds", "wait"))
        given.pop("wait", None)
        asked = record_of("subscribe", given)
        if not isinstance(asked, wire.Subscribe):
            return problem(cast("Refusal", asked))
        start = await self._desk.subscribe(self._client, asked)
        if isinstance(start, int):
            found = await self._polls.next(self._client, start, min(max(wait, 0.0), LONGEST_WAIT))
            if not isinstance(found, Gone):
                cursor = found[-1].cursor if found else start
                return _events([event.body for event in found], cursor)
            start = found
        return problem(start) if isinstance(start, Refusal) else problem(_GONE, start.oldest)

    async def _acknowledge(self, request: Request) -> Response:
        body = await body_of(request)
        if isinstance(body, Refusal):
            return problem(body)
        asked = record_of("ack", body)
        if not isinstance(asked, wire.Ack):
            return problem(cast("Refusal", asked))
        (refusal,) = await self._desk.note(self._client, [asked])
        return _json({}) if refusal is None else problem(refusal)


async def _describe(_request: Request) -> Response:
    return _json(description())


def _submission(*parts: Fields) -> wire.Submit | Refusal:
    return cast("wire.Submit | Refusal", record_of("submit", *parts))


def _batch_of(body: Fields) -> _Messages:
    """Raises ValidationError."""
    return msgspec.json.decode(_encode(body), type=_Messages)


def _result(one: Answer | Refusal) -> dict[str, object]:
    """As a reply line, without its seq."""
    if isinstance(one, Refusal):
        return {"ok": False, "error": one}
    return {"ok": True, **msgspec.to_builtins(one)}


def _events(bodies: list[bytes], cursor: int) -> Response:
    whole = b'{"events":[%b],"cursor":%d}' % (b",".join(bodies), cursor)
    return Response(whole, media_type="application/json")


def _json(result: object, status: int = 200) -> Response:
    return Response(_encode(result), status, media_type="application/json")
