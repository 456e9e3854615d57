"""Policy as a list of stages. A stage is a pure function; adding a rule is one function and one line here.

The same rules judge at submit and again at the moment the first segment is about to leave (G7).
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.stages.caps import caps_at_sending, caps_at_submit
from gatewayd.policy.stages.opt_out import opt_out
from gatewayd.policy.stages.quiet_hours import quiet_hours, quiet_soon
from gatewayd.policy.subject import Facts, Hold, Subject

Stage = Callable[[Subject, Facts, Book], Subject | Hold | Refusal]

# in the order of judgement of the protocol: the first refusal answers
AT_SUBMIT: Final[tuple[Stage, ...]] = (opt_out, caps_at_submit, quiet_hours)
AT_SENDING: Final[tuple[Stage, ...]] = (opt_out, caps_at_sending, quiet_soon)


class Passed(NamedTuple):
    """The message as the stages leave it, and what it has to wait for."""

    subject: Subject
    hold: Hold | None


def run(stages: Sequence[Stage], subject: Subject, facts: Facts, book: Book) -> Passed | Refusal:
    """The first refusal; else the message, with the longest of its holds."""
    hold: Hold | None = None
    for stage in stages:
        outcome = stage(subject, facts, book)
        if isinstance(outcome, Refusal):
            return outcome
        if isinstance(outcome, Hold):
            hold = outcome if hold is None or _later(outcome, hold) else hold
        else:
            subject = outcome
    return Passed(subject, hold)


def _later(one: Hold, other: Hold) -> bool:
    return other.until is not None and (one.until is None or one.until > other.until)
