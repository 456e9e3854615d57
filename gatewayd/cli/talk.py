"""What all commands share that talk to the daemon: where it is, how they end, how they print."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

if TYPE_CHECKING:
    from gatewayd.client import Client

FAILED: Final = 1
PARTLY: Final = 3
UNREACHABLE: Final = 69
TRY_AGAIN: Final = 75
NOT_PERMITTED: Final = 77
CONFIGURATION: Final = 78

DEFAULT_SOCKET: Final = "/run/gatewayd/gatewayd.sock"
_PATIENCE: Final = 60.0  # seconds; a daemon that is up answers in milliseconds


class Output:
    """How one call prints: JSON lines, tables for people at a terminal, else tab-separated lines."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def rows(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
        """A list: one line each, or a table with `columns`."""
        if self.as_json:
            self._json(rows)
        elif sys.stdout.isatty():
            _table(rows, columns)
        else:
            for row in rows:
                click.echo("\t".join(_text(row.get(name)) for name in columns))

    def record(self, record: Mapping[str, Any]) -> None:
        """One thing: a line for each of its fields."""
        if self.as_json:
            self._json([record])
        else:
            self._fields([{"field": name, "value": value} for name, value in record.items()])

    def line(self, record: Mapping[str, Any], text: str) -> None:
        """One of many that come one by one; `text` for people."""
        if self.as_json:
            self._json([record])
        else:
            click.echo(text)

    def _fields(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if sys.stdout.isatty():
            _table(rows, ("field", "value"))
        else:
            for row in rows:
                click.echo(f"{row['field']}\t{_text(row['value'])}")

    def _json(self, objects: Iterable[object]) -> None:
        import msgspec  # noqa: PLC0415  heavy imports inside commands

        for one in objects:
            click.echo(msgspec.json.encode(one))


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Rich follows NO_COLOR by itself."""
    from rich.console import Console  # noqa: PLC0415  heavy imports inside commands
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*columns, box=None, pad_edge=False, header_style="cyan")
    for row in rows:
        table.add_row(*(Text(_text(row.get(name))) for name in columns))
    Console().print(table)


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict():
            return " ".join(f"{name}={_text(inner)}" for name, inner in value.items() if inner is not None)
        case list():
            return ", ".join(map(_text, value))
    return str(value).replace("\t", " ").replace("\n", " ")


def told(error: Mapping[str, Any]) -> str:
    """The `error` of a reply or an event in a line: `opted_out: the number has … (to)`."""
    detail = f": {error['detail']}" if error.get("detail") else ""
    place = f" ({error['field']})" if error.get("field") else ""
    return f"{error['code']}{detail}{place}"


def exit_code(error: Mapping[str, Any]) -> int:
    if error["code"] == "not_permitted":
        return NOT_PERMITTED
    return TRY_AGAIN if error["retryable"] else FAILED


def examples(*lines: str) -> str:
    """The end of a command's help; the control character keeps click from wrapping it."""
    return "\b\n" + "\n".join(("Examples:", *(f"  {line}" for line in lines)))


def talking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--socket`, `--json`, the connection and its output, and the contract's exit codes."""

    @click.option(
        "--socket", "path", metavar="PATH", envvar="GATEWAYD_SOCKET", default=DEFAULT_SOCKET,
        show_default=True, show_envvar=True, help="stream socket of the daemon",
    )  # fmt: skip
    @click.option("--json", "as_json", is_flag=True, help="print JSON, one object a line")
    @wraps(command)
    def connected(path: str, *, as_json: bool, **options: Any) -> None:
        with asking(path) as client:
            command(client, Output(as_json=as_json), **options)

    return connected


@contextmanager
def asking(path: str) -> Iterator["Client"]:
    """A connection to the daemon; what goes wrong with it ends the command with its exit code."""
    from gatewayd.client import (  # noqa: PLC0415  heavy imports inside commands
        Client,
        Refused,
        SubscriptionClosed,
        Unreachable,
    )

    try:
        with Client(path, _PATIENCE) as client:
            yield client
    except Unreachable as error:
        fail(str(error), UNREACHABLE)
    except Refused as error:
        fail(told(error.error), exit_code(error.error))
    except SubscriptionClosed as error:
        fail(str(error), FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # as `head` has read enough


def fail(message: str, code: int) -> NoReturn:
    """Say why on standard error and end."""
    click.echo(f"gatewayd: {message}", err=True)
    raise SystemExit(code)
