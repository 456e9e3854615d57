"""Settling outcomes: answers, refusals, doubt, the one resend, several segments."""

from collections.abc import Callable

import msgspec
import pytest

from gatewayd import retry
from gatewayd.ledger.settle import Kind, recover
from gatewayd.model import Segment, SegmentStage, Stage
from gatewayd.smpp import consts
from gatewayd.smpp.receipt import ReceiptState
from tests.ledger.world import DAY, HOUR, LONG, World, claimed_segments

SECOND = 1000


def test_all_accepted_is_submitted(world: World) -> None:
    """Submitted is told once, when the last segment is accepted; then a receipt is awaited."""
    identifier, (one, two, three) = world.send(LONG)
    world.answer(one)
    world.answer(three)
    assert world.story(identifier) == ""
    world.answer(two)
    assert world.story(identifier) == "submitted"
    message = world.message(identifier)
    assert message.due == world.now + 72 * HOUR
    assert [s.smsc_id for s in world.segments(identifier)] == ["id-1", "id-3", "id-2"]


def test_the_wait_for_receipts_begins_with_the_last_submit_sm(world: World) -> None:
    """No final receipt within receipt_wait: unknown, with receipt_missing."""
    identifier, (segment,) = world.send()
    world.wait(3 * SECOND)
    world.answer(segment)
    world.wait(72 * HOUR - 1)
    assert world.story(identifier) == "submitted"
    world.wait(1)
    assert world.story(identifier) == "submitted unknown"
    error = world.message(identifier).error
    assert error is not None
    assert error.code == "receipt_missing"


def test_a_refusal_for_good_ends_the_message(world: World) -> None:
    """rejected, with the symbolic command_status and the segment; unsent segments stay."""
    identifier, (one, *rest) = world.send(LONG)
    world.answer(one, status=consts.ESME_RINVDSTADR)
    error = world.message(identifier).error
    assert world.story(identifier) == "rejected"
    assert error is not None
    assert (error.code, error.command_status, error.segment) == ("smsc_refused", "ESME_RINVDSTADR", 1)
    world.release(*rest)
    assert world.claim() == []
    assert world.story(identifier) == "rejected"


def test_a_temporary_refusal_is_tried_again_later(world: World) -> None:
    """Queued with reason retry, after the delay of the table, doubled each time."""
    identifier, (segment,) = world.send()
    for delay in (60, 120, 240, 300):
        world.answer(segment, status=consts.ESME_RMSGQFUL)
        message = world.message(identifier)
        assert (message.stage, message.reason, message.until) == (
            Stage.RETRY,
            "retry",
            world.now + delay * SECOND,
        )
        world.wait(delay * SECOND - 1)
        assert world.claim() == []
        world.wait(1)
        (segment,) = claimed_segments(world.claim())
    assert world.story(identifier) == ""
    assert world.message(identifier).attempts == 4


def test_the_delay_counts_from_the_answer(world: World) -> None:
    """An answer that is recorded some time after it came waits no longer for that, and no less."""
    identifier, (segment,) = world.send()
    outcome = world.outcome(segment, Kind.ANSWERED, consts.ESME_RMSGQFUL)
    world.now += 7 * SECOND
    world.settle([outcome])
    assert world.message(identifier).until == outcome.at + 60 * SECOND


def test_temporary_refusals_end(world: World) -> None:
    """After as many tries as the table allows, the refusal is for good."""
    identifier, (segment,) = world.send(valid=7 * DAY)
    rule = retry.DEFAULT.rule(consts.ESME_RSUBMITFAIL)
    for _ in range(rule.attempts):
        world.answer(segment, status=consts.ESME_RSUBMITFAIL)
        world.wait(HOUR)
        (segment,) = claimed_segments(world.claim())
    world.answer(segment, status=consts.ESME_RSUBMITFAIL)
    assert world.story(identifier) == "rejected"


def test_a_try_counts_once_however_many_segments_it_has(world: World) -> None:
    """Three segments refused in one try are one attempt, in one batch of answers or in several."""
    identifier, segments = world.send(LONG)
    world.answer(*segments[:2], status=consts.ESME_RSUBMITFAIL)
    world.answer(segments[2], status=consts.ESME_RSUBMITFAIL)
    message = world.message(identifier)
    assert (message.attempts, message.stage) == (1, Stage.RETRY)
    world.wait(HOUR)
    world.answer(*claimed_segments(world.claim()), status=consts.ESME_RSUBMITFAIL)
    assert world.message(identifier).attempts == 2


