"""HTTP listeners over real sockets: metrics, health, and who may ask."""

import json
import re
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio

from gatewayd.config import Listener
from gatewayd.http.app import READY_WITHIN, monitoring
from gatewayd.http.hosts import Hosts
from gatewayd.http.server import serve
from gatewayd.metrics import Metrics
from gatewayd.upstream.listener import ListenFailed


class Monitored:
    """What the application asks of the daemon."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.shown = 0
        self.reason: str | None = None
        self.stuck = False

    async def show(self) -> None:
        self.shown += 1
        self.metrics.queue_messages.labels("notice").set(7)

    async def ready(self) -> str | None:
        if self.stuck:
            await trio.sleep_forever()
        return self.reason


@asynccontextmanager
async def listening(listener: Listener, monitored: Monitored) -> AsyncIterator[str]:
    """Where it says it listens."""
    app = monitoring(monitored.metrics, monitored.show, monitored.ready, Hosts(listener))
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            [where] = await nursery.start(serve, app, listener)
            yield where
            nursery.cancel_scope.cancel()


async def get(
    connect: Callable[[], Awaitable[trio.abc.Stream]], path: str, host: str = "localhost", **headers: str
) -> tuple[int, str, str]:
    """Status, content type and body."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    stream = await connect()
    async with stream:
        await stream.send_all("\r\n".join([*lines, "", ""]).encode())
        octets = b"".join([chunk async for chunk in stream])
    head, _, body = octets.partition(b"\r\n\r\n")
    kind = re.search(rb"(?im)^content-type: (.*?)\r?$", head)
    return int(head.split()[1]), (kind[1] if kind else b"").decode(), _whole(head, body).decode()


def _whole(head: bytes, body: bytes) -> bytes:
    """A chunked body put together."""
    if b"chunked" not in head.lower():
        return body
    whole, rest = b"", body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        whole, rest = whole + rest[:length], rest[length + 2 :]
    return whole


def tcp(where: str) -> Callable[[], Awaitable[trio.abc.Stream]]:
    found = re.search(r":([0-9]+)", where)
    assert found
    return partial(trio.open_tcp_stream, "127.0.0.1", int(found[1]))


LOCAL = Listener(protocol="http", address="127.0.0.1:0")


async def test_metrics_are_shown_as_they_are_now() -> None:
    """Gauges are brought up to date for each scrape, in the format of Prometheus."""
    monitored = Monitored()
    async with listening(LOCAL, monitored) as where:
        status, kind, body = await get(tcp(where), "/metrics")

    assert (status, monitored.shown) == (200, 1)
    assert kind.startswith("text/plain; version=")
    assert 'gatewayd_queue_messages{class="notice"} 7.0\n' in body
    assert "# TYPE gatewayd_messages_accepted_total counter" in body


async def test_where_it_listens_can_be_connected_to() -> None:
    """With port 0 the port it got is told."""
    async with listening(LOCAL, Monitored()) as where:
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]*", where)


async def test_live_says_that_the_loop_turns() -> None:
    """Whatever the store does."""
    monitored = Monitored()
    monitored.reason = "the store accepts no writes"
    async with listening(LOCAL, monitored) as where:
        assert (await get(tcp(where), "/health/live"))[0] == 200


async def test_ready_says_why_not() -> None:
    """503 with the reason, 200 once there is none."""
    monitored = Monitored()
    async with listening(LOCAL, monitored) as where:
        monitored.reason = "draining"
        status, _, body = await get(tcp(where), "/health/ready")
        assert (status, json.loads(body)) == (503, {"ready": False, "reason": "draining"})
        monitored.reason = None
        status, _, body = await get(tcp(where), "/health/ready")
        assert (status, json.loads(body)) == (200, {"ready": True, "reason": None})


async def test_a_store_that_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer comes all the same, in time for who probes."""
    assert READY_WITHIN < 10
    monkeypatch.setattr("gatewayd.http.app.READY_WITHIN", 0.01)
    monitored = Monitored()
    monitored.stuck = True
    async with listening(LOCAL, monitored) as where:
        status, _, body = await get(tcp(where), "/health/ready")

    assert status == 503
    assert "does not answer" in json.loads(body)["reason"]


async def test_a_unix_socket_has_its_mode(tmp_path: Path) -> None:
    """The file mode is the access rule; the file goes with the listener."""
    path = tmp_path / "http.sock"
    listener = Listener(protocol="http", path=str(path), mode="0640")
    async with listening(listener, Monitored()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert (await get(partial(trio.open_unix_socket, str(path)), "/health/live"))[0] == 200
    assert not path.exists()


async def test_a_foreign_host_or_origin_is_refused() -> None:
    """A web page whose name was rebound to 127.0.0.1 reads nothing."""
    async with listening(LOCAL, Monitored()) as where:
        status, kind, body = await get(tcp(where), "/metrics", "evil.example")
        assert (status, kind) == (403, "application/problem+json")
        assert json.loads(body)["code"] == "not_permitted"
        assert (await get(tcp(where), "/metrics", Origin="https://evil.example"))[0] == 403
        assert (await get(tcp(where), "/metrics", Origin="http://localhost:1"))[0] == 200


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:0"])
async def test_a_port_that_is_taken_is_said(address: str) -> None:
    """With the address, so that the operator knows which listener."""
    family = socket.AF_INET6 if "[" in address else socket.AF_INET
    host = address.removesuffix(":0").strip("[]")
    with socket.create_server((host, 0), family=family) as taken:
        listener = Listener(protocol="http", address=f"{address[:-1]}{taken.getsockname()[1]}")
        with pytest.RaisesGroup(pytest.RaisesExc(ListenFailed, match="in use"), flatten_subgroups=True):
            async with listening(listener, Monitored()):
                pass


@pytest.mark.parametrize(
    ("address", "authority", "own"),
    [
        (None, "localhost", True),
        (None, "evil.example", False),
        ("127.0.0.1:9775", "127.0.0.1:9775", True),
        ("127.0.0.1:9775", "LocalHost:80", True),
        ("127.0.0.1:9775", "localhost.", True),
        ("127.0.0.1:9775", "[::1]:9775", True),
        ("127.0.0.1:9775", "10.0.0.5", False),
        ("127.0.0.1:9775", "", False),
        ("127.0.0.1:9775", "null", False),
        ("127.0.0.1:9775", "localhost.evil.example", False),
        ("127.0.0.1:9775", "localhost@evil.example", False),
        ("127.0.0.1:9775", "http://evil.example/localhost", False),
        ("10.0.0.5:9775", "10.0.0.5:9775", True),
        ("10.0.0.5:9775", "10.0.0.6:9775", False),
        ("sms1.example:9775", "sms1.example:9775", True),
        ("sms1.example:9775", "sms2.example:9775", False),
        ("0.0.0.0:9775", "10.0.0.5:9775", True),
        ("[::]:9775", "[2001:db8::5]:9775", True),
        ("0.0.0.0:9775", socket.gethostname(), True),
        ("0.0.0.0:9775", "evil.example", False),
    ],
)
def test_hosts(address: str | None, authority: str, own: bool) -> None:  # noqa: FBT001  a column of the table
    """Prometheus asks by the address it scrapes; a rebound name is never an address."""
    listener = Listener(protocol="http", address=address, path=None if address else "/run/x.sock")
    assert Hosts(listener).own(authority) is own
