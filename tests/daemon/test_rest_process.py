"""The REST interface of a running daemon: a message over a Unix socket, from its submit to its receipt."""

import http.client
import json
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.harness import Gateway, Simulator

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]


class Http(http.client.HTTPConnection):
    """Over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = str(path)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        octets = None if body is None else json.dumps(body)
        self.request(method, path, octets, {name.replace("_", "-"): v for name, v in headers.items()})
        answer = self.getresponse()
        return answer.status, json.loads(answer.read())


def test_a_message_by_http_from_submit_to_receipt(simulator: Smsc, gateway: Daemon, tmp_path: Path) -> None:
    """Taken once, polled as delivered, acknowledged, explained; on one connection that is kept."""
    path, stream = tmp_path / "rest.sock", {"protocol": "stream", "path": str(tmp_path / "gatewayd.sock")}
    http_listener = {"protocol": "http", "path": str(path), "client": "local"}
    metrics = {"protocol": "http", "address": "127.0.0.1:0"}
    daemon = gateway(simulator().port, listeners=[stream, http_listener, metrics])
    with closing(Http(path)) as rest:
        message = daemon.fields(text="#1# hi", to="13800138000")
        status, taken = rest.ask("POST", "/v1/messages", message, Idempotency_Key="k")
        assert (status, taken["state"]) == (202, "queued")
        assert rest.ask("POST", "/v1/messages", message, Idempotency_Key="k")[0] == 200
        states, cursor = list[str](), 0
        while not states or states[-1] != "delivered":
            status, found = rest.ask("GET", f"/v1/events?consumer=c&wait=10&after={cursor}")
            assert (status, bool(found["events"])) == (200, True)
            states += [event["state"] for event in found["events"]]
            cursor = found["cursor"]
        assert states == ["submitted", "delivered"]
        assert rest.ask("POST", "/v1/events/ack", {"consumer": "c", "cursor": cursor}) == (200, {})
        status, story = rest.ask("GET", f"/v1/messages/{taken['id']}/explain")
        whats = [step["what"] for step in story["timeline"]]
        assert (whats[0], whats[-1]) == ("accepted", "state")
        assert {"submit_sm", "submit_sm_resp", "receipt"} <= set(whats)
        status, preview = rest.ask("POST", "/v1/preview", message)
        assert (status, preview["link"], preview["error"]) == (200, "sim-1", None)
        assert rest.ask("GET", "/health/live")[0] == 200
    assert daemon.stop() == 0
