"""The configuration of what texts may say: words, links, opt-out texts, lints."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr

from gatewayd.configtypes import Model, Name, Names, form
from gatewayd.wordfile import read_words

Word = Annotated[
    str,
    Field(max_length=64),
    form(r"(?s:.*[^\W_].*)", "must have a letter or digit; nothing else is compared"),
]
Domain = Annotated[
    str,
    form(
        r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+",
        "must be a domain in lower-case ASCII, as example.com, or *.example.com for all below it",
    ),
]
LintName = Literal[
    "core_first",
    "garbled_marks",
    "generic_front",
    "long_text",
    "missing_parts",
    "otp_link",
    "otp_one_code",
    "otp_secrecy",
    "otp_segments",
    "otp_validity",
    "shortener",
]


class WordList(Model):
    words: tuple[Word, ...] = Field(
        default=(), description="compared without case, width, traditional forms, and what stands in between"
    )
    file: str | None = Field(
        default=None, min_length=1, description="more of them: UTF-8, one a line; # begins a remark"
    )
    action: Literal["refuse", "replace", "warn"] = Field(
        description="refuse the message, replace the word, or tell in the reply's warnings"
    )
    with_: str | None = Field(default=None, alias="with", min_length=1, description="replace: by this")
    except_: tuple[Word, ...] = Field(
        default=(), alias="except", description="longer words in which they may stand"
    )
    category: Name | None = Field(default=None, description="told with each finding, as gambling, fraud …")
    classes: Names | None = Field(default=None, description="classes it is for; absent: all")
    marketing: bool | None = Field(
        default=None, description="true: for marketing classes only; false: for the others only"
    )

    _read: tuple[str, ...] = PrivateAttr(default=())

    @property
    def all_words(self) -> tuple[str, ...]:
        """Those of the configuration and, once they were read, those of the file."""
        return (*self.words, *self._read)

    def read(self) -> Iterator[str]:
        """Read the file, and tell what is wrong with it."""
        if self.file is not None:
            self._read, problems = read_words(self.file)
            yield from problems


def _replacement(words: tuple[str, ...], with_: str, *excepted: str) -> WordList:
    given = {"words": words, "action": "replace", "with": with_, "marketing": True}
    return WordList.model_validate({**given, "except": excepted} if excepted else given)


SHIPPED_WORDS = (
    _replacement(
        ("免费", "免费体验"), "0元体验", "免费体测", "免排队", "减免费", "不免费", "免费电话", "免费热线"
    ),
    _replacement(("立即购买",), "马上领取"),
    _replacement(("中奖",), "获得权益", "活动中奖", "中奖励", "中奖品"),
)


class WebLinks(Model):
    allow: tuple[Domain, ...] = Field(
        description="domains that links may lead to, besides those of the brand"
    )


class OptOutText(Model):
    missing: Literal["add", "refuse"] = Field(
        default="add",
        description="add the brand's opt_out_text to a marketing text without one, or refuse it",
    )


class Lints(Model):
    off: tuple[LintName, ...] = Field(default=(), description="lints that do not warn")
    core: tuple[Word, ...] = Field(
        default=(
            "折",
            "优惠",
            "券",
            "减",
            "赠",
            "礼",
            "领",
            "享",
            "权益",
            "体验",
            "红包",
            "积分",
            "会员",
            "福利",
        ),
        description="core_first: one of these, or a digit, stands in the first 15 characters of marketing",
    )
