"""Receipts: final, intermediate, repeated, contradictory, late, early, unmatched, fitting."""

from datetime import timedelta
from typing import Any

import pytest

from gatewayd.ledger.settle import Kind
from gatewayd.model import SegmentStage
from gatewayd.smpp.receipt import ReceiptState
from gatewayd.smpp.text import Carry
from tests.ledger.world import HOUR, LONG, NUMBER, World, at, claimed_segments

SECOND = 1000
DELIVERED, ENROUTE = ReceiptState.DELIVERED, ReceiptState.ENROUTE
UNDELIVERABLE, ACCEPTED = ReceiptState.UNDELIVERABLE, ReceiptState.ACCEPTED


@pytest.mark.parametrize(
    ("state", "final"),
    [
        (ReceiptState.DELIVERED, "delivered"),
        (ReceiptState.UNDELIVERABLE, "undeliverable"),
        (ReceiptState.EXPIRED, "expired"),
        (ReceiptState.REJECTED, "rejected"),
        (ReceiptState.DELETED, "cancelled"),
    ],
)
def test_a_final_receipt_ends_the_message(world: World, state: ReceiptState, final: str) -> None:
    """The state of the contract for each stat, with stat, err and segment in the error."""
    identifier, (segment,) = world.send()
    (smsc_id,) = world.answer(segment)
    world.now += 2 * SECOND
    world.deliver(world.receipt(smsc_id, state, err="042"))
    assert world.story(identifier) == f"submitted {final}"
    error = world.message(identifier).error
    if final == "delivered":
        assert error is None
    else:
        assert error is not None
        assert (error.code, error.err, error.segment) == ("receipt_failed", "042", 1)
    assert world.counted("receipts", "a", state.value) == 1
    assert world.counted("messages_final", "notice", final) == 1
    assert ("submit_to_receipt", 2.0, "a") in world.announced.observations


@pytest.mark.parametrize("state", [ENROUTE, ACCEPTED, ReceiptState.UNKNOWN])
def test_an_intermediate_receipt_leaves_the_message_open(world: World, state: ReceiptState) -> None:
    """ENROUTE, ACCEPTD and UNKNOWN change nothing; the receipt is kept and a final one counts."""
    identifier, (segment,) = world.send()
    (smsc_id,) = world.answer(segment)
    world.deliver(world.receipt(smsc_id, state))
    assert world.story(identifier) == "submitted"
    assert len(world.tables.receipts_of(identifier)) == 1
    world.deliver(world.receipt(smsc_id))
    assert world.story(identifier) == "submitted delivered"


def test_acceptd_is_final_where_the_link_says_so(world: World) -> None:
    """A final ACCEPTD is as good as delivered."""
    identifier, (segment,) = world.send()
    (smsc_id,) = world.answer(segment)
    world.deliver(world.receipt(smsc_id, ACCEPTED, final=True))
    assert world.story(identifier) == "submitted delivered"


def test_a_response_and_its_receipt_in_one_batch(world: World) -> None:
    """The receipt follows at once: submitted, then delivered, both told."""
    identifier, (segment,) = world.send()
    world.settle([world.outcome(segment, Kind.ANSWERED, 0, "x")], [world.receipt("x")])
    assert world.story(identifier) == "submitted delivered"
    assert world.counted("receipts_unmatched", "a") == 0


@pytest.mark.parametrize("states", [(ENROUTE, DELIVERED), (DELIVERED, ENROUTE)])
def test_enroute_and_delivrd_in_any_order_and_batch(world: World, states: tuple[ReceiptState, ...]) -> None:
    """Both of them in one batch with the response, in either order: delivered."""
    identifier, (segment,) = world.send()
    receipts = [world.receipt("x", state) for state in states]
    world.settle([world.outcome(segment, Kind.ANSWERED, 0, "x")], receipts)
    assert world.message(identifier).state == "delivered"


def test_a_repeated_receipt_is_known_again(world: World) -> None:
    """The same receipt again, before or after the end, changes and tells nothing (G3)."""
    identifier, segments = world.send(LONG)
    ids = world.answer(*segments)
    for _ in range(2):
        world.deliver(world.receipt(ids[0]), world.receipt(ids[1], ENROUTE))
    assert world.counted("receipts_repeated", "a") == 2
    assert len(world.tables.receipts_of(identifier)) == 1
    world.deliver(*(world.receipt(smsc_id) for smsc_id in ids))
    world.deliver(*(world.receipt(smsc_id) for smsc_id in ids))
    assert world.story(identifier) == "submitted delivered"
    assert world.counted("receipts_late", "a") == 0


