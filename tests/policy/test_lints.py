"""What the reply to a submit warns of."""

from typing import get_args

import pytest

from gatewayd.configcontent import LintName
from gatewayd.policy.stages.lints import LINTS, lints
from tests.policy.texts_world import passed, snapshot

GOOD_OTP = "【XX商城】您的验证码为987654,5分钟内有效,请勿泄露。"
GOOD_MEMBER = "【XX商城】会员专享7折券今晚20点截止，点击 xx.cn/a 领取，回复TD退订"
GOOD_NOTICE = "【XX商城】您的包裹已到驿站，取件码778654，建议15:00后领取"

ROWS: list[tuple[str, str, list[LintName]]] = [
    ("otp", GOOD_OTP, []),
    ("member", GOOD_MEMBER, []),
    ("traffic", GOOD_MEMBER, []),
    ("notice", GOOD_NOTICE, []),
    ("emergency", "【XX商城】紧急通知：请立即撤离", []),
    ("otp", "Your code is 1234. Valid for 10 min. Do not share it.", []),
    ("otp", "您的动态码是 123456，有效期半小时，切勿告知他人", []),
    # codes
    ("otp", "您的验证码为987654，请勿泄露", ["otp_validity"]),
    ("otp", "您的验证码为987654，5分钟内有效", ["otp_secrecy"]),
    ("otp", "您的验证码，5分钟内有效，请勿泄露", ["otp_one_code"]),
    ("otp", "验证码987654或123456，5分钟内有效，请勿泄露", ["otp_one_code"]),
    ("otp", "验证码123，5分钟内有效，请勿泄露", ["otp_one_code"]),
    ("otp", "验证码123456789，5分钟内有效，请勿泄露", ["otp_one_code"]),
    ("otp", "您2026年的验证码为987654，5分钟内有效，勿转发。致电400-820-8820", []),
    ("otp", "验证码987654，5分钟内有效，请勿泄露，见 xx.cn/a", ["otp_link"]),
    ("otp", GOOD_OTP + "您" * 40, ["otp_segments"]),
    ("otp", "Code 1234, valid 5 min, never share." + "x" * 124, []),
    ("otp", "Code 1234, valid 5 min, never share." + "x" * 125, ["otp_segments"]),
    # marketing
    ("member", "尊敬的会员，您好！本店新开张，全场7折，今晚截止，欢迎到店，回复TD退订", []),
    ("member", "很久没有见到您了，我们非常想念您，今晚来店有7折，门店等您", ["core_first"]),
    ("member", "【XX商城】很久没有见到您了，我们非常想念您今晚7折门店", ["core_first"]),
    ("member", "全场7折，欢迎选购", ["missing_parts"]),
    ("member", "全场7折，今晚截止", ["missing_parts"]),
    ("member", "全场7折，点击 xx.cn", ["missing_parts"]),
    ("member", "Half off all shoes", []),
    # any
    ("member", "促销！全场7折，今晚截止，门店见", ["generic_front"]),
    ("notice", "通知：明天停水", ["generic_front"]),
    ("notice", "【XX商城】【通知】明天停水", ["generic_front"]),
    ("notice", "通知书已寄出", []),
    ("notice", "付款¥100，已收到", ["garbled_marks"]),
    ("otp", "★验证码987654，5分钟内有效，请勿泄露", ["garbled_marks"]),
    ("notice", "查看 t.cn/Ab12", ["shortener"]),
    ("notice", "您" * 500, []),
    ("notice", "您" * 501, ["long_text"]),
]


@pytest.mark.parametrize(("class_", "text", "told"), ROWS)
def test_lints(class_: str, text: str, told: list[LintName]) -> None:
    """Each row breaks one of them, or none; the text stays as it is."""
    subject = passed(text, (lints,), class_=class_)
    assert [warning.partition(":")[0] for warning in subject.warnings] == told
    assert subject.text == text


def test_every_lint_has_a_row_here_and_a_name_in_the_configuration() -> None:
    """What can be switched off is what can warn."""
    assert (
        {lint.name for lint in LINTS}
        == set(get_args(LintName))
        == {name for _, _, told in ROWS for name in told}
    )


def test_lints_can_be_switched_off() -> None:
    """By name; the others still warn."""
    text = "通知：付款¥100"
    by = snapshot("{lints: {off: [garbled_marks]}}")
    assert [w.partition(":")[0] for w in passed(text, (lints,), by=by).warnings] == ["generic_front"]


def test_the_core_of_a_text_is_configured() -> None:
    """A brand of nurseries has other news than a shop."""
    text = "小苗新到，欢迎今晚到店"
    by = snapshot("{lints: {core: [新到]}}")
    assert passed(text, (lints,), class_="member", by=by).warnings == ()
    assert len(passed(text, (lints,), class_="member").warnings) == 1


def test_binary_messages_pass() -> None:
    """There is nothing to read."""
    assert passed(None, (lints,)).warnings == ()
