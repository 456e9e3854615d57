"""Commands about messages: send, preview, message, explain, search, cancel."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.cli.talk import FAILED, PARTLY, Output, examples, exit_code, talking, told

if TYPE_CHECKING:
    from gatewayd.client import Client

_SENT: Final = ("to", "id", "state", "segments", "encoding", "error")
_FOUND: Final = ("at", "id", "to", "class", "brand", "state", "segments", "link", "reason", "error")
_VERDICT: Final = ("stage", "verdict", "code", "detail")
_ID: Final = click.argument("identifier", metavar="ID", required=False)
_KEY: Final = click.option("--key", help="the idempotency key it was submitted with")
_POLL: Final = 0.2  # seconds between two looks at a message that is waited for


_OPTIONS: Final = (
    click.option("--class", "class_", required=True, help="class of the message: otp, notice, member …"),
    click.option("--brand", help="may be left out by a client of exactly one brand"),
    click.option("--text", help="the text; - reads it from standard input, out of sight of `ps`"),
    click.option("--template", metavar="NAME", help="an approved template, instead of --text"),
    click.option("--param", "params", metavar="NAME=VALUE", multiple=True, help="a variable of the template"),
    click.option(
        "--consent",
        metavar="NAME=VALUE",
        multiple=True,
        help="what is known of the recipient's consent: channel, at, wording, proof",
    ),
    click.option("--data", metavar="HEX", help="octets of a binary message, instead of --text"),
    click.option("--udh", metavar="HEX", help="user data header of a binary message"),
    click.option("--key", help="idempotency key; with several destinations each gets KEY-1, KEY-2 …"),
    click.option("--tag", help="for cancel and counts of many messages together"),
    click.option("--order-key", help="messages of one key to one number leave in order"),
    click.option("--sender", help="the brand's sender, or that extended by digits"),
    click.option("--send-at", metavar="TIME", help="not before; RFC 3339 with offset"),
    click.option("--valid-until", metavar="TIME", help="not after; RFC 3339 with offset"),
    click.option("--valid-for", metavar="SECONDS", type=int, help="from now, or from --send-at"),
    click.option("--encoding", type=click.Choice(["auto", "gsm7", "latin1", "ucs2", "binary"])),
)


def _of_message(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the fields of a submit, but for the number."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Options as the protocol names them; the text from standard input where it says so."""
    class_, text = given.pop("class_"), given.pop("text")
    if text == "-":
        text = sys.stdin.read().removesuffix("\n")
    pairs = {name: _pairs(given.pop(name)) for name in ("params", "consent")}
    return {**given, **pairs, "class": class_, "text": text}


def _pairs(written: tuple[str, ...]) -> dict[str, str] | None:
    """`NAME=VALUE` each; None where there are none."""
    pairs = [one.partition("=") for one in written]
    if not all(name and mark for name, mark, _ in pairs):
        raise click.UsageError("write it as NAME=VALUE")
    return {name: value for name, _, value in pairs} or None


@click.command(
    epilog=examples(
        "gatewayd send --to 13800138000 --class otp --brand xxmall --text '您的验证码为987654' --wait",
        "echo 'Sale!' | gatewayd send --to 13800138000 --class member --text - --key sale-7",
    )
)
@click.option("--to", required=True, multiple=True, help="destination; may be given several times")
@_of_message
@click.option("--wait", is_flag=True, help="wait until each message is final")
@talking
def send(client: "Client", output: Output, to: tuple[str, ...], *, wait: bool, **given: Any) -> None:
    """Submit a message.

    With --wait the exit code is 0 only if all were delivered; 3 if some were.
    """
    fields = _fields(given)
    requests = [{"op": "submit", **fields, "to": number} for number in to]
    if fields["key"] is not None and len(to) > 1:
        requests = [{**r, "key": f"{fields['key']}-{n}"} for n, r in enumerate(requests, 1)]
    rows = [{"to": request["to"], **reply} for request, reply in client.pipeline(requests)]
    if wait:
        rows = [_waited(client, row) if row["ok"] else row for row in rows]
    output.rows([_shown(row, as_json=output.as_json) for row in rows], _SENT)
    _finish(rows, wait=wait)


