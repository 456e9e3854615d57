"""The rules about texts, one after the other, as a submit goes through them."""

from hypothesis import example, given
from hypothesis import strategies as st

from gatewayd.model import Refusal
from gatewayd.policy.pipeline import AT_SENDING, AT_SUBMIT
from gatewayd.policy.stages.opt_out_text import opt_out_text, ways_out
from gatewayd.policy.stages.signature import signature
from tests.policy.texts_world import ABOUT_TEXTS, judged, passed, refused, snapshot

WRITING = (signature, opt_out_text)
_PIECES = """【XX商城】|【YY会员】|【ZZ】|【|】|回复|回|退订|退|订|拒收|请|TD|T|R|N|reply|stop|to| opt out
|取消|，|。| |.|:|xx.cn/a|7折|免费|您好|\u200b|货|恤|9"""
PIECES = st.sampled_from(_PIECES.split("|"))
TEXTS = st.lists(PIECES, max_size=10).map("".join)
BRANDS = st.sampled_from(["mall", "tail", "strict", "plain", "english"])
OWN_FORMS = st.sampled_from(["回复TD退订", "拒收请回复R", "退订回T", "TD退订", "回TD退", "Reply STOP to end"])


@given(TEXTS, BRANDS, OWN_FORMS)
@example("T\u200b", "mall", "TD退订")
@example("T\x1c\ufe0f", "mall", "TD退订")
def test_signature_and_way_out_are_written_once(text: str, brand: str, form: str) -> None:
    """What was judged is judged again without a change: at sending as at submit."""
    by = snapshot(brand=f", opt_out_text: {form}")
    once = judged(text, WRITING, class_="member", brand=brand, by=by)
    if isinstance(once, Refusal):
        return
    again = passed(once.text, WRITING, class_="member", brand=brand, by=by)
    assert (again.text, again.warnings) == (once.text, ())
    assert once.text is not None
    assert ways_out(by.book.texts.take_apart(once.text, brand).body) == 1


@given(TEXTS, BRANDS)
def test_there_are_never_two_signatures(text: str, brand: str) -> None:
    """And the one there is stands where the brand has it."""
    outcome = judged(text, (signature,), brand=brand)
    own = snapshot().book.brands[brand].signature
    if isinstance(outcome, Refusal) or own is None:
        return
    assert outcome.text is not None
    assert (outcome.text.count("【"), outcome.text.count("】")) == (1, 1)
    assert outcome.text.endswith(own) if brand == "tail" else outcome.text.startswith(own)


@given(TEXTS, BRANDS, st.sampled_from(["otp", "notice", "member", "club"]))
def test_what_is_accepted_may_leave(text: str, brand: str, class_: str) -> None:
    """Under the same rules no stage refuses at sending what all let pass at submit."""
    once = judged(text, ABOUT_TEXTS, class_=class_, brand=brand)
    if not isinstance(once, Refusal):
        assert passed(once.text, AT_SENDING[2:6], class_=class_, brand=brand).text == once.text


def test_the_article_s_own_texts() -> None:
    """A code passes as it is; an offer gets its signature, its words and its way out."""
    code = passed("【XX商城】您的验证码为987654,5分钟内有效,请勿泄露。", class_="otp")
    assert (code.text, code.warnings) == ("【XX商城】您的验证码为987654,5分钟内有效,请勿泄露。", ())
    offer = passed("会员免费体测，立即购买享7折，今晚截止，门店见", class_="member")
    assert offer.text == "【XX商城】会员免费体测，马上领取享7折，今晚截止，门店见，回复TD退订"
    assert offer.warnings == ("words: 立即购买 became 马上领取",)


def test_the_first_failure_answers() -> None:
    """Signature, words, links, way out: in this order."""
    by = snapshot("{words: [{words: [博彩], action: refuse}], links: {allow: []}}")
    faults = ["【YY会员】", "博彩", "a.com，", "TD退订 退订回T"]
    details = [refused("".join(faults[n:]), class_="member", by=by) for n in range(len(faults))]
    assert [refusal.code for refusal in details] == ["signature_mismatch", *["sensitive_word"] * 3]
    assert len({refusal.detail for refusal in details}) == 4


def test_the_rules_about_texts_come_first() -> None:
    """Before opt-outs, caps and hours, as the protocol has it; at sending they are the same rules."""
    names = [stage.__name__ for stage in AT_SUBMIT]
    assert names[: len(ABOUT_TEXTS) + 1] == ["template", *(stage.__name__ for stage in ABOUT_TEXTS)]
    names = [stage.__name__ for stage in AT_SENDING]
    assert names[:6] == [
        *("suspended", "template_again", "signature", "words_again", "web_links_again", "opt_out_text")
    ]
