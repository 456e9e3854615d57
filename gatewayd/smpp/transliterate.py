"""Near enough characters of an alphabet for those it lacks, so that one quotation mark does not cost UCS-2.

Only signs and Latin letters: what a reader takes for the same thing. Never a character of another script.
"""

import unicodedata
from typing import Final

from gatewayd.smpp.alphabet import Alphabet

_SIGNS: Final[tuple[tuple[str, str], ...]] = (
    ("‘’‚‛′´`ʼ", "'"),
    ("“”„‟″«»", '"'),
    ("‐‑‒–—―−", "-"),
    ("‹", "<"),
    ("›", ">"),
    ("…", "..."),
    ("•·∙", "*"),
    ("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\t", " "),
    ("\u00ad\u200b\u2060\ufeff", ""),  # marks of where a line may or may not be broken
    ("\u2028\u2029", "\n"),
    ("×", "x"),
    ("÷", "/"),
    ("¢", "c"),
    ("©", "(c)"),
    ("®", "(R)"),
    ("™", "TM"),
    ("№", "No"),
    ("¼", "1/4"),
    ("½", "1/2"),
    ("¾", "3/4"),
    ("¹", "1"),
    ("²", "2"),
    ("³", "3"),
    ("ª", "a"),
    ("º°", "o"),
    ("±", "+-"),
    ("¦", "|"),
)
_LETTERS: Final[tuple[tuple[str, str], ...]] = (  # Latin ones that are no letter with an accent
    ("đð", "d"),
    ("ĐÐ", "D"),
    ("ħ", "h"),
    ("Ħ", "H"),
    ("ı", "i"),
    ("ł", "l"),
    ("Ł", "L"),
    ("ŋ", "ng"),
    ("Ŋ", "NG"),
    ("œ", "oe"),
    ("Œ", "OE"),
    ("þ", "th"),
    ("Þ", "Th"),
    ("ŧ", "t"),
    ("Ŧ", "T"),
    ("ĸ", "k"),
    ("ſ", "s"),
    ("ẞ", "SS"),
    ("ø", "o"),
    ("Ø", "O"),
    ("æ", "ae"),
    ("Æ", "AE"),
    ("å", "a"),
    ("Å", "A"),
)
_NEAR: Final = {character: near for characters, near in (*_SIGNS, *_LETTERS) for character in characters}


def into(alphabet: Alphabet, text: str) -> str | None:
    """The text in characters of `alphabet`; None if one of it has no near enough character there."""
    parts: list[str] = []
    text = unicodedata.normalize("NFC", text)
    for character in text:
        near = character if alphabet.first_foreign(character) is None else _near(alphabet, character)
        if near is None:
            return None
        parts.append(near)
    return "".join(parts)


def _near(alphabet: Alphabet, character: str) -> str | None:
    """A Latin letter loses its accent where the alphabet has no letter with it."""
    near = _NEAR.get(character)
    if near is None and unicodedata.name(character, "").startswith("LATIN "):
        base = unicodedata.normalize("NFD", character)[0]
        near = base if alphabet.first_foreign(base) is None else _NEAR.get(base)
    return near if near is not None and alphabet.first_foreign(near) is None else None
