"""From the states of its segments to the state of a message (CONTRACT section 4, Several segments)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gatewayd.model import Failure, Segment, SegmentStage, Stage

# A segment sent twice (the one resend) stands as well as its better attempt does: what may still
# arrive or has arrived outweighs what failed.
_RANK: Final = {
    SegmentStage.DELIVERED: 0,
    SegmentStage.ACCEPTED: 1,
    SegmentStage.CLAIMED: 2,
    SegmentStage.WAITING: 3,
    SegmentStage.IN_DOUBT: 4,
    SegmentStage.UNDELIVERABLE: 5,
    SegmentStage.EXPIRED: 5,
    SegmentStage.REJECTED: 5,
    SegmentStage.DELETED: 5,
    SegmentStage.REFUSED: 6,
}

FAILED: Final = {
    SegmentStage.UNDELIVERABLE: Stage.UNDELIVERABLE,
    SegmentStage.EXPIRED: Stage.EXPIRED,
    SegmentStage.REJECTED: Stage.REJECTED,
    SegmentStage.DELETED: Stage.CANCELLED,
    SegmentStage.REFUSED: Stage.REJECTED,
}

SETTLED: Final = frozenset(FAILED) | {SegmentStage.DELIVERED}
"""Stages of segments that nothing changes any more but a better attempt."""

_ALONE: Final = {
    SegmentStage.WAITING: Stage.READY,
    SegmentStage.CLAIMED: Stage.CLAIMED,
    SegmentStage.ACCEPTED: Stage.SUBMITTED,
    SegmentStage.IN_DOUBT: Stage.IN_DOUBT,
    SegmentStage.DELIVERED: Stage.DELIVERED,
    **FAILED,
}

_OPEN: Final = frozenset(
    {SegmentStage.WAITING, SegmentStage.CLAIMED, SegmentStage.ACCEPTED, SegmentStage.IN_DOUBT}
)


class Standing(NamedTuple):
    """stage: of the whole. failed: the segment that decided, if one did."""

    stage: Stage
    failed: Segment | None


def best_attempts(segments: Iterable[Segment]) -> dict[int, Segment]:
    """Segment number -> the attempt that counts."""
    best: dict[int, Segment] = {}
    for segment in segments:
        known = best.get(segment.number)
        if known is None or _RANK[segment.stage] < _RANK[known.stage]:
            best[segment.number] = segment
    return best


def fold(segments: Sequence[Segment], decisive: int | None = None) -> Standing:
    """The first that fails for good decides; then doubt; then what is on its way; then what is done.

    decisive: the number of the one segment that the SMSC reports on; its delivery is that of all accepted.
    """
    if len(segments) == 1:  # most messages
        only = segments[0]
        return Standing(_ALONE[only.stage], only if only.stage in FAILED else None)
    attempts = best_attempts(segments)
    best = attempts.values()
    stages = {segment.stage for segment in best}
    if not stages <= _OPEN | {SegmentStage.DELIVERED}:
        failed = min((s for s in best if s.stage in FAILED), key=_failed_at)
        return Standing(FAILED[failed.stage], failed)
    if SegmentStage.IN_DOUBT in stages:
        free = SegmentStage.WAITING in stages and SegmentStage.CLAIMED not in stages
        return Standing(Stage.RESUME if free else Stage.IN_DOUBT, None)
    if SegmentStage.CLAIMED in stages:
        return Standing(Stage.CLAIMED, None)
    if SegmentStage.WAITING in stages:
        return Standing(Stage.READY, None)
    arrived = SegmentStage.ACCEPTED not in stages or _is_delivered(attempts, decisive)
    return Standing(Stage.DELIVERED if arrived else Stage.SUBMITTED, None)


def _is_delivered(attempts: Mapping[int, Segment], number: int | None) -> bool:
    return number is not None and attempts[number].stage is SegmentStage.DELIVERED


def partly_delivered(segments: Iterable[Segment]) -> str | None:
    """What receipts have told of a long message so far, as `delivered 1 of 3`; None if nothing."""
    best = best_attempts(segments).values()
    delivered = sum(segment.stage is SegmentStage.DELIVERED for segment in best)
    return f"delivered {delivered} of {len(best)}" if delivered and len(best) > 1 else None


def _failed_at(segment: Segment) -> tuple[int, int]:
    return (segment.receipt_at or segment.answered_at or segment.claimed_at, segment.number)


def failure_of(segment: Segment, status_name: str | None) -> Failure:
    """The `error` that a failed segment gives its message."""
    if segment.stage is SegmentStage.REFUSED:
        return Failure(code="smsc_refused", command_status=status_name, segment=segment.number)
    return Failure(code="receipt_failed", stat=segment.stat, err=segment.err, segment=segment.number)
