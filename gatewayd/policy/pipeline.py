"""Policy as a list of stages. A stage is a pure function; adding a rule is one function and one line here.

The same stages judge at submit and again at the moment the first segment is about to leave (G7).
"""

from collections.abc import Callable, Sequence
from typing import Final

from gatewayd.model import Refusal
from gatewayd.policy.stages.opt_out import opt_out
from gatewayd.policy.subject import Facts, Subject

Stage = Callable[[Subject, Facts], Subject | Refusal]

AT_SUBMIT: Final[tuple[Stage, ...]] = (opt_out,)
AT_SENDING: Final[tuple[Stage, ...]] = (opt_out,)


def run(stages: Sequence[Stage], subject: Subject, facts: Facts) -> Subject | Refusal:
    """The message as the stages leave it, or the first refusal."""
    for stage in stages:
        outcome = stage(subject, facts)
        if isinstance(outcome, Refusal):
            return outcome
        subject = outcome
    return subject


__all__ = ["AT_SENDING", "AT_SUBMIT", "Facts", "Stage", "Subject", "run"]
