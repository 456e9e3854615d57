"""Segments of texts and binary data: sizes, headers, and what must never be cut."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from smpplib import gsm as smpplib_gsm

from gatewayd.concat import Inbound, assemble
from gatewayd.errors import LocalProtocolError
from gatewayd.smpp import udh
from gatewayd.smpp.text import (
    Carry,
    Encoding,
    InvalidHeader,
    Part,
    Unencodable,
    choose,
    count,
    forced_by,
    split,
    split_binary,
)

HEADERS = (Carry.UDH8, Carry.UDH16, Carry.SAR)
JOINED = (
    "👨‍👩‍👧‍👦",  # joined by ZWJ
    "🏳️‍🌈",
    "🤦🏼‍♂️",
    "👍🏽",  # skin tone
    "🇨🇳",  # two regional indicators
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # tags: England
    "1️⃣",  # keycap
    "❤️",  # variation selectors
    "葛\U000e0100",
    "e\u0301",  # combining marks
    "ก\u0e33",
    "कि",
    "\u1112\u1161\u11ab",  # Hangul letters
    "ｶﾞ",
    "𠮷",
)
GSM_TEXT = st.text(st.sampled_from("@£$é\n\r _ΔΩAz09§¿à!\"#¤%&'^{}\\[~]|€\f"), max_size=700)
LATIN1_TEXT = st.text(st.characters(min_codepoint=1, max_codepoint=0xFF), max_size=600)
SIGNS = st.lists(st.sampled_from([*JOINED, *JOINED, "a", "您", "，", "€", "😀"]), max_size=150)
TEXTS = st.one_of(
    st.tuples(GSM_TEXT, st.just(Encoding.GSM7)),
    st.tuples(LATIN1_TEXT, st.just(Encoding.LATIN1)),
    st.tuples(SIGNS.map("".join), st.just(Encoding.UCS2)),
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff\ufffe"), max_size=300),
        st.just(Encoding.UCS2),
    ),
)
LIMITS = {  # octets of short_message after the header: (all there is, with each kind of concatenation)
    Encoding.GSM7: (160, {Carry.UDH8: 153, Carry.UDH16: 152, Carry.SAR: 153}),
    Encoding.LATIN1: (140, {Carry.UDH8: 134, Carry.UDH16: 133, Carry.SAR: 134}),
    Encoding.UCS2: (140, {Carry.UDH8: 134, Carry.UDH16: 132, Carry.SAR: 134}),
    Encoding.BINARY: (140, {Carry.UDH8: 134, Carry.UDH16: 133, Carry.SAR: 134}),
}


def received(part: Part) -> udh.UserData:
    return udh.user_data(udh.UDHI if part.udhi else 0, part.short_message, part.tlvs)


def reassembled(parts: tuple[Part, ...]) -> str | None:
    """As the inbound side reads the segments, last one first."""
    segments = [Inbound(part.number, part.data_coding, received(part).octets, 0) for part in parts]
    whole = assemble(len(parts), reversed(segments), now=0)
    assert whole is not None
    assert whole.complete
    return whole.text


@given(TEXTS, st.sampled_from(Carry), st.integers(0, 0x1FFFF))
def test_split_and_reassembly_give_the_text_back(
    case: tuple[str, Encoding], carry: Carry, reference: int
) -> None:
    """Whatever the encoding and the carry, what was split reads as it was written, and `count` agrees."""
    text, encoding = case
    parts = split(text, encoding, carry, reference)

    assert reassembled(parts) == text
    assert len(parts) == count(text, encoding, carry)
    assert [(part.number, part.total) for part in parts] == [
        (n, len(parts)) for n in range(1, len(parts) + 1)
    ]
    assert {part.data_coding for part in parts} == {encoding.data_coding}


@given(TEXTS, st.sampled_from(HEADERS), st.integers(0, 0x1FFFF))
def test_no_segment_is_over_its_limit_and_each_tells_its_place(
    case: tuple[str, Encoding], carry: Carry, reference: int
) -> None:
    """Each of several segments carries the same reference, the total and its number, within its room."""
    text, encoding = case
    parts = split(text, encoding, carry, reference)
    single, several = LIMITS[encoding]

    if len(parts) == 1:
        assert len(parts[0].short_message) <= single
        assert (parts[0].udhi, parts[0].tlvs) == (False, ())
        return
    width = 0xFFFF if carry is Carry.UDH16 else 0xFF
    for part in parts:
        assert 0 < len(received(part).octets) <= several[carry]
        assert received(part).concat == udh.Concat(reference & width, part.total, part.number)
        assert part.udhi is (carry is not Carry.SAR)


@given(SIGNS, st.sampled_from(HEADERS))
def test_a_joined_sign_is_kept_whole(signs: list[str], carry: Carry) -> None:
    """Segments end only between signs: emoji sequences, flags, keycaps, marks, pairs."""
    boundaries = {0}
    for sign in signs:
        boundaries.add(max(boundaries) + len(sign))

    place = 0
    for part in split("".join(signs), Encoding.UCS2, carry, 1):
        place += len(received(part).octets.decode("utf-16-be"))
        assert place in boundaries


@given(GSM_TEXT, st.sampled_from(HEADERS))
@example("a" * 152 + "€" + "b" * 20, Carry.UDH8)
def test_an_escape_pair_is_never_cut(text: str, carry: Carry) -> None:
    """No segment ends with an escape that belongs to the next segment's first octet."""
    for part in split(text, Encoding.GSM7, carry, 1):
        assert not part.short_message.endswith(b"\x1b")


