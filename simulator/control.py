"""HTTP while the simulator runs: its state, its judge, and commands. See README.md."""

import socket
from collections.abc import Awaitable, Callable
from http.client import HTTPConnection
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
import trio
from hypercorn.config import Config
from hypercorn.trio import serve as serve_asgi
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from simulator.commands import COMMANDS, Refused, obey
from simulator.judge import judge_file
from simulator.smsc import Smsc

MAX_BODY: Final = 64 * 1024  # octets
PATIENCE: Final = 10.0  # seconds
LOOPBACK: Final = ("127.0.0.1", "localhost")

Address = Path | tuple[str, int]


def address(text: str) -> Address:
    """HOST:PORT, or the path of a Unix socket."""
    host, colon, port = text.rpartition(":")
    return (host.strip("[]"), int(port)) if colon and port.isdigit() and "/" not in host else Path(text)


def command(where: Address, op: str, **fields: object) -> dict[str, Any]:
    """One command, or "status", "scenario", "judge". For tests and the demo: it blocks, with 10 s at most.

    Raises Refused if the simulator says no, OSError if it does not answer.
    """
    connection = HTTPConnection("localhost", timeout=PATIENCE)
    connection.sock = _dial(where)
    try:
        if op in COMMANDS:
            body = msgspec.json.encode(fields)
            connection.request("POST", f"/{op}", body, {"content-type": "application/json"})
        else:
            connection.request("GET", f"/{op}")
        response = connection.getresponse()
        reply: dict[str, Any] = msgspec.json.decode(response.read())
    finally:
        connection.close()
    if response.status != 200:
        raise Refused(reply["error"])
    return reply


def _dial(where: Address) -> socket.socket:
    if isinstance(where, tuple):
        return socket.create_connection(where, timeout=PATIENCE)
    dialled = socket.socket(socket.AF_UNIX)
    dialled.settimeout(PATIENCE)
    dialled.connect(str(where))
    return dialled


def listen(where: Address) -> socket.socket:
    """A socket file that nobody listens on any more is replaced. Raises OSError, also if somebody does."""
    if isinstance(where, tuple):
        family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
        return socket.create_server(where, family=family)
    _clear(where)
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(where))
    except OSError:
        listener.close()
        raise
    listener.listen()
    return listener


def _clear(path: Path) -> None:
    """Remove the socket of a simulator that was killed; leave that of a living one, so that bind fails."""
    if path.is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)):
                _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def serve(smsc: Smsc, record: Path, listener: socket.socket) -> None:
    """Answer for ever; a socket file goes at the end."""
    name = listener.getsockname()
    config = Config()
    config.accesslog = config.errorlog = None
    config.bind = [f"fd://{listener.detach()}"]
    local = isinstance(name, str) or name[0] in LOOPBACK
    application: Any = app(smsc, record, LOOPBACK if local else ("*",))
    try:
        await serve_asgi(application, config, shutdown_trigger=trio.sleep_forever)
    finally:
        if isinstance(name, str):
            _remove(Path(name))


def app(smsc: Smsc, record: Path, hosts: tuple[str, ...] = ("*",)) -> Starlette:
    """hosts: names under which it may be asked, so that no web page of elsewhere can."""
    page = files("simulator").joinpath("page.html").read_text(encoding="utf-8")

    async def show(_: Request) -> Response:
        return HTMLResponse(page)

    async def status(_: Request) -> Response:
        return _json(smsc.status())

    async def scenario(_: Request) -> Response:
        return _json(smsc.scenario.model_dump(mode="json", by_alias=True))

    async def judge(_: Request) -> Response:
        return _json(await trio.to_thread.run_sync(judge_file, record))

    routes = [
        Route("/", show),
        *(Route(f"/{asked.__name__}", asked) for asked in (status, scenario, judge)),
        *(Route(f"/{name}", _telling(name, smsc), methods=["POST"]) for name in COMMANDS),
    ]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[*hosts])])


def _telling(name: str, smsc: Smsc) -> Callable[[Request], Awaitable[Response]]:
    async def tell(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _json({"error": "the content-type must be application/json"}, 415)
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                return _json({"error": f"more than {MAX_BODY} octets"}, 413)
        try:
            return _json(obey(name, body, smsc))
        except Refused as refused:
            return _json({"error": str(refused)}, 400)

    return tell


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
