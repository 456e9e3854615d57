"""Serve an ASGI application on one HTTP listener with hypercorn."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio
from hypercorn.config import Config as Hypercorn
from hypercorn.trio import serve as serve_asgi
from starlette.applications import Starlette

from gatewayd.config import Listener
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
    with _place(listener) as place:
        config.bind = [place]
        try:
            await serve_asgi(
                application, config, shutdown_trigger=trio.sleep_forever, task_status=task_status
            )
        except OSError as error:
            raise ListenFailed(f"{listener.address or listener.path}: {error.strerror or error}") from None


@contextmanager
def _place(listener: Listener) -> Iterator[str]:
    """A socket file is made by the rules of G12, which hypercorn's own are not."""
    if listener.address is not None:
        yield listener.address
        return
    with open_listener(listener.path or "", listener.permissions) as opened:
        yield f"fd://{os.dup(opened.socket.fileno())}"
