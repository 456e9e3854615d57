"""Commands `optout check`, `optout add`, `optout remove`."""

from typing import TYPE_CHECKING, Final

import click

from gatewayd.cli.talk import Output, examples, talking

if TYPE_CHECKING:
    from gatewayd.client import Client

_BRAND: Final = click.option("--brand", help="absent: all brands of this client; of an admin: all")
_REASON: Final = click.option("--reason", help="kept with the opt-out")


@click.group(
    epilog=examples(
        "gatewayd optout check 13800138000",
        "gatewayd optout add 13800138000 --brand xxmall --reason 'asked by phone'",
    )
)
def optout() -> None:
    """Numbers that want no marketing of a brand."""


@optout.command()
@click.argument("to", metavar="NUMBER")
@_BRAND
@talking
def check(client: "Client", output: Output, to: str, brand: str | None) -> None:
    """Tell whether a number has opted out; the newest opt-out if of several brands."""
    reply = client.request("optout_check", to=to, brand=brand)
    output.record({name: reply[name] for name in ("opted_out", "brand", "since", "source")})


@optout.command()
@click.argument("to", metavar="NUMBER")
@_BRAND
@_REASON
@talking
def add(client: "Client", output: Output, to: str, brand: str | None, reason: str | None) -> None:
    """Put a number on the list (admin); its waiting marketing messages end."""
    output.record({"added": client.request("optout_add", to=to, brand=brand, reason=reason)["added"]})


@optout.command()
@click.argument("to", metavar="NUMBER")
@_BRAND
@_REASON
@talking
def remove(client: "Client", output: Output, to: str, brand: str | None, reason: str | None) -> None:
    """Take a number off the list (admin)."""
    reply = client.request("optout_remove", to=to, brand=brand, reason=reason)
    output.record({"removed": reply["removed"]})


COMMANDS = (optout,)
