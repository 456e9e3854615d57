"""Which words are in force: shipped, then those of policy, link and brand."""

from typing import Any

from gatewayd.config import parse_config
from gatewayd.policy.replies import Kind, judge
from gatewayd.policy.replies.book import ReplyBook

FILE = """\
links:
  a: {host: smsc.example, system_id: acme}
  b: {host: smsc.example, system_id: acme, replies: {opt_out: [{text: BB}]}}
brands:
  plain: {sender: "1069"}
  quiz: {sender: "1070", replies: {opt_out: [{text: N, match: never}, {text: 打住, match: contains}]}}
  list: {sender: "1071", opt_out_text: 回复TDYX退订}
policy: {replies: {opt_out: [{text: PP}, {text: R, match: never}], opt_in: [{text: HF}]}}
routes: [{match: {}, links: [a]}]
"""
BOOK = ReplyBook.of(parse_config(FILE.encode(), "f"))


def kind(text: str, *brands: str, link: str = "a") -> Kind:
    return judge(text, BOOK.words(brands, link)).kind


def test_words_of_policy_hold_everywhere() -> None:
    """Beside the shipped ones, which they may also take away."""
    assert [kind(text, "plain") for text in ("PP", "TD", "HF", "R")] == [
        Kind.OPT_OUT,
        Kind.OPT_OUT,
        Kind.OPT_IN,
        Kind.OTHER,
    ]


def test_words_of_a_link_hold_on_it() -> None:
    """An operator's own words."""
    assert kind("BB", "plain", link="b") is Kind.OPT_OUT
    assert kind("BB", "plain") is Kind.OTHER


def test_words_of_a_brand_hold_for_it() -> None:
    """They may add, and take away."""
    assert (kind("请打住吧", "quiz"), kind("N", "quiz")) == (Kind.OPT_OUT, Kind.OTHER)
    assert (kind("请打住吧", "plain"), kind("N", "plain")) == (Kind.OTHER, Kind.OPT_OUT)


def test_what_a_brands_text_asks_for_always_counts() -> None:
    """A brand that tells 回复TDYX退订 understands TDYX."""
    assert kind("TDYX", "list") is Kind.OPT_OUT
    assert kind("TDYX", "plain") is Kind.OTHER


def test_brands_of_one_code_share_their_words() -> None:
    """Any brand's word opts out; what one of them does not want as a keyword, another may."""
    assert kind("TDYX", "quiz", "list") is Kind.OPT_OUT
    assert kind("N", "quiz", "list") is Kind.OPT_OUT


def test_a_brand_or_link_that_is_gone_has_no_words() -> None:
    """An MO may come by what a reload has taken away."""
    assert kind("TD", "gone", link="gone") is Kind.OPT_OUT


def test_combinations_are_compiled_once() -> None:
    """Brands that say the same share one; memory does not grow with replies."""
    book: Any = ReplyBook.of(parse_config(FILE.encode(), "f"))
    assert book.words(["plain"], "a") is book.words(["plain"], "gone")
    assert book.words(["quiz"], "a") is not book.words(["plain"], "a")
