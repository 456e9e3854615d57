"""The text settings of links, from the file to the segments and back."""

from typing import Any

import pytest

from gatewayd.concat import Inbound, assemble
from gatewayd.config import parse_config
from gatewayd.ledger.accept import Accepted
from gatewayd.model import Content
from gatewayd.policy.subject import Facts
from gatewayd.rules import SnapshotRules
from gatewayd.smpp.septets import pack
from gatewayd.snapshot import Snapshot
from gatewayd.submission import Submission
from gatewayd.upstream.wire import Submit

FILE = """
clients: {shop: {users: [a], brands: ["*"], classes: ["*"]}}
links:
  plain: {host: localhost, system_id: x}
  near: {host: localhost, system_id: x, text: {transliterate: true}}
  head: {host: localhost, system_id: x, text: {signature: strip_head, count: cn}}
  turkish: {host: localhost, system_id: x, text: {national_shift: [tr], packed: true}}
  relay: {host: localhost, system_id: x, text: {wide: gbk, byte_order: little}}
  flash: {host: localhost, system_id: x, text: {flash: general}}
  flash-f0: {host: localhost, system_id: x, text: {flash: class}}
brands:
  mall: {signature: "【XX商城】", sender: "10690001"}
  club: {signature: "【XX商城会员】", sender: "10690001"}
  bank: {signature: null, sender: "10690002"}
classes: {signed: {}}
routes:
  - {match: {class: otp}, links: [near, plain]}
  - {match: {class: signed}, links: [head, plain]}
  - {match: {}, links: [turkish, plain]}
"""
SNAPSHOT = Snapshot.build(parse_config(FILE.encode(), "test.yaml"))
RULES = SnapshotRules(SNAPSHOT)
MALL, CLUB = "【XX商城】", "【XX商城会员】"


def accepted(text: str, class_: str = "otp", brand: str = "bank", **fields: Any) -> Content:
    request = Submit(seq=1, to="13800138000", class_=class_, brand=brand, text=text, **fields)
    outcome = Submission(request, SNAPSHOT.clients["shop"], SNAPSHOT, 0).judge(Facts(opted_out=False))
    assert isinstance(outcome, Accepted)
    return outcome.content


def sent(content: Content, link: str) -> list[tuple[int, bytes]]:
    return [(part.data_coding, part.short_message) for part in RULES.parts(content, link, 7)]


def test_each_link_of_a_route_writes_in_its_own_style() -> None:
    """What the first link makes near, the next one sends as it was submitted; nothing is lost on the way."""
    content = accepted("“ok”")
    assert (content.encoding, content.segments) == ("gsm7", 1)
    assert sent(content, "near") == [(0, b'"ok"')]
    assert sent(content, "plain") == [(8, "“ok”".encode("utf-16-be"))]
    assert sent(content, "relay") == [(15, "“ok”".encode("gbk"))]


@pytest.mark.parametrize(("text", "codings"), [("ok", (0x10, 0xF0)), ("好的", (0x18, 0x18))])
def test_flash_is_a_setting_of_the_link(text: str, codings: tuple[int, int]) -> None:
    """One account for what is shown at once; routes lead to it, and the answer to a submit is the same."""
    content = accepted(text)
    assert [sent(content, link)[0][0] for link in ("flash", "flash-f0")] == list(codings)
    [(coding, octets)] = sent(content, "flash")
    assert RULES.reader("flash").text(octets, coding) == text


def test_an_encoding_that_the_client_names_holds_on_every_link() -> None:
    """And is told as it was named."""
    content = accepted("“ok”", encoding="ucs2")
    assert content.encoding == "ucs2"
    assert {coding for link in ("near", "plain") for coding, _ in sent(content, link)} == {8}
    assert sent(content, "near") == sent(content, "plain")


def test_segments_told_are_segments_sent() -> None:
    """The answer to a submit counts with national tables, and with the room of the carrier's signature."""
    turkish = accepted("ğşçıİ" * 25, "notice")
    assert (turkish.encoding, turkish.segments) == ("gsm7", len(sent(turkish, "turkish")))
    assert len(sent(turkish, "plain")) == 2
    signed = accepted(MALL + "您" * 70, "signed", "mall")
    assert (signed.segments, len(sent(signed, "head"))) == (2, 2)


@pytest.mark.parametrize(
    ("brand", "text", "first"),
    [
        ("mall", MALL + "您" * 100, 67 - len(MALL)),
        ("club", CLUB + "您" * 100, 67 - len(CLUB)),
        ("mall", "您" * 100, 67 - len(MALL)),
        ("bank", "您" * 100, 67),
    ],
)
def test_the_signature_is_the_brands(brand: str, text: str, first: int) -> None:
    """Taken off, and its room kept in the first segment; a brand without one gets all the room."""
    octets = [octets[6:] for _, octets in sent(accepted(text, "signed", brand), "head")]
    assert len(octets[0]) // 2 == first
    assert b"".join(octets).decode("utf-16-be") == "您" * 100


def test_billed_is_told_where_the_carrier_counts_otherwise() -> None:
    """160 Latin letters and the carrier's signature: three at 67, as Chinese carriers bill them."""
    assert accepted("a" * 150, "signed", "mall").billed == 3
    assert accepted("a" * 150, "otp").billed is None


def test_mos_are_read_in_the_links_style() -> None:
    """Packed with national tables by header, little-endian, or of a link that is gone: as of a plain one."""
    elements = ((0x00, b"\7\2\1"), (0x25, b"\1"))
    packed = [
        Inbound(1, 0, pack(b"\x1c\x1d", 9), 0, elements),
        Inbound(2, 0, pack(b"\x07", 9), 0, ((0x00, b"\7\2\2"), (0x25, b"\1"))),
    ]
    whole = assemble(2, packed, 0, reader=RULES.reader("turkish"))
    assert whole is not None
    assert whole.text == "Şşı"
    assert RULES.reader("relay").text("退".encode("utf-16-le"), 8) == "退"
    assert RULES.reader("relay").text(b"\xfe\xff" + "退".encode("utf-16-be"), 8) == "退"
    assert RULES.reader("gone").text("退".encode("utf-16-be"), 8) == "退"
