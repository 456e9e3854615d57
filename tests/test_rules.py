"""The answers of a snapshot to the ledger's questions."""

import pytest

from gatewayd.config import parse_config
from gatewayd.model import Content, Lane, Refusal
from gatewayd.policy.subject import Facts
from gatewayd.rules import SnapshotRules
from gatewayd.snapshot import Snapshot

FILE = b"""
clients:
  shop: {users: [a], brands: [shop], classes: ["*"], holds_consent: true}
  boss: {users: [b], brands: ["*"], classes: ["*"], admin: true}
links:
  one: {host: localhost, system_id: x, reference_tlv: true}
  two: {host: localhost, system_id: x, long_messages: sar}
brands:
  shop: {signature: null, sender: "10690001"}
  club: {signature: null, sender: "1069000177"}
  bank: {signature: null, sender: "10690002"}
routes: [{match: {}, links: [one, two]}]
"""


@pytest.fixture
def rules() -> SnapshotRules:
    return SnapshotRules(Snapshot.build(parse_config(FILE, "test.yaml")))


@pytest.mark.parametrize(
    ("address", "brands"),
    [
        ("10690001", ["shop"]),
        ("106900015", ["shop"]),
        ("1069000177", ["club"]),
        ("106900017788", ["club"]),
        ("1069000", ["shop", "club", "bank"]),
        ("95588", []),
    ],
)
def test_a_code_has_its_brands(rules: SnapshotRules, address: str, brands: list[str]) -> None:
    """The longest sender that begins the address; a cut code all it begins; an unknown one none."""
    assert brands == rules.brands_at(address)
    assert rules.all_brands() == ["shop", "club", "bank"]


def test_an_mo_is_told_to_those_entitled(rules: SnapshotRules) -> None:
    """A brand's MO goes to its clients, one of no brand to admin clients."""
    assert rules.clients_of("shop") == ["shop", "boss"]
    assert rules.clients_of("bank") == ["boss"]
    assert rules.clients_of(None) == ["boss"]


def test_what_is_gone_from_the_configuration_is_carried_through(rules: SnapshotRules) -> None:
    """A class as notice that opt-outs bind, a link without references and with 8-bit UDH."""
    gone = rules.class_rule("gone")
    assert gone.marketing
    assert gone.receipt_wait == rules.class_rule("notice").receipt_wait
    held = Lane("failover:one,two", "gone", "shop", "shop")
    assert rules.asking(
        Content("8613800138000", "1", "x", None, b"", "gsm7", 1, "queued", 0, 1), held
    ).class_.quiet_hours
    assert not rules.sends_reference("gone")
    content = Content("8613800138000", "10690001", "x" * 200, None, b"", "gsm7", 2, "queued", 0, 1)
    assert [part.udhi for part in rules.parts(content, "gone", 7)] == [True, True]
    assert [part.udhi for part in rules.parts(content, "two", 7)] == [False, False]


def test_an_opt_out_binds_marketing_at_sending(rules: SnapshotRules) -> None:
    """Judged again when it is claimed: member is refused, notice is not (G7)."""
    content = Content("8613800138000", "10690001", "x", None, b"", "gsm7", 1, "queued", 0, 1)
    member, notice = (Lane("failover:one,two", class_, "shop", "shop") for class_ in ("member", "notice"))
    refusal = rules.judge(content, member, Facts(opted_out=True), 0)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "opted_out"
    assert rules.judge(content, member, Facts(), 0) is None
    assert rules.judge(content, notice, Facts(opted_out=True), 0) is None


def test_only_a_link_that_sends_references_can_have_them_echoed(rules: SnapshotRules) -> None:
    """SMSCs put references of their own into receipts."""
    assert rules.sends_reference("one")
    assert not rules.sends_reference("two")
