"""What commands share that bring long lists in and out: CSV files, in batches and pages."""

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, Final

import click

from gatewayd.cli.talk import PARTLY, Output, exit_code, fail, told

if TYPE_CHECKING:
    from gatewayd.client import Client

_PAGE: Final = 1000  # entries in one reply


class Batch(dict[str, object]):
    """One request. lines: where its rows stand in the file. size: how many octets of the file they are."""

    def __init__(self, lines: Sequence[int], size: int, **request: object) -> None:
        super().__init__(request)
        self.lines, self.size = lines, size


def load(client: "Client", output: Output, file: IO[str], batches: Iterable[Batch], rows: str) -> None:
    """Send all of a file, with a progress bar; what is wrong is told by its line, and ends in exit 3.

    rows: what the rows are called in the result.
    """
    counts = {rows: 0, "added": 0, "wrong": 0}
    with click.progressbar(length=_size_of(file), label="importing", file=sys.stderr) as bar:
        for batch, reply in client.pipeline(batches):
            assert isinstance(batch, Batch)
            if not reply["ok"]:
                fail(told(reply["error"]), exit_code(reply["error"]))
            counts[rows] += len(batch.lines)
            counts["added"] += reply["added"]
            counts["wrong"] += len(reply["wrong"])
            _tell(batch, reply["wrong"])
            bar.update(batch.size)
    output.record(counts)
    if counts["wrong"]:
        raise SystemExit(PARTLY)


def _tell(batch: Batch, wrong: Iterable[dict[str, Any]]) -> None:
    for one in wrong:
        field = f" ({one['field']})" if one.get("field") else ""
        click.echo(f"line {batch.lines[one['index']]}: {one['detail']}{field}", err=True)


def pages(
    client: "Client", op: str, entries: str, brand: str | None, first: str | int
) -> Iterator[list[dict[str, Any]]]:
    """A list page by page. entries: its field in the reply. first: `after` of the first page."""
    after: str | int | None = first
    while after is not None:
        reply = client.request(op, brand=brand, after=after, limit=_PAGE)
        yield reply[entries]
        after = reply["after"]


def write_csv(file: IO[str], columns: Sequence[str], several: Iterable[list[dict[str, Any]]]) -> None:
    """All pages under one heading."""
    writer = csv.writer(file)
    writer.writerow(columns)
    for page in several:
        writer.writerows([entry[name] for name in columns] for entry in page)


def _size_of(file: IO[str]) -> int:
    """Octets of a file; 0 for a pipe."""
    return os.fstat(file.fileno()).st_size
