"""User data headers and SAR TLVs of received segments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp.udh import UDHI, Concat, UserData, concat_8_bit, concat_16_bit, parse_udh, sar, user_data


@pytest.mark.parametrize(
    ("octets", "elements", "payload"),
    [
        ("050003 07 02 01 5444", [(0, "070201")], "5444"),
        ("060804 0107 02 01 5444", [(8, "01070201")], "5444"),
        ("0b 0504 0b84 23f0 0003 07 02 01 ff", [(5, "0b8423f0"), (0, "070201")], "ff"),
        ("02 7000 ff", [(0x70, "")], "ff"),
        ("00 ff", [], "ff"),
        ("", [], ""),
        ("ff", [], "ff"),  # lies from here on
        ("05000307", [], "05000307"),
        ("05 0004 07 02 01 54", [], "05 0004 07 02 01 54"),
        ("05 0002 07 02 01 54", [], "05 0002 07 02 01 54"),
        ("01 00 54", [], "01 00 54"),
        ("01 00", [], "01 00"),
    ],
)
def test_elements_and_payload(octets: str, elements: list[tuple[int, str]], payload: str) -> None:
    """Elements in order; where a length lies there is no header and all octets are payload."""
    assert parse_udh(bytes.fromhex(octets)) == (
        tuple((identifier, bytes.fromhex(value)) for identifier, value in elements),
        bytes.fromhex(payload),
    )


@given(st.binary(max_size=40))
def test_any_octets_give_elements_that_make_them_up(octets: bytes) -> None:
    """Never an error; header and payload together are the octets."""
    elements, payload = parse_udh(octets)
    header = b"".join(bytes((identifier, len(value))) + value for identifier, value in elements)

    assert octets in {payload, bytes((len(header),)) + header + payload}


@pytest.mark.parametrize(
    ("header", "concat"),
    [
        ("050003 07 02 01", Concat(7, 2, 1)),
        ("060804 0107 ff ff", Concat(0x107, 255, 255)),
        ("0b 0504 0b84 23f0 0003 07 02 02", Concat(7, 2, 2)),
        ("0a 0003 07 02 02 0003 08 03 03", Concat(8, 3, 3)),  # of two the last
        ("0a 0003 07 02 02 0003 08 03 00", Concat(7, 2, 2)),  # of those that can be
        ("050003 07 00 01", None),
        ("050003 07 02 00", None),
        ("050003 07 02 03", None),
        ("050003 07 01 01", None),  # the only one: nothing to wait for
        ("040002 07 02", None),
        ("050803 07 02 01", None),
        ("06 0504 0b84 23f0", None),
        ("00", None),
    ],
)
def test_concatenation_of_a_header(header: str, concat: Concat | None) -> None:
    """8 and 16-bit elements; impossible totals and numbers are ignored (TS 23.040 section 9.2.3.24.1)."""
    assert user_data(UDHI, bytes.fromhex(header) + b"TD", ()).concat == concat


@pytest.mark.parametrize(
    ("tlvs", "concat"),
    [
        (((0x020C, b"\1\7"), (0x020E, b"\2"), (0x020F, b"\1")), Concat(0x107, 2, 1)),
        (((0x020F, b"\2"), (0x0204, b"\0\1"), (0x020E, b"\2"), (0x020C, b"\7")), Concat(7, 2, 2)),
        (((0x020C, b"\0\7"), (0x020E, b"\2")), None),
        (((0x020E, b"\2"), (0x020F, b"\1")), None),
        (((0x020C, b"\0\7"), (0x020E, b"\0"), (0x020F, b"\1")), None),
        (((0x020C, b"\0\7"), (0x020E, b"\2"), (0x020F, b"\3")), None),
        (((0x020C, b"\0\7"), (0x020E, b"\1\0"), (0x020F, b"\1")), None),
        (((0x020C, b""), (0x020E, b""), (0x020F, b"")), None),
    ],
)
def test_concatenation_of_sar_tlvs(tlvs: tuple[tuple[int, bytes], ...], concat: Concat | None) -> None:
    """All three TLVs, with values that can be."""
    assert user_data(0, b"TD", tlvs) == UserData(b"TD", (), concat)


def test_header_wins_over_sar() -> None:
    """An SMSC that makes one from the other leaves both; they may disagree."""
    both = user_data(UDHI, concat_8_bit(7, 2, 1) + b"TD", sar(9, 3, 2))
    assert (both.concat, both.octets) == (Concat(7, 2, 1), b"TD")


def test_sar_counts_where_the_header_tells_no_place() -> None:
    """A header of ports only does not hide the TLVs."""
    assert user_data(UDHI, bytes.fromhex("0605040b8423f0") + b"TD", sar(9, 3, 2)).concat == Concat(9, 3, 2)


def test_message_payload_counts_where_short_message_is_empty() -> None:
    """Header and all (SMPP 3.4 section 5.3.2.32); else short_message is the message."""
    payload = (0x0424, concat_16_bit(7, 2, 1) + b"TD")
    assert user_data(UDHI, b"", (payload,)) == UserData(b"TD", ((8, b"\0\7\2\1"),), Concat(7, 2, 1))
    assert user_data(0, b"short", (payload,)) == UserData(b"short")
    assert user_data(0, b"", ()) == UserData(b"")


def test_without_udhi_there_is_no_header() -> None:
    """Octets that look like one are text."""
    octets = concat_8_bit(7, 2, 1) + b"TD"
    assert user_data(0, octets, ()) == UserData(octets)


def test_a_lying_header_is_payload() -> None:
    """Nothing of the message is lost, though its flag promised a header."""
    assert user_data(UDHI | 0x04, b"\x30TD", ()) == UserData(b"\x30TD")
