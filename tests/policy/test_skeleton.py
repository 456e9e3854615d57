"""Letters and digits of a text, and where each stood."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gatewayd.policy.skeleton import skeleton, spelled

TRICKS = st.text(
    st.one_of(
        st.characters(), st.sampled_from("免费費ＡａⒶ㈱ﬁ½ \u200b\u3164*_-.·。\u1112\u1161\u11abİßΣς🅰⽀")
    ),
    max_size=24,
)


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("免费", "免费"),
        ("免 费", "免费"),
        ("免\u3000费", "免费"),
        ("免*费", "免费"),
        ("免·费", "免费"),
        ("免_费", "免费"),
        ("免\u200b费", "免费"),
        ("免\u3164费", "免费"),
        ("免😀费", "免费"),
        ("【免】【费】", "免费"),
        ("免費", "免费"),
        ("⾯費", "面费"),
        ("ＦＲＥＥ", "free"),
        ("F.r.e-e", "free"),
        ("Ⓕⓡⓔⓔ", "free"),
        ("𝐅𝐫𝐞𝐞", "free"),
        ("㈱①½", "株112"),
        ("\u1112\u1161\u11ab글", "한글"),
        ("", ""),
        ("！？", ""),
    ],
)
def test_what_stands_between_and_how_it_is_written_does_not_count(text: str, letters: str) -> None:
    """Blanks, symbols, invisible characters, width, case, fonts and traditional forms go."""
    assert skeleton(text) == letters
    assert spelled(text).letters == letters


@given(TRICKS)
def test_the_quick_form_and_the_one_with_places_agree(text: str) -> None:
    """But for Korean letters that symbols stand between, which one of them joins."""
    found = spelled(text)
    assert unicodedata.normalize("NFKC", found.letters) == unicodedata.normalize("NFKC", skeleton(text))


@given(TRICKS)
@example("_¼")
@example("_ß")
@example("\u1112\u1161½")
def test_each_letter_has_its_place(text: str) -> None:
    """Places go up, lie inside the text, and what stands there has that letter in it."""
    letters, starts, ends = spelled(text)
    assert len(letters) == len(starts) == len(ends)
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    for letter, start, end in zip(letters, starts, ends, strict=True):
        assert 0 <= start < end <= len(text)
        assert letter in skeleton(text[start:end])


def test_no_character_hides_a_letter() -> None:
    """Of all characters that normalisation makes a letter or digit of, none is taken for a symbol."""
    letters = (c for c in map(chr, range(0x110000)) if not c.isalnum() and c not in "\u3164\uffa0")
    hiding = [
        c for c in letters if any(map(str.isalnum, unicodedata.normalize("NFKC", c))) and not skeleton(c)
    ]
    assert hiding == []
