"""Replies whose data_coding lies: what their octets say in the codings that relays and handsets mix up."""

from collections.abc import Iterator
from typing import Final

from gatewayd.policy.replies.judge import judge
from gatewayd.policy.replies.kinds import Kind, Reply
from gatewayd.policy.replies.words import Words

_READINGS: Final = (
    ("ucs2", "utf-16-be"),
    ("ucs2_swapped", "utf-16-le"),
    ("utf8", "utf-8"),
    ("gbk", "gbk"),
)
_EXACT: Final = frozenset({"keyword", "instruction"})
_LONGEST: Final = 64
"""Octets. A keyword or an instruction is shorter."""
_RARE: Final = b"\xd8"
"""Where the rarer characters of GB 2312 begin: a short reply has none, a wrong reading nearly always one."""


def judge_received(text: str | None, octets: bytes, words: Words) -> Reply:
    """What an MO means whose declared data_coding gave `text`; None: it is binary.

    octets: of the whole MO, without headers. Where the text makes no sense, another reading counts if it is
    a keyword or a copied instruction and nothing else; the rule tells which (keyword_in_gbk).
    """
    reply = Reply(Kind.OTHER) if text is None else judge(text, words)
    decided = reply.kind in {Kind.OPT_OUT, Kind.OPT_IN}
    if decided or len(octets) > _LONGEST or (text is not None and _sensible(text)):
        return reply
    return next(_misread(octets, words), reply)


def _misread(octets: bytes, words: Words) -> Iterator[Reply]:
    for name, codec in _READINGS:
        try:
            reply = judge(octets.decode(codec), words)
        except UnicodeDecodeError:
            continue
        if reply.kind in {Kind.OPT_OUT, Kind.OPT_IN} and reply.rule in _EXACT:
            yield Reply(reply.kind, f"{reply.rule}_in_{name}")


def _sensible(text: str) -> bool:
    """Whether a person may have written it: ASCII or everyday Chinese."""
    try:
        return bool(text.strip()) and all(sign.encode("gb2312") < _RARE for sign in text)
    except UnicodeEncodeError:
        return False
