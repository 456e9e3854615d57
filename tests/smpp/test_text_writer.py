"""Texts in the style of a link: what is written, how it is cut, and that it reads back."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatewayd.concat import Inbound, assemble
from gatewayd.smpp import udh
from gatewayd.smpp.reader import Reader
from gatewayd.smpp.shift_tables import LANGUAGES
from gatewayd.smpp.style import PLAIN, DefaultAlphabet, Flash, SignatureBy, Style, Wide
from gatewayd.smpp.text import Carry, Encoding, Part, Unencodable, billed_cn, choose, count, split
from gatewayd.smpp.transliterate import into
from gatewayd.smpp.writer import Writer

SIGNATURE = "【XX商城】"
PIECES = ["a", "Z", "@", "_", "$", "é", "ç", "€", "[", "`", "\n", "Δ", "ğ", "ş", "ı", "á", "ã", "“", "…"]
PIECES += ["您", "好", "，", "😀", "👨‍👩‍👧", "🇨🇳", "क", "ि", "०", "த", "ا", "word and word "]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=220).map("".join) | st.text(
    st.sampled_from("abcdefghij klm"), min_size=1, max_size=480
)
STYLES = st.builds(
    Style,
    alphabet=st.sampled_from(DefaultAlphabet),
    wide=st.sampled_from(Wide),
    little_endian=st.booleans(),
    byte_order_mark=st.booleans(),
    transliterate=st.booleans(),
    signature=st.sampled_from(SignatureBy),
) | st.builds(
    Style,
    packed=st.booleans(),
    flash=st.sampled_from(Flash),
    wide=st.sampled_from(Wide),
    little_endian=st.booleans(),
    byte_order_mark=st.booleans(),
    shifts=st.lists(st.sampled_from(sorted(LANGUAGES.values())), max_size=4, unique=True).map(tuple),
    signature=st.sampled_from(SignatureBy),
)


def received(part: Part) -> udh.UserData:
    return udh.user_data(udh.UDHI if part.udhi else 0, part.short_message, part.tlvs)


def segments(parts: tuple[Part, ...]) -> list[Inbound]:
    return [
        Inbound(part.number, part.data_coding, data.octets, 0, data.elements)
        for part, data in ((part, received(part)) for part in parts)
    ]


def read(parts: tuple[Part, ...], style: Style) -> str:
    whole = assemble(len(parts), reversed(segments(parts)), now=0, reader=Reader(style))
    assert whole is not None
    assert whole.text is not None
    return whole.text


def near(text: str, style: Style) -> str:
    """What a handset may show instead; beside a signature in Chinese no character is worth changing."""
    written = Writer(style=style)._letters
    kept = style.signature is SignatureBy.KEEP
    if not (style.transliterate and kept) or written.first_foreign(text) is None:
        return text
    return into(written, text) or text


@given(TEXTS, STYLES, st.sampled_from(Carry))
@settings(max_examples=300)
@example("ş" * 90, Style(shifts=(1,), packed=True), Carry.UDH8)
@example("a" * 7, Style(packed=True), Carry.UDH8)
@example("a" * 200, Style(packed=True), Carry.SAR)
@example("您" * 130, Style(signature=SignatureBy.STRIP_TAIL), Carry.UDH8)
@example("您" * 67, Style(signature=SignatureBy.STRIP_TAIL, byte_order_mark=True), Carry.UDH16)
def test_any_text_in_any_style_reads_back(text: str, style: Style, carry: Carry) -> None:
    """Round trip for every combination of settings; `measure` counts what `split` makes."""
    writer = Writer(carry, style)
    parts = writer.split(text, None, 7, SIGNATURE)
    back, meant = read(parts, style), near(text, style)
    if style.packed:
        back, meant = back.replace("@", "").rstrip("\r"), meant.replace("@", "").rstrip("\r")
    assert back == meant

    encoding, segments_ = writer.measure(text, None, SIGNATURE)
    assert segments_ == len(parts)
    flash = {Encoding.GSM7: {0x10, 0xF0}, Encoding.UCS2: {0x18}}.get(encoding, set())
    assert {part.data_coding for part in parts} <= {encoding.data_coding, 15} | flash
    assert [(part.number, part.total) for part in parts] == [
        (n, len(parts)) for n in range(1, len(parts) + 1)
    ]


@given(TEXTS, STYLES, st.sampled_from([Carry.UDH8, Carry.UDH16, Carry.SAR]))
@settings(max_examples=200)
def test_each_segment_fits_into_140_octets_with_what_the_carrier_adds(
    text: str, style: Style, carry: Carry
) -> None:
    """Header, text and signature, as the radio carries them: septets packed, GBK as UTF-16 units."""
    parts = Writer(carry, style).split(text, None, 7, SIGNATURE)
    for part in parts:
        data = received(part)
        header = udh.header_size(data.elements) or (6 if part.total > 1 else 0)
        shown = Reader(style).text(
            Reader(style).unpacked(data.octets, part.data_coding, data.elements),
            part.data_coding,
            udh.shifts(data.elements),
        )
        assert shown is not None
        assert shown, "a segment is never empty"
        place = {SignatureBy.STRIP_HEAD: 1, SignatureBy.STRIP_TAIL: part.total}.get(style.signature)
        adds = len(SIGNATURE) * 2 if part.number == place else 0
        if part.data_coding in {0, 0x10, 0xF0}:
            assert adds == 0, "a signature in Chinese makes it UCS-2"
            assert len(part.short_message) <= 160
            if style.packed:
                assert len(part.short_message) <= 140
            elif style.alphabet is DefaultAlphabet.GSM7:
                assert header * 8 + len(data.octets) * 7 <= 140 * 8
        else:
            marks = 2 * (style.byte_order_mark and part.data_coding in {8, 0x18} and part.number == 1)
            assert header + len(shown.encode("utf-16-be")) + adds + marks <= 140
            assert len(part.short_message) <= 140


@given(TEXTS, st.sampled_from(Carry))
def test_a_plain_link_writes_as_before(text: str, carry: Carry) -> None:
    """Without settings a Writer is `text.split`."""
    writer, encoding = Writer(carry, PLAIN), choose(text)
    assert writer.split(text, None, 7) == split(text, encoding, carry, 7)
    assert writer.measure(text, None) == (encoding, count(text, encoding, carry))


@pytest.mark.parametrize(
    ("style", "text", "data_coding", "octets"),
    [
        (Style(alphabet=DefaultAlphabet.LATIN1), "é@_", 0, "e9405f"),
        (Style(alphabet=DefaultAlphabet.ASCII), "a@_[", 0, "61405f5b"),
        (Style(alphabet=DefaultAlphabet.ASCII), "é", 8, "00e9"),
        (Style(alphabet=DefaultAlphabet.LATIN1), "ç", 8, "00e7"),  # GSM has no ç: it would become a ?
        (Style(alphabet=DefaultAlphabet.LATIN1), "€", 8, "20ac"),
        (Style(packed=True), "hello", 0, "e8329bfd06"),
        (Style(wide=Wide.GBK), "退订", 15, "cdcbb6a9"),
        (Style(wide=Wide.GBK), "退😀", 8, "9000d83dde00"),
        (Style(wide=Wide.GBK), "TD", 0, "5444"),
        (Style(little_endian=True), "退", 8, "0090"),
        (Style(little_endian=True, byte_order_mark=True), "退", 8, "fffe0090"),
        (Style(byte_order_mark=True), "退", 8, "feff9000"),
        (Style(transliterate=True), "“ok”", 0, "226f6b22"),
        (Style(transliterate=True), "“好”", 8, "201c597d201d"),
        (Style(flash=Flash.GENERAL), "{hi}", 0x10, "1b2868691b29"),
        (Style(flash=Flash.CLASS), "hi", 0xF0, "6869"),
        (Style(flash=Flash.GENERAL, packed=True), "hello", 0x10, "e8329bfd06"),
        (Style(flash=Flash.GENERAL), "退", 0x18, "9000"),
        (Style(flash=Flash.CLASS), "退", 0x18, "9000"),  # group 0xF0 has no UCS-2
        (Style(shifts=(1,)), "ş", 8, "015f"),  # one segment either way: UCS-2 is read by every handset
    ],
)
def test_octets_of_each_setting(style: Style, text: str, data_coding: int, octets: str) -> None:
    """One short text for each setting, octet by octet."""
    (part,) = Writer(style=style).split(text, None, 1)
    assert (part.data_coding, part.short_message.hex(), part.udhi) == (data_coding, octets, False)


@pytest.mark.parametrize(
    ("text", "language", "carry", "header"),
    [
        ("ş" + "a" * 100, "tr", Carry.UDH8, "03240101"),
        ("ğşçıİ" * 25, "tr", Carry.UDH8, "03250101"),
        ("í" + "a" * 100, "es", Carry.UDH8, "03240102"),
        ("नमस्ते " * 15, "hi", Carry.UDH8, "03250106"),
        ("नमस्ते " * 14 + "१२३", "hi", Carry.UDH8, "06240106250106"),
        ("ş" + "a" * 200, "tr", Carry.UDH8, "08000307020124 0101"),
        ("ş" + "a" * 200, "tr", Carry.SAR, "08000307020124 0101"),
        ("ş" + "a" * 200, "tr", Carry.UDH16, "09080400070201240101"),
    ],
)
def test_national_tables_are_told_in_the_header(text: str, language: str, carry: Carry, header: str) -> None:
    """Elements 0x24 and 0x25 in every segment, beside the concatenation (TS 23.040 section 9.2.3.24.15)."""
    style = Style(shifts=(LANGUAGES[language],))
    parts = Writer(carry, style).split(text, None, 7)
    assert parts[0].short_message.startswith(bytes.fromhex(header))
    assert all(part.udhi and part.data_coding == 0 and not part.tlvs for part in parts)
    assert len(parts) < count(text, Encoding.UCS2, Carry.UDH8)
    assert read(parts, PLAIN) == text


@pytest.mark.parametrize(("length", "segments_"), [(154, 1), (155, 2), (297, 2), (298, 3)])
def test_room_of_the_header_counts(length: int, segments_: int) -> None:
    """155 septets beside one table, 149 beside it and a concatenation; í takes two of them."""
    text = "í" + "a" * (length - 1)
    assert Writer(style=Style(shifts=(2,))).measure(text, None) == (Encoding.GSM7, segments_)


@pytest.mark.parametrize(
    ("by", "body", "sizes"),
    [
        (SignatureBy.STRIP_HEAD, 64, [64]),
        (SignatureBy.STRIP_HEAD, 65, [61, 4]),
        (SignatureBy.STRIP_HEAD, 128, [61, 67]),
        (SignatureBy.STRIP_TAIL, 64, [64]),
        (SignatureBy.STRIP_TAIL, 65, [64, 1]),
        (SignatureBy.STRIP_TAIL, 67, [66, 1]),
        (SignatureBy.STRIP_TAIL, 128, [67, 61]),
        (SignatureBy.STRIP_TAIL, 129, [67, 61, 1]),
    ],
)
@pytest.mark.parametrize("form", ["{s}{b}", "{b}{s}", "{b}"])
def test_the_carriers_signature_has_its_room(by: SignatureBy, body: int, sizes: list[int], form: str) -> None:
    """Six characters are left free in the first or last segment, and ours is taken off from either end."""
    text = form.format(s=SIGNATURE, b="您" * body)
    parts = Writer(style=Style(signature=by)).split(text, None, 1, SIGNATURE)
    assert [len(received(part).octets) // 2 for part in parts] == sizes
    assert "商" not in read(parts, PLAIN)


def test_a_signature_is_kept_where_the_carrier_writes_none() -> None:
    """And a text that is nothing but a signature is left alone."""
    assert read(Writer().split(SIGNATURE + "您好", None, 1, SIGNATURE), PLAIN) == SIGNATURE + "您好"
    strips = Writer(style=Style(signature=SignatureBy.STRIP_HEAD))
    assert read(strips.split(SIGNATURE, None, 1, SIGNATURE), PLAIN) == SIGNATURE


@pytest.mark.parametrize(
    ("asked", "text", "data_coding", "octets"),
    [
        (Encoding.UCS2, "“”", 8, "201c201d"),
        (Encoding.LATIN1, "ç", 3, "e7"),
        (Encoding.GSM7, "é", 0, "e9"),
    ],
)
def test_what_a_client_asks_for_is_what_it_gets(
    asked: Encoding, text: str, data_coding: int, octets: str
) -> None:
    """An encoding named in the submit is neither transliterated nor shifted; gsm7 is data_coding 0."""
    style = Style(alphabet=DefaultAlphabet.LATIN1, transliterate=True)
    (part,) = Writer(style=style).split(text, asked, 1)
    assert (part.data_coding, part.short_message.hex()) == (data_coding, octets)


@pytest.mark.parametrize(
    ("asked", "data_coding"), [(None, 0x10), (Encoding.UCS2, 0x18), (Encoding.LATIN1, 3)]
)
def test_flash_is_the_links_whatever_a_client_asks_for(asked: Encoding | None, data_coding: int) -> None:
    """In each segment of a long text too; Latin-1 has no such coding, and data is no text."""
    style = Style(flash=Flash.GENERAL)
    parts = Writer(style=style).split("a" * 200, asked, 7)
    assert len(parts) > 1
    assert {part.data_coding for part in parts} == {data_coding}
    assert read(parts, style) == "a" * 200


@pytest.mark.parametrize(
    ("asked", "text", "index"),
    [
        (Encoding.GSM7, "aΔ", 1),
        (Encoding.LATIN1, "ab€", 2),
        (Encoding.UCS2, "a\ud83d", 1),
        (None, "\udc00", 0),
    ],
)
def test_what_cannot_be_written_is_told(asked: Encoding | None, text: str, index: int) -> None:
    """With the index of the character, for the client (G10)."""
    writer = Writer(style=Style(alphabet=DefaultAlphabet.LATIN1))
    with pytest.raises(Unencodable) as told:
        writer.measure(text, asked)
    assert told.value.index == index


@pytest.mark.parametrize(("length", "billed"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (160, 3)])
def test_chinese_carriers_bill_70_and_67_characters(length: int, billed: int) -> None:
    """Whatever the encoding; an emoji is two."""
    assert billed_cn("a" * length) == billed_cn("您" * length) == billed
    assert billed_cn("😀" * 36) == 2
