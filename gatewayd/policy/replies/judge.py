"""The rules in their order: keyword, configured words, pinyin, sentences."""

import re
from typing import Final

from gatewayd.policy.normal import fold
from gatewayd.policy.replies.kinds import OTHER, Kind, Reply
from gatewayd.policy.replies.sentences import sentence
from gatewayd.policy.replies.words import Words, letters

SHIPPED: Final = Words()
LONGEST: Final = 300
"""Characters. What is longer is no reply of a person to a message."""


def judge(text: str, words: Words = SHIPPED) -> Reply:
    """What `text` means where `words` are in force."""
    text = text.strip()
    if len(text) > LONGEST:
        return OTHER
    folded = fold(text)
    word = letters(folded)
    if not word:
        return OTHER
    return (
        _keyword(word, folded, words, typed_mark="？" in text)
        or _thanked(folded, words)
        or _configured(folded, words)
        or _pinyin(word)
        or sentence(folded, words.lexicon)
    )


def _keyword(word: str, folded: str, words: Words, *, typed_mark: bool) -> Reply | None:
    """All of it is a keyword, or nothing but keywords.

    typed_mark: it has a wide question mark, which no SMSC writes for a sign that it does not know.
    """
    if _MARKUP.search(folded):
        return OTHER
    kind = words.kind(word)
    if kind is None:
        return _repeated(word, folded, words)
    if len(word) == 1 and word.isascii():
        return Reply(kind, "keyword") if _BARE.fullmatch(folded) else OTHER
    asks = "?" in folded and (typed_mark or not _CODE.fullmatch(word))
    return Reply(Kind.AMBIGUOUS, "question") if asks else Reply(kind, "keyword")


def _thanked(folded: str, words: Words) -> Reply | None:
    """T谢谢. Not N or D, which may answer a question."""
    found = _THANKED.fullmatch(folded)
    taken = found and words.kind(found[1]) is Kind.OPT_OUT
    return Reply(Kind.OPT_OUT, "keyword_and_words") if taken else None


_THANKED: Final = re.compile(r"\W*([tr])[\s,。!]*(?:谢谢|多谢|感谢|不需要|不用)[了啦您你哈]*\W*")
_MARKUP: Final = re.compile("</|/>")
"""</td> is a page's, not a reader's."""
_BARE: Final = re.compile(r"[^\w:;=^_+\-/&@?<>|\\$%]*\w[^\w:;=^_+\-/&@?<>|\\$%]*")
"""A letter alone. With other signs it is a face (:D), a grade (R+) or a term (T&)."""
_CODE: Final = re.compile("[b-df-hj-np-tv-z]+")
"""Made to be typed, as TD; it asks nothing: its question mark is an emoji that the SMSC could not write."""


def _repeated(word: str, folded: str, words: Words) -> Reply | None:
    period = (word + word).find(word, 1)  # of TDTD 2; of what repeats nothing its length
    if 1 < period < len(word) and (kind := words.kind(word[:period])) is not None:
        return Reply(kind, "keyword")
    kinds = {words.kind(letters(piece)) for piece in _BETWEEN.split(folded)}
    kind = kinds.pop()
    return None if kind is None or kinds else Reply(kind, "keyword")


_BETWEEN: Final = re.compile(r"[\s,。!、]+")


def _configured(folded: str, words: Words) -> Reply | None:
    for kind, match, pattern in words.searches:
        if pattern.search(folded):
            return Reply(kind, match.value)
    return None


def _pinyin(word: str) -> Reply | None:
    asks = len(word) > 5 and word.isascii() and _PINYIN.fullmatch(word)
    return Reply(Kind.OPT_OUT, "pinyin") if asks else None


_PINYIN: Final = re.compile(
    "(?:qing|wo|yao|xiang|mafan|bang|ni|men)*"
    "(?:tui?ding?|quxiao(?:dingyue|duanxin)|jushouduanxin|tingzhifa(?:song)?"
    "|(?:bie|buyao|qingwu)(?:zai)?(?:gei|wo)*(?:fa(?:song)?|saorao|darao)(?=.)(?:gei|wo|xinxi|guanggao)*)"
    "(?:duanxin|le|la|ba|xiexie)*"
)