def test_a_sign_longer_than_a_segment_is_cut_between_characters() -> None:
    """What does not fit into any segment is still sent: it begins one, fills it, and pairs stay whole."""
    monster = "👩" + "\u200d👩" * 60
    parts = split("a" + monster, Encoding.UCS2, Carry.UDH8, 1)

    assert "".join(received(part).octets.decode("utf-16-be") for part in parts) == "a" + monster
    assert [len(received(part).octets) // 2 for part in parts] == [1, 66, 66, 50]


@pytest.mark.parametrize("sign", JOINED)
def test_a_joined_sign_at_the_cut_moves_to_the_next_segment(sign: str) -> None:
    """A sign that begins in the last unit of a segment goes to the next one whole."""
    first, second = split("您" * 66 + sign + "好" * 40, Encoding.UCS2, Carry.UDH8, 1)

    assert received(first).octets.decode("utf-16-be") == "您" * 66
    assert received(second).octets.decode("utf-16-be").startswith(sign)


def test_flags_in_a_row_are_cut_between_flags() -> None:
    """Of many regional indicators in a row each two are one flag, counted from the first."""
    parts = split("您" + "🇨🇳" * 40, Encoding.UCS2, Carry.UDH8, 1)

    assert [received(part).octets.decode("utf-16-be") for part in parts] == [
        "您" + "🇨🇳" * 16,
        "🇨🇳" * 16,
        "🇨🇳" * 8,
    ]


@pytest.mark.parametrize(
    ("encoding", "unit", "carry", "sizes"),
    [
        (Encoding.GSM7, "a", Carry.UDH8, {0: 1, 160: 1, 161: 2, 306: 2, 307: 3}),
        (Encoding.GSM7, "a", Carry.UDH16, {160: 1, 304: 2, 305: 3}),
        (Encoding.GSM7, "a", Carry.SAR, {160: 1, 306: 2, 307: 3}),
        (Encoding.GSM7, "€", Carry.UDH8, {80: 1, 81: 2, 152: 2, 153: 3}),
        (Encoding.UCS2, "您", Carry.UDH8, {70: 1, 71: 2, 134: 2, 135: 3, 160: 3}),
        (Encoding.UCS2, "您", Carry.UDH16, {70: 1, 132: 2, 133: 3}),
        (Encoding.UCS2, "您", Carry.SAR, {70: 1, 134: 2, 135: 3}),
        (Encoding.UCS2, "😀", Carry.UDH8, {35: 1, 36: 2, 66: 2, 67: 3}),
        (Encoding.LATIN1, "é", Carry.UDH8, {140: 1, 268: 2, 269: 3}),
        (Encoding.LATIN1, "é", Carry.UDH16, {140: 1, 266: 2, 267: 3}),
        (Encoding.GSM7, "a", Carry.PAYLOAD, {160: 1, 5000: 1}),
        (Encoding.UCS2, "您", Carry.PAYLOAD, {70: 1, 5000: 1}),
    ],
)
def test_segment_sizes(encoding: Encoding, unit: str, carry: Carry, sizes: dict[int, int]) -> None:
    """160/153, 70/67, 140/134 with an 8-bit reference, 152, 66, 133 with 16 bits (3GPP TS 23.040)."""
    for length, segments in sizes.items():
        assert count(unit * length, encoding, carry) == segments
        assert len(split(unit * length, encoding, carry, 1)) == segments


def test_octets_of_each_carry() -> None:
    """Headers and TLVs octet by octet: TS 23.040 section 9.2.3.24, SMPP 3.4 section 5.3.2.22."""
    text = "a" * 161

    assert [part.short_message[:7] for part in split(text, Encoding.GSM7, Carry.UDH8, 0x1234)] == [
        bytes.fromhex("0500033402 01 61"),
        bytes.fromhex("0500033402 02 61"),
    ]
    assert [part.short_message[:8] for part in split(text, Encoding.GSM7, Carry.UDH16, 0x1234)] == [
        bytes.fromhex("060804123402 01 61"),
        bytes.fromhex("060804123402 02 61"),
    ]
    first, second = split(text, Encoding.GSM7, Carry.SAR, 0x1234)
    assert first.tlvs == ((0x020C, b"\x00\x34"), (0x020E, b"\2"), (0x020F, b"\1"))
    assert second.tlvs == ((0x020C, b"\x00\x34"), (0x020E, b"\2"), (0x020F, b"\2"))
    assert (first.short_message, second.short_message) == (b"a" * 153, b"a" * 8)


def test_a_long_text_in_message_payload_is_one_segment() -> None:
    """message_payload carries all of it, short_message is empty (SMPP 3.4 section 5.3.2.32)."""
    (part,) = split("您" * 71, Encoding.UCS2, Carry.PAYLOAD, 1)

    assert (part.short_message, part.udhi) == (b"", False)
    assert part.tlvs == ((0x0424, ("您" * 71).encode("utf-16-be")),)


@pytest.mark.parametrize("carry", Carry)
def test_a_short_text_travels_plainly_with_every_carry(carry: Carry) -> None:
    """One segment needs neither header nor TLV."""
    assert split("您好", Encoding.UCS2, carry, 1) == (
        Part("您好".encode("utf-16-be"), udhi=False, data_coding=8, tlvs=(), number=1, total=1),
    )


@given(st.text(st.sampled_from("@£$é\n\r _ΔΩAz09¿à!\"#¤%&'"), max_size=500))
def test_smpplib_cuts_gsm_texts_the_same(text: str) -> None:
    """Octets equal smpplib's, the reference apart, where it is right: no escapes."""
    assert same_as_smpplib(text, Encoding.GSM7)


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=250))
def test_smpplib_cuts_chinese_texts_the_same(text: str) -> None:
    """Octets equal smpplib's, the reference apart, where it is right: no surrogate pairs."""
    assert same_as_smpplib(text, Encoding.UCS2)


