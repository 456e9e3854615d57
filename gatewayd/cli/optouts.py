"""Commands about the opt-out list: check, add, remove, list, export, import."""

import csv
from collections.abc import Iterator
from itertools import islice
from typing import IO, TYPE_CHECKING, Final

import click

from gatewayd.cli.files import Batch, load, pages, write_csv
from gatewayd.cli.talk import Output, examples, talking

if TYPE_CHECKING:
    from gatewayd.client import Client

_BRAND: Final = click.option("--brand", help="absent: all brands of this client; of an admin: all")
_COLUMNS: Final = ("to", "brand", "since", "source", "reason")
_BATCH: Final = 100  # numbers in one request; a line stays short
_REASON: Final = click.option("--reason", help="kept with the opt-out")


@click.group(
    epilog=examples(
        "gatewayd optout check 13800138000",
        "gatewayd optout add 13800138000 --brand xxmall --reason 'asked by phone'",
        "gatewayd optout import old-platform.csv --brand xxmall --reason 'moved from the old platform'",
        "gatewayd optout export > optouts.csv",
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


@optout.command("list")
@_BRAND
@talking
def list_(client: "Client", output: Output, brand: str | None) -> None:
    """Show the list (admin), by number."""
    for page in pages(client, "optout_list", "optouts", brand, first=""):
        output.rows(page, _COLUMNS)


@optout.command()
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
@_BRAND
@talking
def export(client: "Client", output: Output, file: IO[str], brand: str | None) -> None:
    """Write the list as CSV (admin)."""
    del output
    write_csv(file, _COLUMNS, pages(client, "optout_list", "optouts", brand, first=""))


@optout.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@_BRAND
@_REASON
@talking
def import_(client: "Client", output: Output, file: IO[str], brand: str | None, reason: str | None) -> None:
    """Put the numbers of a file on the list (admin): the first column of a CSV, or one a line.

    What is no number is told on standard error with its line; exit 3 if there was any. A second run does no
    harm: who is on the list stays as it is.
    """
    load(client, output, file, _batches(file, brand, reason), rows="numbers")


def _batches(file: IO[str], brand: str | None, reason: str | None) -> Iterator[Batch]:
    numbers = _numbers(file)
    while batch := list(islice(numbers, _BATCH)):
        lines, texts, sizes = zip(*batch, strict=True)
        yield Batch(lines, sum(sizes), op="optout_load", numbers=texts, brand=brand, reason=reason)


def _numbers(file: IO[str]) -> Iterator[tuple[int, str, int]]:
    """Line, number as written, octets of the line; a heading is passed by."""
    for number, row in enumerate(csv.reader(file), 1):
        text = row[0].strip() if row else ""
        if text and (number > 1 or any(map(str.isdigit, text))):
            yield number, text, len(",".join(row).encode()) + 1


COMMANDS = (optout,)