def test_a_contradictory_receipt_changes_nothing(world: World) -> None:
    """DELIVRD, then UNDELIV: delivered stays; the second is kept, counted and pushed as late, once (G4)."""
    identifier, (segment,) = world.send()
    (smsc_id,) = world.answer(segment)
    world.deliver(world.receipt(smsc_id), world.receipt(smsc_id, UNDELIVERABLE))
    world.deliver(world.receipt(smsc_id, UNDELIVERABLE))
    assert world.story(identifier) == "submitted delivered late-UNDELIV"
    assert world.told(identifier)[-1].late
    assert world.counted("receipts_late", "a") == 1
    assert len(world.tables.receipts_of(identifier)) == 1


@pytest.mark.parametrize("state", [DELIVERED, UNDELIVERABLE, ENROUTE])
def test_a_receipt_after_unknown_is_late(world: World, state: ReceiptState) -> None:
    """Unknown is final too; any receipt after it is told as such, and shown by explain."""
    identifier, (segment,) = world.send()
    (smsc_id,) = world.answer(segment)
    world.wait(73 * HOUR)
    world.deliver(world.receipt(smsc_id, state))
    late = {DELIVERED: "DELIVRD", UNDELIVERABLE: "UNDELIV", ENROUTE: "ENROUTE"}[state]
    assert world.story(identifier) == f"submitted unknown late-{late}"
    assert len(world.tables.receipts_of(identifier)) == 1
    assert world.counted("receipts_late", "a") == 1


def test_receipts_of_other_segments_after_a_failure_are_late(world: World) -> None:
    """The first failure decided; what is heard of the others is told as late."""
    identifier, segments = world.send(LONG)
    ids = world.answer(*segments)
    world.deliver(world.receipt(ids[1], UNDELIVERABLE), world.receipt(ids[0]))
    assert world.story(identifier) == "submitted undeliverable late-DELIVRD"


def test_a_receipt_before_its_response_waits_for_it(world: World) -> None:
    """Parked, then adopted by the response that tells the id: submitted, then delivered."""
    identifier, (segment,) = world.send()
    world.deliver(world.receipt("x", ENROUTE), world.receipt("x"))
    assert world.story(identifier) == ""
    assert world.counted("receipts_unmatched", "a") == 2
    world.answer(segment, smsc_id="x")
    assert world.story(identifier) == "submitted delivered"
    assert world.counted("receipts_early", "a") == 2
    assert world.tables.parked_count("a") == 0
    assert len(world.tables.receipts_of(identifier)) == 2


def test_an_early_receipt_belongs_to_its_link(world: World) -> None:
    """The same id on another link is another message's."""
    identifier, (segment,) = world.send()
    _, receipt = world.receipt("x")
    world.deliver(("b", receipt))
    world.answer(segment, smsc_id="x")
    assert world.story(identifier) == "submitted"


def test_an_unmatched_receipt_is_parked_once(world: World) -> None:
    """A receipt of nobody is kept, with or without an id; its repetition is known again."""
    world.deliver(world.receipt("x"), world.receipt("x"), world.receipt("x", ENROUTE))
    world.deliver(world.receipt(""), world.receipt(""))
    assert world.counted("receipts_unmatched", "a") == 3
    assert world.counted("receipts_repeated", "a") == 2
    assert world.tables.parked_count("a") == 3


def test_an_id_used_again_means_the_newest(world: World) -> None:
    """SMSCs use ids again: the receipt settles the message that got the id last."""
    old, (first,) = world.send()
    world.answer(first, smsc_id="x")
    world.now += HOUR
    new, (second,) = world.send()
    world.answer(second, smsc_id="x")
    world.deliver(world.receipt("x"), world.receipt("x"))
    assert (world.story(old), world.story(new)) == ("submitted", "submitted delivered")
    assert world.counted("receipts_repeated", "a") == 1


