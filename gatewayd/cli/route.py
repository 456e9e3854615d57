"""Command route: which link a message would take, and why."""

import time
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.cli.talk import CONFIGURATION, DEFAULT_SOCKET, FAILED, Output, asking, examples, fail

if TYPE_CHECKING:
    from gatewayd.route_report import RouteReport
    from gatewayd.snapshot import Snapshot

_ROUTES: Final = ("route", "takes", "reason")
_VERDICTS: Final = ("stage", "verdict", "code", "detail")
_LINKS: Final = ("link", "state", "binds", "window_in_use", "window", "rate")


@click.command(
    epilog=examples(
        "gatewayd route --config gatewayd.yml --to 13800138000 --class otp",
        "gatewayd route --config gatewayd.yml --to 13800138000 --class member --at 2026-11-22T22:00:00+08:00",
        "gatewayd route --config gatewayd.yml --to +33612345678 --live",
    )
)
@click.option("--config", "path", metavar="FILE", required=True, type=click.Path(), help="configuration file")
@click.option("--to", required=True, help="destination")
@click.option("--class", "class_", default="notice", show_default=True, help="class of the message")
@click.option("--brand", help="absent: that of the file, if it has exactly one")
@click.option("--client", "whose", help="client that would submit it")
@click.option("--at", metavar="TIME", help="when it would leave; RFC 3339 with offset; absent: now")
@click.option("--live", is_flag=True, help="ask the daemon how the links of the route stand")
@click.option(
    "--socket", "socket", metavar="PATH", envvar="GATEWAYD_SOCKET", default=DEFAULT_SOCKET, show_default=True,
    show_envvar=True, help="stream socket of the daemon, for --live",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="print JSON, one object")
def route(path: str, socket: str, *, live: bool, as_json: bool, **asked: Any) -> None:
    """Tell which link a message would take and why, rule by rule, with the verdict of policy.

    It reads the file only: what depends on the store (opt-outs, consents, caps) is said to be unknown;
    `preview` knows. Exit 1 if it would be refused, or if no route takes it.
    """
    found = _report(path, **asked)
    links = _live(socket, found.links) if live else None
    output = Output(as_json=as_json)
    if as_json:
        output.record(_whole(found, links))
    else:
        _show(output, found, links)
    if found.refused is not None:
        raise SystemExit(FAILED)


def _report(
    path: str, to: str, class_: str, brand: str | None, whose: str | None, at: str | None
) -> "RouteReport":
    from gatewayd.route_report import Asked, report  # noqa: PLC0415  heavy imports inside commands

    snapshot = _snapshot(path)
    one = next(iter(snapshot.brands)) if len(snapshot.brands) == 1 else ""
    return report(snapshot, Asked(to, class_, brand or one, whose or "", _time(at)))


def _snapshot(path: str) -> "Snapshot":
    from gatewayd.config import load_config  # noqa: PLC0415  heavy imports inside commands
    from gatewayd.errors import ConfigError  # noqa: PLC0415
    from gatewayd.snapshot import Snapshot  # noqa: PLC0415

    try:
        return Snapshot.build(load_config(path))
    except ConfigError as error:
        fail(str(error), CONFIGURATION)


def _time(text: str | None) -> int:
    from gatewayd import rfc3339  # noqa: PLC0415  heavy imports inside commands

    if text is None:
        return time.time_ns() // 1_000_000
    at = rfc3339.parse(text)
    if at is None:
        raise click.UsageError("--at is no RFC 3339 time with offset")
    return at


def _live(socket: str, links: tuple[str, ...]) -> list[dict[str, Any]]:
    """How the daemon's links stand, in the order of the route."""
    with asking(socket) as client:
        standing = client.request("status")["links"]
    return [{"link": name, **standing.get(name, {"state": "not in the daemon"})} for name in links]


def _whole(found: "RouteReport", links: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {**found._asdict(), "live": links}


def _show(output: Output, found: "RouteReport", links: list[dict[str, Any]] | None) -> None:
    rows = [{"route": one.index + 1, "takes": one.matched, "reason": one.reason} for one in found.routes]
    output.rows(rows, _ROUTES)
    output.rows([{n: getattr(one, n) for n in _VERDICTS} for one in found.verdicts], _VERDICTS)
    told = {
        "to": found.number,
        "carrier": found.carrier,
        "links": list(found.links),
        "refused": found.refused,
    }
    output.record({name: value for name, value in told.items() if value not in (None, [])})
    if links is not None:
        output.rows(links, _LINKS)


COMMANDS = (route,)