@click.command(
    epilog=examples("gatewayd preview --to 13800138000 --class member --brand xxmall --text '新品八折'")
)
@click.option("--to", required=True, help="destination")
@_of_message
@talking
def preview(client: "Client", output: Output, to: str, **given: Any) -> None:
    """Tell what would become of a message: what each rule says, how it is encoded, when it leaves.

    Nothing is stored, counted or sent. The exit code is that of a submit.
    """
    reply = client.request("preview", to=to, **_fields(given))
    found = {name: value for name, value in reply.items() if name not in ("ok", "seq")}
    error = found["error"]
    if output.as_json:
        output.record(found)
    else:
        output.rows(found.pop("verdicts"), _VERDICT)
        found["error"] = None if error is None else told(error)
        output.record({name: value for name, value in found.items() if value not in (None, [])})
    if error is not None:
        raise SystemExit(exit_code({"retryable": False, **error}))


def _shown(row: dict[str, Any], *, as_json: bool) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name not in ("ok", "seq")}
    if row.get("error") and not as_json:
        shown["error"] = told(row["error"])
    return shown


def _waited(client: "Client", row: Mapping[str, Any]) -> dict[str, Any]:
    """Look until it is final: no subscription is left behind, and no other consumer is disturbed."""
    while True:
        message = client.request("query", id=row["id"])["message"]
        if message["final"]:
            return {**row, **message}
        time.sleep(_POLL)


def _finish(rows: list[dict[str, Any]], *, wait: bool) -> None:
    good = [row for row in rows if row["ok"] and (not wait or row["state"] == "delivered")]
    if len(good) == len(rows):
        return
    if good:
        raise SystemExit(PARTLY)
    refused = [row["error"] for row in rows if not row["ok"]]
    raise SystemExit(exit_code(refused[0]) if refused else FAILED)


def _one_message(identifier: str | None, key: str | None) -> dict[str, str | None]:
    if (identifier is None) == (key is None):
        raise click.UsageError("give an ID or --key")
    return {"id": identifier, "key": key}


@click.command(
    epilog=examples("gatewayd message 01K3V9ZJX4007", "gatewayd message --key order-42-otp --json")
)
@_ID
@_KEY
@talking
def message(client: "Client", output: Output, identifier: str | None, key: str | None) -> None:
    """Show the state of a message."""
    output.record(client.request("query", **_one_message(identifier, key))["message"])


@click.command(epilog=examples("gatewayd explain 01K3V9ZJX4007"))
@_ID
@_KEY
@talking
def explain(client: "Client", output: Output, identifier: str | None, key: str | None) -> None:
    """Tell the life of a message: what happened to it, and when."""
    story = client.request("explain", **_one_message(identifier, key))
    if output.as_json:
        output.record({"message": story["message"], "timeline": story["timeline"]})
        return
    output.record(story["message"])
    output.rows(story["timeline"], ("at", "what", "segment", "detail"))


@click.command(
    epilog=examples(
        "gatewayd search --to 13800138000",
        "gatewayd search --from 2026-11-22T08:00:00+08:00 --state rejected --limit 500",
    )
)
@click.option("--to", help="destination")
@click.option("--from", "from_", metavar="TIME", help="accepted at this time or later; RFC 3339 with offset")
@click.option("--until", metavar="TIME", help="accepted before")
@click.option("--state", help="state it is in now")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@talking
def search(client: "Client", output: Output, *, from_: str | None, **asked: Any) -> None:
    """Find messages of any client, the newest first (admin; each search is in the daemon's log).

    Without --to and --from those of the last day.
    """
    output.rows(client.request("search", **asked, **{"from": from_})["messages"], _FOUND)


@click.command(epilog=examples("gatewayd cancel 01K3V9ZJX4007", "gatewayd cancel --tag sale-7"))
@_ID
@_KEY
@click.option("--tag", help="all messages with this tag")
@talking
def cancel(
    client: "Client",
    output: Output,
    identifier: str | None,
    key: str | None,
    tag: str | None,
) -> None:
    """Cancel what has not begun to leave.

    Exit 3 if some, 1 if all of it was too late.
    """
    if [identifier, key, tag].count(None) != 2:
        raise click.UsageError("give one of ID, --key, --tag")
    counts = client.request("cancel", id=identifier, key=key, tag=tag)
    output.record({"cancelled": counts["cancelled"], "too_late": counts["too_late"]})
    if counts["too_late"]:
        raise SystemExit(PARTLY if counts["cancelled"] else FAILED)


COMMANDS = (send, preview, message, explain, search, cancel)
