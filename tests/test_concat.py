"""Segments of an inbound message to the whole one."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.concat import WAIT, Inbound, Key, Whole, assemble, overdue

UCS2, GSM7, BINARY = 8, 0, 4


def segment(number: int, octets: bytes, data_coding: int = GSM7, received_at: int = 0) -> Inbound:
    return Inbound(number, data_coding, octets, received_at)


@given(st.lists(st.binary(max_size=5), min_size=2, max_size=9), st.randoms(use_true_random=False))
def test_any_order_and_repeats_give_the_message_once_all_are_there(
    pieces: list[bytes], order: random.Random
) -> None:
    """Complete on count, not on the last number; before that nothing."""
    arrivals = [segment(number, octets, BINARY) for number, octets in enumerate(pieces, 1)] * 2
    order.shuffle(arrivals)

    seen: set[int] = set()
    for length, arrival in enumerate(arrivals, 1):
        seen.add(arrival.number)
        whole = assemble(len(pieces), arrivals[:length], now=WAIT - 1)
        expected = Whole(None, b"".join(pieces), (), complete=True) if len(seen) == len(pieces) else None
        assert whole == expected


def test_of_a_repeated_number_the_first_counts() -> None:
    """A repeated deliver_sm has the same octets; other ones are of another message."""
    arrivals = [segment(1, b"one "), segment(1, b"uno "), segment(2, b"two")]
    assert assemble(2, arrivals, now=0) == Whole("one two", b"one two", (), complete=True)


@given(st.text(st.sampled_from("退订😀🇨🇳"), min_size=2, max_size=40), st.integers(1, 79))
def test_a_character_cut_between_segments_survives(text: str, place: int) -> None:
    """Octets are joined before they are read: pairs, and even odd cuts, of careless SMSCs."""
    octets = text.encode("utf-16-be")
    arrivals = [segment(2, octets[place:], UCS2), segment(1, octets[:place], UCS2)]
    whole = assemble(2, arrivals, now=0)

    assert whole is not None
    assert whole.text == text


def test_an_escape_cut_from_its_septet_survives() -> None:
    """Smpplib and others cut there."""
    whole = assemble(2, [segment(1, b"5 \x1b"), segment(2, b"e")], now=0)
    assert whole == Whole("5 €", b"5 \x1be", (), complete=True)


def test_segments_of_different_codings_are_read_apart() -> None:
    """A handset may write the segment with the only Chinese character in UCS-2 and the others in GSM-7."""
    arrivals = [segment(1, b"TD "), segment(2, "退订".encode("utf-16-be"), UCS2), segment(3, b" now")]
    whole = assemble(3, arrivals, now=0)

    assert whole is not None
    assert whole.text == "TD 退订 now"


def test_one_binary_segment_makes_the_message_binary() -> None:
    """A text with holes would be worse; the octets are there."""
    whole = assemble(2, [segment(1, b"TD"), segment(2, b"\x01", BINARY)], now=0)
    assert whole == Whole(None, b"TD\x01", (), complete=True)


def test_ports_of_the_first_segment_are_kept() -> None:
    """Binary content is told apart by its ports."""
    ports = ((0x05, bytes.fromhex("0b8423f0")),)
    arrivals = [Inbound(2, BINARY, b"b", 0, ()), Inbound(1, BINARY, b"a", 0, ports)]
    assert assemble(2, arrivals, now=0) == Whole(None, b"ab", ports, complete=True)


@pytest.mark.parametrize(
    ("now", "complete"), [(1_000, None), (1_000 + WAIT - 1, None), (1_000 + WAIT, False), (9_000_000, False)]
)
def test_missing_segments_are_waited_for_since_the_first_came(now: int, complete: bool | None) -> None:  # noqa: FBT001  a column of the table
    """300 s after the first arrival what is there is delivered, marked; a later arrival moves nothing."""
    arrivals = [segment(3, b"c", received_at=200_000), segment(1, b"a", received_at=1_000)]
    whole = assemble(3, arrivals, now=now)

    assert (whole and whole.complete) is complete
    assert overdue(arrivals, now) is (complete is False)
    assert whole is None or (whole.text, whole.octets) == ("ac", b"ac")


def test_a_gap_does_not_join_halves_of_characters() -> None:
    """Around a missing segment each side is read by itself."""
    arrivals = [segment(1, b"\x90\x00\xd8\x3d", UCS2), segment(3, b"\xde\x00\x8b\xa2", UCS2)]
    whole = assemble(3, arrivals, now=WAIT)

    assert whole is not None
    assert whole.text == "退\ufffd\ufffd订"


def test_wait_is_a_setting() -> None:
    """Milliseconds, as all times of the model."""
    assert assemble(2, [segment(1, b"a")], now=999, wait=1_000) is None
    assert assemble(2, [segment(1, b"a")], now=1_000, wait=1_000) == Whole("a", b"a", (), complete=False)


def test_nothing_is_never_overdue() -> None:
    """An empty set of segments is no message."""
    assert not overdue([], now=10**15)
    assert assemble(2, [], now=10**15) is None


def test_key_groups_segments() -> None:
    """Keys are values: equal ones are one message, another total or reference is another."""
    key = Key("cmcc-1", "8613800138000", "10690001", 7, 2)
    assert {key: 1}[Key("cmcc-1", "8613800138000", "10690001", 7, 2)] == 1
    assert key != Key("cmcc-1", "8613800138000", "10690001", 7, 3)


def test_repr_shows_no_text() -> None:
    """Records end up in logs and tracebacks; texts may not (G11)."""
    whole = Whole("secret", b"secret", (), complete=True)
    assert repr(segment(1, b"secret")) == "Inbound(1, data_coding=0, 6 octets)"
    assert repr(whole) == "Whole(6 octets, complete=True)"
