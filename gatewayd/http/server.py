"""Serve an ASGI application on one HTTP listener with hypercorn."""

from typing import Any

import trio
from hypercorn.config import Config as Hypercorn
from hypercorn.trio import serve as serve_asgi
from starlette.applications import Starlette

from gatewayd.config import Listener


async def serve(
    app: Starlette, listener: Listener, task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED
) -> None:
    """Until cancelled. Tells where it listens once it does (port 0: the port it got)."""
    config = Hypercorn()
    config.bind = [listener.address or f"unix:{listener.path}"]
    config.umask = 0o777 & ~listener.permissions
    config.accesslog = None
    config.errorlog = None
    application: Any = app  # hypercorn's own type names the same protocol differently
    await serve_asgi(application, config, shutdown_trigger=trio.sleep_forever, task_status=task_status)
