"""The notation of templates: what it takes, what each kind of value is, and which texts are of a template."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.policy.template_text import KINDS, BadParams, BadTemplate, TemplateText

CODE = TemplateText("您的验证码为{code:digits:4-8}，{minutes:digits:1-2}分钟内有效")


def test_a_template_is_filled() -> None:
    """Values where the variables stand, braces where they are doubled."""
    assert CODE.fill({"code": "987654", "minutes": "5"}) == "您的验证码为987654，5分钟内有效"
    assert TemplateText("{{a}} {b}").fill({"b": "x"}) == "{a} x"
    assert TemplateText("{{{b}}}").fill({"b": "x"}) == "{x}"
    assert TemplateText("plain").fill({}) == "plain"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "x" * 1001,
        "【XX商城】您好{name}",
        "{a}{b}",
        "{a}",
        "{a} {a}",
        "a { b",
        "a } b",
        "a {} b",
        "a {1st} b",
        "a {b:colour} c",
        "a {b:digits:0} c",
        "a {b:digits:8-4} c",
        "a {b:digits:501} c",
        "a {b:digits:4-} c",
        "a {b digits} c",
        "，".join(f"{{v{n}}}" for n in range(21)),
    ],
)
def test_what_is_no_template(text: str) -> None:
    """A reviewer would not see what it becomes, or where its values end."""
    with pytest.raises(BadTemplate):
        TemplateText(text)


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("text", "李女士", True),
        ("text", "a" * 20, True),
        ("text", "a" * 21, False),
        ("text", "", False),
        ("text", "  ", False),
        ("text", "a\nb", False),
        ("text", "【银行】", False),
        ("digits", "0123", True),
        ("digits", "12a", False),
        ("digits", "１２", False),
        ("alnum", "SF-1029384756", True),
        ("alnum", "-1", False),
        ("alnum", "单号1", False),
        ("amount", "1,234.50", True),
        ("amount", "-5", True),
        ("amount", "12,34", False),
        ("amount", "1.2.3", False),
        ("amount", "5元", False),
        ("time", "12月1日 15:00", True),
        ("time", "2026-12-01", True),
        ("time", "周六上午", True),
        ("time", "soon", False),
        ("time", "点击领取", False),
        ("time", ":-", False),
        ("phone", "400-123-4567", True),
        ("phone", "+8613800138000", True),
        ("phone", "138****8000", True),
        ("phone", "12", False),
        ("phone", "call me", False),
        ("url", "https://example.com/x?y=1", True),
        ("url", "example.com", True),
        ("url", "http://例.com", False),
        ("url", "localhost", False),
        ("url", "ftp://example.com", False),
    ],
)
def test_each_param_is_of_its_kind(kind: str, value: str, fits: bool) -> None:  # noqa: FBT001  a row of a table
    """The detail names the variable and never the value."""
    template = TemplateText(f"见：{{v:{kind}}}。")
    if fits:
        assert template.fill({"v": value}) == f"见：{value}。"
        return
    with pytest.raises(BadParams, match=r"^v must be") as caught:
        template.fill({"v": value})
    assert not value.strip() or value not in str(caught.value)


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"code": "1234"}, "minutes is missing"),
        ({"code": "1234", "minutes": "5", "name": "x"}, "the template has no variable name"),
        ({"code": "123", "minutes": "5"}, "code must be digits, 4 to 8 characters"),
        ({"code": "123456789", "minutes": "5"}, "code must be digits, 4 to 8 characters"),
    ],
)
def test_params_are_those_of_the_template(params: dict[str, str], detail: str) -> None:
    """None missing, none unknown, each of its length."""
    with pytest.raises(BadParams, match=f"^{detail}$"):
        CODE.fill(params)


@pytest.mark.parametrize(
    ("text", "is_of_it"),
    [
        ("您的验证码为987654，5分钟内有效", True),
        ("您的验证码为987，5分钟内有效", False),
        ("您的验证码为987654，5分钟内有效。", False),
        ("您的验证码为987654，5分钟内有效\n", False),
        ("尊敬的客户，您的验证码为987654，5分钟内有效", False),
        ("您的验证码为九八七六，5分钟内有效", False),
    ],
)
def test_a_text_is_of_a_template_or_not(text: str, is_of_it: bool) -> None:  # noqa: FBT001  a row of a table
    """As a whole."""
    assert CODE.matches(text) is is_of_it


def test_a_value_ends_where_the_text_behind_it_begins() -> None:
    """The first time: so it is plain, and a text is looked through once."""
    template = TemplateText("{name}女士，您好")
    assert template.matches("李女士，您好")
    assert not template.matches("李女士，您好女士，您好")


def test_the_form_of_a_value_is_looked_at_in_a_full_text_too() -> None:
    """Right characters are not enough."""
    template = TemplateText("消费{sum:amount}元")
    assert template.matches("消费1,234.50元")
    assert not template.matches("消费1,2,3元")


_VALUES = {
    "text": "甲",
    "digits": "12",
    "alnum": "A1",
    "amount": "1.5",
    "time": "12:00",
    "phone": "4001234567",
    "url": "a.cn",
}


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(KINDS)), st.sampled_from(["；", "|?", "(x)", "$"])),
        min_size=1,
        max_size=6,
    )
)
def test_what_was_filled_in_matches(pieces: list[tuple[str, str]]) -> None:
    """A template of any kinds, with marks of regular expressions as its text."""
    text = "".join(f"{{v{n}:{kind}}}{behind}" for n, (kind, behind) in enumerate(pieces))
    template = TemplateText(text)
    filled = template.fill({f"v{n}": _VALUES[kind] for n, (kind, _) in enumerate(pieces)})
    assert template.matches(filled)


def test_a_hostile_text_takes_no_longer() -> None:
    """Twenty variables that could all end anywhere: no value is tried a second time."""
    template = TemplateText("a".join(f"{{v{n}:text:1-50}}" for n in range(20)) + "!")
    started = time.perf_counter()
    assert not template.matches("a" * 1000)
    assert time.perf_counter() - started < 0.05
