"""Commands `tag pause`, `tag resume`, `tag progress`."""

import time
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.cli.talk import Output, examples, talking

if TYPE_CHECKING:
    from gatewayd.client import Client

_TAG: Final = click.argument("name", metavar="TAG")
_CLIENT: Final = click.option("--client", "whose", help="whose tag (admin); absent: of this client")
_OPEN: Final = ("scheduled", "held", "queued", "submitted", "in_doubt")
_POLL: Final = 1.0  # seconds between two lines of --follow


@click.group(epilog=examples("gatewayd tag progress spring-sale --follow", "gatewayd tag pause spring-sale"))
def tag() -> None:
    """All messages that were submitted with one tag."""


@tag.command()
@_TAG
@_CLIENT
@talking
def pause(client: "Client", output: Output, name: str, whose: str | None) -> None:
    """Let nothing more of it leave; what was claimed goes its way."""
    _show(output, client.request("tag_pause", tag=name, client=whose))


@tag.command()
@_TAG
@_CLIENT
@talking
def resume(client: "Client", output: Output, name: str, whose: str | None) -> None:
    """Let it go on, also after it was paused by itself; brakes count anew."""
    output.record({"resumed": client.request("tag_resume", tag=name, client=whose)["resumed"]})


@tag.command()
@_TAG
@_CLIENT
@click.option("--follow", is_flag=True, help="a line each second until all are final")
@talking
def progress(client: "Client", output: Output, name: str, whose: str | None, *, follow: bool) -> None:
    """Count its messages by state."""
    reply = client.request("tag_progress", tag=name, client=whose)
    while follow and any(reply["counts"].get(state) for state in _OPEN):
        output.line(_counts(reply), " ".join(f"{state} {n}" for state, n in reply["counts"].items()))
        time.sleep(_POLL)
        reply = client.request("tag_progress", tag=name, client=whose)
    _show(output, reply)


def _show(output: Output, reply: dict[str, Any]) -> None:
    told: dict[str, Any] = {
        name: reply[name] for name in ("opted_out", "paused", "since", "reason") if name in reply
    }
    output.record({**told, **reply["counts"]} if not output.as_json else _counts(reply))


def _counts(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reply.items() if name not in ("seq", "ok")}


COMMANDS = (tag,)
