"""`receipts:` of a link, from the file to the dialect that its receipts are read by."""

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from gatewayd.config import parse_config
from gatewayd.rules import SnapshotRules
from gatewayd.smpp.pdu import DeliverSm
from gatewayd.smpp.receipt import Dialect, ReceiptState, parse
from gatewayd.smpp.receipt_ids import Notation
from gatewayd.snapshot import Snapshot


def rules(link: str = "") -> SnapshotRules:
    text = f"links:\n  a: {{host: localhost, system_id: x{link}}}\n"
    return SnapshotRules(Snapshot.build(parse_config(text.encode(), "test.yml")))


def test_every_setting_reaches_the_dialect() -> None:
    """Words of stat and codes of err in any case; the zone stays where it was."""
    told = rules(
        ', receipt_timezone: "+08:00", receipts: {id: hex_to_decimal, stat: {"mk:0001": undeliverable},'
        ' err: {"db:0144": rejected},'
        " unknown_stat: undeliverable, accepted_is_final: true, segments: last}"
    ).dialect("a")
    assert told == Dialect(
        receipt_timezone=timezone(timedelta(hours=8)),
        accepted_is_final=True,
        stats={b"MK:0001": ReceiptState.UNDELIVERABLE},
        errs={"DB:0144": ReceiptState.REJECTED},
        unknown_stat="undeliverable",
        notation=Notation.HEX_TO_DECIMAL,
        segments="last",
    )


def test_without_settings() -> None:
    """UTC, ids in any notation where one fits, nothing final but what is, all segments reported on."""
    usual = Dialect(
        receipt_timezone=UTC,
        accepted_is_final=False,
        stats={},
        errs={},
        unknown_stat="open",
        notation=Notation.AUTO,
        segments="all",
    )
    assert rules().dialect("a") == usual
    assert rules().dialect("a link that is gone") == usual


def test_the_codes_of_the_readme_are_a_configuration() -> None:
    """Its block is read as it stands; each code ends a message, as a failure, and is told as it came."""
    readme = (Path(__file__).parents[1] / "config" / "README.md").read_text("utf-8")
    [block] = re.findall(r"```yaml\n(links:\n  cmcc-1:\n    receipts:.*?)```", readme, re.DOTALL)
    text = block.replace("  cmcc-1:\n", "  cmcc-1:\n    host: localhost\n    system_id: x\n")
    dialect = SnapshotRules(Snapshot.build(parse_config(text.encode(), "README.md"))).dialect("cmcc-1")
    assert len(dialect.stats) > 30
    for code, state in dialect.stats.items():
        pdu = DeliverSm(esm_class=4, short_message=b"id:1 stat:%s err:%s" % (code, code))
        told = parse(pdu, dialect, datetime(2026, 11, 22, tzinfo=UTC))
        assert told is not None
        assert (told.state, told.final, told.stat) == (state, True, code.decode())
        assert dialect.errs.get(code.decode(), state) is state
