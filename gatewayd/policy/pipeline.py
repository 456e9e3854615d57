"""Policy as a list of stages. A stage is a pure function; adding a rule is one function and one line here.

The same rules judge at submit and again at the moment the first segment is about to leave (G7).
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Final, NamedTuple

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.stages.caps import caps_at_sending, caps_at_submit
from gatewayd.policy.stages.consent import consent
from gatewayd.policy.stages.finance import finance
from gatewayd.policy.stages.lints import lints
from gatewayd.policy.stages.opt_out import opt_out
from gatewayd.policy.stages.opt_out_text import opt_out_text
from gatewayd.policy.stages.paused import paused
from gatewayd.policy.stages.quiet_hours import quiet_hours, quiet_soon
from gatewayd.policy.stages.signature import signature
from gatewayd.policy.stages.suspended import suspended
from gatewayd.policy.stages.template import template, template_again
from gatewayd.policy.stages.web_links import web_links, web_links_again
from gatewayd.policy.stages.words import words, words_again
from gatewayd.policy.subject import Facts, Hold, Subject

Stage = Callable[[Subject, Facts, Book], Subject | Hold | Refusal]


def _unchanged(stage: Stage) -> Stage:
    """The stage where it may refuse a text, but no longer write it."""

    @wraps(stage)
    def judge(subject: Subject, facts: Facts, book: Book) -> Subject | Hold | Refusal:
        outcome = stage(subject, facts, book)
        return subject if isinstance(outcome, Subject) else outcome

    return judge


# in the order of judgement of the protocol: the first refusal answers
AT_SUBMIT: Final[tuple[Stage, ...]] = (
    template,
    signature,
    words,
    web_links,
    opt_out_text,
    lints,
    finance,
    opt_out,
    consent,
    caps_at_submit,
    quiet_hours,
    paused,
)
AT_SENDING: Final[tuple[Stage, ...]] = (
    suspended,
    template_again,
    _unchanged(signature),
    words_again,
    web_links_again,
    _unchanged(opt_out_text),
    finance,
    opt_out,
    consent,
    caps_at_sending,
    quiet_soon,
    paused,
)


class Passed(NamedTuple):
    """The message as the stages leave it, what it has to wait for, and which stages wrote its text."""

    subject: Subject
    hold: Hold | None
    changed: tuple[str, ...]


def run(stages: Sequence[Stage], subject: Subject, facts: Facts, book: Book) -> Passed | Refusal:
    """The first refusal; else the message, with the longest of its holds."""
    hold: Hold | None = None
    changed: tuple[str, ...] = ()
    for stage in stages:
        outcome = stage(subject, facts, book)
        if outcome is subject:  # as nearly always
            continue
        if isinstance(outcome, Refusal):
            return outcome
        if isinstance(outcome, Hold):
            hold = outcome if hold is None or _later(outcome, hold) else hold
        else:
            if outcome.text != subject.text:
                changed = (*changed, name_of(stage))
            subject = outcome
    return Passed(subject, hold, changed)


def name_of(stage: Stage) -> str:
    """As clients read it: the function's name, without the moment it judges at."""
    name: str = stage.__name__
    return name.removesuffix("_at_submit")


def _later(one: Hold, other: Hold) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)
