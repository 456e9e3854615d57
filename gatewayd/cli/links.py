"""Commands about one link: receipts, sessions."""

from typing import TYPE_CHECKING, Final

import click

from gatewayd.cli.talk import FAILED, Output, examples, fail, talking

if TYPE_CHECKING:
    from gatewayd.client import Client

_SESSIONS: Final = ("bind", "state", "host", "detail")


@click.group(epilog=examples("gatewayd link sessions cmcc-1", "gatewayd link receipts cmcc-1 --replay"))
def link() -> None:
    """One link to an SMSC."""


@link.command()
@click.argument("name", metavar="LINK")
@click.option("--replay", is_flag=True, help="match the parked receipts anew (admin)")
@talking
def receipts(client: "Client", output: Output, name: str, *, replay: bool) -> None:
    """Show how a link's receipts write ids, how many wait for their segment, and what setting would help."""
    reply = client.request("link_receipts", link=name, replay=replay)
    told = {"link": name, **reply["receipts"], **({"matched": reply["matched"]} if replay else {})}
    output.record(told)
    if told["proposal"] and not output.as_json:
        click.echo(f"links:\n  {name}:\n    receipts: {{id: {told['proposal']}}}")


@link.command()
@click.argument("name", metavar="LINK")
@talking
def sessions(client: "Client", output: Output, name: str) -> None:
    """Show the binds of a link: at which host each is bound, or why it is not."""
    links = client.request("status")["links"]
    if name not in links:
        fail("not_found: there is no such link", FAILED)
    output.rows(links[name]["sessions"], _SESSIONS)


COMMANDS = (link,)
