"""Commands about consents: check, add, revoke, import, export."""

import csv
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

import click

from gatewayd.cli.files import Batch, load, pages, write_csv
from gatewayd.cli.talk import Output, examples, fail, talking

if TYPE_CHECKING:
    from gatewayd.client import Client

_BRAND: Final = click.option("--brand", help="may be left out by a client of exactly one brand")
_COLUMNS: Final = ("to", "brand", "granted", "at", "channel", "wording", "proof", "recorded_at", "by")
_LOADED: Final = ("to", "brand", "at", "channel", "wording", "proof")
Row: TypeAlias = tuple[int, dict[str, Any], int]
"""Number of its line, row as the protocol has it, octets of the line."""
_NO: Final = frozenset({"false", "no", "0", "revoked"})
_BATCH: Final = 3000  # octets of rows in one request: many small ones are under way together
_ROW: Final = 100  # octets that a row takes beside its values


@click.group(
    epilog=examples(
        "gatewayd consent add 13800138000 --brand xxmall --channel web --wording v3 --proof order-42",
        "gatewayd consent check 13800138000",
        "gatewayd consent import members.csv --brand xxmall",
        "gatewayd consent export > proof.csv",
    )
)
def consent() -> None:
    """Who agreed to marketing of a brand, and the proof of it."""


def _said(command: Any) -> Any:
    """What is kept of one thing said."""
    for name, meaning in (
        ("proof", "where the proof lies"),
        ("wording", "version of what was agreed to"),
        ("channel", "where it was said, as web, shop, phone"),
    ):
        command = click.option(f"--{name}", help=meaning)(command)
    at = click.option("--at", metavar="TIME", help="when; RFC 3339 with offset; absent: just now")
    return click.argument("to", metavar="NUMBER")(_BRAND(at(command)))


@consent.command()
@_said
@talking
def add(client: "Client", output: Output, **fields: Any) -> None:
    """Put a consent on record.

    Exit 1 if the number has said no since, so that marketing may not go.
    """
    reply = client.request("consent_add", **fields)
    output.record({"added": reply["added"], "in_force": reply["in_force"]})
    if not reply["in_force"]:
        raise SystemExit(1)


@consent.command()
@_said
@talking
def revoke(client: "Client", output: Output, **fields: Any) -> None:
    """Put on record that a number agrees no more; without --brand to no brand. Nothing is deleted."""
    output.record({"revoked": client.request("consent_revoke", **fields)["revoked"]})


@consent.command()
@click.argument("to", metavar="NUMBER")
@click.option("--brand", help="absent: all brands of this client; of an admin: all")
@talking
def check(client: "Client", output: Output, to: str, brand: str | None) -> None:
    """Show all that a number said, the newest first; exit 1 if it agrees to no brand now."""
    reply = client.request("consent_check", to=to, brand=brand)
    output.rows(reply["records"], _COLUMNS)
    if not reply["granted"]:
        raise SystemExit(1)


@consent.command()
@click.argument("file", type=click.File("w", encoding="utf-8"), default="-")
@click.option("--brand", help="absent: all brands of this client; of an admin: all")
@talking
def export(client: "Client", output: Output, file: IO[str], brand: str | None) -> None:
    """Write all that was said as CSV, in the order in which it was told: the proof."""
    del output
    write_csv(file, _COLUMNS, pages(client, "consent_list", "consents", brand, first=0))


@consent.command("import")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@_BRAND
@talking
def import_(client: "Client", output: Output, file: IO[str], brand: str | None) -> None:
    """Put the rows of a CSV on record: `to`, and what it has of brand, at, channel, wording, proof, granted.

    Its first line names the columns. What cannot be read is told on standard error with its line; exit 3 if
    there was any. A second run does no harm, and an old list does not undo what a number has said since.
    """
    batches = (_batch(rows, brand) for rows in _batches(_rows(file)))
    load(client, output, file, batches, rows="rows")


def _batch(rows: list[Row], brand: str | None) -> Batch:
    size = sum(size for *_, size in rows)
    said = [row for _, row, _ in rows]
    return Batch([line for line, *_ in rows], size, op="consent_load", rows=said, brand=brand)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """As many together as one request may have."""
    batch, room = list[Row](), _BATCH
    for row in rows:
        room -= row[2] + _ROW
        if batch and room < 0:
            yield batch
            batch, room = [], _BATCH - row[2] - _ROW
        batch.append(row)
    if batch:
        yield batch


def _rows(file: IO[str]) -> Iterator[Row]:
    """Ends the command for a file without `to`."""
    reader = csv.DictReader(file)
    if "to" not in (reader.fieldnames or ()):
        fail("the first line must name the columns, to among them", 1)
    for cells in reader:
        row = {name: cells[name].strip() for name in _LOADED if (cells.get(name) or "").strip()}
        size = sum(len((cell or "").encode()) + 1 for cell in cells.values() if not isinstance(cell, list))
        granted = (cells.get("granted") or "").strip().lower() not in _NO
        yield reader.line_num, {"to": "", **row, "granted": granted}, size


COMMANDS = (consent,)
