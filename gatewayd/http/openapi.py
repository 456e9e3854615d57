"""The description of the REST interface (OpenAPI 3.1), made from the records that judge its requests."""

import re
from functools import cache
from typing import Any, Final

import msgspec

from gatewayd import __version__
from gatewayd.http.problems import Problem
from gatewayd.http.resources import RESOURCES, Resource
from gatewayd.ledger.accept import Answer
from gatewayd.upstream import wire

_REF: Final = "#/components/schemas/{name}"
_OWN: Final = (
    Resource("POST", "/v1/messages", wire.Submit),
    Resource("GET", "/v1/events", wire.Subscribe),
    Resource("POST", "/v1/events/ack", wire.Ack),
)
_IN_BODY: Final = ("POST", "PUT")
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string"},
    "description": "the field `key`",
}
_WAIT: Final = {
    "name": "wait",
    "in": "query",
    "schema": {"type": "number"},
    "description": "seconds to wait for an event if there is none, at most 60",
}


@cache
def description() -> dict[str, Any]:
    """One document; the same for every listener."""
    resources = (*_OWN, *RESOURCES)
    records = {resource.record for resource in resources}
    _, schemas = msgspec.json.schema_components([*records, Problem, Answer], ref_template=_REF)
    for record in records:
        _without_line(schemas[record.__name__])
    paths: dict[str, Any] = {}
    for resource in resources:
        paths.setdefault(resource.path, {})[resource.method.lower()] = _operation(resource, schemas)
    paths["/v1/messages/batch"] = {"post": _batch()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "gatewayd", "version": __version__},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _without_line(schema: dict[str, Any]) -> None:
    """A record without what only a line of the stream protocol has."""
    for name in ("op", "seq"):
        schema["properties"].pop(name, None)
    schema["required"] = [name for name in schema.get("required", []) if name not in ("op", "seq")]


def _operation(resource: Resource, schemas: dict[str, Any]) -> dict[str, Any]:
    properties = schemas[resource.record.__name__]["properties"]
    in_path = re.findall(r"{(\w+)}", resource.path)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": properties[name]} for name in in_path
    ]
    answers = {"200": _success({})}
    if resource.record is wire.Submit:
        parameters.append(_KEY)
        answers = {"202": _success(_answer()), "200": _success(_answer())}
    elif resource.method not in _IN_BODY:
        parameters += [
            {"name": name, "in": "query", "schema": schema}
            for name, schema in properties.items()
            if name not in in_path
        ]
    if resource.record is wire.Subscribe:
        parameters.append(_WAIT)
    found: dict[str, Any] = {
        "operationId": f"{resource.op}_{resource.method.lower()}_{'_'.join(in_path)}".rstrip("_"),
        "summary": (resource.record.__doc__ or resource.op).strip().splitlines()[0],
        "parameters": parameters,
        "responses": {**answers, "default": _failure()},
    }
    if resource.method in _IN_BODY:
        body = {"$ref": _REF.format(name=resource.record.__name__)}
        found["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return found


def _batch() -> dict[str, Any]:
    messages = {"type": "array", "maxItems": 1000, "items": {"$ref": _REF.format(name="Submit")}}
    body = {"type": "object", "required": ["messages"], "properties": {"messages": messages}}
    results = {"type": "array", "items": {"type": "object"}}
    return {
        "operationId": "submit_batch",
        "summary": "Up to 1000 messages, each taken or refused by itself.",
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {
            "200": _success({"type": "object", "properties": {"results": results}}),
            "default": _failure(),
        },
    }


def _answer() -> dict[str, Any]:
    return {"$ref": _REF.format(name="Answer")}


def _success(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "done", "content": {"application/json": {"schema": schema}}}


def _failure() -> dict[str, Any]:
    schema = {"$ref": _REF.format(name="Problem")}
    return {"description": "refused", "content": {"application/problem+json": {"schema": schema}}}
