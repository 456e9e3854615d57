"""The op `link_receipts`, with messages that were really sent."""

from gatewayd.ledger.claim import claim
from gatewayd.ledger.settle import Kind, Outcome, settle
from gatewayd.ledger.tables import Tables
from gatewayd.rules import SnapshotRules
from gatewayd.smpp.receipt import Receipt, ReceiptState
from tests.ledger.world import FreeLinks
from tests.upstream.gateway import NOW, Gateway

DIGITS = "12345678"  # of a response in hex; AUTO does not guess of digits alone


def lead(tables: Tables, rules: SnapshotRules, receipts: list[str]) -> None:
    """Send what waits, hear hex ids, then decimal receipts."""
    claimed, _ = claim(tables, FreeLinks(tables.lanes(), {"smsc": 9}), rules, 1, 7, NOW)
    told = [
        Outcome("smsc", s.message, s.number, s.attempt, Kind.ANSWERED, NOW, 0, f"{n}{DIGITS}")
        for n, (s, _) in enumerate((pair for one in claimed for pair in one.segments), 1)
    ]
    came = [
        Receipt(smsc_message_id=name, state=ReceiptState.DELIVERED, final=True, source=b"8613800138000")
        for name in receipts
    ]
    settle(tables, told, [("smsc", receipt) for receipt in came], rules, NOW)


async def test_parked_receipts_are_matched_under_the_settings_in_force(gateway: Gateway) -> None:
    """Digits alone stay parked under `auto`; once the link tells its notation they end their messages."""
    gateway.configure(admin="true")
    async with gateway.connect() as client:
        first, second = await client.submit(2)
        names = [str(int(f"{n}{DIGITS}", 16)) for n in (1, 2)]
        await gateway.store.write(lead, SnapshotRules(gateway.snapshot), names)
        nothing = await client.ask("link_receipts", link="smsc", replay=True)
        gateway.configure(admin="true", receipts="{id: hex_to_decimal}")
        done = await client.ask("link_receipts", link="smsc", replay=True)
        states = [(await client.ask("query", id=sent["id"]))["message"]["state"] for sent in (first, second)]

    assert (nothing["matched"], nothing["receipts"]["parked"]) == (0, 2)
    assert (done["matched"], done["receipts"]["parked"]) == (2, 0)
    assert done["receipts"]["pairs"] == {"hex_to_decimal": 2}
    assert states == ["delivered", "delivered"]
