"""The command `events`: read what happened to messages, and what handsets wrote."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import click

from gatewayd.cli.talk import Output, examples, talking, told

_RENEW: Final = 1000  # events

if TYPE_CHECKING:
    from gatewayd.client import Client


@click.command(
    epilog=examples(
        "gatewayd events --after 0", "gatewayd events --consumer shop-worker --follow --ack --json"
    )
)
@click.option("--consumer", default="gatewayd-cli", show_default=True, help="name of the reader")
@click.option("--after", metavar="CURSOR", type=int, help="start after it; 0: the oldest kept")
@click.option("--follow", is_flag=True, help="go on until interrupted")
@click.option("--ack", is_flag=True, help="acknowledge what is printed: the next call goes on after it")
@click.option("--quiet", default=1.0, show_default=True, help="seconds without an event that end it")
@talking
def events(  # noqa: PLR0913  one argument an option
    client: "Client",
    output: Output,
    consumer: str,
    after: int | None,
    *,
    follow: bool,
    ack: bool,
    quiet: float,
) -> None:
    """Print events in order: changes of state, late receipts, inbound messages."""
    with suppress(KeyboardInterrupt):
        for batch in _batches(client, consumer, after, None if follow else quiet, ack=ack):
            for event in batch:
                output.line(event, _line(event))


def _batches(
    client: "Client", consumer: str, after: int | None, quiet: float | None, *, ack: bool
) -> Iterator[list[dict[str, Any]]]:
    """Without acknowledging, a subscription rests when its window is full: begin a new one in time."""
    last, under_way = client.subscribe(consumer, after), 0
    for batch in client.batches(quiet):
        fresh = [event for event in batch if event["cursor"] > last]
        if not fresh:
            continue
        yield fresh
        last, under_way = fresh[-1]["cursor"], under_way + len(fresh)
        if ack:
            client.ack(consumer, last)
        elif under_way >= _RENEW:
            client.request("unsubscribe", consumer=consumer)
            client.subscribe(consumer, last)
            under_way = 0


def _line(event: Mapping[str, Any]) -> str:
    """`2026-11-22T08:00:00.123Z  delivered  01K…  to 8613800138000  otp xxmall  cmcc-1`."""
    match event["event"]:
        case "state":
            what, about = event["state"], f"{event['class']} {event['brand']}"
        case "receipt":
            what, about = "receipt", f"late {event['stat']} of segment {event['segment']}"
        case _:
            what = "inbound"
            about = f"from {event['from']}{' opt-out' if event['opt_out'] else ''}: {event['text']}"
    parts = (event["at"], f"{what:<13}", event["id"], f"to {event['to']}", about, event.get("link"))
    error = told(event["error"]) if event.get("error") else None
    return "  ".join(part for part in (*parts, error) if part)


COMMANDS = (events,)
