"""Replies whose data_coding lies: another reading counts if it is a keyword or an instruction."""

import pytest

from gatewayd.policy.replies import Kind, Reply, Words, judge_received
from gatewayd.smpp.text import decode

WORDS = Words()
UCS2, SWAPPED, UTF8, GBK = "utf-16-be", "utf-16-le", "utf-8", "gbk"


def meant(octets: bytes, data_coding: int) -> Reply:
    return judge_received(decode(octets, data_coding), octets, WORDS)


@pytest.mark.parametrize(
    ("text", "codec", "data_coding", "rule"),
    [
        ("TD", UCS2, 0, "keyword"),
        ("退订", UCS2, 0, "keyword_in_ucs2"),
        ("退订", UCS2, 3, "keyword_in_ucs2"),
        ("退订", UCS2, 15, "keyword_in_ucs2"),
        ("TD", UCS2, 15, "keyword"),
        ("退订", SWAPPED, 8, "keyword_in_ucs2_swapped"),
        ("TD", SWAPPED, 8, "keyword_in_ucs2_swapped"),
        ("TD", UTF8, 8, "keyword_in_utf8"),
        ("td", UTF8, 8, "keyword_in_utf8"),
        ("Td", UTF8, 8, "keyword_in_utf8"),
        ("STOP", UTF8, 8, "keyword_in_utf8"),
        ("T\0", UTF8, 8, "keyword_in_ucs2_swapped"),
        ("T", UTF8, 8, "keyword_in_utf8"),
        ("TD", UTF8, 4, "keyword_in_utf8"),
        ("退订", UTF8, 0, "keyword_in_utf8"),
        ("退订", UTF8, 8, "keyword_in_utf8"),
        ("退订", UTF8, 15, "keyword_in_utf8"),
        ("回复TD退订", UTF8, 3, "instruction_in_utf8"),
        ("退订", GBK, 0, "keyword_in_gbk"),
        ("退订", GBK, 3, "keyword_in_gbk"),
        ("退订", GBK, 8, "keyword_in_gbk"),
        ("退订回T", GBK, 0, "instruction_in_gbk"),
        ("退订", GBK, 15, "keyword"),
        ("TD", UTF8, 0xF1, "keyword"),
    ],
)
def test_a_lie_does_not_hide_an_opt_out(text: str, codec: str, data_coding: int, rule: str) -> None:
    """UCS-2 declared as the default alphabet, ASCII as UCS-2, GBK and UTF-8 as anything, octets swapped."""
    assert meant(text.encode(codec), data_coding) == Reply(Kind.OPT_OUT, rule)


def test_an_opt_in_is_found_too() -> None:
    """By the same readings."""
    assert meant("恢复".encode(GBK), 0) == Reply(Kind.OPT_IN, "keyword_in_gbk")


@pytest.mark.parametrize(
    ("octets", "data_coding"),
    [
        ("一".encode(UCS2), 8),  # N and a NUL
        ("刀".encode(UCS2), 8),  # R and a NUL
        ("好的".encode(UCS2), 8),
        ("别再发了".encode(UTF8), 8),  # a sentence is not exact
        ("退订单".encode(GBK), 0),
        (b"\x00\xff\x01", 4),
        (b"", 8),
        (b"TD" * 40, 8),  # longer than any keyword
    ],
)
def test_what_makes_sense_or_is_no_keyword_stays_what_it_is(octets: bytes, data_coding: int) -> None:
    """Everyday Chinese is not read otherwise, and what is more than a keyword is not taken."""
    assert meant(octets, data_coding).kind is Kind.OTHER
