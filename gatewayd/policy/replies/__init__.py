"""What a reply means: the text of an MO -> does it ask to stop, or to go on, and by which rule.

A fixed order of rules, each with a name; no weights, no model. What speaks of stopping without asking for
it is ambiguous, which changes nothing: a person may look at it.
"""

from gatewayd.policy.replies.judge import judge
from gatewayd.policy.replies.kinds import Kind, Reply
from gatewayd.policy.replies.readings import judge_received
from gatewayd.policy.replies.words import Match, Word, Words

__all__ = ["Kind", "Match", "Reply", "Word", "Words", "judge", "judge_received"]