def test_a_refused_segment_waits_though_another_is_answered_later(world: World) -> None:
    """The retry delay holds whatever else happens to the message: a later answer, a receipt."""
    identifier, (one, two, three) = world.send(LONG)
    world.answer(one, status=consts.ESME_RMSGQFUL)
    until = world.now + 60 * SECOND
    world.wait(SECOND)
    (two_id, _) = world.answer(two, three)
    assert (world.message(identifier).stage, world.message(identifier).until) == (Stage.RETRY, until)
    world.deliver(world.receipt(two_id))
    assert (world.message(identifier).stage, world.message(identifier).until) == (Stage.RETRY, until)
    world.wait(60 * SECOND)
    (rest,) = world.claim()
    assert [segment.number for segment, _ in rest.segments] == [1]


def test_a_retry_ends_with_the_validity(world: World) -> None:
    """A delay beyond the validity: expired at its end, with what the SMSC said last."""
    identifier, (segment,) = world.send(valid=10 * SECOND)
    world.answer(segment, status=consts.ESME_RMSGQFUL)
    world.wait(10 * SECOND)
    error = world.message(identifier).error
    assert world.story(identifier) == "expired"
    assert error is not None
    assert (error.code, error.command_status) == ("expired", "ESME_RMSGQFUL")


@pytest.mark.parametrize("status", [consts.ESME_RTHROTTLED, consts.ESME_RINVBNDSTS])
def test_throttling_goes_back_to_the_front_uncounted(world: World, status: int) -> None:
    """A throttled message, or one a broken bind refused, is first in its lane again and may go at once."""
    identifier, (segment,) = world.send()
    world.submit()
    world.answer(segment, status=status)
    message = world.message(identifier)
    assert (message.stage, message.attempts, world.story(identifier)) == (Stage.READY, 0, "")
    assert world.claim(limit=1)[0].message == identifier


def test_what_surely_never_left_goes_back(world: World) -> None:
    """Released by a lost bind: ready again, no event, and another link may take it."""
    identifier, (segment,) = world.send()
    world.release(segment)
    assert (world.message(identifier).stage, world.story(identifier)) == (Stage.READY, "")
    assert world.claim("b")[0].link == "b"


def test_what_expired_in_the_hands_of_a_link_expires(world: World) -> None:
    """Validity is checked before each segment (G8); the outcome EXPIRED ends the message."""
    identifier, segments = world.send(LONG, valid=SECOND)
    world.answer(segments[0])
    world.now += SECOND
    world.settle([world.outcome(segment, Kind.EXPIRED) for segment in segments[1:]])
    error = world.message(identifier).error
    assert world.story(identifier) == "expired"
    assert error is not None
    assert (error.code, error.segment) == ("expired", 2)


# doubt: report


def test_in_doubt_is_reported_and_never_sent_again(world: World) -> None:
    """No answer: in_doubt, until the wait for receipts ends, then unknown (G2)."""
    identifier, (segment,) = world.send()
    sent = world.now
    world.wait(30 * SECOND)
    world.doubt(segment)
    assert world.story(identifier) == "in_doubt"
    assert world.message(identifier).due == sent + 72 * HOUR
    assert world.counted("in_doubt", "a", "notice") == 1
    world.wait(72 * HOUR)
    assert world.claim() == []
    assert world.story(identifier) == "in_doubt unknown"


def test_a_late_response_settles_the_doubt(world: World) -> None:
    """Accepted late: submitted. The same segment doubted again, by the end of its bind, changes nothing."""
    identifier, (segment,) = world.send()
    world.doubt(segment)
    world.answer(segment)
    world.doubt(segment)
    assert world.story(identifier) == "in_doubt submitted"
    assert world.counted("in_doubt", "a", "notice") == 1


