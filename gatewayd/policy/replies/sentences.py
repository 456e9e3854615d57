"""A reply of several words: what each of its clauses says, and what that makes of the whole."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final

from gatewayd.policy.replies.grammar import (
    ABOUT_MESSAGES,
    ALREADY,
    BARE,
    HARMLESS,
    INSTEAD,
    INSTRUCTION,
    MATTER,
    MENTION,
    NEGATED,
    NEGATED_OR_MATTER,
    ONLY,
    QUESTION,
    QUIT,
    REASON,
    REMARK,
    RESUME,
    RETURNS,
    STILL,
    STOP,
    THREAT,
    WARNING,
)
from gatewayd.policy.replies.kinds import OTHER, Kind, Reply
from gatewayd.policy.replies.lexicon import Lexicon
from gatewayd.policy.replies.vocabulary import NAMES


class Says(Enum):
    """What one clause says; the value is the rule's name where it decides."""

    STOP = "sentence"
    BARE = "bare_wish"
    WARNING = "threat"
    ALREADY = "complaint"
    INSTRUCTION = "instruction"
    QUIT = "keyword_and_words"
    RESUME = "resume"
    NOTHING = "nothing"


_Said = Sequence[tuple[str, Says]]
_FORMS: Final = (
    (Says.RESUME, RESUME),
    (Says.STOP, STOP),
    (Says.INSTRUCTION, INSTRUCTION),
    (Says.QUIT, QUIT),
    (Says.BARE, BARE),
    (Says.WARNING, WARNING),
    (Says.ALREADY, ALREADY),
)
_RECEIPT: Final = re.compile(r"\b(?:stat|dlvrd):")
_AUTOMATIC: Final = re.compile(
    "自动回复|勿扰模式|(?:正在|我在|现在)(?:开会|开车|忙|通话|打电话|休息|上课|睡觉)|(?:开会|开车|会议|上课)中"
    "|系统短信|稍后(?:联系|回)|automat|auto.?reply|driving|in a meeting"
)
_AROUND: Final = re.compile(
    r"[\s—(-]*(?:发自|来自)\S*\Z|\s*sent from my [\w ]*\Z|\A\s*sent from my [\w ]*[:,\n]"  # of a handset
    r"|(?<=\S)\s*【[^】]{1,12}】(?:.{8,}(?:拒收|退订|回复?[a-z]).*)?\Z"  # a signature, or what is answered
    r"|\A\s*【[^】]{1,12}】\s*(?=\S{1,12}\Z)"
    r"|\A\s*\d[.、:)]\s*(?=\D)"  # a number in a list of choices
)
_ENDS: Final = re.compile(r"[\n,。!、;~]+|\.(?![a-z0-9])|(?<=\?)")
_MAY, _PLEA, _ASKS = NAMES["may"], NAMES["plea"], NAMES["asks"]
_CHINESE_PARTS: Final = re.compile(
    r"\s+|(?<=[了呢])(?=[别勿]|不(?:要[再发给推]|[许准想需]))|(?<!申)(?=请)|(?=否则|不然)"
    r"|(?<=[发推扰烦]了)(?=我(?:不需要|不看|不买|没钱|已经|是)|没[钱空]|没兴趣|不[买看]|不需要)"
    r"|(?<=[a-z])(?=[别不勿拜谢麻烦])|(?<=[\u3400-\u9fff])(?=(?:please|pls|stop)\b)"
)
_ENGLISH_PARTS: Final = re.compile(
    r"\b(?=(?:please|pls|plz|kindly)\b)"
    r"|\band (?=(?:stop|dont|don't|do not|unsubscribe|remove me|take me)\b)|\bor (?=(?:i|i'll|we)\b)"
    r"|(?<!\bto)(?<!not)(?<!n't)(?<!ould)(?<!will)(?<!\bdid)(?<!\bhe)(?<!they)(?<!can)(?<!must)"  # he will
    r"\s(?=(?:stop|quit) (?:send|text|messag|spam|contact)ing\b)"
)
_CHINESE: Final = re.compile("[\u3400-\u9fff]")


