"""Canonical numbers and what a log may show of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.errors import GatewayError
from gatewayd.numbers import InvalidNumber, canonical, masked

MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
NOISE = st.text(st.sampled_from(" -\t\u00a0\u3000\u200b\u2011\u202a－"), max_size=3)


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "8613800138000",
        "+8613800138000",
        "008613800138000",
        "+86 138 0013 8000",
        "138-0013-8000",
        " 13800138000\r\n",
        "１３８００１３８０００",
        "＋８６１３８００１３８０００",
        "\u00a0138\u00a00013\u00a08000",
        "'13800138000",
        "’+8613800138000",
        "\u202a+8613800138000\u202c",  # as copied from an address book
        "\ufeff13800138000",
        "138－0013—8000",
        "013800138000",  # trunk 0
    ],
)
def test_forms_of_one_chinese_number(text: str) -> None:
    """FIELD 1.8: with and without country code, as people and spreadsheets write it, are one number."""
    assert canonical(text) == "8613800138000"


@given(
    MOBILE,
    st.sampled_from(["", "86", "+86", "0086"]),
    st.lists(NOISE, min_size=15, max_size=15),
    st.booleans(),
)
def test_blanks_dashes_and_width_change_nothing(
    number: str,
    prefix: str,
    noise: list[str],
    wide: bool,  # noqa: FBT001  drawn
) -> None:
    """Any noise between any digits of any Chinese mobile number; the result is its own canonical form."""
    written = "".join(character + junk for character, junk in zip(prefix + number, noise, strict=False))
    if wide:
        written = written.translate(
            {ord("0") + digit: ord("０") + digit for digit in range(10)} | {ord("+"): "＋"}
        )

    assert canonical(written) == "86" + number
    assert canonical(canonical(written)) == "86" + number


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+447911123456", "447911123456"),
        ("00447911123456", "447911123456"),
        ("+1 202-555-0123", "12025550123"),
        ("+13800138000", "13800138000"),  # + makes it American
        ("+85261234567", "85261234567"),
        ("+6791234", "6791234"),
        ("+123456789012345", "123456789012345"),
    ],
)
def test_international_numbers(text: str, digits: str) -> None:
    """With + or 00 any country's, 7 to 15 digits (ITU-T E.164)."""
    assert canonical(text) == digits


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("61234567", "852", "85261234567"),
        ("85261234567", "852", "85261234567"),
        ("07911 123456", "44", "447911123456"),
        ("13800138000", "44", "4413800138000"),
        ("+8613800138000", "852", "8613800138000"),
    ],
)
def test_another_default_country(text: str, country: str, digits: str) -> None:
    """A bare number is of the default country; a trunk 0 gives way to the country code."""
    assert canonical(text, country) == digits


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "7 to 15 digits"),
        ("+", "something else than digits"),
        ("00", "something else than digits"),
        ("1380013800O", "something else than digits"),
        ("+86+13800138000", "something else than digits"),
        ("ACME", "something else than digits"),
        ("١٣٨٠٠١٣٨٠٠٠", "something else than digits"),  # Arabic digits: no one meant these
        ("138²0138000", "something else than digits"),
        ("+123456", "7 to 15 digits"),
        ("+1234567890123456", "7 to 15 digits"),
        ("9" * 300, "7 to 15 digits"),
        ("+0123456789", "begins with 0"),
        ("000013800138000", "begins with 0"),
        ("1380013800", "mobile number of China"),
        ("138001380001", "mobile number of China"),
        ("12800138000", "mobile number of China"),  # 12 is no mobile network
        ("+861380013800", "mobile number of China"),
        ("+86 10 6552 9988", "mobile number of China"),  # a landline
        ("95588", "mobile number of China"),
        ("1440012345678", "mobile number of China"),  # 13 digits: a thing, not a phone
        ("447911123456", "mobile number of China"),  # bare, so not taken for British
    ],
)
def test_what_is_refused_and_why(text: str, reason: str) -> None:
    """The reason never quotes the number (G11)."""
    with pytest.raises(InvalidNumber, match=reason) as raised:
        canonical(text)
    assert isinstance(raised.value, GatewayError)
    assert isinstance(raised.value, ValueError)
    assert raised.value.reason == str(raised.value)
    assert not text or text not in raised.value.reason


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """One error class, and what passes is digits that pass again behind a +."""
    try:
        digits = canonical(text)
    except InvalidNumber:
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert canonical("+" + digits) == digits


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("8613800138000", "86138******00"),
        ("13800138000", "138******00"),
        ("447911123456", "4479******56"),
        ("123456789012345", "12345********45"),
        ("12345678", "******78"),
        ("1234567", "*****67"),
        ("10086", "10086"),
        ("", ""),
    ],
)
def test_masked(number: str, shown: str) -> None:
    """At most the first 5 and the last 2; service codes whole."""
    assert masked(number) == shown


@given(st.text("0123456789", min_size=7, max_size=21))
def test_masked_hides_enough(number: str) -> None:
    """At least 5 digits of anything that may be a person's number, and its length stays."""
    shown = masked(number)
    assert len(shown) == len(number)
    assert shown.count("*") >= max(5, len(number) - 7)
