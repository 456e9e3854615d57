"""Links in texts: what a handset, or its reader, would take for an address in the web."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Self

import msgspec

from gatewayd.policy.normal import fold, is_unusual

_SHORTENERS: Final = """
t.cn url.cn dwz.cn suo.im suo.nz sourl.cn 6du.in mrw.so u.nu t.co goo.gl bit.ly tinyurl.com ow.ly is.gd
buff.ly cutt.ly rebrand.ly rb.gy s.id tiny.cc v.gd 0x9.me 985.so c7.gg a.co
"""
SHORTENERS: Final = frozenset(_SHORTENERS.split())
"""Domains that lead anywhere: carriers block them, and nobody can vouch for where they lead."""
_SHORTENED: Final = re.compile(  # begins with the dot, which few texts have
    "|".join(rf"\.{top}(?<={name}\.{top})" for name, top in (one.split(".") for one in SHORTENERS)),
    re.IGNORECASE,
)

_LETTER: Final = r"a-z0-9_\u00df-\u024f\u0370-\u052f"  # also of alphabets that look like Latin
_TOP: Final = (  # believed without https:// or a path; two letters are a country
    "[a-z]{2}|com|net|org|edu|gov|info|biz|top|xyz|vip|shop|site|online|club|app|dev|link|wang|ren|icu|store|live|"
    "fun|work|pro|mobi|asia|cloud|tech|space|website|red|ink|one|group|fund|pub|art|cool|plus|city|video|company|"
    "chat|life|team|kim|media|page|bond|sbs|cfd|click|win|bid|loan|men"
)
_SURE_TOP: Final = "com|net|org|cn|cc|top|xyz"  # believed of what does not look like an address
_CHUNK: Final = re.compile(  # with a dot or :// in it
    rf"[{_LETTER}.](?:(?<=\.)|[{_LETTER}:/@+?=&#%~-]*?(?:\.|://))[{_LETTER}.:/@+?=&#%~-]*"
)
_BACKWARDS: Final = re.compile(rf"[{_LETTER}.:/@+?=&#%~-]*")
_ADDRESS: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://(?:[^/@]*@)?"
    rf"|(?<![@{_LETTER}.-]))"
    rf"((?:[{_LETTER}][{_LETTER}-]*\.)+(?:(?:{_TOP})(?![{_LETTER}-])|[a-z]{{2,24}}(?=[/:].))"
    r"|(?:\d{1,3}\.){3}\d{1,3}(?=[/:].))(?:[/:?#].*)?"
    r"|[a-z][a-z0-9+.-]*://"
)
_TOP_ALONE: Final = re.compile(rf"\.(?:{_SURE_TOP})(?![{_LETTER}-])")
_BLANK: Final = r"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # \s, but quicker
_CHINESE_TOP: Final = ("中国", "公司", "网络", "网址", "集团", "商城", "商店", "在线", "中文网")
_ODD_TOP: Final = re.compile(  # without which there is no odd dot
    rf"[{_BLANK}。·•‧∙⋅\])][.\s]*(?:{_SURE_TOP})"
)
_ODD_DOT: Final = re.compile(
    r"([a-z0-9])(?:\s+\.\s*|\s?[。·•‧∙⋅]\s?|\s?[\[(](?:\.|dot|点)[\])]\s?)"
    rf"(?=(?:{_SURE_TOP})(?![{_LETTER}-]))"
)


@lru_cache(maxsize=4)  # two stages ask
def hosts(text: str) -> tuple[str | None, ...]:
    """Where the links of a text lead, in lower case; None: an address in disguise.

    In disguise is what only reads as an address: full-width or other letters than ASCII, xn--, other dots,
    blanks or invisible characters inside.
    """
    plain = text.lower()
    read = fold(text) if is_unusual(text) else plain
    if _ODD_TOP.search(read):
        read = _ODD_DOT.sub(r"\1.", read)
    if "." not in read and "://" not in read:
        return ()
    return tuple([host if _is_plain(host) and host in plain else None for host in _addresses(read)])


def may_be_shortened(text: str) -> bool:
    """Whether it has the domain of a shortener in it; quicker than to look for links."""
    return _SHORTENED.search(text) is not None


class Domains(msgspec.Struct, frozen=True):
    """Where links may lead: `exactly` there, or to any host below one of `below`."""

    exactly: frozenset[str]
    below: frozenset[str]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> Self:
        """patterns: example.com, or *.example.com for all below it."""
        given = frozenset(patterns)
        below = frozenset(pattern[2:] for pattern in given if pattern.startswith("*."))
        return cls(frozenset(pattern for pattern in given if not pattern.startswith("*.")), below)

    def allow(self, host: str) -> bool:
        """A shortener must be named itself."""
        return host in self.exactly or (
            host not in SHORTENERS and any(parent in self.below for parent in _parents(host))
        )


def _addresses(text: str) -> list[str]:
    """The hosts in a folded text; empty: with letters that no domain here has."""
    found: list[str] = []
    for run in _CHUNK.finditer(text, _first(text)):
        chunk = run.group()
        if (chunk[0] == "." or chunk[-1] == ".") and _is_foreign(text, chunk, *run.span()):
            found.append("")
        found += _ADDRESS.findall(chunk)
    return found


def _first(text: str) -> int:
    """Where the characters of an address begin that the first dot stands in; usually near the end."""
    dot = -1 if "://" in text else text.find(".")
    before = _BACKWARDS.match(text[dot::-1]) if dot > 0 else None
    return 0 if before is None else dot + 1 - before.end()


def _is_foreign(text: str, chunk: str, start: int, end: int) -> bool:
    """商城.com and example.中国: part of it is Chinese."""
    if chunk.startswith(".") and start and text[start - 1].isalnum():
        return _TOP_ALONE.match(chunk) is not None
    return chunk.endswith(".") and text.startswith(_CHINESE_TOP, end)


def _is_plain(host: str) -> bool:
    return host != "" and host.isascii() and not host.startswith("xn--") and ".xn--" not in host


def _parents(host: str) -> Iterator[str]:
    while "." in host:
        host = host.partition(".")[2]
        yield host
