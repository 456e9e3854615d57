"""Near enough characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp import gsm
from gatewayd.smpp.transliterate import into


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("“It’s” – 5 €…", '"It\'s" - 5 €...'),
        ("façade, Ångström, naïve", "facade, Ångström, naive"),
        ("Łódź Příliš œuvre ţară", "Lodz Prilis oeuvre tara"),
        ("cafe\u0301 e\u0323", "café e"),
        ("a\u00a0b\u200bc", "a bc"),
        ("Đặng Thị Ngọc", "Dang Thi Ngoc"),
        ("您好", None),
        ("【商城】“ok”", None),
        ("ok 👍", None),
        ("Привет", None),
        ("ｆｕｌｌ", None),
        ("", ""),
    ],
)
def test_signs_and_latin_letters_only(text: str, near: str | None) -> None:
    """Quotes, dashes, dots, accents without a GSM letter; never another script, never Chinese."""
    assert into(gsm.DEFAULT, text) == near


@given(st.text(max_size=50))
def test_what_comes_out_can_be_written(text: str) -> None:
    """None, or nothing but characters of the alphabet."""
    near = into(gsm.DEFAULT, text)
    assert near is None or gsm.first_foreign(near) is None
