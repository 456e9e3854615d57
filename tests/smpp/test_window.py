"""The window: slots, deadlines, sequence numbers."""

import math

import pytest

from gatewayd.smpp.pdu import QuerySm, SubmitSm
from gatewayd.smpp.window import MAX_SEQUENCE_NUMBER, InFlight, Window

SUBMIT_SM = SubmitSm(destination_addr=b"8613800138000", short_message=b"secret")


def put(window: Window, now: float, *, counted: bool = True, unsent: bytes = b"") -> InFlight:
    entry = InFlight(
        request=SUBMIT_SM if counted else QuerySm(message_id=b"1"),
        context=None,
        sequence_number=window.next_sequence_number(),
        requested_at=now,
        counted=counted,
        unsent=unsent,
    )
    window.add(entry)
    return entry


def test_only_counted_requests_take_slots() -> None:
    """A query_sm waits for its answer without taking a slot from submit_sm."""
    window = Window(2, 30.0)
    put(window, 0.0)
    put(window, 0.0, counted=False)
    assert (window.in_use, window.free, len(window)) == (1, 1, 2)


def test_the_next_deadline_is_that_of_the_oldest_request_still_waiting() -> None:
    """Answers out of order leave the deadline with whichever request is the oldest now."""
    window = Window(10, 30.0)
    assert window.next_deadline() == math.inf
    entries = [put(window, float(now)) for now in range(3)]
    window.remove(entries[1])
    assert window.next_deadline() == 30.0
    window.remove(entries[0])
    assert window.next_deadline() == 32.0
    window.remove(entries[2])
    assert window.next_deadline() == math.inf


def test_an_expired_request_keeps_its_slot_until_its_late_response() -> None:
    """The SMSC may still be working on it (G9); it is told once and has no deadline any more."""
    window = Window(2, 30.0)
    first, second = put(window, 0.0), put(window, 1.0)
    assert window.expire(29.9) == []
    assert window.expire(30.0) == [first]
    assert window.expire(30.0) == []
    assert (window.in_use, window.next_deadline(), window.waiting) == (2, 31.0, (second,))
    assert window.get(first.sequence_number) is first
    window.remove(first)
    assert (window.in_use, window.get(first.sequence_number)) == (1, None)


def test_an_expired_request_without_a_slot_is_forgotten() -> None:
    """What is kept is bounded by the window, however many query_sm or deliver_sm are never answered."""
    window = Window(1, 30.0)
    entry = put(window, 0.0, counted=False)
    assert window.expire(30.0) == [entry]
    assert entry.sequence_number not in window


def test_a_request_that_was_never_handed_out_does_not_expire() -> None:
    """Nobody can have failed to answer what no one was sent; those before it do expire."""
    window = Window(3, 30.0)
    sent = put(window, 0.0)
    unsent = put(window, 0.0, unsent=b"octets")
    assert window.expire(100.0) == [sent]
    assert window.waiting == (unsent,)


def test_sequence_numbers_go_from_1_to_7fffffff_and_round_again() -> None:
    """3.4 section 5.1.4; 0 is never used."""
    window = Window(1, 30.0)
    assert [window.next_sequence_number() for _ in range(2)] == [1, 2]
    window._sequence_number = MAX_SEQUENCE_NUMBER - 1
    assert [window.next_sequence_number() for _ in range(2)] == [0x7FFFFFFF, 1]


@pytest.mark.parametrize("expired", [False, True])
def test_a_sequence_number_still_open_is_not_given_again(*, expired: bool) -> None:
    """A late response may never hit another request: open numbers are passed over, expired ones too."""
    window = Window(3, 30.0)
    for _ in range(3):
        put(window, 0.0)
    if expired:
        window.expire(30.0)
    window._sequence_number = MAX_SEQUENCE_NUMBER
    assert window.next_sequence_number() == 4


def test_a_repr_shows_neither_texts_nor_numbers() -> None:
    """What is in flight may end in a log or a traceback (G11)."""
    text = repr(put(Window(1, 30.0), 0.0, unsent=b"8613800138000 secret"))
    assert text == "InFlight(SubmitSm, sequence_number=1)"
