"""Files of words: UTF-8, one a line; what follows # is a remark."""

from pathlib import Path
from typing import Final

LONGEST: Final = 64
"""Characters of a word."""

_LARGEST: Final = 64 * 1024 * 1024


def read_words(path: str) -> tuple[tuple[str, ...], list[str]]:
    """The words of a file, and what is wrong with it, each finding as FILE:LINE: message."""
    try:
        with Path(path).open("rb") as file:
            lines = file.read(_LARGEST).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        return (), [f"{path} cannot be read: {error.strerror}"]
    words: dict[str, None] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        word = line.decode("utf-8", "replace").partition("#")[0].strip()
        if fault := _fault(word):
            problems.append(f"{path}:{number}: {fault}")
        elif word:
            words[word] = None
    return tuple(words), problems


def _fault(word: str) -> str | None:
    if "\ufffd" in word:
        return "the line is not UTF-8"
    if len(word) > LONGEST:
        return f"a word has at most {LONGEST} characters"
    if word and not any(map(str.isalnum, word)):
        return "a word must have a letter or digit; nothing else is compared"
    return None
