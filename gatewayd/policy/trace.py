"""A run of stages with what each of them says, for previews; `pipeline.run` gives the outcome."""

from collections.abc import Sequence
from typing import Any, Final, Literal, cast

import msgspec

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.pipeline import Stage, name_of
from gatewayd.policy.subject import Facts, Hold, Subject

_NOTHING: Final = Facts()


class Verdict(msgspec.Struct, frozen=True):
    """What one stage says. code: of a refusal, or why it is held.

    detail of `changed`: what became what; of any: what was warned of. unknown: facts would decide.
    """

    stage: str
    verdict: Literal["passed", "changed", "held", "refused", "not_judged", "unknown"]
    code: str | None = None
    detail: str | None = None


def trace(stages: Sequence[Stage], subject: Subject, facts: Facts, book: Book) -> list[Verdict]:
    """One verdict for each stage, in order; what follows a refusal is not judged."""
    verdicts: list[Verdict] = []
    refused = False
    for stage in stages:
        name = name_of(stage)
        if refused:
            verdicts.append(Verdict(name, "not_judged"))
            continue
        outcome = stage(subject, facts, book)
        verdicts.append(_verdict(name, subject, outcome))
        refused = isinstance(outcome, Refusal)
        subject = outcome if isinstance(outcome, Subject) else subject
    return verdicts


def trace_offline(stages: Sequence[Stage], subject: Subject, book: Book) -> list[Verdict]:
    """The same where no store is at hand: what a stage that needs facts would say is unknown."""
    verdicts: list[Verdict] = []
    for stage in stages:
        facts = _Unknown()
        outcome = stage(subject, cast(Facts, facts), book)
        if facts.read:
            told = f"depends on what the store knows: {', '.join(facts.read)}"
            verdicts.append(Verdict(name_of(stage), "unknown", detail=told))
        else:
            verdicts.append(_verdict(name_of(stage), subject, outcome))
            subject = outcome if isinstance(outcome, Subject) else subject
    return verdicts


class _Unknown:
    """Facts that notice which of them are read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.read.append(name)
        return getattr(_NOTHING, name)


def _verdict(name: str, before: Subject, outcome: Subject | Hold | Refusal) -> Verdict:
    if isinstance(outcome, Refusal):
        return Verdict(name, "refused", outcome.code, outcome.detail)
    if isinstance(outcome, Hold):
        return Verdict(name, "held", outcome.reason, outcome.detail)
    told = outcome.warnings[len(before.warnings) :]
    if outcome.text == before.text:
        return Verdict(name, "passed", detail="; ".join(told) or None)
    return Verdict(name, "changed", detail="; ".join(told) or _difference(before.text, outcome.text))


def _difference(before: str | None, after: str | None) -> str:
    """What became what, without what both have in front and behind."""
    old, new = before or "", after or ""
    shortest = min(len(old), len(new))
    head = next((i for i in range(shortest) if old[i] != new[i]), shortest)
    rest = shortest - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    gone, came = old[head : len(old) - tail], new[head : len(new) - tail]
    return f"{gone} became {came}" if gone else f"added {came}"
