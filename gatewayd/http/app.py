"""The ASGI application of an HTTP listener: /metrics, /health/live, /health/ready, a client's resources."""

from collections.abc import Awaitable, Callable, Sequence

import trio
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gatewayd.http.hosts import Hosts, OwnHostsOnly
from gatewayd.http.problems import no_such_resource
from gatewayd.metrics import Metrics

READY_WITHIN = 5.0  # seconds the store may take to commit nothing


def monitoring(
    metrics: Metrics,
    show: Callable[[], Awaitable[None]],
    ready: Callable[[], Awaitable[str | None]],
    hosts: Hosts,
    rest: Sequence[Route] = (),
) -> Starlette:
    """show: brings gauges up to date. ready: why the gateway is not ready, or None.

    hosts: names under which it may be asked. rest: the resources of the listener's client, if it has one.
    """

    async def scrape(_request: Request) -> Response:
        await show()
        body = await trio.to_thread.run_sync(generate_latest, metrics.registry)
        return Response(body, media_type=CONTENT_TYPE_LATEST)

    async def live(_request: Request) -> Response:
        return JSONResponse({"live": True})

    async def is_ready(_request: Request) -> Response:
        with trio.move_on_after(READY_WITHIN):
            reason = await ready()
            return JSONResponse({"ready": reason is None, "reason": reason}, 200 if reason is None else 503)
        return JSONResponse({"ready": False, "reason": "the store does not answer"}, 503)

    routes = [
        Route("/metrics", scrape),
        Route("/health/live", live),
        Route("/health/ready", is_ready),
        *rest,
    ]
    errors = {404: no_such_resource, 405: no_such_resource}
    return Starlette(routes=routes, middleware=[Middleware(OwnHostsOnly, hosts)], exception_handlers=errors)
