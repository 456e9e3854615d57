"""Marketing tells how to opt out, once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.model import Refusal
from gatewayd.opt_out_forms import WAYS, told
from gatewayd.policy.normal import fold
from gatewayd.policy.pipeline import AT_SENDING
from gatewayd.policy.stages.opt_out_text import (
    IN_SERVICE,
    MISSING,
    TWICE,
    WARNING,
    opt_out_text,
    ways_out,
)
from tests.policy.texts_world import judged, passed, refused, snapshot

KNOWN = [
    "TD退订",
    "回T退订",
    "回N退订",
    "回TD退订",
    "退订回T",
    "退订回D",
    "退订回TD",
    "退订回复T",
    "退订回复D",
    "退订回复N",
    "退订回复TD",
    "拒收回T",
    "拒收请回复R",
    "回复TD退订",
    "回复TDZD退订本短信",
    "回t退",
    "回T退订",
    "T退订",
    "N退订",
    "退订TD",
    "退订T",
    "退订请回复TD",
    "退订短信请回TD",
    "回复QX取消",
    "回复0000取消订阅",
    "发送TD退订",
    "取消订阅请回复Q",
    "ＴＤ退訂",
    "回復TD退訂",
    "回复“TD”退订",
    "回复 TD 退订",
    "回复【TD】退订",
    "回复T\u200bD退订",
    "退订：TD",
    "退订，回复TD",
    "Reply STOP to opt out",
    "reply stop to unsubscribe",
    "Text STOP to end",
    "Txt 'STOP' to quit",
    "STOP to opt-out",
    "Reply T to unsubscribe",
]
NONE = [
    "",
    "您的退订申请已受理",
    "订单9876退订成功",
    "如何退订请见官网",
    "支持7天无理由退货",
    "回T退货说明",
    "回复1参加",
    "退订T恤的订单",
    "VIP退订规则见官网",
    "拒收垃圾短信",
    "取消订单请致电客服",
    "The bus will stop at 5",
    "non-stop flight",
    "Don't stop",
    "reply to stopwatch",
    "TD-LTE套餐",
]
TWO = [
    "退订回T，回T退订",
    "TD退订，拒收请回复R",
    "回复TD退订 回复TD退订",
    "回t退，退订回D",
    "回复TD退订. Reply STOP to opt out",
]
OUR_OWN = ("回复TD退订", "拒收请回复R", "退订回T", "TD退订", "Reply STOP to opt out")


@pytest.mark.parametrize("text", KNOWN)
def test_known_ways_are_seen(text: str) -> None:
    """Of all platforms, in any case, width and script, with quotes and blanks, wherever they stand."""
    assert ways_out(text) == 1
    assert ways_out(f"全场7折，{text}") == 1
    assert ways_out(f"全场7折 xx.cn/a {text}!") == 1


@pytest.mark.parametrize("text", NONE)
def test_other_texts_tell_no_way(text: str) -> None:
    """Returns of goods, services that were ended, longer words."""
    assert ways_out(text) == 0


@pytest.mark.parametrize("text", TWO)
def test_two_are_two(text: str) -> None:
    """Platforms refuse that, so we do."""
    assert ways_out(text) == 2
    assert judged(text, (opt_out_text,), class_="member") == TWICE


@pytest.mark.parametrize("first", OUR_OWN)
@pytest.mark.parametrize("second", OUR_OWN)
def test_any_two_are_two(first: str, second: str) -> None:
    """Whatever stands between them."""
    for between in ("，", " ", "。"):
        assert ways_out(first + between + second) == 2


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("【XX商城】全场7折", "【XX商城】全场7折，回复TD退订"),
        ("【XX商城】全场7折！", "【XX商城】全场7折！回复TD退订"),
        ("【XX商城】全场7折 xx.cn/a", "【XX商城】全场7折 xx.cn/a 回复TD退订"),
        ("【XX商城】All half off.", "【XX商城】All half off. 回复TD退订"),
        ("【XX商城】全场7折 ", "【XX商城】全场7折 回复TD退订"),
        ("【XX商城】", "【XX商城】回复TD退订"),
        ("【XX商城】全场7折，退订回T", "【XX商城】全场7折，退订回T"),
        ("【XX商城】退订回T，全场7折", "【XX商城】退订回T，全场7折"),
    ],
)
def test_the_brands_text_is_added_where_none_is(text: str, final: str) -> None:
    """Once, at the end, apart from what it follows."""
    for class_ in ("member", "traffic"):
        subject = passed(text, (opt_out_text,), class_=class_)
        assert (subject.text, subject.warnings) == (final, ())


def test_a_tail_signature_stays_last() -> None:
    """The text goes before it."""
    subject = passed("全场7折【YY会员】", (opt_out_text,), class_="member", brand="tail")
    assert subject.text == "全场7折，回复TD退订【YY会员】"


def test_each_brand_has_its_own_words() -> None:
    """And what they are in is a matter of the brand."""
    subject = passed("All half off", (opt_out_text,), class_="member", brand="english")
    assert subject.text == "All half off Reply STOP to opt out"
    own = snapshot(brand=", opt_out_text: 拒收请回复R")
    assert passed("7折", (opt_out_text,), class_="member", by=own).text == "7折，拒收请回复R"


def test_a_text_without_may_be_refused() -> None:
    """By setting; what tells a way passes as it is."""
    by = snapshot("{opt_out_text: {missing: refuse}}")
    assert refused("全场7折", (opt_out_text,), class_="member", by=by) == MISSING
    assert passed("全场7折 TD退订", (opt_out_text,), class_="member", by=by).text == "全场7折 TD退订"


def test_a_service_text_with_a_way_out_is_marketing_in_disguise() -> None:
    """Told, or refused by setting."""
    for class_ in ("otp", "notice", "emergency", "parcel"):
        assert passed("您的验证码1234，回复TD退订", (opt_out_text,), class_=class_).warnings == (WARNING,)
        by = snapshot("{service_marks: refuse}")
        assert refused("您的验证码1234，回复TD退订", (opt_out_text,), class_=class_, by=by) == IN_SERVICE
        assert passed("您的验证码1234", (opt_out_text,), class_=class_, by=by).warnings == ()


def test_the_class_says_whether_it_is_asked_for() -> None:
    """An own class may ask for it without being marketing."""
    assert passed("您的包裹到了", (opt_out_text,), class_="parcel").text == "您的包裹到了"
    assert passed("本周新书", (opt_out_text,), class_="club").text == "本周新书，回复TD退订"
    assert passed("本周新书 回T退订", (opt_out_text,), class_="club").warnings == ()


def test_at_sending_nothing_is_added() -> None:
    """A text accepted before leaves as it is, or is refused where a setting now says so."""
    stage = next(stage for stage in AT_SENDING if stage.__name__ == "opt_out_text")
    assert passed("全场7折", (stage,), class_="member").text == "全场7折"
    by = snapshot("{opt_out_text: {missing: refuse}}")
    assert refused("全场7折", (stage,), class_="member", by=by) == MISSING
    gone = judged("全场7折", (stage,), class_="member", brand="gone")
    assert not isinstance(gone, Refusal)


def test_binary_messages_pass() -> None:
    """There is no text to tell it in."""
    assert passed(None, (opt_out_text,), class_="member").text is None


@given(st.lists(st.sampled_from([*KNOWN, *NONE, *"回发编辑取消拒收退订tdnrqs1，. ", "text ", "send "])))
def test_no_way_begins_with_another_character_than_is_looked_for(pieces: list[str]) -> None:
    """The quick look at first characters passes over none."""
    text = fold("".join(pieces))
    assert told(text) == len(re.findall("|".join(WAYS), text))
