"""Receipts one after the other, from octets to the states that are told: corpus/receipt_stories.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from gatewayd.ledger.settle import Kind
from gatewayd.model import Segment
from gatewayd.smpp.pdu import DataSm, DeliverSm
from gatewayd.smpp.receipt import parse
from gatewayd.smpp.udh import user_data
from tests.ledger.test_ledger_inbound import inbound_events
from tests.ledger.world import HOUR, LONG, World, at
from tests.smpp.test_receipt_corpus import dialect_of, pdu_of

Row = dict[str, Any]
CORPUS = Path(__file__).parent / "corpus" / "receipt_stories.yaml"
ROWS: list[Row] = yaml.load(CORPUS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
COUNTED = ("unmatched", "repeated", "late")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["rule"].replace(" ", "-"))
def test_story(world: World, row: Row) -> None:
    """Its states, each told once; what comes of an MO; and how the receipts were counted."""
    world.rules.dialects["a"] = dialect_of(row)
    text = row.get("text", "hello world")
    identifier, segments = world.send(LONG if text == "long" else text)
    if "ids" in row:
        respond(world, segments, row["ids"])
    for number, given in enumerate(row["pdus"]):
        arrive(world, number, dict(given))
    if "ids" not in row:
        respond(world, segments, [f"{1001 + place}" for place in range(len(segments))])

    assert world.story(identifier) == row["story"]
    assert [event["text"] for event in inbound_events(world)] == row.get("inbound", [])
    counted = {name: world.counted(f"receipts_{name}", "a") for name in COUNTED}
    assert counted == {name: row.get(name, 0) for name in COUNTED}


def respond(world: World, segments: list[Segment], ids: list[str | None]) -> None:
    for segment, name in zip(segments, ids, strict=True):
        kind = Kind.DOUBTFUL if name is None else Kind.ANSWERED
        world.settle([world.outcome(segment, kind, 0, name or "")])


def arrive(world: World, number: int, given: Row) -> None:
    """One PDU, as the link reads it."""
    world.wait(HOUR * given.pop("wait", 0))
    pdu = pdu_of({"pdu": given})
    receipt = parse(pdu, world.rules.dialect("a"), at(world.now))
    if receipt is not None:
        world.deliver(("a", receipt))
    else:
        fingerprint = f"{number}".encode()
        world.receive(world.mo("", user_data=data_of(pdu), data_coding=1, fingerprint=fingerprint))


def data_of(pdu: DeliverSm | DataSm) -> Any:
    return user_data(pdu.esm_class, pdu.short_message if isinstance(pdu, DeliverSm) else b"", pdu.tlvs)


def test_stories_are_whole() -> None:
    """Each has a rule of its own, a source, and no key that the loader would pass over."""
    assert len(ROWS) == len({row["rule"] for row in ROWS})
    for row in ROWS:
        assert {"rule", "source", "pdus", "story"} <= row.keys()
        assert row.keys() <= {
            "rule",
            "source",
            "pdus",
            "story",
            "ids",
            "text",
            "dialect",
            "inbound",
            *COUNTED,
        }
