"""Keywords of replies: what ships, and what a file adds or changes."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from gatewayd.policy.normal import fold
from gatewayd.policy.replies.kinds import Kind
from gatewayd.policy.replies.lexicon import Lexicon


class Match(StrEnum):
    """Where a word must stand. Latin letters or digits beside it, or joined by a hyphen, make another word.

    EXACT: nothing else is in the reply. PREFIX: the reply begins with it. CONTAINS: anywhere. NEVER: it is
    no keyword, though it ships as one.
    """

    EXACT = "exact"
    PREFIX = "prefix"
    CONTAINS = "contains"
    NEVER = "never"


class Word(msgspec.Struct, frozen=True):
    text: str
    match: Match = Match.EXACT


def _exact(words: str) -> tuple[Word, ...]:
    return tuple(Word(text) for text in words.split())


SHIPPED_OPT_OUT: Final = _exact(
    "TD TDZD TDDY QXDY T N R D T退 退订 退定 拒收 拒绝接收 不想接收 "
    "取消订阅 取消 屏蔽 拉黑 停止 停止接收 停止推送 停止发送 "
    "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT OPTOUT REVOKE REMOVE"
)
"""What texts on Chinese networks ask for or platforms there honour, and the words of carriers abroad."""

SHIPPED_OPT_IN: Final = _exact("恢复 订阅 重新订阅 恢复订阅 恢复接收 取消退订 START UNSTOP SUBSCRIBE")


class Words:
    """Keywords in force at one place, looked up by their `letters`."""

    def __init__(self, opt_out: Iterable[Word] = (), opt_in: Iterable[Word] = ()) -> None:
        """What is given comes after what ships; of words that have the same letters the last one counts."""
        leaving = _merged((*SHIPPED_OPT_OUT, *opt_out))
        coming = _merged((*SHIPPED_OPT_IN, *opt_in))
        self._opt_out = _of(leaving, Match.EXACT)
        self._opt_in = _of(coming, Match.EXACT)
        self.searches = tuple(
            (kind, match, pattern)
            for kind, words in ((Kind.OPT_OUT, leaving), (Kind.OPT_IN, coming))
            for match in (Match.PREFIX, Match.CONTAINS)
            if (pattern := _pattern(match, _of(words, match))) is not None
        )
        """(kind, how, pattern for the folded text) of words that need not be all of a reply."""
        self.lexicon = Lexicon(self._opt_out)

    def kind(self, word: str) -> Kind | None:
        """What a reply of these letters alone means; None if it is no keyword."""
        if word in self._opt_out:
            return Kind.OPT_OUT
        return Kind.OPT_IN if word in self._opt_in else None


def letters(folded: str) -> str:
    """Letters and digits of a folded text: t.d and “t d” are td."""
    return _NO_LETTER.sub("", folded)


_NO_LETTER: Final = re.compile(r"[\W_]+")


def _merged(words: Iterable[Word]) -> Mapping[str, Match]:
    return {letters(fold(word.text)): word.match for word in words}


def _of(words: Mapping[str, Match], match: Match) -> frozenset[str]:
    return frozenset(word for word, how in words.items() if how is match)


def _pattern(match: Match, words: Iterable[str]) -> re.Pattern[str] | None:
    bounded = [_bounded(word) for word in sorted(words, key=len, reverse=True)]
    if not bounded:
        return None
    start = r"\A[\W_]*" if match is Match.PREFIX else ""
    return re.compile(f"{start}(?:{'|'.join(bounded)})")


def _bounded(word: str) -> str:
    before = r"(?<![a-z0-9])(?<![a-z0-9]-)" if _is_latin(word[0]) else ""
    after = r"(?!-?[a-z0-9])" if _is_latin(word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
