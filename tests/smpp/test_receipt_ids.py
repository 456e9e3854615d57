"""Ids that receipts write otherwise than submit_sm_resp did: what fits, and what must never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp.receipt_ids import (
    CONVERSIONS,
    ENOUGH,
    Notation,
    compare,
    is_truncated,
    key,
    means,
    other_keys,
    proposed,
    trusted,
)

AUTO, AS_IS, ANY_CASE, UNPADDED = Notation.AUTO, Notation.AS_IS, Notation.ANY_CASE, Notation.UNPADDED
HEX_TO_DECIMAL, DECIMAL_TO_HEX = Notation.HEX_TO_DECIMAL, Notation.DECIMAL_TO_HEX

PAIRS = [  # submit_sm_resp, receipt, notation, source
    ("bc614e", "12345678", HEX_TO_DECIMAL, "Vonage: hex in the response, decimal in the receipt"),
    ("00BC614E", "12345678", HEX_TO_DECIMAL, "jasmin #1129: padded, capitals"),
    ("0xbc614e", "0012345678", HEX_TO_DECIMAL, "field practice: 0x, and padding on the other side"),
    ("FFFFFFFFFFFFFFFF", "18446744073709551615", HEX_TO_DECIMAL, "field practice: 64 bits"),
    ("0000436949", "6aad5", DECIMAL_TO_HEX, "both notations in one PDU"),
    ("0416342074", "18d0e03a", DECIMAL_TO_HEX, "both notations in one PDU"),
    ("436949", "0006AAD5", DECIMAL_TO_HEX, "field practice: padding"),
    ("0489708364", "1d305b4c", DECIMAL_TO_HEX, "python-smpplib tests/test_command.py"),
    ("00B8BE19", "b8be19", UNPADDED, "jasmin #1129"),
    ("0123456789", "123456789", UNPADDED, "jasmin #916: leading zeros"),
    ("7", "0000000007", UNPADDED, "field practice: padding in the receipt"),
    ("7", "7".zfill(64), UNPADDED, "field practice: padding to the whole field"),
    ("Ab12Cd", "aB12cD", ANY_CASE, "field practice: letters of both cases in one id"),
    ("00Ab12Cd", "aB12cD", UNPADDED, "field practice: letters of both cases in one id"),
    ("f" * 32, str(2**128 - 1), HEX_TO_DECIMAL, "field practice: longer than 64 bits"),
    ("0x12", "18", HEX_TO_DECIMAL, "field practice: 0x makes it hex for sure"),
    ("0x1F2E3D", "1f2e3d", UNPADDED, "field practice: 0x"),
    ("C87C2273-7EDB", "c87c2273-7edb", ANY_CASE, "jasmin #195: a UUID in capitals"),
]


@pytest.mark.parametrize(("told", "name", "notation", "source"), PAIRS, ids=str)
def test_a_pair_is_found_and_named(told: str, name: str, notation: Notation, source: str) -> None:
    """By the link's own notation, by auto, and in the other direction; and it is learnt as what it is."""
    assert source
    assert compare(told, name) is notation
    assert means(told, name, notation)
    assert means(told, name, AUTO)
    assert not means(told, name, AS_IS)
    assert key(told) in {key(name), *other_keys(name)}
    assert key(name) in {key(told), *other_keys(told)}


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("12345678", "305419896"),  # 0x12345678, but it might as well be another message's id
        ("305419896", "12345678"),
        ("1000", "4096"),
        ("0000000010", "0x10"),  # 10, or 16 of which the receipt is?
        ("0x10", "10"),
    ],
)
def test_auto_converts_no_digits_alone(told: str, name: str) -> None:
    """Two numbers of digits are one only where real pairs have shown the conversion, or the link says so."""
    assert not means(told, name, AUTO)
    notation = compare(told, name)
    assert notation is not None
    assert means(told, name, AUTO, {notation})
    assert means(told, name, notation)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("12ab-34cd", "12ab34cd"),  # dashes are part of a name
        ("0a1b-2", "a1b-2"),  # zeros of a name that is no number
        ("SAR-1-1", "SAR-1-2"),
        ("abc", "abd"),
        ("10.0.0.1", "10.0.0.01"),
        ("", "0"),
        ("0", "00000x"),
    ],
)
def test_names_are_not_mangled(told: str, name: str) -> None:
    """Only numbers are converted and lose zeros."""
    assert compare(told, name) is None
    for notation in Notation:
        assert not means(told, name, notation, CONVERSIONS)