def test_one_id_for_all_segments(world: World) -> None:
    """Some SMSCs give all segments of a message one id: each receipt settles the next open one."""
    identifier, segments = world.send(LONG)
    world.answer(*segments, smsc_id="x")
    world.deliver(world.receipt("x"), world.receipt("x"))
    assert world.story(identifier) == "submitted"
    world.deliver(world.receipt("x"))
    assert world.story(identifier) == "submitted delivered"


def test_either_notation_of_an_id_finds_the_segment(world: World) -> None:
    """The text of the receipt may write the id otherwise than its TLV."""
    identifier, (segment,) = world.send()
    world.answer(segment, smsc_id="255")
    world.deliver(world.receipt("ff", text_message_id="255"))
    assert world.story(identifier) == "submitted delivered"


# doubt


def test_an_echoed_reference_settles_a_doubt(world: World) -> None:
    """user_message_reference names the segment among several in doubt to the same number (G2)."""
    one, (first,) = world.send()
    two, (second,) = world.send()
    world.doubt(first, second)
    world.deliver(world.echo(second, "x"))
    assert (world.story(one), world.story(two)) == ("in_doubt", "in_doubt delivered")
    assert world.segments(two)[0].smsc_id == "x"


def test_a_late_response_without_an_id_keeps_the_one_that_is_known(world: World) -> None:
    """A receipt told the id first; the final one still finds the segment by it."""
    identifier, (segment,) = world.send()
    world.doubt(segment)
    world.deliver(world.echo(segment, "x", state=ENROUTE))
    world.settle([world.outcome(segment, Kind.ANSWERED, 0, "")])
    world.deliver(world.receipt("x"))
    assert world.story(identifier) == "in_doubt submitted delivered"


def test_content_settles_a_doubt(world: World) -> None:
    """Link, destination, source, submit date and text head that fit exactly one open segment settle it."""
    identifier, (segment,) = world.send("hello world")
    world.doubt(segment)
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=at(world.now)))
    assert world.story(identifier) == "in_doubt delivered"


@pytest.mark.parametrize(
    "other",
    [
        {"text_head": b"other text"},
        {"source": b"8613900139000"},
        {"destination": b"10690002"},
        {"submit_at": at(0)},
        {"text_head": b"", "submit_at": None},
    ],
)
def test_what_does_not_fit_settles_nothing(world: World, other: dict[str, Any]) -> None:
    """One thing that disagrees, or too little to go by: parked."""
    identifier, (segment,) = world.send("hello world")
    world.doubt(segment)
    fields: dict[str, Any] = {"text_head": b"hello", "submit_at": at(world.now), **other}
    world.deliver(world.receipt("x", **fields))
    assert world.story(identifier) == "in_doubt"
    assert world.counted("receipts_unmatched", "a") == 1


def test_what_fits_two_settles_neither(world: World) -> None:
    """Two messages in doubt with the same text: a guess could be a lie."""
    one, (first,) = world.send()
    two, (second,) = world.send()
    world.doubt(first, second)
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=at(world.now)))
    assert (world.story(one), world.story(two)) == ("in_doubt", "in_doubt")


def test_a_claimed_segment_may_be_the_one_that_is_meant(world: World) -> None:
    """Its response is still awaited, its receipt was faster: the other one stays in doubt."""
    doubtful, (first,) = world.send()
    world.doubt(first)
    running, (second,) = world.send()
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=at(world.now)))
    assert (world.story(doubtful), world.story(running)) == ("in_doubt", "")
    world.answer(second, smsc_id="x")
    assert (world.story(doubtful), world.story(running)) == ("in_doubt", "submitted delivered")


def test_a_claimed_segment_is_left_to_its_response(world: World) -> None:
    """Fitting by content, a receipt of a segment that still awaits its answer is parked, then adopted."""
    identifier, (segment,) = world.send()
    world.deliver(world.echo(segment, "x"))
    assert (world.story(identifier), world.segments(identifier)[0].stage) == ("", SegmentStage.CLAIMED)
    world.answer(segment, smsc_id="x")
    assert world.story(identifier) == "submitted delivered"