@given(LATIN1_TEXT)
def test_smpplib_cuts_latin1_texts_the_same(text: str) -> None:
    """Octets equal smpplib's, the reference apart."""
    assert same_as_smpplib(text, Encoding.LATIN1)


def same_as_smpplib(text: str, encoding: Encoding) -> bool:
    theirs, data_coding, esm_class = smpplib_gsm.make_parts(text, encoding.data_coding)
    assert data_coding == encoding.data_coding
    reference = theirs[0][3] if esm_class else 0
    ours = split(text, encoding, Carry.UDH8, reference)
    assert {part.udhi for part in ours} == {bool(esm_class)}
    return bool([part.short_message for part in ours] == theirs)


@pytest.mark.parametrize(
    ("text", "encoding", "character"),
    [
        ("", Encoding.GSM7, None),
        ("Hello [world] {€} ^ ~ | \\ \f §", Encoding.GSM7, None),
        ("¥100", Encoding.GSM7, None),
        ("￥100", Encoding.UCS2, "￥"),
        ("say “hi”", Encoding.UCS2, "“"),
        ("a`b", Encoding.UCS2, "`"),
        ("a\x1bb", Encoding.UCS2, "\x1b"),
        ("a\0b", Encoding.UCS2, "\0"),
        ("façade", Encoding.UCS2, "ç"),
        ("ok 👍🏽", Encoding.UCS2, "👍"),
        ("【XX商城】您的验证码为987654", Encoding.UCS2, "【"),
    ],
)
def test_choice_of_encoding(text: str, encoding: Encoding, character: str | None) -> None:
    """GSM 7-bit where it can, else UCS-2, and the first character that forced it is named."""
    assert choose(text) is encoding
    assert forced_by(text) == character


