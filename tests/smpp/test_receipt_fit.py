"""A receipt without a known id finds its segment, or none at all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp import gsm, ucs2
from gatewayd.smpp.receipt import Receipt, ReceiptState
from gatewayd.smpp.receipt_fit import Candidate, fit

SENT = datetime(2026, 11, 22, 8, 0, 42, tzinfo=UTC)
MINUTE = SENT.replace(second=0)
CODE = "【XX商城】您的验证码为987654,5分钟内有效"
PARCEL = "Your parcel {4711} arrives today @ noon for 5 €"


def candidate(key: int = 1, text: str = "Hello World, how are you", **changed: object) -> Candidate:
    coding = changed.setdefault("data_coding", 0)
    head = text.encode("utf-16-be") if coding == 8 else gsm.encode(text)
    known: dict[str, object] = {
        "destination": "8613800138000",
        "source": "10690001",
        "sent_at": SENT,
        "head": head,
    }
    return Candidate(key=(key,), **{**known, **changed})  # type: ignore[arg-type]


def receipt(text_head: bytes = b"", submit_at: datetime | None = MINUTE, **changed: object) -> Receipt:
    known: dict[str, object] = {"source": b"8613800138000", "destination": b"10690001"}
    return Receipt(
        smsc_message_id="unheard-of",
        state=ReceiptState.DELIVERED,
        final=True,
        submit_at=submit_at,
        text_head=text_head,
        **{**known, **changed},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "text_head",
    [
        b"Hello World, how are",
        b" Hello World, how are",
        b"Hello World, how are\0",
        b"HELLO WORLD",
        b"He?lo World",
        b"Hello World, how are you\r\n",
        b"Hello\nWorld",
        "Hello World".encode("utf-16-be"),
        "Hello World".encode("utf-16-be")[:-1],
        b"\x05\0\x03\x2a\x02\x01Hello World",
        b"",
        b"none",
        b"....................",
        b"????????????????????",
        b"??,??!",
        b"\0\0\0",
    ],
)
def test_an_echo_of_the_text_fits(text_head: bytes) -> None:
    """Blanks, padding, case, a header, another encoding or a lost character do not hide whose echo it is."""
    ours = candidate()

    assert (
        fit(receipt(text_head), [ours, candidate(2, text="Something else", destination="8613900139000")])
        is ours
    )


@pytest.mark.parametrize(
    "text_head",
    [b"Hello Moon, how are you", b"H", b"Goodbye", b"Hello World, how are you doing", b"\xff\xff\xff"],
)
def test_another_text_does_not_fit(text_head: bytes) -> None:
    """An echo that differs, or goes on where our text ends, is of another segment; one letter may be ours."""
    told = fit(receipt(text_head), [candidate()])

    assert (told is not None) == (text_head == b"H")


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-8", "gbk"])
@pytest.mark.parametrize("octets", range(4, 21))
def test_chinese_cut_anywhere(encoding: str, octets: int) -> None:
    """The head of a Chinese text fits as sent or in the SMSC's own encoding, cut inside a character too."""
    ours, other = candidate(1, CODE, data_coding=8), candidate(2, "【YY商城】您的包裹已到", data_coding=8)

    assert fit(receipt(CODE.encode(encoding)[:octets]), [ours, other]) in {ours, None}
    if octets > 7:
        assert fit(receipt(CODE.encode(encoding)[:octets]), [ours, other]) is ours


def test_a_blank_before_ucs2_does_not_shift_it() -> None:
    """`text: ` and then raw UCS-2: the blank is not half a character."""
    ours, other = candidate(1, CODE, data_coding=8), candidate(2, "您的包裹已到", data_coding=8)

    assert fit(receipt(b" " + CODE.encode("utf-16-be")[:15]), [ours, other]) is ours


def test_characters_that_gsm_writes_apart() -> None:
    """`@`, `{`, `}` and `€` are other octets in GSM 7-bit: echoed as sent or as Latin-1 text, they fit."""
    ours, other = candidate(1, PARCEL), candidate(2, "Your order")

    assert fit(receipt(gsm.encode(PARCEL)[:20]), [ours, other]) is ours
    assert fit(receipt(PARCEL.encode("latin-1", "replace")), [ours, other]) is ours


def test_segments_of_one_message_are_told_apart_by_their_text() -> None:
    """Same number, same second: only the echo says which segment it was; without it nobody knows."""
    first, second = candidate(1, CODE, data_coding=8), candidate(2, "其余内容,请勿泄露", data_coding=8)

    assert fit(receipt("其余内容".encode("utf-16-be")), [first, second]) is second
    assert fit(receipt(), [first, second]) is None


