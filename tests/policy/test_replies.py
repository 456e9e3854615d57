"""Exact opt-out replies: the keyword and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.policy.replies import opt_out

AROUND = (
    " \t\r\n\u3000\u00a0.,;:!?-_*()[]{}\"'`~…。,、!?;:“”‘’「」『』【】《》()~\u200b\u200d\ufeff\u2060\0👍"
)


@pytest.mark.parametrize(
    "text",
    [
        "TD",
        "td",
        "Td",
        "T",
        "t",
        "退订",
        "ＴＤ",
        "ｔｄ",
        "Ｔ",
        " TD ",
        "\u3000退订\u3000",
        "TD\r\n",
        "TD.",
        "退订。",
        "退订!",
        "“TD”",
        "【退订】",
        "'T'",
        "(TD)",
        "T\u200bD",
        "\ufeffTD",
        "退\u200d订",
        "\0T\0",
        "TD 👍",
        "退订\ufe0f",
    ],
)
def test_exact_replies_opt_out(text: str) -> None:
    """TD, T and 退订 in any case and width, with anything around them that is no letter and no digit."""
    assert opt_out(text) == "keyword"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "。",
        "\u200b",
        "N",
        "TT",
        "TDD",
        "1T",
        "T1",
        "TD1",
        "DT",
        "TXT",
        "TDZ",
        "TD-LTE",
        "TD-RFID",
        "OUTSTANDING",
        "STD",
        "T恤",
        "T退",
        "退订单",
        "退订金",
        "不退订",
        "不要退订",
        "如何退订",
        "退订吗",
        "订退",
        "退",
        "TD 退款呢",
        "T,你好",
        "id:1 stat:DELIVRD err:000 text:TD",
        "ТД",  # Cyrillic
        "TD" * 40,
        "T" + "\u200b" * 40 + "D",  # longer than any reply that a person types
    ],
)
def test_everything_else_does_not(text: str) -> None:
    """Longer words, products, orders, negations, questions, echoes and look-alikes are no exact reply."""
    assert opt_out(text) is None


@given(
    before=st.text(AROUND, max_size=20),
    keyword=st.sampled_from(["TD", "td", "T", "t", "退订", "ＴＤ"]),
    after=st.text(AROUND, max_size=20),
)
def test_nothing_around_hides_a_keyword(before: str, keyword: str, after: str) -> None:
    """Blanks, quotes, brackets, punctuation, zero-width characters and emoji on either side do not count."""
    assert opt_out(before + keyword + after) == "keyword"


@given(text=st.text(max_size=80))
def test_only_keywords_opt_out(text: str) -> None:
    """What is taken for an opt-out holds the letters of a keyword and no others."""
    if opt_out(text) is not None:
        letters = "".join(character for character in text if character.isalnum())
        assert len(letters) <= 2


def test_long_texts_are_cheap() -> None:
    """Sixty thousand blanks or combining marks around or inside cost one pass, and no normalisation."""
    assert opt_out(" " * 60_000 + "TD" + "\u3000" * 60_000) == "keyword"
    assert opt_out("T" + "\u0323\u0301" * 30_000 + "D") is None
