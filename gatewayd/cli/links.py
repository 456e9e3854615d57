"""Commands about one link: receipts."""

from typing import TYPE_CHECKING

import click

from gatewayd.cli.talk import Output, examples, talking

if TYPE_CHECKING:
    from gatewayd.client import Client


@click.group(epilog=examples("gatewayd link receipts cmcc-1", "gatewayd link receipts cmcc-1 --replay"))
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


COMMANDS = (link,)
