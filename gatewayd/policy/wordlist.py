"""Lists of words, found all at once however a text spells them.

An Aho-Corasick automaton takes the time of the text, not of the lists: 100,000 words cost a microsecond.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

import msgspec
from ahocorasick_rs import AhoCorasick

from gatewayd.policy.skeleton import Spelled, skeleton, spelled
from gatewayd.policy.subject import ClassPolicy

CLAUSE_ENDS: Final = frozenset("，。；！？：、,;!?\n")


class WordRule(msgspec.Struct, frozen=True, kw_only=True):
    """One list. excepted: words in which its own may stand. classes, marketing: None: any."""

    words: tuple[str, ...]
    action: Literal["refuse", "replace", "warn"]
    replacement: str = ""
    excepted: tuple[str, ...] = ()
    category: str | None = None
    classes: frozenset[str] | None = None
    marketing: bool | None = None

    def concerns(self, class_: ClassPolicy) -> bool:
        return (self.classes is None or class_.name in self.classes) and (
            self.marketing is None or self.marketing is class_.marketing
        )


class Hit(NamedTuple):
    """A word of a list, and where the text has it."""

    rule: WordRule
    start: int
    end: int


class WordLists:
    """All lists of one configuration."""

    def __init__(self, rules: Sequence[WordRule]) -> None:
        self.rules = tuple(rules)
        patterns: dict[str, list[tuple[WordRule, bool]]] = {}
        for rule in self.rules:
            for word in rule.words:
                patterns.setdefault(skeleton(word), []).append((rule, True))
            for word in rule.excepted:
                patterns.setdefault(skeleton(word), []).append((rule, False))
        self._meanings = tuple(patterns.values())
        self._automaton = AhoCorasick(list(patterns))

    def hits(self, text: str, class_: ClassPolicy) -> list[Hit]:
        """The words of lists that concern the class, from left to right, at one place the longest first.

        Latin letters and digits count as a word only where they are not part of a longer one. What stands
        inside an exception of its list is none.
        """
        quick = self._automaton.find_matches_as_indexes(skeleton(text), overlapping=True)
        if not quick or not self._concerns(quick, class_):
            return []
        letters = spelled(text)
        found: list[Hit] = []
        excused: list[Hit] = []
        for pattern, start, end in self._automaton.find_matches_as_indexes(letters.letters, overlapping=True):
            if _cuts_a_word(letters, start) or _cuts_a_word(letters, end):
                continue
            for rule, counts in self._meanings[pattern]:
                if rule.concerns(class_):
                    hit = Hit(rule, letters.starts[start], letters.ends[end - 1])
                    (found if counts else excused).append(hit)
        found = [hit for hit in found if not any(_within(hit, exception) for exception in excused)]
        return sorted(found, key=lambda hit: (hit.start, -hit.end))

    def _concerns(self, quick: list[tuple[int, int, int]], class_: ClassPolicy) -> bool:
        for pattern, _, _ in quick:
            for rule, _ in self._meanings[pattern]:
                if rule.concerns(class_):
                    return True
        return False


def _within(hit: Hit, exception: Hit) -> bool:
    return hit.rule is exception.rule and exception.start <= hit.start and hit.end <= exception.end


def _cuts_a_word(letters: Spelled, index: int) -> bool:
    """Whether a Latin word or a number goes on over this place."""
    text = letters.letters
    if not 0 < index < len(text) or not letters.touches(index):
        return False
    before, after = text[index - 1], text[index]
    return before.isascii() and after.isascii() and before.isdigit() is after.isdigit()