def test_two_alike_fit_neither() -> None:
    """The same text twice to one number in one minute: a guess would be a lie."""
    assert fit(receipt(b"Hello World"), [candidate(1), candidate(2)]) is None


@pytest.mark.parametrize(
    ("seconds", "fits"), [(-121, True), (-163, False), (0, True), (119, True), (137, True), (138, False)]
)
def test_submit_date(*, seconds: int, fits: bool) -> None:
    """A date cut to the minute may differ by that minute and by the clocks, and no more."""
    moved = candidate(sent_at=SENT + timedelta(seconds=seconds))

    assert (fit(receipt(b"Hello World"), [moved]) is moved) == fits


def test_tolerance_is_the_callers() -> None:
    """A link whose clock is known to be good asks for less."""
    late = candidate(sent_at=SENT + timedelta(seconds=90))

    assert fit(receipt(), [late]) is late
    assert fit(receipt(), [late], timedelta(seconds=5)) is None


def test_text_or_date_has_to_be_there() -> None:
    """The addresses alone prove nothing: any other message to that number has them too."""
    ours = candidate()

    assert fit(receipt(b"Hello World", submit_at=None), [ours]) is ours
    assert fit(receipt(b"", submit_at=None), [ours]) is None
    assert fit(receipt(b"none", submit_at=None), [ours]) is None


@pytest.mark.parametrize(
    ("source", "destination", "fits"),
    [
        (b"8613800138000", b"10690001", True),
        (b"+8613800138000", b"+10690001", True),
        (b"008613800138000", b"10690001", True),
        (b"13800138000", b"10690001", True),
        (b"8613800138000", b"", True),
        (b"8613800138001", b"10690001", False),
        (b"38000", b"10690001", False),
        (b"", b"10690001", False),
        (b"8613800138000", b"10690002", False),
        (b"8613800138000", b"1069000", False),
        (b"10690001", b"8613800138000", False),
    ],
)
def test_addresses(*, source: bytes, destination: bytes, fits: bool) -> None:
    """The handset's number may come with or without its country code; the sender must be ours or left out."""
    ours = candidate()

    assert (fit(receipt(b"Hello World", source=source, destination=destination), [ours]) is ours) == fits


def test_an_alphanumeric_sender() -> None:
    """Senders need not be numbers."""
    ours = candidate(source="XXMall")

    assert fit(receipt(b"Hello", destination=b"XXMALL"), [ours]) is ours


def test_an_echoed_reference_decides() -> None:
    """With user_message_reference neither text nor date is needed."""
    ours, other = candidate(1, reference=7), candidate(2, reference=8)

    assert fit(receipt(submit_at=None, reference=7), [ours, other]) is ours
    assert fit(receipt(submit_at=None, reference=7, source=b"8613900139000"), [ours, other]) is None


def test_a_reference_of_another_segment_excludes_those_that_have_one() -> None:
    """Whoever was sent with a reference of its own is not the one meant; whoever was sent without may be."""
    numbered, plain = candidate(1, reference=7), candidate(2)

    assert fit(receipt(b"Hello World", reference=9), [numbered]) is None
    assert fit(receipt(b"Hello World", reference=9), [numbered, plain]) is plain


def test_a_reference_used_again_leaves_it_to_the_text() -> None:
    """16 bits come round: of two with one reference the text decides."""
    first, second = candidate(1, reference=7), candidate(2, "Other text", reference=7)

    assert fit(receipt(b"Other text", reference=7), [first, second]) is second
    assert fit(receipt(b"", reference=7), [first, second]) is None


def test_nobody_is_open() -> None:
    """Without candidates there is nothing to settle."""
    assert fit(receipt(b"Hello World", reference=7), []) is None


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=60), cut=st.integers(2, 30)
)
def test_the_first_octets_as_sent_always_fit(text: str, cut: int) -> None:
    """Whatever the text, what an SMSC copies of its octets is recognised, if it says anything."""
    ours = candidate(1, "", head=ucs2.encode(text), data_coding=8)

    assert fit(receipt(ours.head[:cut]), [ours]) is ours


@given(text_head=st.binary(max_size=40), coding=st.sampled_from([0, 3, 4, 8, 15, 0xF5]))
def test_any_echo_may_come(text_head: bytes, coding: int) -> None:
    """No octets and no data_coding make it fail."""
    ours = candidate(1, head=b"Hello", data_coding=coding)

    assert fit(receipt(text_head), [ours]) in {ours, None}


def test_candidate_repr_tells_no_text_and_no_number() -> None:
    """A candidate in a log or a traceback names its key only."""
    assert repr(candidate(4)) == "Candidate(key=(4,))"