@pytest.mark.parametrize(
    ("text", "encoding", "character", "index"),
    [
        ("price ￥5", Encoding.GSM7, "￥", 6),
        ("price €5", Encoding.LATIN1, "€", 6),
        ("ab\ud83d!", Encoding.UCS2, "\ud83d", 2),
        ("\udc00", Encoding.UCS2, "\udc00", 0),
    ],
)
def test_unencodable_text_names_character_and_index(
    text: str, encoding: Encoding, character: str, index: int
) -> None:
    """One error for all encodings; neither it nor what it was raised from says the text (G11)."""
    for act in (lambda: split(text, encoding, Carry.UDH8, 1), lambda: count(text, encoding, Carry.UDH8)):
        with pytest.raises(Unencodable) as raised:
            act()
        error = raised.value
        assert (error.encoding, error.character, error.index) == (encoding, character, index)
        assert str(error) == f"the character at index {index} cannot be written in {encoding}"
        assert error.__context__ is None


def test_beyond_255_segments_is_refused_but_counted() -> None:
    """Concatenation counts in one octet; `count` still tells how long the text is."""
    assert len(split("a" * 153 * 255, Encoding.GSM7, Carry.UDH8, 1)) == 255
    too_long = "a" * (153 * 255 + 1)
    assert count(too_long, Encoding.GSM7, Carry.SAR) == 256
    for carry in HEADERS:
        with pytest.raises(LocalProtocolError, match="segments: concatenation counts to 255"):
            split(too_long, Encoding.GSM7, carry, 1)


def test_message_payload_holds_at_most_what_a_tlv_can() -> None:
    """A TLV's length is two octets."""
    assert len(split("a" * 65535, Encoding.GSM7, Carry.PAYLOAD, 1)[0].tlvs[0][1]) == 65535
    with pytest.raises(LocalProtocolError, match="65536 octets do not fit"):
        split("a" * 65536, Encoding.GSM7, Carry.PAYLOAD, 1)


def test_binary_is_no_text() -> None:
    """A mistake of the caller, not of the client."""
    with pytest.raises(ValueError, match="split_binary"):
        split("00ff", Encoding.BINARY, Carry.UDH8, 1)


PORTS = bytes.fromhex("06 05 04 0b84 23f0")


