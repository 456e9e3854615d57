"""From segments to a message: every combination of two segments, and of two attempts."""

import pytest

from gatewayd.ledger.fold import best_attempts, failure_of, fold
from gatewayd.model import MessageId, Segment, SegmentStage, Stage

LETTERS = {
    "w": SegmentStage.WAITING,
    "c": SegmentStage.CLAIMED,
    "a": SegmentStage.ACCEPTED,
    "?": SegmentStage.IN_DOUBT,
    "d": SegmentStage.DELIVERED,
    "r": SegmentStage.REFUSED,
    "u": SegmentStage.UNDELIVERABLE,
    "x": SegmentStage.EXPIRED,
    "j": SegmentStage.REJECTED,
    "k": SegmentStage.DELETED,
}


def made(stage: str, number: int, attempt: int = 1, claimed_at: int = 0) -> Segment:
    return Segment(MessageId(1), number, attempt, LETTERS[stage], "a", 1, claimed_at, "86")


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("ww", Stage.READY),
        ("wc", Stage.CLAIMED),
        ("wa", Stage.READY),
        ("w?", Stage.RESUME),
        ("wd", Stage.READY),
        ("cc", Stage.CLAIMED),
        ("ca", Stage.CLAIMED),
        ("c?", Stage.IN_DOUBT),
        ("cd", Stage.CLAIMED),
        ("aa", Stage.SUBMITTED),
        ("a?", Stage.IN_DOUBT),
        ("ad", Stage.SUBMITTED),
        ("??", Stage.IN_DOUBT),
        ("?d", Stage.IN_DOUBT),
        ("dd", Stage.DELIVERED),
        ("wc?", Stage.IN_DOUBT),
        *((other + "r", Stage.REJECTED) for other in "wca?d"),
        *((other + "u", Stage.UNDELIVERABLE) for other in "wca?d"),
        *((other + "x", Stage.EXPIRED) for other in "wca?d"),
        *((other + "j", Stage.REJECTED) for other in "wca?d"),
        *((other + "k", Stage.CANCELLED) for other in "wca?d"),
    ],
)
def test_several_segments_make_one_stage(stages: str, expected: Stage) -> None:
    """Failure decides, then doubt, then what is claimed, then what waits, then what awaits a receipt."""
    for order in (stages, stages[::-1]):
        standing = fold([made(stage, number) for number, stage in enumerate(order, 1)])
        assert standing.stage is expected
        assert (standing.failed is not None) == bool(set(stages) & set("ruxjk"))


@pytest.mark.parametrize(
    ("attempts", "better"),
    [
        ("?w", "w"),
        ("?c", "c"),
        ("?a", "a"),
        ("a?", "a"),
        ("??", "?"),
        ("aw", "a"),
        ("?d", "d"),
        ("d?", "d"),
        ("du", "d"),
        ("ud", "d"),
        ("?r", "?"),
        ("r?", "?"),
        ("?x", "?"),
        ("ua", "a"),
        ("ru", "u"),
    ],
)
def test_a_segment_sent_twice_stands_as_the_better_attempt(attempts: str, better: str) -> None:
    """What has arrived, or still may, outweighs what failed."""
    segments = [made(stage, 1, attempt) for attempt, stage in enumerate(attempts, 1)]
    assert best_attempts(segments)[1].stage is LETTERS[better]
    assert fold(segments).stage is fold([made(better, 1)]).stage


@pytest.mark.parametrize("stage", LETTERS)
def test_one_segment_stands_as_two_of_its_kind(stage: str) -> None:
    """The short way for a single segment says the same."""
    alone, two = fold([made(stage, 1)]), fold([made(stage, 1), made(stage, 2)])
    assert alone.stage is two.stage
    assert (alone.failed is None) == (two.failed is None)


def test_of_several_failures_the_earliest_decides() -> None:
    """By the time of the receipt, else of the answer, else of the claim; then by number."""
    early, late = made("u", 2), made("x", 1)
    early.receipt_at, late.answered_at = 10, 20
    assert fold([late, early]).failed is early
    assert fold([made("x", 2), made("u", 1)]).failed == made("u", 1)


def test_the_failure_says_what_the_smsc_said() -> None:
    """smsc_refused with the status; receipt_failed with stat and err."""
    refused, failed = made("r", 2), made("u", 3)
    failed.stat, failed.err = "UNDELIV", "001"
    assert failure_of(refused, "ESME_RINVDSTADR").command_status == "ESME_RINVDSTADR"
    assert failure_of(refused, "ESME_RINVDSTADR").segment == 2
    told = failure_of(failed, None)
    assert (told.code, told.stat, told.err, told.segment) == ("receipt_failed", "UNDELIV", "001", 3)