def test_a_late_refusal_settles_the_doubt(world: World) -> None:
    """Refused late for good: rejected. Throttled late: it surely was not taken, so it goes again."""
    refused, (segment,) = world.send()
    world.doubt(segment)
    world.answer(segment, status=consts.ESME_RINVDSTADR)
    assert world.story(refused) == "in_doubt rejected"
    throttled, (segment,) = world.send()
    world.doubt(segment)
    world.answer(segment, status=consts.ESME_RTHROTTLED)
    assert world.story(throttled) == "in_doubt queued"
    assert [one.message for one in world.claim()] == [throttled]


def test_a_response_after_the_end_changes_nothing(world: World) -> None:
    """Unknown stays unknown, whatever the SMSC says afterwards (G4)."""
    identifier, (segment,) = world.send()
    world.doubt(segment)
    world.wait(73 * HOUR)
    world.answer(segment)
    assert world.story(identifier) == "in_doubt unknown"
    assert world.segments(identifier)[0].smsc_id == "id-1"


def test_unsent_segments_of_a_message_in_doubt_still_go(world: World) -> None:
    """One in doubt, one surely unsent: in_doubt outside, and the unsent one leaves on the same link."""
    identifier, (one, two, three) = world.send(LONG)
    world.answer(one)
    world.settle([world.outcome(two, Kind.DOUBTFUL), world.outcome(three, Kind.RELEASED)])
    message = world.message(identifier)
    assert (message.stage, message.due) == (Stage.RESUME, message.content.expires_at)
    assert world.claim("b") == []
    (rest,) = world.claim("a")
    assert [segment.number for segment, _ in rest.segments] == [3]
    message = world.message(identifier)
    assert (message.stage, message.due) == (Stage.IN_DOUBT, world.now + 72 * HOUR)
    world.answer(rest.segments[0][0])
    world.answer(two)
    assert world.story(identifier) == "in_doubt submitted"


def test_in_doubt_outlives_the_validity_while_a_segment_is_claimed(world: World) -> None:
    """The rest was claimed just before the validity ended: now the wait for receipts decides."""
    identifier, (one, two, three) = world.send(LONG, valid=10 * SECOND)
    world.answer(one)
    world.settle([world.outcome(two, Kind.DOUBTFUL), world.outcome(three, Kind.RELEASED)])
    world.wait(9 * SECOND)
    (rest,) = world.claim()
    world.wait(HOUR)
    assert world.story(identifier) == "in_doubt"
    world.answer(rest.segments[0][0], two)
    assert world.story(identifier) == "in_doubt submitted"


def test_unsent_segments_expire_while_another_is_in_doubt(world: World) -> None:
    """What cannot be completed any more has expired; the doubt does not keep it open."""
    identifier, (one, two, three) = world.send(LONG, valid=10 * SECOND)
    world.settle(
        [world.outcome(one, Kind.DOUBTFUL), *(world.outcome(s, Kind.RELEASED) for s in (two, three))]
    )
    world.wait(10 * SECOND)
    assert world.story(identifier) == "in_doubt expired"


def test_a_refused_segment_beside_doubt_keeps_its_delay(world: World) -> None:
    """In doubt and a temporary refusal: the refused one waits for its time, then goes."""
    identifier, (one, two, three) = world.send(LONG)
    world.answer(one)
    world.doubt(two)
    world.answer(three, status=consts.ESME_RMSGQFUL)
    assert world.claim() == []
    message = world.message(identifier)
    assert (message.stage, message.due) == (Stage.IN_DOUBT, world.now + 60 * SECOND)
    world.wait(60 * SECOND)
    (rest,) = world.claim()
    assert [segment.number for segment, _ in rest.segments] == [3]
    world.answer(two)
    world.answer(rest.segments[0][0])
    assert world.story(identifier) == "in_doubt queued submitted"


# doubt: resend


def test_the_one_resend(world: World) -> None:
    """in_doubt, then queued; sent once more under a new attempt; in doubt again it stays there."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    assert world.story(identifier) == "in_doubt queued"
    (again,) = claimed_segments(world.claim())
    assert (again.number, again.attempt) == (1, 2)
    assert world.counted("resent", "a", "otp") == 1
    world.doubt(again)
    assert world.story(identifier) == "in_doubt queued in_doubt"
    world.wait(HOUR)
    assert world.claim() == []
    assert world.story(identifier) == "in_doubt queued in_doubt unknown"


def test_a_late_response_spares_the_resend(world: World) -> None:
    """Answered while the resend still waits: submitted, and nothing goes out again."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    world.answer(segment)
    assert world.claim() == []
    assert world.story(identifier) == "in_doubt queued submitted"


