"""The REST interface over a real Unix socket: the same operations, codes as problem details."""

import json
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trio

from gatewayd.config import Listener
from gatewayd.http.app import monitoring
from gatewayd.http.hosts import Hosts
from gatewayd.http.openapi import description
from gatewayd.http.problems import problem
from gatewayd.http.resources import RESOURCES
from gatewayd.http.rest import Rest
from gatewayd.http.server import serve
from gatewayd.model import Refusal
from gatewayd.upstream import wire
from gatewayd.upstream.desk import Desk
from gatewayd.upstream.polls import Polls
from tests.http.test_http import _whole, tcp
from tests.upstream.gateway import NOW, Gateway, WatchedStore

MESSAGE = {"to": "13800138000", "class": "notice", "text": "hi"}


class Reply(NamedTuple):
    status: int
    kind: str
    body: Any


class Caller:
    """An HTTP client of the gateway under test, over its Unix socket or over TCP."""

    def __init__(self, gateway: Gateway, path: str, where: str) -> None:
        self.gateway = gateway
        self._unix, self._tcp = partial(trio.open_unix_socket, path), tcp(where)

    async def ask(
        self, method: str, path: str, body: object = None, *, over_tcp: bool = False, **headers: str
    ) -> Reply:
        octets = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(octets)}", "", ""]
        stream = await (self._tcp if over_tcp else self._unix)()
        async with stream:
            await stream.send_all("\r\n".join(lines).encode() + octets)
            answer = b"".join([chunk async for chunk in stream])
        head, _, rest = answer.partition(b"\r\n\r\n")
        kind = re.search(r"(?im)^content-type: (.*?)\r?$", head.decode())
        return Reply(int(head.split()[1]), kind[1] if kind else "", json.loads(_whole(head, rest)))

    async def submit(self, **fields: Any) -> Reply:
        return await self.ask("POST", "/v1/messages", MESSAGE | fields)


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    """The client `shop`, an admin where the socket is a file."""
    gateway = Gateway(tmp_path, WatchedStore()).configure(admin="true")
    plain = gateway.snapshot.without_admins()
    over_tcp = Desk(gateway.store, gateway.intake, lambda: plain, gateway, lambda: NOW)
    unix = Listener(protocol="http", path=str(tmp_path / "http.sock"), client="shop")
    local = Listener(protocol="http", address="127.0.0.1:0", client="shop")
    polls = Polls(gateway.store)
    listeners = ((unix, Rest(gateway.desk, polls, "shop")), (local, Rest(over_tcp, polls, "shop")))
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            where = []
            for listener, rest in listeners:
                hosts, routes = Hosts(listener), rest.routes()
                app = monitoring(gateway.metrics, _nothing, _nothing, hosts, routes)
                where += await nursery.start(serve, app, listener)
            yield Caller(gateway, unix.path or "", where[-1])
            nursery.cancel_scope.cancel()


async def _nothing() -> None:
    await trio.lowlevel.checkpoint()


# messages


async def test_a_message_is_accepted_and_told_of(caller: Caller) -> None:
    """202 with the reply of a submit; then its state, its life, its end."""
    taken = await caller.submit(key="k")
    identifier = taken.body["id"]
    assert (taken.status, taken.body["state"], taken.body["segments"]) == (202, "queued", 1)
    found = await caller.ask("GET", f"/v1/messages/{identifier}")
    assert (found.status, found.body["message"]["key"]) == (200, "k")
    story = await caller.ask("GET", f"/v1/messages/{identifier}/explain")
    assert story.body["timeline"][0]["what"] == "accepted"
    done = await caller.ask("POST", f"/v1/messages/{identifier}/cancel")
    assert (done.status, done.body) == (200, {"cancelled": 1, "too_late": 0})
    again = await caller.ask("POST", f"/v1/messages/{identifier}/cancel")
    assert (again.status, again.body["code"]) == (409, "too_late")


async def test_a_key_is_taken_once(caller: Caller) -> None:
    """The header is the field; known: 200; with other content 409; both at once is one too many."""
    first = await caller.ask("POST", "/v1/messages", MESSAGE, Idempotency_Key="k")
    again = await caller.ask("POST", "/v1/messages", MESSAGE, Idempotency_Key="k")
    assert (first.status, again.status, again.body["duplicate"]) == (202, 200, True)
    assert first.body["id"] == again.body["id"]
    other = await caller.ask("POST", "/v1/messages", {**MESSAGE, "text": "ho"}, Idempotency_Key="k")
    assert (other.status, other.body["code"]) == (409, "idempotency_conflict")
    both = await caller.ask("POST", "/v1/messages", {**MESSAGE, "key": "k"}, Idempotency_Key="k")
    assert (both.status, both.body["field"]) == (400, "key")


