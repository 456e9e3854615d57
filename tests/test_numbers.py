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
    """With and without country code, as people and spreadsheets write it, are one number."""
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
        ("+44 (0)7911 123456", "447911123456"),
        ("+1 (202) 555-0123", "12025550123"),
        ("+1 242 359 1234", "12423591234"),
        ("+13802138000", "13802138000"),  # + makes it American
        ("+85261234567", "85261234567"),
        ("+6797012345", "6797012345"),
        ("+2250712345678", "2250712345678"),  # Côte d'Ivoire: the 0 is part of the number
        ("+39 312 345 6789", "393123456789"),
        ("+4915112345678", "4915112345678"),
        ("+881612345678", "881612345678"),  # a satellite network
    ],
)
def test_international_numbers(text: str, digits: str) -> None:
    """With + or 00 any country's, without the trunk 0 that some write behind the country code."""
    assert canonical(text) == digits


@pytest.mark.parametrize(
    ("text", "country", "digits"),
    [
        ("61234567", "852", "85261234567"),
        ("85261234567", "852", "85261234567"),
        ("85212345", "852", "85285212345"),  # begins like the country code, but has a whole number's length
        ("07911 123456", "44", "447911123456"),
        ("01711234567", "49", "491711234567"),
        ("312 345 6789", "39", "393123456789"),
        ("8 (912) 345-67-89", "7", "79123456789"),  # trunk 8
        ("8001234567", "7", "78001234567"),  # an 8 of its own
        ("06 20 123 4567", "36", "36201234567"),
        ("202-555-0123", "1", "12025550123"),
        ("1-202-555-0123", "1", "12025550123"),
        ("+8613800138000", "852", "8613800138000"),
        ("+86 013800138000", "44", "8613800138000"),
    ],
)
def test_another_default_country(text: str, country: str, digits: str) -> None:
    """A bare number is of the default country, with its code, its trunk prefix, or neither."""
    assert canonical(text, country) == digits


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no digits"),
        ("+", "has no digits"),
        ("00", "has no digits"),
        ("-- --", "has no digits"),
        ("1380013800O", "something else than digits"),
        ("+86+13800138000", "something else than digits"),
        ("13800138000.0", "something else than digits"),  # as a spreadsheet exports a number
        ("1.38E+10", "something else than digits"),
        ("ACME", "something else than digits"),
        ("١٣٨٠٠١٣٨٠٠٠", "something else than digits"),  # Arabic digits: no one meant these
        ("138²0138000", "something else than digits"),
        ("+0123456789", "no country code that is in use"),
        ("000013800138000", "no country code that is in use"),
        ("+210123456789", "no country code that is in use"),
        ("+8001234567890", "no country code that is in use"),  # freephone: takes no messages
        ("+123456", "has 6 digits with country code; a mobile number of North America has 11"),
        ("+12420000", "of Bahamas has 11"),
        ("+123456789012345", "has 15 digits with country code"),
        ("+49123456789012345", "has 17 digits with country code; a mobile number of Germany has 12 or 13"),
        ("+436", "of Austria has 9 to 15"),
        ("1380013800", "has 10 digits without country code; a mobile number of China has 11"),
        ("138001380001", "has 12 digits without country code; a mobile number of China has 11"),
        ("+861380013800", "^has 10 digits without country code; a mobile number of China has 11$"),
        ("868613800138000", "is no mobile number of China"),
        ("9" * 300, "is no mobile number of China"),
        ("12800138000", "is no mobile number of China"),  # 12 is no mobile network
        ("02165529988", "is no mobile number of China"),  # a landline
        ("+86 10 6552 9988", "service code or a landline"),
        ("106900012345", "service code or a landline"),
        ("+8610690001", "service code or a landline"),
        ("95588", "short code"),
        ("+86 10086", "short code"),
        ("1440012345678", r"a thing \(IoT\)"),
        ("+86 1064812345678", r"a thing \(IoT\)"),
        ("447911123456", "; one of another country begins with [+] or 00$"),  # bare, so not taken for British
    ],
)
def test_what_is_refused_and_why(text: str, reason: str) -> None:
    """The reason never quotes the number, not even three digits of it (G11)."""
    with pytest.raises(InvalidNumber, match=reason) as raised:
        canonical(text)
    assert isinstance(raised.value, GatewayError)
    assert isinstance(raised.value, ValueError)
    assert raised.value.reason == str(raised.value)
    assert not any(text[i : i + 3] in raised.value.reason for i in range(len(text) - 2))


@pytest.mark.parametrize(
    ("text", "reason"), [("10086", "short code"), ("4479111", "has 7 digits with country code")]
)
def test_what_is_refused_where_another_country_is_the_default(text: str, reason: str) -> None:
    """Short codes of any country, and what has no usual length."""
    with pytest.raises(InvalidNumber, match=reason):
        canonical(text, "44")


WRITTEN = st.text(st.sampled_from("0123456789+ -'０１"), max_size=20) | st.text(max_size=20)
COUNTRIES = st.sampled_from(["86", "852", "1", "7", "36", "39", "43", "44", "241", "375"])


@given(WRITTEN, COUNTRIES)
def test_any_text_is_a_number_or_refused(text: str, country: str) -> None:
    """One error class, and what passes has at most 15 digits (ITU-T E.164) that pass again behind a +."""
    try:
        digits = canonical(text, country)
    except InvalidNumber:
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert len(digits) <= 15
    assert canonical("+" + digits, country) == digits


@given(st.text("0123456789", min_size=1, max_size=14), COUNTRIES, st.sampled_from(["", "+", "00", "0"]))
def test_a_canonical_number_of_the_default_country_is_its_own_canonical_form(
    national: str, country: str, head: str
) -> None:
    """What events and queries show may be given back as it is."""
    try:
        digits = canonical(head + country + national, country)
    except InvalidNumber:
        return
    if digits.startswith(country):
        assert canonical(digits, country) == digits


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
