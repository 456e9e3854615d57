"""A text to the sorts of its words (`vocabulary`)."""

import re
from collections.abc import Iterable
from typing import Final

from gatewayd.policy.replies.vocabulary import NAMES, WORDS

_UNIT: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|[^\W_]|\?")
_APOSTROPHES: Final = str.maketrans("", "", "'\u2018\u2019`")
_NUMBER: Final = re.compile("(?:86)?1[3-9][0-9]{9}|1[0-2][0-9]{3,18}|95[0-9]{3,18}")
"""A mobile number or a service code; any other may be that of an order."""


def _units(text: str) -> list[str]:
    """Latin words with a blank after each, so that joined ones can be told apart; any other letter alone."""
    if "'" in text or "\u2019" in text:
        text = text.translate(_APOSTROPHES)
    found = _UNIT.findall(text)
    return [unit.replace("-", "") + " " if unit.isascii() and unit != "?" else unit for unit in found]


_SORTS: Final = {"".join(_units(word)): sort for sort, words in WORDS.items() for word in words.split("|")}


def _longest() -> dict[str, int]:
    """How many units the longest word has that begins with a unit."""
    lengths: dict[str, int] = {}
    for word in _SORTS:
        units = _units(word)
        lengths[units[0]] = max(len(units), lengths.get(units[0], 0))
    return lengths


_LONGEST: Final = _longest()


class Lexicon:
    """The vocabulary and the keywords in force. Of words that begin alike the longest counts."""

    def __init__(self, keywords: Iterable[str] = ()) -> None:
        names = {word: "code" if len(word) > 1 else "letter" for word in keywords if word.isascii()}
        self._codes = {word + " ": NAMES[name] for word, name in names.items()}

    def sorts(self, text: str) -> str:
        """The sorts of what is in a folded text. Blanks, punctuation and symbols have none."""
        units, found, place = _units(text), [], 0
        while place < len(units):
            unit = units[place]
            for end in range(place + _LONGEST.get(unit, 0), place, -1):
                sort = _SORTS.get("".join(units[place:end]))
                if sort is not None:
                    place = end
                    break
            else:
                sort = self._codes.get(unit) or _unforeseen(unit)
                place += 1
            found.append(sort)
        return "".join(found)


def _unforeseen(unit: str) -> str:
    if not unit.isascii():
        return NAMES["unknown"]
    word = unit.rstrip()
    if len(word) <= 4:
        return NAMES["short"]
    return NAMES["digits" if _NUMBER.fullmatch(word) else "latin"]
