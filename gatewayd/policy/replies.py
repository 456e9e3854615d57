"""The text of an MO -> whether it asks to stop, and by which rule.

Only the exact reply so far: the keyword and nothing else. OUTSTANDING, TD-LTE or 退订单 never match.
"""

import unicodedata
from typing import Final

KEYWORDS: Final = frozenset({"TD", "T", "退订"})
LONGEST: Final = (
    16  # characters between the outermost letters: a keyword with zero-width characters strewn in
)


def opt_out(text: str) -> str | None:
    """The rule by which `text` is an opt-out ("keyword"); None if it is none.

    The whole text is one keyword in any case or width. Blanks, quotes, punctuation and symbols around it do
    not count, nor do invisible characters anywhere.
    """
    word = _trimmed(text)
    if len(word) > LONGEST:  # also keeps normalisation, quadratic at worst, off long texts
        return None
    visible = (character for character in word if unicodedata.category(character) != "Cf")
    word = _trimmed(unicodedata.normalize("NFKC", "".join(visible)))
    return "keyword" if word.upper() in KEYWORDS else None


def _trimmed(text: str) -> str:
    """From the first letter or digit to the last."""
    first = next((place for place, character in enumerate(text) if character.isalnum()), len(text))
    last = next((place for place in reversed(range(len(text))) if text[place].isalnum()), -1)
    return text[first : last + 1]