async def test_a_batch_is_judged_one_by_one(caller: Caller) -> None:
    """In order; one that is wrong keeps no other from being taken; by one write to the store."""
    batch = [MESSAGE, {**MESSAGE, "to": "12"}, {"to": 1}, {**MESSAGE, "key": "k"}]
    found = await caller.ask("POST", "/v1/messages/batch", {"messages": batch})
    results = found.body["results"]
    assert (found.status, [one["ok"] for one in results]) == (200, [True, False, False, True])
    assert [results[n]["error"]["code"] for n in (1, 2)] == ["invalid_destination", "invalid_request"]
    assert caller.gateway.store.writes.count("accept") == 1
    many = await caller.ask("POST", "/v1/messages/batch", {"messages": [MESSAGE] * 1001})
    assert (many.status, many.body["field"]) == (400, "messages")


async def test_a_preview_stores_nothing(caller: Caller) -> None:
    """200, refused or not: the verdicts are the answer."""
    seen = await caller.ask("POST", "/v1/preview", MESSAGE)
    assert (seen.status, seen.body["encoding"], seen.body["error"]) == (200, "gsm7", None)
    refused = await caller.ask("POST", "/v1/preview", {**MESSAGE, "to": "12"})
    assert (refused.status, refused.body["error"]["code"]) == (200, "invalid_destination")
    assert caller.gateway.store.submitted == 0


# refusals


@pytest.mark.parametrize(
    ("asked", "status", "code", "field"),
    [
        (("POST", "/v1/messages", b"[]"), 400, "invalid_request", None),
        (("POST", "/v1/messages", b"\xff"), 400, "invalid_request", None),
        (("POST", "/v1/messages", {**MESSAGE, "txet": "hi"}), 400, "invalid_request", "txet"),
        (("POST", "/v1/messages", {**MESSAGE, "op": "status"}), 400, "invalid_request", "op"),
        (("POST", "/v1/messages", {**MESSAGE, "seq": 1}), 400, "invalid_request", "seq"),
        (("POST", "/v1/messages", {**MESSAGE, "to": "12"}), 400, "invalid_destination", "to"),
        (("POST", "/v1/messages", {**MESSAGE, "brand": "bank"}), 403, "not_permitted", "brand"),
        (("POST", "/v1/messages", {**MESSAGE, "text": "a" * 5000}), 422, "text_too_long", "text"),
        (("POST", "/v1/messages", {**MESSAGE, "text": "a" * 70_000}), 413, "invalid_request", None),
        (("GET", "/v1/messages/none", None), 404, "not_found", None),
        (("GET", "/v1/messages/none?id=other", None), 404, "not_found", None),
        (("GET", "/v1/messages?limit=none", None), 400, "invalid_request", "limit"),
        (("GET", "/v1/tags/none", None), 404, "not_found", "tag"),
        (("GET", "/v1/events?consumer=a&after=5", None), 400, "invalid_request", "after"),
        (("GET", "/v1/events?after=0", None), 400, "invalid_request", "consumer"),
        (("GET", "/v1/events?consumer=a&wait=long", None), 400, "invalid_request", "wait"),
        (("POST", "/v1/events/ack", {"consumer": "a", "cursor": 1}), 404, "not_found", "consumer"),
        (("GET", "/v1/none", None), 404, "not_found", None),
        (("DELETE", "/v1/status", None), 405, "invalid_request", None),
    ],
)
async def test_a_refusal_is_a_problem(
    caller: Caller, asked: tuple[str, str, object], status: int, code: str, field: str | None
) -> None:
    """RFC 9457, with the code and the field of the stream protocol."""
    refused = await caller.ask(*asked)
    assert (refused.status, refused.kind) == (status, "application/problem+json")
    assert (refused.body["status"], refused.body["code"]) == (status, code)
    assert refused.body.get("field") == field


async def test_policy_and_trouble_have_their_status(caller: Caller) -> None:
    """Opted out 422; a drain 503, which may be tried again; the store away 503 too."""
    await caller.ask("PUT", "/v1/optouts/13800138000?brand=mall", {"reason": "phone"})
    refused = await caller.submit(**{"class": "member"})
    assert (refused.status, refused.body["code"]) == (422, "opted_out")
    caller.gateway.intake.open = False
    draining = await caller.submit()
    assert (draining.status, draining.body["retryable"]) == (503, True)
    caller.gateway.store.failing = True
    assert (await caller.ask("DELETE", "/v1/optouts/13800138000")).status == 503


def test_who_is_too_fast_reads_when_to_try_again() -> None:
    """429 with Retry-After in whole seconds, rounded up."""
    answer = problem(Refusal("rate_limited", "too many", retryable=True, retry_after=0.25))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert json.loads(bytes(answer.body))["retry_after"] == 0.25


# other resources


async def test_the_opt_out_list_over_http(caller: Caller) -> None:
    """Put, read, in pages, taken off."""
    put = await caller.ask("PUT", "/v1/optouts/13800138000?brand=mall")
    assert (put.status, put.body) == (200, {"added": 1})
    found = await caller.ask("GET", "/v1/optouts/+8613800138000")
    assert (found.body["opted_out"], found.body["brand"]) == (True, "mall")
    page = await caller.ask("GET", "/v1/optouts?limit=5")
    assert [one["to"] for one in page.body["optouts"]] == ["8613800138000"]
    gone = await caller.ask("DELETE", "/v1/optouts/13800138000")
    assert gone.body == {"removed": 1}


