"""The ways in which marketing texts tell how to opt out, as carriers and platforms know them.

Platforms keep closed lists of them (TD退订, 回T退订, 退订回复TD, 拒收请回复R …), add one where it is missing,
and refuse a text with two.
"""

import re
from typing import Final

REACH: Final = 16
"""Characters that one way may take before or after its decisive word."""

DECISIVE: Final = re.compile(
    "[退拒消sSuU](?:(?<=[退拒])|(?<=取消)|(?<=[sS])[tT][oO][pP]|(?<=[uU])[nN][sS][uU][bB])"
)
"""What no way does without, so that most texts need no closer look."""

_GAP: Final = r"[\W_]{0,2}"  # a blank, quotes, brackets
_ASK: Final = "(?:回[复覆]?|发送?|發送?|编辑|編輯)"
_ANY: Final = "(?:[a-z]{1,4}|[0-9]{1,5})"  # what may be asked for: lists have keywords of their own, as TDZD
_USUAL: Final = "(?:td[a-z0-9]{0,4}|qx|[tnrdq])"  # what is understood without being asked for
_STOP: Final = "(?:退[订訂定]|拒收|取消[订訂][阅閱])"
_GOODS: Final = "货貨款票换換房还還税稅单單钱錢保课課押租"  # 回T退货 is another matter
_WORDS: Final = "(?:stop(?:all)?|unsub(?:scribe)?|end|quit|cancel|td|[tnr])"

WAYS: Final[tuple[str, ...]] = (
    rf"{_ASK}{_GAP}{_ANY}{_GAP}(?:即?可|可以)?{_GAP}(?:{_STOP}|退(?![{_GOODS}])|取消)",  # 回复TD退订, 回T退
    rf"(?<![a-z0-9]){_USUAL}{_GAP}{_STOP}",  # TD退订
    rf"{_STOP}{_GAP}(?:本?短信|请|請|可)*{_GAP}{_ASK}{_GAP}{_ANY}(?![a-z0-9])",  # 退订回T, 拒收请回复R
    rf"退[订訂定]{_GAP}{_USUAL}(?![a-z0-9恤])",  # 退订TD
    rf"\b(?:reply|text|txt|send)\W{{1,3}}(?:with\W)?{_WORDS}\b",  # Reply STOP to opt out
    r"\bstop\W{1,3}(?:to|2)\W{1,2}(?:opt\W?out|unsub|end|quit)",  # STOP to end
)
_WAY: Final = re.compile(rf"(?=[回发發编編退拒取tqnrds])(?:{'|'.join(WAYS)})")  # what they begin with


def told(text: str) -> int:
    """How many ways out `text` tells; it is in NFKC and lower case."""
    return len(_WAY.findall(text))