def test_a_receipt_that_came_before_the_doubt_settles_it(world: World) -> None:
    """Parked while the answer was awaited; the answer never came: in_doubt, then delivered."""
    identifier, (segment,) = world.send("hello world")
    fields: dict[str, Any] = {"text_head": b"hello", "submit_at": at(world.now)}
    world.deliver(world.receipt("x", ENROUTE, **fields), world.receipt("x", **fields))
    world.doubt(segment)
    assert world.story(identifier) == "in_doubt submitted delivered"
    assert world.tables.parked_count("a") == 0


def test_a_receipt_that_came_before_the_doubt_spares_the_resend(world: World) -> None:
    """The message has arrived: it is not queued again."""
    identifier, (segment,) = world.send("hello world", class_="otp")
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=at(world.now)))
    world.doubt(segment)
    assert world.story(identifier) == "in_doubt delivered"
    assert world.counted("resent", "a", "otp") == 0


def test_enroute_settles_the_doubt_whether_it_was_taken(world: World) -> None:
    """An intermediate receipt that fits proves that the SMSC has it; its id then finds the final one.

    Both in one batch, as they may come after a reconnect.
    """
    identifier, (segment,) = world.send("hello world")
    world.doubt(segment)
    fitting = world.receipt("x", ENROUTE, text_head=b"hello", submit_at=at(world.now))
    world.deliver(fitting, world.receipt("x"))
    assert world.story(identifier) == "in_doubt submitted delivered"


def test_a_receipt_settles_a_resent_segment_once(world: World) -> None:
    """Both sendings in doubt: whichever the receipt means, the message has arrived."""
    identifier, (segment,) = world.send("hello world", class_="otp")
    world.doubt(segment)
    world.now += 2 * SECOND
    world.doubt(*claimed_segments(world.claim()))
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=at(world.now)))
    assert world.story(identifier) == "in_doubt queued in_doubt delivered"


def test_a_failed_first_sending_waits_for_the_second(world: World) -> None:
    """Undeliverable at the first sending, delivered by the resend: delivered."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    (again,) = claimed_segments(world.claim())
    (smsc_id,) = world.answer(again)
    world.answer(segment, smsc_id="first")
    world.deliver(world.receipt("first", UNDELIVERABLE), world.receipt(smsc_id))
    assert world.story(identifier) == "in_doubt queued submitted delivered"


def test_accepted_without_an_id_is_found_by_content(world: World) -> None:
    """ROK with an empty message_id: only what the receipt repeats can tell whose it is."""
    identifier, (segment,) = world.send("hello world")
    world.settle([world.outcome(segment, Kind.ANSWERED, 0, "")])
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=at(world.now)))
    assert world.story(identifier) == "submitted delivered"


def test_an_early_receipt_of_an_answer_without_id(world: World) -> None:
    """It came first, and the response tells no id: it is still found."""
    identifier, (segment,) = world.send("hello world")
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=at(world.now)))
    world.settle([world.outcome(segment, Kind.ANSWERED, 0, "")])
    assert world.story(identifier) == "submitted delivered"


def test_the_clock_of_the_smsc_may_differ_a_little(world: World) -> None:
    """A submit date a minute off still fits; an hour off does not."""
    identifier, (segment,) = world.send("hello world")
    world.doubt(segment)
    now = at(world.now)
    world.deliver(world.receipt("x", text_head=b"hello", submit_at=now + timedelta(hours=1)))
    assert world.story(identifier) == "in_doubt"
    world.deliver(world.receipt("y", text_head=b"hello", submit_at=now + timedelta(minutes=1)))
    assert world.story(identifier) == "in_doubt delivered"


def test_a_link_that_cuts_otherwise_now_still_takes_receipts(world: World) -> None:
    """After a reload the text of a segment in doubt may be unknown; its reference still finds it."""
    identifier, segments = world.send(LONG)
    world.doubt(*segments)
    world.rules.carries["a"] = Carry.PAYLOAD
    world.deliver(*(world.echo(segment, f"id-{segment.number}") for segment in segments))
    assert world.story(identifier) == "in_doubt delivered"


def test_receipts_say_who_sent_them_in_full(world: World) -> None:
    """A source with + is the same number."""
    identifier, (segment,) = world.send()
    world.doubt(segment)
    world.deliver(world.echo(segment, source=b"+" + NUMBER.encode()))
    assert world.story(identifier) == "in_doubt delivered"
