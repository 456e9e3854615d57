"""One form for texts that read alike: what replies and words in texts are compared in."""

import re
import unicodedata
from typing import Final

from gatewayd.policy.simplified import SIMPLIFIED, TRADITIONAL

_IGNORABLE: Final = re.compile(  # Unicode's Default_Ignorable_Code_Point, and controls but line ends
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_UNUSUAL: Final = re.compile("[^\n\r\t\x20-\x7e\u3400-\u4dbf\u4e00-\u9fff，。！？：；、（）【】《》“”‘’…—～]")
_TRADITIONAL: Final = re.compile(f"[{TRADITIONAL}]")
_SIMPLIFIED: Final = str.maketrans(TRADITIONAL, SIMPLIFIED)


def fold(text: str) -> str:
    """`text` without invisible characters, in NFKC, lower case and simplified characters.

    So ＴＤ is td and 退訂 is 退订. Blanks and punctuation stay; the length may change. What has been folded
    folds to itself. About 1.3 µs for a text of 70 Chinese characters.
    """
    if text.isascii():
        return _IGNORABLE.sub("", text.lower())
    unusual = is_unusual(text)
    if unusual:
        text = _IGNORABLE.sub("", text)
    text = _plain_signs(text)
    return simplified((unicodedata.normalize("NFKC", text) if unusual else text).lower())


def _plain_signs(text: str) -> str:
    """Those of everyday texts in NFKC: they alone would cost four times all the rest in normalize()."""
    text = text.replace("，", ",").replace("！", "!").replace("？", "?").replace("：", ":").replace("；", ";")
    text = text.replace("（", "(").replace("）", ")").replace("～", "~").replace("…", "...")
    return text.replace("\u3000", " ")


def is_unusual(text: str) -> bool:
    """Whether it has other characters than ASCII, Chinese, and the signs of everyday texts."""
    return _UNUSUAL.search(text) is not None


def simplified(text: str) -> str:
    """`text` with each traditional character in its simplified form."""
    return text.translate(_SIMPLIFIED) if _TRADITIONAL.search(text) else text
