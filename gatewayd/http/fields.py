"""HTTP requests to records of the stream protocol: the same fields, the same errors."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Final

import msgspec
from starlette.requests import Request

from gatewayd.http.problems import TOO_LARGE
from gatewayd.model import Refusal
from gatewayd.upstream import wire

Fields = dict[str, msgspec.Raw]
BODY: Final = 65_536  # octets, as a line of the stream protocol
BATCH_BODY: Final = 16 * 1024 * 1024  # 1000 messages, the longest of which have 16 KiB
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Fields).decode


async def body_of(request: Request, limit: int = BODY) -> Fields | Refusal:
    """The fields of a JSON object; none if there is no body. No more than `limit` octets are read."""
    octets = bytearray()
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            octets += chunk
            if len(octets) > limit:
                return TOO_LARGE
    try:
        return _decode(bytes(octets) or b"{}")
    except (ValueError, RecursionError):
        return Refusal("invalid_request", "the body is no JSON object")


def in_url(request: Request, record: type[wire.Request]) -> Fields:
    """What path and query give, each as the type that its field has; what fits none stays a text."""
    types = {info.encode_name: info.type for info in msgspec.structs.fields(record)}
    given = {**request.query_params, **request.path_params}
    return {name: msgspec.Raw(_encode(_typed(value, types.get(name, str)))) for name, value in given.items()}


def _typed(value: str, wanted: Any) -> Any:
    try:
        return msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError:
        return value


def record_of(op: str, *parts: Mapping[str, msgspec.Raw]) -> wire.Request | Refusal:
    """The request that the fields make, judged as a line would be."""
    fields: Fields = {}
    for part in parts:
        for name, value in part.items():
            if name in fields or name in ("op", "seq"):
                return Refusal("invalid_request", "there is no such field here", name)
            fields[name] = value
    found = wire.decode(_encode({**fields, "op": op, "seq": 0}))
    return found.refusal if isinstance(found, wire.Malformed) else found