def test_as_is_has_no_other_form() -> None:
    """What the operator calls exact is exact."""
    assert means("6AAD5", "6AAD5", AS_IS)
    assert not means("6aad5", "6AAD5", AS_IS)


@pytest.mark.parametrize(("name", "meant"), [("5", True), ("4096", False), ("1000", False)])
def test_a_conversion_is_not_the_same_digits(*, name: str, meant: bool) -> None:
    """With hex in responses `4096` means 1000; only where both say the same number may they look the same."""
    assert means(name, name, HEX_TO_DECIMAL) is meant
    assert means(name, name, DECIMAL_TO_HEX) is meant
    assert means(name, name, AUTO)


@given(number=st.integers(0, 2**128 - 1), width=st.integers(0, 60), upper=st.booleans())
def test_every_number_comes_back(*, number: int, width: int, upper: bool) -> None:
    """Hex of any padding and case against decimal of any padding, beyond 64 bits too, both ways."""
    hexed = f"{number:x}".zfill(width)
    hexed, decimal = hexed.upper() if upper else hexed, str(number).zfill(width)

    for told, name, notation in ((hexed, decimal, HEX_TO_DECIMAL), (decimal, hexed, DECIMAL_TO_HEX)):
        assert means(told, name, notation)
        assert key(told) in {key(name), *other_keys(name)}
        assert compare(told, name) in {notation, UNPADDED, AS_IS}


NAMES = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF), max_size=128) | st.text(
    "0123456789abAB-x", max_size=12
)


@given(told=NAMES, name=NAMES)
def test_what_is_meant_is_found_and_learnt(told: str, name: str) -> None:
    """What any notation takes for one id has a key that finds it, and a name to be learnt by."""
    for notation in Notation:
        if means(told, name, notation, CONVERSIONS):
            assert key(told) in {key(name), *other_keys(name)}
            assert compare(told, name) is not None
    assert means(told, name, AUTO, set(Notation)) is (compare(told, name) is not None)


@pytest.mark.parametrize(
    ("told", "name", "cut"),
    [
        ("0123456789", "01234567", True),
        ("0123456789", "23456789", True),
        ("c87c2273-7edb-4bc7", "C87C2273", True),
        ("0123456789", "0123456789", False),
        ("0123456789", "12345678", False),  # from the middle
        ("0123456789", "56789", False),  # too little to tell
        ("0123456789", "", False),
    ],
)
def test_what_is_left_of_an_id(*, told: str, name: str, cut: bool) -> None:
    """Its beginning or its end, as far as that still says something."""
    assert is_truncated(told, name) is cut


@pytest.mark.parametrize(
    ("pairs", "setting", "sure"),
    [
        ({}, None, set()),
        ({"as_is": ENOUGH - 1}, None, set()),
        ({"as_is": ENOUGH}, AS_IS, set()),
        ({"as_is": 50, "any_case": 1}, ANY_CASE, set()),
        ({"as_is": 50, "any_case": 5, "unpadded": 5}, UNPADDED, set()),
        ({"unpadded": 19, "as_is": 1}, UNPADDED, {UNPADDED}),
        ({"unpadded": 18, "hex_to_decimal": 2}, None, {UNPADDED}),
        ({"hex_to_decimal": 95, "as_is": 5}, HEX_TO_DECIMAL, {HEX_TO_DECIMAL}),
        ({"decimal_to_hex": 20}, DECIMAL_TO_HEX, {DECIMAL_TO_HEX}),
        ({"decimal_to_hex": 20, "as_is": 20}, None, set()),
        ({"decimal_to_hex": 20, "hex_to_decimal": 20}, None, set()),
    ],
)
def test_what_pairs_teach(pairs: dict[str, int], setting: Notation | None, sure: set[Notation]) -> None:
    """Nothing of too few or of a mixture; a form where it explains nearly all."""
    assert proposed(pairs) is setting
    assert trusted(pairs) == sure