def test_a_resend_that_is_refused_leaves_the_first_sending_in_doubt(world: World) -> None:
    """The first may have arrived, so the message is not rejected."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    world.answer(*claimed_segments(world.claim()), status=consts.ESME_RINVDSTADR)
    assert world.story(identifier) == "in_doubt queued in_doubt"
    (smsc_id,) = world.answer(segment)
    world.deliver(world.receipt(smsc_id))
    assert world.story(identifier) == "in_doubt queued in_doubt submitted delivered"


def test_a_resend_carries_only_what_is_unanswered(world: World) -> None:
    """All unanswered segments go again, once every answer is in or lost, with the same reference."""
    identifier, (one, two, three) = world.send(LONG, class_="otp")
    reference = world.message(identifier).reference
    world.doubt(one)
    assert world.claim() == []
    assert world.story(identifier) == "in_doubt"
    world.answer(two)
    world.doubt(three)
    assert world.story(identifier) == "in_doubt queued"
    assert world.claim("b") == []
    (again,) = world.claim("a")
    assert [(segment.number, segment.attempt) for segment, _ in again.segments] == [(1, 2), (3, 2)]
    assert world.message(identifier).reference == reference
    assert {part.short_message[3] for _, part in again.segments} == {reference}
    world.answer(*claimed_segments([again]))
    assert world.story(identifier) == "in_doubt queued submitted"


def test_a_resend_that_cannot_leave_in_time_stays_in_doubt(world: World) -> None:
    """Inside the validity only; after it the first sending is still in doubt, and may be delivered."""
    identifier, (segment,) = world.send(class_="otp", valid=10 * SECOND)
    world.doubt(segment)
    world.wait(10 * SECOND)
    assert world.story(identifier) == "in_doubt queued in_doubt"
    world.deliver(world.echo(segment))
    assert world.story(identifier) == "in_doubt queued in_doubt delivered"


def test_no_resend_after_the_validity(world: World) -> None:
    """Doubt that arises when the validity is over is only reported."""
    identifier, (segment,) = world.send(class_="otp", valid=10 * SECOND)
    world.now += 10 * SECOND
    world.doubt(segment)
    assert world.story(identifier) == "in_doubt"
    assert world.claim() == []
    assert world.counted("resent", "a", "otp") == 0


def test_policy_may_forbid_the_resend(world: World) -> None:
    """Refused at sending, the resend stays; the first sending is still in doubt."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    world.rules.refused["8613800138000"] = "suspended"
    assert world.claim() == []
    assert world.story(identifier) == "in_doubt queued in_doubt"


def test_a_resend_is_withdrawn_once_the_first_sending_is_answered(world: World) -> None:
    """Accepted late and then failed by its receipt: that is the end, though a resend was queued."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    (smsc_id,) = world.answer(segment)
    world.deliver(world.receipt(smsc_id, ReceiptState.UNDELIVERABLE))
    assert world.story(identifier) == "in_doubt queued submitted undeliverable"
    refused, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    world.answer(segment, status=consts.ESME_RINVDSTADR)
    assert world.story(refused) == "in_doubt queued rejected"


@pytest.mark.parametrize(
    ("status", "story"),
    [(0, ""), (consts.ESME_RTHROTTLED, " undeliverable"), (consts.ESME_RINVDSTADR, " undeliverable")],
)
def test_a_resend_on_its_way_when_the_first_sending_fails(world: World, status: int, story: str) -> None:
    """What is submitted never goes back to queued: the answer of the resend decides whether it goes on."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    (again,) = claimed_segments(world.claim())
    (smsc_id,) = world.answer(segment)
    world.deliver(world.receipt(smsc_id, ReceiptState.UNDELIVERABLE))
    assert world.story(identifier) == "in_doubt queued submitted"
    world.answer(again, status=status)
    assert world.story(identifier) == "in_doubt queued submitted" + story
    assert world.claim() == []


# crash


