"""Under which names a listener may be asked: a web page of a foreign name is kept out (DNS rebinding)."""

import re
import socket
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gatewayd.config import Listener, host_port

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_AUTHORITY: Final = re.compile(r"(?:https?://)?(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/\[\]]+))(?::[0-9]+)?")


class Hosts:
    """The names of one listener.

    Always the local ones and the host of its address. A listener on all addresses (0.0.0.0) is also asked
    by the machine's name and by any address: a rebound name is a name, never an address.
    """

    def __init__(self, listener: Listener) -> None:
        host = host_port(listener.address)[0] if listener.address else "localhost"
        self._everywhere = _is_address(host) and ip_address(host).is_unspecified
        machine = {socket.gethostname().lower(), socket.getfqdn().lower()} if self._everywhere else set()
        self._names = _LOCAL | {host.lower()} | machine

    def own(self, authority: str) -> bool:
        """Whether HOST, HOST:PORT or an Origin is this listener's."""
        found = _AUTHORITY.fullmatch(authority)
        if found is None:
            return False
        host = (found[1] or found[2]).lower().rstrip(".")
        return host in self._names or (self._everywhere and _is_address(host))


class OwnHostsOnly:
    """ASGI middleware: answers 403 where Host, or Origin if there is one, is foreign."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app if scope["type"] == "lifespan" or self._permitted(Headers(scope=scope)) else _FOREIGN
        await app(scope, receive, send)

    def _permitted(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        return self._hosts.own(headers.get("host", "")) and (origin is None or self._hosts.own(origin))


_FOREIGN: Final = JSONResponse(
    {"title": "Forbidden", "status": 403, "code": "not_permitted", "detail": "foreign Host or Origin"},
    status_code=403,
    media_type="application/problem+json",
)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
