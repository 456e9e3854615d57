"""Receipts of the field, row by row: tests/smpp/corpus/receipts.yaml."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import yaml

from gatewayd.smpp.consts import TLV_TAGS
from gatewayd.smpp.pdu import DataSm, DeliverSm
from gatewayd.smpp.receipt import STATS, Dialect, Receipt, ReceiptState, parse, read_again
from gatewayd.smpp.receipt_ids import Notation

Row = dict[str, Any]
CORPUS = Path(__file__).parent / "corpus" / "receipts.yaml"
ROWS: list[Row] = yaml.load(CORPUS.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
KINDS: dict[str, type[DeliverSm | DataSm]] = {"deliver_sm": DeliverSm, "data_sm": DataSm}
WIDE = "utf-16-be:"


def octets(written: str) -> bytes:
    """Octets of a string of the corpus."""
    return written[len(WIDE) :].encode("utf-16-be") if written.startswith(WIDE) else written.encode("latin-1")


def moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


def pdu_of(row: Row) -> DeliverSm | DataSm:
    given: Row = {
        "esm_class": 4,
        "source_addr": "8613800138000",
        "destination_addr": "10690001",
        **row["pdu"],
    }
    kind = KINDS[given.pop("kind", "deliver_sm")]
    tlvs = given.pop("tlvs", [])
    if payload := given.pop("message_payload", None):
        tlvs = [*tlvs, ["message_payload", payload]]
    fields: Row = {name: octets(value) if isinstance(value, str) else value for name, value in given.items()}
    return kind(tlvs=tuple((TLV_TAGS.get(tag, tag), octets(value)) for tag, value in tlvs), **fields)


def dialect_of(row: Row) -> Dialect:
    settings: Row = {**row.get("dialect", {})}
    if zone := settings.pop("receipt_timezone", None):
        settings["receipt_timezone"] = ZoneInfo(zone)
    if notation := settings.pop("notation", None):
        settings["notation"] = Notation(notation)
    stats: Row = settings.pop("stats", {})
    errs: Row = settings.pop("errs", {})
    return Dialect(
        **settings,
        stats={word.encode(): ReceiptState(state) for word, state in stats.items()},
        errs={word: ReceiptState(state) for word, state in errs.items()},
    )


def expected(row: Row, pdu: DeliverSm | DataSm) -> Receipt | None:
    if row["receipt"] is None:
        return None
    told: Row = dict(row["receipt"])
    receipt = Receipt(
        smsc_message_id=told.pop("id", ""),
        text_message_id=told.pop("text_id", ""),
        state=ReceiptState(told.pop("state", "unknown")),
        final=told.pop("final", False),
        stat=told.pop("stat", ""),
        err=told.pop("err", ""),
        submit_at=moment(told.pop("submit", None)),
        done_at=moment(told.pop("done", None)),
        text_head=octets(told.pop("text", "")),
        reference=told.pop("reference", None),
        source=pdu.source_addr,
        destination=pdu.destination_addr,
    )
    assert not told, "a key the loader does not know"
    return receipt


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["rule"].replace(" ", "-"))
def test_row(row: Row) -> None:
    """The record is exactly the one that the row names, field by field, and is so when it is read again."""
    pdu = pdu_of(row)
    now = moment(row.get("now")) or datetime(2026, 11, 22, 8, tzinfo=UTC)

    told, wanted = parse(pdu, dialect_of(row), now), expected(row, pdu)
    if told is not None:
        assert read_again(told, dialect_of(row)) == told
        told = msgspec.structs.replace(told, tlv_state=None, intermediate=False)

    shown = {
        name: (getattr(told, name, None), getattr(wanted, name, None)) for name in Receipt.__struct_fields__
    }
    assert told == wanted, {name: pair for name, pair in shown.items() if pair[0] != pair[1]}


def test_rows_are_whole() -> None:
    """There are many, each with a rule of its own, a source, and no key that the loader would pass over."""
    assert len(ROWS) >= 150
    assert len(ROWS) == len({row["rule"] for row in ROWS})
    for row in ROWS:
        assert row["source"]
        assert {"rule", "source", "pdu", "receipt"} <= row.keys()
        assert row.keys() <= {"rule", "source", "pdu", "receipt", "dialect", "now"}


def test_every_known_stat_has_a_row() -> None:
    """The table of stats and the corpus do not drift apart."""
    seen = {(row["receipt"] or {}).get("stat", "").upper().rstrip(",").encode() for row in ROWS}

    assert STATS.keys() - seen <= {
        b"ACCEPTED"
    }  # the one spelling with no source: beside DELIVERED and REJECTED
