"""Commands about the daemon: status, ping."""

from time import perf_counter
from typing import TYPE_CHECKING, Final

import click

from gatewayd.cli.talk import Output, examples, talking

if TYPE_CHECKING:
    from gatewayd.client import Client

_LINKS: Final = ("link", "state", "binds", "window_in_use", "window", "rate", "rate_reason")
_QUEUES: Final = ("class", "messages", "oldest_seconds")


@click.command(epilog=examples("gatewayd status", "gatewayd status --json"))
@talking
def status(client: "Client", output: Output) -> None:
    """Show links and queues."""
    reply = client.request("status")
    if output.as_json:
        output.record({name: value for name, value in reply.items() if name not in ("seq", "ok")})
        return
    output.rows([{"link": name, **link} for name, link in reply["links"].items()], _LINKS)
    output.rows([{"class": name, **queue} for name, queue in reply["queues"].items()], _QUEUES)


@click.command(epilog=examples("gatewayd ping"))
@talking
def ping(client: "Client", output: Output) -> None:
    """Ask whether the daemon answers, and as whom it knows you."""
    began = perf_counter()
    client.request("ping")
    milliseconds = round((perf_counter() - began) * 1000, 1)
    greeting = client.greeting
    output.record({"gatewayd": greeting["gatewayd"], "client": client.name, "milliseconds": milliseconds})


COMMANDS = (status, ping)