def sentence(folded: str, lexicon: Lexicon) -> Reply:
    """What a text of more than a keyword means."""
    if _RECEIPT.search(folded):
        return Reply(Kind.OTHER, "receipt")
    clauses = [found for text in _ENDS.split(_AROUND.sub("", folded)) for found in _clauses(text, lexicon)]
    reply = _understood(clauses)
    if reply.kind is not Kind.OTHER and _AUTOMATIC.search(folded):
        return Reply(Kind.AMBIGUOUS, "automatic")
    return reply


def _understood(clauses: Sequence[str]) -> Reply:
    said = [(clause, _says(clause)) for clause in clauses if clause]
    forms = [form for _, form in said if form is not Says.NOTHING]
    if Says.RESUME in forms:
        alone = all(form is Says.RESUME for form in forms)
        stands = alone and all(RETURNS.fullmatch(clause) for clause in _rest(said))
        return Reply(Kind.OPT_IN, "sentence") if stands else _mention(clauses)
    form = next((form for form, _ in _FORMS if form in forms and _stands(form, said)), None)
    return _mention(clauses) if form is None else Reply(Kind.OPT_OUT, form.value)


def _clauses(text: str, lexicon: Lexicon) -> Iterator[str]:
    """The sorts of a clause; if it says nothing, of its parts, unless they would part 不 from 退订."""
    sorts = lexicon.sorts(text)
    parts = (_CHINESE_PARTS if _CHINESE.search(text) else _ENGLISH_PARTS).split(text)
    if len(parts) > 1 and _says(sorts) is Says.NOTHING and not NEGATED.search(sorts):
        yield from map(lexicon.sorts, parts)
    else:
        yield sorts


def _says(clause: str) -> Says:
    if _MAY in clause or _PLEA in clause:
        clause = clause.rstrip(_ASKS)  # 能不能别发了吗 asks, and is a request
    return next((form for form, pattern in _FORMS if pattern.fullmatch(clause)), Says.NOTHING)


def _stands(form: Says, said: _Said) -> bool:
    """Whether what else is said lets it stand."""
    match form:
        case Says.STOP:
            clear = any(ABOUT_MESSAGES.search(clause) for clause, says in said if says is Says.STOP)
            veto = NEGATED if clear else NEGATED_OR_MATTER
            return not any(veto.search(clause) or INSTEAD.match(clause) for clause in _rest(said))
        case Says.BARE:
            return all(ONLY.fullmatch(clause) for clause, _ in said) or _beside(REASON, said)
        case Says.WARNING:
            return _beside(THREAT, said)
        case Says.ALREADY:
            return _beside(STILL, said)
        case Says.INSTRUCTION:  # not if it stands in the message itself, sent back
            return all(HARMLESS.fullmatch(clause) for clause in _rest(said))
        case _:
            return all(REMARK.fullmatch(clause) for clause in _rest(said))


def _beside(pattern: re.Pattern[str], said: _Said) -> bool:
    """Whether what else is said has it, and nothing of another matter."""
    rest = _rest(said)
    return any(map(pattern.search, rest)) and not any(map(NEGATED_OR_MATTER.search, rest))


def _rest(said: _Said) -> list[str]:
    return [clause for clause, says in said if says is Says.NOTHING]


def _mention(clauses: Sequence[str]) -> Reply:
    """No more than a mention; the rule tells what kept it from being an opt-out."""
    spoken = [clause for clause in clauses if MENTION.search(clause)]
    if not spoken:
        return OTHER
    joined = ",".join(clauses)
    why = next((name for name, pattern in _WHY if pattern.search(joined)), "mention")
    return Reply(Kind.AMBIGUOUS, why)


_WHY: Final = (("question", QUESTION), ("negation", NEGATED), ("other_matter", MATTER))