async def test_consents_templates_tags_and_status_over_http(caller: Caller) -> None:
    """Each operation by its resource."""
    put = await caller.ask("PUT", "/v1/consents/13800138000", {"brand": "mall", "channel": "web"})
    assert (put.status, put.body["added"]) == (200, 1)
    assert (await caller.ask("GET", "/v1/consents/13800138000")).body["granted"] == ["mall"]
    template = {"brand": "mall", "class": "otp", "text": "Your code is {code:digits:4-8}"}
    assert (await caller.ask("PUT", "/v1/templates/code", template)).body["version"] == 1
    approved = await caller.ask("POST", "/v1/templates/code/review", {"brand": "mall", "state": "approved"})
    assert approved.body["state"] == "approved"
    assert [one["name"] for one in (await caller.ask("GET", "/v1/templates")).body["templates"]] == ["code"]
    await caller.submit(tag="t")
    assert (await caller.ask("GET", "/v1/tags/t")).body["counts"] == {"queued": 1}
    assert (await caller.ask("POST", "/v1/tags/t/pause")).body["paused"] is True
    assert (await caller.ask("POST", "/v1/tags/t/resume")).body == {"resumed": 0}
    assert (await caller.ask("POST", "/v1/tags/t/cancel")).body["cancelled"] == 1
    assert (await caller.ask("GET", "/v1/status")).body == {"links": {}, "queues": {}}


async def test_admin_operations_are_never_served_over_tcp(caller: Caller) -> None:
    """The same client may do them where the mode of a file says who it is."""
    asks = [
        ("PUT", "/v1/optouts/13800138000"),
        ("DELETE", "/v1/optouts/13800138000"),
        ("GET", "/v1/optouts"),
        ("GET", "/v1/messages"),
        ("GET", "/v1/tags/t?client=other"),
    ]
    for method, path in asks:
        assert (await caller.ask(method, path, over_tcp=True)).status == 403, path
        assert (await caller.ask(method, path)).status in (200, 404), path
    assert (await caller.ask("POST", "/v1/messages", MESSAGE, over_tcp=True)).status == 202


# events


async def test_events_are_polled_and_acknowledged(caller: Caller) -> None:
    """From the oldest on; after an ack no more; without news an empty list at once."""
    for key in ("a", "b"):
        await caller.submit(key=key, tag="t")
    await caller.ask("POST", "/v1/tags/t/cancel")
    polled = await caller.ask("GET", "/v1/events?consumer=c")
    events = polled.body["events"]
    assert [(one["event"], one["key"], one["state"]) for one in events] == [
        ("state", "a", "cancelled"),
        ("state", "b", "cancelled"),
    ]
    assert polled.body["cursor"] == events[-1]["cursor"]
    done = await caller.ask("POST", "/v1/events/ack", {"consumer": "c", "cursor": polled.body["cursor"]})
    assert (done.status, done.body) == (200, {})
    rest = await caller.ask("GET", "/v1/events?consumer=c")
    assert (rest.body["events"], rest.body["cursor"]) == ([], polled.body["cursor"])
    assert (
        len((await caller.ask("GET", f"/v1/events?consumer=c&after={events[0]['cursor']}")).body["events"])
        == 1
    )


async def test_a_poll_waits_for_news(caller: Caller) -> None:
    """It is answered by the event, not by its time."""
    polled: list[Reply] = []

    async def poll() -> None:
        polled.append(await caller.ask("GET", "/v1/events?consumer=c&wait=60"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(poll)
        await caller.submit(tag="t")
        await caller.ask("POST", "/v1/tags/t/cancel")
    assert [one["state"] for one in polled[0].body["events"]] == ["cancelled"]


# the description


async def test_the_description_has_every_resource(caller: Caller) -> None:
    """OpenAPI from the records: each method and path, its fields, and no field of a line."""
    found = (await caller.ask("GET", "/v1/openapi.json")).body
    assert found == json.loads(json.dumps(description()))
    for resource in RESOURCES:
        assert resource.method.lower() in found["paths"][resource.path]
    submit = found["components"]["schemas"]["Submit"]
    assert set(submit["properties"]) == set(wire.Submit.__struct_encode_fields__) - {"seq"}
    assert submit["required"] == ["to", "class"]
    names = [o["operationId"] for path in found["paths"].values() for o in path.values()]
    assert len(names) == len(set(names))


def test_every_operation_but_those_of_a_connection_has_a_resource() -> None:
    """What the stream protocol can do HTTP can do."""
    own = {"submit", "subscribe", "ack"}
    served = {resource.op for resource in RESOURCES} | own
    assert wire.RECORDS.keys() - served == {"unsubscribe", "ping", "link_receipts"}
