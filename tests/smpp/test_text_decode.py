"""Received octets to text: alphabets, data codings, and what peers send against the rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smpplib import gsm as smpplib_gsm

from gatewayd.smpp import gsm
from gatewayd.smpp.text import decode

EXTENSION = dict(zip("\f^{}\\[~]|€", bytes.fromhex("0a1428292f3c3d3e4065"), strict=True))


def test_each_septet_reads_and_writes_back() -> None:
    """127 characters, each with its septet; the 128th is the escape (TS 23.038 section 6.2.1)."""
    septets = bytes(value for value in range(128) if value != gsm.ESCAPE)
    text = gsm.decode(septets)

    assert len(set(text)) == 127
    assert gsm.first_foreign(text) is None
    assert gsm.encode(text) == septets


def test_smpplib_has_the_same_alphabet() -> None:
    """An independent table agrees, its known faults apart."""
    for value in (value for value in range(128) if value not in {gsm.ESCAPE, 0x5F}):
        assert smpplib_gsm.gsm_encode(gsm.decode(bytes((value,)))) == bytes((value,))
    for character in EXTENSION.keys() - {"\f"}:
        assert smpplib_gsm.gsm_encode(character) == gsm.encode(character)


def test_extension_table() -> None:
    """Ten characters behind the escape (TS 23.038 section 6.2.1.1)."""
    for character, septet in EXTENSION.items():
        assert gsm.encode(character) == bytes((gsm.ESCAPE, septet))
        assert gsm.decode(bytes((gsm.ESCAPE, septet))) == character


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        ("5444", 0, "TD"),
        ("00 11 24", 0, "@_¤"),
        ("1b65 1b3c 61 1b3e", 0, "€[a]"),
        ("1b 61", 0, "a"),  # no such extension: the septet itself
        ("61 1b", 0, "a "),  # an escape without its septet
        ("1b1b 65", 0, " e"),  # another extension table, none of which exists
        ("e9 40", 0, "é@"),  # an SMSC whose default is Latin-1
        ("5444 00", 1, "TD"),
        ("e9", 1, "é"),
        ("e9 e0 00", 3, "éà"),
        ("c2", 6, "Т"),
        ("e9", 7, "י"),
        ("b0a1", 14, "가"),
        ("9000 8ba2", 8, "退订"),
        ("d83d de00", 8, "😀"),
        ("9000 8b", 8, "退"),  # odd
        ("9000 d83d 8ba2", 8, "退\ufffd订"),  # a lone surrogate
        ("de00 0061", 8, "\ufffda"),
        ("feff 9000 8ba2", 8, "退订"),
        ("fffe 0090 a28b", 8, "退订"),
        ("cdcb b6a9", 15, "退订"),
        ("cdcb b6a9 ff", 15, "退订\ufffd"),
        ("5444", 0x10, "TD"),  # TS 23.038 section 4: class 0
        ("9000", 0x18, "退"),
        ("9000", 0x19, "退"),
        ("5444", 0x40, "TD"),
        ("9000", 0x58, "退"),
        ("5444", 0xC0, "TD"),
        ("5444", 0xD8, "TD"),
        ("9000", 0xE0, "退"),
        ("5444", 0xF0, "TD"),
        ("5444", 0xF1, "TD"),
        ("", 0, ""),
        ("", 8, ""),
    ],
)
def test_text_by_data_coding(octets: str, data_coding: int, text: str) -> None:
    """What a handset or relay sends reads as text, faults mended."""
    assert decode(bytes.fromhex(octets), data_coding) == text


@pytest.mark.parametrize(
    "data_coding", [2, 4, 5, 9, 10, 11, 12, 13, 0x14, 0x1C, 0x20, 0x38, 0x60, 0x80, 0xBF, 0xF4, 0xF5]
)
def test_binary_compressed_and_reserved_codings_are_no_text(data_coding: int) -> None:
    """Better none than a wrong one."""
    assert decode(b"TD", data_coding) is None


@given(st.binary(max_size=200), st.integers(0, 255))
def test_decoding_never_fails(octets: bytes, data_coding: int) -> None:
    """Whatever octets and coding come, text or None, and text that can be stored as UTF-8."""
    text = decode(octets, data_coding)
    assert text is None or text.encode().decode() == text
