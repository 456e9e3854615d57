"""Commands about templates: put, review, get, list."""

import sys
from typing import TYPE_CHECKING, Final

import click

from gatewayd.cli.talk import Output, examples, talking

if TYPE_CHECKING:
    from gatewayd.client import Client

_NAME: Final = click.argument("name", metavar="NAME")
_BRAND: Final = click.option("--brand", help="may be left out by a client of exactly one brand")
_ANY_BRAND: Final = click.option("--brand", help="absent: all brands of this client; of an admin: all")
_DONE: Final = ("name", "brand", "version", "state")
_VERSION: Final = ("name", "brand", "version", "state", "class", "group", "text", "reason")


@click.group(
    epilog=examples(
        "gatewayd template put code --class otp --text '您的验证码为{code:digits:4-8}，请勿泄露。'",
        "gatewayd template review code --brand xxmall approved",
        "gatewayd send --to 13800138000 --class otp --template code --param code=987654",
    )
)
def template() -> None:
    """Texts with variables, and how far their review has come."""


@template.command()
@_NAME
@_BRAND
@click.option("--class", "class_", required=True, help="class of its messages")
@click.option("--text", required=True, help="the text with its {variables}; - reads standard input")
@click.option(
    "--group",
    type=click.Choice(["account_change", "risk_alert", "business_confirmation"]),
    help="what a finance brand writes of",
)
@click.option("--draft", is_flag=True, help="not yet for review")
@talking
def put(  # noqa: PLR0913  one argument an option
    client: "Client",
    output: Output,
    *,
    name: str,
    brand: str | None,
    class_: str,
    text: str,
    group: str | None,
    draft: bool,
) -> None:
    """Make a new version of a template."""
    if text == "-":
        text = sys.stdin.read().removesuffix("\n")
    fields = {"name": name, "brand": brand, "class": class_, "text": text, "group": group}
    reply = client.request("template_put", **fields, state="draft" if draft else "submitted")
    output.record({field: reply[field] for field in _DONE})


@template.command()
@_NAME
@click.argument("state", type=click.Choice(["approved", "rejected", "submitted"]))
@_BRAND
@click.option("--version", type=int, help="absent: the newest")
@click.option("--reason", help="kept with the version")
@talking
def review(  # noqa: PLR0913  one argument an option
    client: "Client",
    output: Output,
    *,
    name: str,
    state: str,
    brand: str | None,
    version: int | None,
    reason: str | None,
) -> None:
    """Say what became of a version (admin); what waits of one that is rejected does not leave."""
    reply = client.request(
        "template_review", name=name, brand=brand, state=state, version=version, reason=reason
    )
    output.record({field: reply[field] for field in _DONE})


@template.command()
@_NAME
@_ANY_BRAND
@talking
def get(client: "Client", output: Output, name: str, brand: str | None) -> None:
    """Show all versions of a template, the newest first."""
    output.rows(client.request("template_get", name=name, brand=brand)["templates"], _VERSION)


@template.command("list")
@_ANY_BRAND
@talking
def list_(client: "Client", output: Output, brand: str | None) -> None:
    """Show the newest version of each template."""
    output.rows(client.request("template_get", brand=brand)["templates"], _VERSION)


COMMANDS = (template,)
