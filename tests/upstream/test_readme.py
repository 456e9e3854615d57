"""What the README of the protocol shows is what the gateway does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

import gatewayd
from gatewayd.ledger.events import InboundEvent, ReceiptEvent, StateEvent
from gatewayd.upstream import wire
from tests.upstream.gateway import Gateway, Upstream

README = Path(gatewayd.__file__).parent / "upstream" / "README.md"
TEXT = README.read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)


def exchanges(transcript: str) -> Iterator[tuple[str | None, list[dict[str, Any]]]]:
    """What the client says, with the lines it then gets."""
    for exchange in re.split(r"^(?=> )", transcript, flags=re.MULTILINE):
        said, *heard = exchange.splitlines() if exchange.startswith("> ") else [None, *exchange.splitlines()]
        answers = [json.loads(line.removeprefix("< ")) for line in heard]
        if said or answers:
            yield said, answers


@pytest.mark.parametrize("transcript", blocks("transcript"))
async def test_the_transcripts_are_true(gateway: Gateway, transcript: str) -> None:
    """Each line is sent, and each line that should come comes; only reply and event may change places."""
    gateway.configure(window=1000)
    async with await trio.open_unix_socket(gateway.path) as stream:
        client = Upstream(stream)
        if not transcript.startswith("<"):
            await client.line()
        for said, expected in exchanges(transcript):
            if said is not None:
                await stream.send_all(said.removeprefix("> ").encode() + b"\n")
            heard = [await client.line() for _ in expected]
            for line in heard:
                if line and "gatewayd" in line:
                    line["gatewayd"] = "VERSION"
            assert sorted(map(str, heard)) == sorted(map(str, expected))


def test_the_events_have_the_fields_of_the_records() -> None:
    """All of them, in their order, and no other."""
    (shown,) = blocks("events")
    for line in shown.splitlines():
        event = msgspec.json.decode(line.encode(), type=StateEvent | InboundEvent | ReceiptEvent)
        assert json.loads(msgspec.json.encode(event)) == json.loads(line)


def test_every_operation_has_its_place() -> None:
    """One that is added must be told to those who may use it."""
    named = set(re.findall(r"`([a-z_]+)`", TEXT)) | {"submit"}

    assert wire.RECORDS.keys() <= named


def test_every_field_of_submit_has_its_place() -> None:
    """The table lists them all."""
    named = set(re.findall(r"`([a-z_]+)`", TEXT))

    assert set(wire.Submit.__struct_encode_fields__) - {"seq"} <= named
