"""`gatewayd link receipts`: what was learnt of a link, and the second chance of its receipts."""

from functools import partial
from typing import Any

import msgspec

from gatewayd.ledger.tables import ParkedReceipt, Tables
from gatewayd.model import MessageId, Segment, SegmentStage
from gatewayd.smpp.receipt import Receipt, ReceiptState
from tests.cli.conftest import Live

NUMBER = "8613800138000"


def parked(tables: Tables, count: int, digits: str) -> None:
    """Receipts in decimal and segments whose responses were in hex, of messages that do not matter here."""
    for n in range(1, count + 1):
        tables.insert_segments(
            [Segment(MessageId(n), 1, 1, SegmentStage.ACCEPTED, "smsc", 1, 0, NUMBER, f"{n}{digits}")]
        )
        name = str(int(f"{n}{digits}", 16))
        receipt = Receipt(
            smsc_message_id=name, state=ReceiptState.DELIVERED, final=True, source=NUMBER.encode()
        )
        body = msgspec.msgpack.encode(receipt)
        tables.park([ParkedReceipt(0, "smsc", name, NUMBER, 0, None, body)])


def prepare(live: Live, *args: Any) -> None:
    live.inside(partial(live.gateway.store.write, parked, *args))


def test_a_setting_is_proposed(live: Live) -> None:
    """Digits alone are not guessed: the operator decides, and sees the lines to write."""
    prepare(live, 10, "2345678")
    told = live.run("link", "receipts", "smsc")
    as_json = live.run("link", "receipts", "smsc", "--json").stdout

    assert told.exit_code == 0
    assert "parked\t10\n" in told.stdout
    assert told.stdout.endswith("links:\n  smsc:\n    receipts: {id: hex_to_decimal}\n")
    assert msgspec.json.decode(as_json) == {
        "link": "smsc",
        "id": "auto",
        "pairs": {},
        "parked": 10,
        "fitting": {"hex_to_decimal": 10},
        "ambiguous": 0,
        "proposal": "hex_to_decimal",
    }


def test_nothing_learnt_nothing_proposed(live: Live) -> None:
    """A fresh link has no lines to add."""
    assert live.run("link", "receipts", "smsc").stdout == (
        "link\tsmsc\nid\tauto\npairs\t\nparked\t0\nfitting\t\nambiguous\t0\nproposal\t-\n"
    )


def test_a_replay_needs_an_admin_and_a_link(live: Live) -> None:
    """Exit 77 for others; 1 for a link there is not."""
    refused = live.run("link", "receipts", "smsc", "--replay")
    live.gateway.configure(admin="true")
    done, nobody = (live.run("link", "receipts", name, "--replay") for name in ("smsc", "nosuch"))

    assert (refused.exit_code, done.exit_code, nobody.exit_code) == (77, 0, 1)
    assert done.stdout.endswith("matched\t0\n")
    assert nobody.stderr == "gatewayd: not_found: there is no such link (link)\n"