def test_claims_of_a_lost_life_are_in_doubt(world: World) -> None:
    """After a crash nobody can say whether claimed segments left: doubt, or the one resend (G2)."""
    reported, _ = world.send(LONG)
    resent, _ = world.send(class_="otp")
    waiting = world.submit()
    assert world.recover() == 4
    assert world.recover() == 0
    assert world.story(reported) == "in_doubt"
    assert world.story(resent) == "in_doubt queued"
    assert {one.message for one in world.claim()} == {resent, waiting}


def test_recovery_takes_steps(world: World) -> None:
    """Many claims are put in doubt in several transactions; none is left out."""
    messages = [world.send(LONG)[0] for _ in range(3)]
    steps = []
    while found := world.run(recover, world.rules, world.now, 2):
        steps.append(found)
    assert sum(steps) == 9
    assert [world.story(message) for message in messages] == ["in_doubt"] * 3


def test_a_claim_long_ago_does_not_wait_for_receipts_anew(world: World) -> None:
    """The daemon was down for longer than the wait: the message becomes unknown, after being in doubt."""
    identifier, _ = world.send(class_="notice")
    world.now += 73 * HOUR
    world.recover()
    world.wait(0)
    assert world.story(identifier) == "in_doubt unknown"


def test_unknown_outcomes_are_ignored(world: World) -> None:
    """An outcome of a segment that is not there, or of a message that is not there, harms nobody."""
    _, (segment,) = world.send()
    other, (two,) = world.send()
    strange = world.outcome(segment, Kind.ANSWERED)
    world.settle(
        [
            msgspec.structs.replace(strange, attempt=9),
            msgspec.structs.replace(strange, message=strange.message + 1),
            world.outcome(two, Kind.ANSWERED, 0, "x"),
        ]
    )
    assert world.story(other) == "submitted"


# several segments, all combinations that are final


@pytest.mark.parametrize(
    ("states", "final", "decides"),
    [
        ("ddd", "delivered", None),
        ("ddu", "undeliverable", 3),
        ("udd", "undeliverable", 1),
        ("dxe", "expired", 2),
        ("rue", "rejected", 1),
        ("eru", "expired", 1),
        ("ddc", "cancelled", 3),
    ],
)
def test_the_first_that_fails_decides(world: World, states: str, final: str, decides: int | None) -> None:
    """Delivered when all are; else the first failure in the order of time, with its segment (x: expired)."""
    kinds = {
        "d": ReceiptState.DELIVERED,
        "u": ReceiptState.UNDELIVERABLE,
        "x": ReceiptState.EXPIRED,
        "e": ReceiptState.EXPIRED,
        "r": ReceiptState.REJECTED,
        "c": ReceiptState.DELETED,
    }
    identifier, segments = world.send(LONG)
    ids = world.answer(*segments)
    for smsc_id, letter in zip(ids, states, strict=True):
        world.wait(SECOND)
        world.deliver(world.receipt(smsc_id, kinds[letter]))
    told = world.told(identifier)
    assert [t.state for t in told if t.state] == ["submitted", final]
    error = world.message(identifier).error
    assert (error and (error.code, error.segment)) == (decides and ("receipt_failed", decides))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_doubt_of_one_segment_outweighs_what_is_done(world: World, order: tuple[int, int, int]) -> None:
    """in_doubt while one is in doubt and none failed, in whatever order the outcomes come."""
    identifier, segments = world.send(LONG)
    acts: list[Callable[[Segment], object]] = [world.answer, world.doubt, world.answer]
    for place in order:
        acts[place](segments[place])
    assert world.message(identifier).state == "in_doubt"
    for segment in (segments[0], segments[2]):
        smsc_id = world.segments(identifier)[segment.number - 1].smsc_id
        world.deliver(world.receipt(smsc_id or ""))
    assert world.message(identifier).state == "in_doubt"
    world.answer(segments[1], status=consts.ESME_RINVDSTADR)
    assert world.message(identifier).state == "rejected"


def test_each_stage_is_counted(world: World) -> None:
    """Whatever one operation does to a message, the counts tell where it stands in the end."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    message = world.message(identifier)
    assert world.open_counts() == {(message.lane, Stage.READY): 1} == world.tables.stage_counts()
    assert world.segments(identifier)[0].stage is SegmentStage.IN_DOUBT
    world.claim()
    assert world.open_counts() == {(message.lane, Stage.CLAIMED): 1} == world.tables.stage_counts()
