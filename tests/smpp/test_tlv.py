"""Known TLVs by type; everything else untouched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.errors import LocalProtocolError
from gatewayd.smpp import tlv
from gatewayd.smpp.consts import TLV_TAGS, TLV_TAGS_5_0, tlv_name


def test_the_first_of_repeated_tlvs_counts() -> None:
    """A repeated tag is kept in the PDU; readers take the first."""
    tlvs = ((0x1403, b"vendor"), (0x0427, b"\1"), (0x0427, b"\2"))
    assert tlv.first(tlvs, 0x0427) == b"\1"
    assert tlv.first(tlvs, 0x001E) is None
    assert tlv.MESSAGE_STATE.find(tlvs) == 1
    assert tlv.RECEIPTED_MESSAGE_ID.find(tlvs) is None


@pytest.mark.parametrize(
    ("raw", "value"),
    [(b"ABCD\0", b"ABCD"), (b"ABCD", b"ABCD"), (b"", b""), (b"\0", b""), (b"AB\0\0\0", b"AB")],
)
def test_a_c_octet_string_may_lack_its_nul(raw: bytes, value: bytes) -> None:
    """Peers leave the NUL out, or pad with several: the id is the same."""
    assert tlv.RECEIPTED_MESSAGE_ID.find(((0x1E, raw),)) == value


@pytest.mark.parametrize(
    ("tag", "raw"),
    [
        (tlv.MESSAGE_STATE, b"\0\2"),
        (tlv.MESSAGE_STATE, b""),
        (tlv.USER_MESSAGE_REFERENCE, b"\7"),
        (tlv.NETWORK_ERROR_CODE, b"\3\0"),
    ],
)
def test_a_wrong_size_is_none(tag: tlv.Tag[Any], raw: bytes) -> None:
    """A TLV whose size is not its type's has no value, and is no error."""
    assert tlv.typed(tag, raw) is None
    assert tag.find(((tag, raw),)) is None


def test_an_unknown_tag_stays_octets() -> None:
    """Vendor TLVs are handed on as they are."""
    assert tlv.typed(0x1403, b"\0\1") == b"\0\1"


@given(st.sampled_from(list(tlv.KNOWN.values())), st.data())
def test_reading_undoes_writing(tag: tlv.Tag[Any], data: st.DataObject) -> None:
    """What fits a type comes back from the TLV made of it."""
    values = {
        tlv.IntTag: st.integers(0, 256**tag.least - 1),
        tlv.OctetsTag: st.binary(min_size=tag.least, max_size=min(tag.most, 300)),
        tlv.CStringTag: st.binary(max_size=tag.most - 1).map(lambda raw: raw.replace(b"\0", b".")),
    }
    value = data.draw(values[type(tag)])
    number, raw = tag.tlv(value)
    assert type(number) is int
    assert tag.least <= len(raw) <= tag.most
    assert tlv.typed(number, raw) == value


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (tlv.MESSAGE_STATE, 256),
        (tlv.MESSAGE_STATE, -1),
        (tlv.NETWORK_ERROR_CODE, b"\3\0"),
        (tlv.RECEIPTED_MESSAGE_ID, b"A\0B"),
        (tlv.RECEIPTED_MESSAGE_ID, b"1" * 65),
        (tlv.MESSAGE_PAYLOAD, b"x" * 65_536),
    ],
)
def test_a_value_that_does_not_fit_is_not_sent(tag: tlv.Tag[Any], value: Any) -> None:
    """Nothing is cut: the error names the TLV and not the value."""
    with pytest.raises(LocalProtocolError) as refusal:
        tag.tlv(value)
    assert tlv_name(tag) in str(refusal.value)
    assert repr(value) not in str(refusal.value)


def test_every_tag_of_3_4_has_a_type() -> None:
    """All 44 of smpplib's tags are typed, and congestion_state, which 3.4 peers send too."""
    assert {*TLV_TAGS.values()} - {*TLV_TAGS_5_0.values()} | {0x0428} == set(tlv.KNOWN)