@given(
    st.binary(max_size=900),
    st.sampled_from([b"", b"\0", PORTS]),
    st.sampled_from(Carry),
    st.integers(0, 0xFFFF),
)
def test_binary_data_round_trip(data: bytes, header: bytes, carry: Carry, reference: int) -> None:
    """Data come back whole, each segment has the client's elements, and none is over 140 octets."""
    parts = split_binary(data, header, carry, reference)
    segments = [received(part) for part in parts]

    assert b"".join(segment.octets for segment in segments) == data
    assert {part.data_coding for part in parts} == {4}
    for part, segment in zip(parts, segments, strict=True):
        assert len(part.short_message) <= (134 if carry is Carry.SAR and part.tlvs else 140)
        own = tuple(element for element in segment.elements if element[0] not in {0x00, 0x08})
        assert own == udh.parse_udh(header)[0]
        assert (segment.concat is None) == (len(parts) == 1)


def test_header_of_the_client_and_concatenation_are_one() -> None:
    """Ports and concatenation share one header, in each segment."""
    first, second = split_binary(bytes(200), PORTS, Carry.UDH8, 7)

    assert first.short_message == bytes.fromhex("0b 00 03 07 02 01 05 04 0b84 23f0") + bytes(128)
    assert second.short_message == bytes.fromhex("0b 00 03 07 02 02 05 04 0b84 23f0") + bytes(72)
    assert first.udhi
    assert second.udhi


def test_sar_gives_way_to_a_header() -> None:
    """With a header of the client, SAR TLVs would be a second concatenation scheme in one segment."""
    assert split_binary(bytes(200), PORTS, Carry.SAR, 7) == split_binary(bytes(200), PORTS, Carry.UDH8, 7)
    assert all(part.tlvs and not part.udhi for part in split_binary(bytes(200), b"", Carry.SAR, 7))


def test_sizes_of_binary_segments() -> None:
    """140 in one, 134 or 133 in each of several, less what the client's header takes."""
    sizes = {0: 1, 140: 1, 141: 2, 268: 2, 269: 3}
    assert {size: len(split_binary(bytes(size), b"", Carry.UDH8, 1)) for size in sizes} == sizes
    assert len(split_binary(bytes(267), b"", Carry.UDH16, 1)) == 3
    with_ports = {133: 1, 134: 2, 256: 2, 257: 3}
    assert {size: len(split_binary(bytes(size), PORTS, Carry.UDH8, 1)) for size in with_ports} == with_ports


def test_binary_data_in_message_payload() -> None:
    """The header leads the payload."""
    (part,) = split_binary(bytes(200), PORTS, Carry.PAYLOAD, 1)

    assert (part.short_message, part.udhi, part.tlvs) == (b"", True, ((0x0424, PORTS + bytes(200)),))


@pytest.mark.parametrize(
    ("header", "size", "reason"),
    [
        ("05", 1, "do not add up"),
        ("04 05 04 0b84", 1, "do not add up"),
        ("05 04 0b84 23f0", 1, "do not add up"),  # without its length octet
        ("05 00 03 01 02 01", 200, "of its own"),
        ("06 08 04 0001 02 01", 200, "of its own"),
        ("86 70 84" + "00" * 132, 200, "leaves no room"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused(header: str, size: int, reason: str) -> None:
    """Lengths must add up; a second concatenation or a full segment is no base to cut on."""
    with pytest.raises(InvalidHeader, match=reason):
        split_binary(bytes(size), bytes.fromhex(header), Carry.UDH8, 1)


def test_a_segment_the_client_cut_itself_passes() -> None:
    """One segment with the client's own concatenation is sent as it is."""
    header = bytes.fromhex("05 00 03 01 02 01")
    (part,) = split_binary(bytes(134), header, Carry.UDH8, 1)

    assert (part.short_message, part.udhi) == (header + bytes(134), True)


def test_repr_shows_no_text() -> None:
    """Segments end up in logs; their text may not (G11)."""
    (part,) = split("secret", Encoding.GSM7, Carry.UDH8, 1)

    assert repr(part) == "Part(1 of 1, 6 octets)"
    assert not re.search("secret", repr(received(part)))
