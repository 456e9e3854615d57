"""What would become of a submit: the same judgement, told step by step. Nothing is stored or counted."""

from collections.abc import Iterator
from typing import Final

import msgspec

from gatewayd import rfc3339
from gatewayd.ledger.accept import Accepted
from gatewayd.ledger.explain import why_ucs2
from gatewayd.model import Millis, Refusal, Stage
from gatewayd.outlook import Outlook, first_usable
from gatewayd.policy.pipeline import AT_SUBMIT, name_of
from gatewayd.policy.subject import Facts
from gatewayd.policy.trace import Verdict, trace
from gatewayd.routing import parse_spec
from gatewayd.submission import Submission

BEFORE: Final = ("form", "rights", "suspended", "number")
AFTER: Final = ("validity", "route", "length")
_ORDER: Final = (*BEFORE, "policy", *AFTER)


class Preview(msgspec.Struct, frozen=True):
    """The reply to `preview`; what a refusal leaves open is null.

    forced_by: the first character that forces UCS-2. text: as it would leave; null for a binary message.
    link: the first usable one of its route now. leaves_at: null too while no link is usable, or where
    somebody has to change something first. error: what the submit would be refused with.
    """

    encoding: str | None
    segments: int | None
    forced_by: str | None
    text: str | None
    link: str | None
    verdicts: list[Verdict]
    leaves_at: str | None
    warnings: tuple[str, ...] = ()
    error: Refusal | None = None


def preview(submission: Submission, facts: Facts, outlook: Outlook, now: Millis) -> Preview:
    """Judge it as a submit would be, and say what each step did."""
    outcome = submission.judge(facts)
    verdicts = list(_verdicts(submission, facts, outcome))
    if isinstance(outcome, Refusal):
        return Preview(None, None, None, None, None, verdicts, None, error=outcome)
    content = outcome.content
    return Preview(
        encoding=content.encoding,
        segments=content.segments,
        forced_by=why_ucs2(content),
        text=content.text,
        link=first_usable(parse_spec(outcome.lane.route), outlook.speeds),
        verdicts=verdicts,
        leaves_at=_told(_leaves_at(outcome, outlook, now)),
        warnings=content.warnings,
    )


def _verdicts(submission: Submission, facts: Facts, outcome: Accepted | Refusal) -> Iterator[Verdict]:
    for name in BEFORE:
        yield _step(name, submission.step, outcome)
    if submission.asking is None:
        yield from (Verdict(name_of(stage), "not_judged") for stage in AT_SUBMIT)
    else:
        yield from trace(AT_SUBMIT, submission.subject(), facts, submission.book)
    for name in AFTER:
        yield _step(name, submission.step, outcome)


def _step(name: str, reached: str, outcome: Accepted | Refusal) -> Verdict:
    """A step outside the pipeline. reached: the one that judged last."""
    if isinstance(outcome, Accepted):
        return Verdict(name, "passed", detail=_detail(name, outcome))
    place, last = _ORDER.index(name), _ORDER.index(reached)
    if place == last:
        return Verdict(name, "refused", outcome.code, outcome.detail)
    return Verdict(name, "passed" if place < last else "not_judged")


def _detail(name: str, accepted: Accepted) -> str | None:
    content = accepted.content
    match name:
        case "number":
            return content.to
        case "validity":
            return f"until {rfc3339.write(content.expires_at)}"
        case "route":
            return accepted.lane.route
        case "length":
            return f"{content.encoding}, segments {content.segments}"
    return None


def _leaves_at(accepted: Accepted, outlook: Outlook, now: Millis) -> Millis | None:
    if accepted.stage is Stage.SCHEDULED:
        return accepted.due
    if accepted.stage is Stage.HELD:
        return accepted.until
    seconds = outlook.seconds(accepted.lane, accepted.content.segments)
    return None if seconds is None else now + int(seconds * 1000)


def _told(at: Millis | None) -> str | None:
    return None if at is None else rfc3339.write(at)
