"""Serve an ASGI application on one HTTP listener with hypercorn."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio
from hypercorn.config import Config as Hypercorn
from hypercorn.trio import serve as serve_asgi
from starlette.applications import Starlette

from gatewayd.config import Listener, host_port
from gatewayd.upstream.listener import ListenFailed, open_listener


async def serve(
    app: Starlette, listener: Listener, task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED
) -> None:
    """Until cancelled. Tells where it listens once it does (port 0: the port it got).

    Raises ListenFailed.
    """
    config = Hypercorn()
    config.accesslog = None
    config.errorlog = None
    application: Any = app  # hypercorn's own type names the same protocol differently
    with _opened(listener) as descriptor:
        config.bind = [f"fd://{descriptor}"]
        await serve_asgi(application, config, shutdown_trigger=trio.sleep_forever, task_status=task_status)


@contextmanager
def _opened(listener: Listener) -> Iterator[int]:
    """A listening socket for hypercorn to own: it would take a socket file from the living (G12)."""
    if listener.address is None:
        with open_listener(listener.path or "", listener.permissions) as opened:
            yield os.dup(opened.socket.fileno())
        return
    host, port = host_port(listener.address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ListenFailed(f"{listener.address}: {error.strerror or error}") from None
    yield server.detach()
