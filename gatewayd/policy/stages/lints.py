"""What a good text keeps to, told as warnings: nothing is refused for it.

Source: the practice of enterprise senders, and what Chinese platforms ask of texts of each kind.
"""

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import msgspec

from gatewayd.configcontent import LintName
from gatewayd.policy.book import Book
from gatewayd.policy.subject import ClassPolicy, Facts, Subject
from gatewayd.policy.weblinks import SHORTENERS, hosts, may_be_shortened
from gatewayd.smpp.text import Carry, choose, count

FIRST: Final = 15  # characters that a reader sees at a glance
SHORT: Final = 35  # characters that fit one segment, whatever they are
LONGEST: Final = 500  # characters that Chinese platforms take, with the signature

Kind = Literal["otp", "emergency", "marketing", "notice"]


class Read(NamedTuple):
    """A text as lints read it. body: without its signature. core: words that tell a benefit."""

    text: str
    body: str
    core: tuple[str, ...]


class Lint(NamedTuple):
    """One row: for texts of which kinds, whether one fails, and what is told then."""

    name: LintName
    kinds: frozenset[Kind]
    fails: Callable[[Read], bool]
    sentence: str


_OTP: Final[frozenset[Kind]] = frozenset({"otp"})
_MARKETING: Final[frozenset[Kind]] = frozenset({"marketing"})
_UNHURRIED: Final[frozenset[Kind]] = frozenset({"marketing", "notice"})
_ALL: Final[frozenset[Kind]] = frozenset({"otp", "emergency", "marketing", "notice"})

_CHINESE: Final = re.compile("[\u4e00-\u9fff]")
_GENERIC: Final = re.compile(
    r"\W*(?:促销|优惠活动|活动|温馨提示|温馨提醒|重要通知|通知|公告|提示|提醒|尊敬的客户)\W"
)
_GARBLED: Final = re.compile(r"[¥★☆☞✓✔※√\[\]^♥♡●◆■▲]")
_CODE: Final = re.compile(r"(?<![A-Za-z0-9_.:/-])[0-9]{4,8}(?![A-Za-z0-9_.:/-]*[0-9])(?![年元])")
_VALIDITY: Final = re.compile(
    r"[0-9一二三五十半]\s*个?\s*(?:分|秒|小?时|min|sec|hour)|有效|过期|失效|valid|expire", re.IGNORECASE
)
_SECRECY: Final = re.compile(
    r"[勿别不]\S{0,8}(?:泄|漏|露|告|转发|提供|分享)|保密"
    r"|(?:not|n['’]t|never)\s+(?:share|tell|give|disclose|forward)",
    re.IGNORECASE,
)
_TIME: Final = re.compile(
    r"[0-9]\s*[:：点日号月天时小分]|[今明][天日晚]|本[周月]|周[一二三四五六日末]|即将|截止|限时|最后|仅限|期间|前到|有效|到期"
)
_ENTRY: Final = re.compile(  # words alone: the quickest pattern there is
    "点击|戳|到店|进店|门店|来电|致电|拨打|电话|热线|回复[^tdnrTDNR]|登录|打开|扫码|凭|出示"
)
_TELEPHONE: Final = re.compile("[0-9]{7}")
_DIGIT: Final = re.compile("[0-9]")


def _core_is_late(read: Read) -> bool:
    first = read.body[:FIRST]
    if _DIGIT.search(first) or not _CHINESE.search(first):
        return False
    return not any(word in first for word in read.core)


def _lacks_parts(read: Read) -> bool:
    body = read.body
    if not _CHINESE.search(body):
        return False
    return not _TIME.search(body) or not (_ENTRY.search(body) or _TELEPHONE.search(body) or _links(read))


def _begins_generic(read: Read) -> bool:
    return _GENERIC.match(read.body) is not None


def _takes_several(read: Read) -> bool:
    return len(read.text) > SHORT and count(read.text, choose(read.text), Carry.UDH8) > 1


def _has_not_one_code(read: Read) -> bool:
    return len(_CODE.findall(read.body)) != 1


def _tells_no_validity(read: Read) -> bool:
    return _VALIDITY.search(read.body) is None


def _asks_no_secrecy(read: Read) -> bool:
    return _SECRECY.search(read.body) is None


def _links(read: Read) -> bool:
    return bool(hosts(read.text))


def _is_shortened(read: Read) -> bool:
    return may_be_shortened(read.text) and not SHORTENERS.isdisjoint(hosts(read.text))


def _is_garbled(read: Read) -> bool:
    return _GARBLED.search(read.body) is not None


def _is_long(read: Read) -> bool:
    return len(read.text) > LONGEST


LINTS: Final[tuple[Lint, ...]] = (
    Lint("core_first", _MARKETING, _core_is_late, f"the first {FIRST} characters tell no benefit"),
    Lint("missing_parts", _MARKETING, _lacks_parts, "a time limit or a way to take the offer up is missing"),
    Lint("generic_front", _UNHURRIED, _begins_generic, "it begins with a word that says nothing"),
    Lint("otp_segments", _OTP, _takes_several, "a code should fit one segment"),
    Lint("otp_one_code", _OTP, _has_not_one_code, "there should be one code, of 4 to 8 digits"),
    Lint("otp_validity", _OTP, _tells_no_validity, "it should tell how long the code is valid"),
    Lint("otp_secrecy", _OTP, _asks_no_secrecy, "it should say 请勿泄露 or the like"),
    Lint("otp_link", _OTP, _links, "a code should come without a link"),
    Lint("garbled_marks", _ALL, _is_garbled, "some carriers and handsets garble one of its marks"),
    Lint("shortener", _ALL, _is_shortened, "carriers block links by shorteners"),
    Lint("long_text", _ALL, _is_long, f"Chinese platforms take {LONGEST} characters at most"),
)
_BY_KIND: Final[dict[Kind, tuple[Lint, ...]]] = {
    kind: tuple(lint for lint in LINTS if kind in lint.kinds) for kind in _ALL
}


def lints(subject: Subject, facts: Facts, book: Book) -> Subject:
    del facts
    if subject.text is None:
        return subject
    read = Read(subject.text, book.texts.take_apart(subject.text, subject.brand).body, book.texts.core)
    rows = _BY_KIND[_kind(subject.class_)]
    failed = [lint for lint in rows if lint.fails(read) and lint.name not in book.texts.lints_off]
    if not failed:
        return subject
    told = (f"{lint.name}: {lint.sentence}" for lint in failed)
    return msgspec.structs.replace(subject, warnings=(*subject.warnings, *told))


def _kind(class_: ClassPolicy) -> Kind:
    """An own class is linted as marketing or as notice."""
    if class_.marketing:
        return "marketing"
    match class_.name:
        case "otp" | "emergency" as kind:
            return kind
    return "notice"
