"""The stages of consent, finance, suspension and templates: each row of what they say."""

from collections.abc import Sequence

import pytest

from gatewayd.config import parse_config
from gatewayd.model import Refusal
from gatewayd.policy.consents import Consent
from gatewayd.policy.pipeline import AT_SENDING, AT_SUBMIT, Stage
from gatewayd.policy.stages.consent import NO_SOURCE, NONE, REVOKED, consent
from gatewayd.policy.stages.finance import NO_MARKETING, finance
from gatewayd.policy.stages.suspended import refused, suspended
from gatewayd.policy.stages.template import (
    NO_GROUP,
    NO_MATCH,
    OTHER_CLASS,
    UNKNOWN,
    WITHDRAWN,
    template,
    template_again,
)
from gatewayd.policy.subject import Facts, Filled, Hold, Subject
from gatewayd.policy.template_sets import Group, Review, Template, TemplateSet
from gatewayd.snapshot import Snapshot

FILE = """
links: {a: {host: a, system_id: a}}
clients:
  shop: {users: [a], brands: ["*"], classes: ["*"]}
  holder: {users: [b], brands: ["*"], classes: ["*"], holds_consent: true}
  stopped: {users: [c], brands: ["*"], classes: ["*"], suspended: {reason: unpaid}}
brands:
  mall: {sender: "1", signature: 【XX商城】, templates: required_for_marketing}
  bank: {sender: "2", signature: 【某某银行】, industry: finance, templates: required, signature_place: tail}
  free: {sender: "3", signature: 【自由】}
  held: {sender: "4", signature: null, suspended: {reason: complaints}}
  dropped: {sender: "5", signature: null, suspended: {action: drop, reason: fraud}}
"""
SNAPSHOT = Snapshot.build(parse_config(FILE.encode(), "f"))
NUMBER = "8613800138000"


def subject(
    class_: str = "member",
    brand: str = "mall",
    client: str = "shop",
    *,
    text: str | None = "您好",
    told: Consent | None = None,
    filled: Filled | None = None,
    of: tuple[str, int] | None = None,
) -> Subject:
    policy = SNAPSHOT.classes[class_]
    return Subject(NUMBER, policy, brand, client, text, 0, consent=told, filled=filled, template=of)


def said(at: int, *, granted: bool = True, channel: str = "web") -> Consent:
    return Consent(NUMBER, "mall", at, granted, channel, "v1", "", 9, "shop")


def judge(stage: Stage, one: Subject, facts: Facts) -> Subject | Hold | Refusal:
    return stage(one, facts, SNAPSHOT.book)


YES, NO = said(5), said(5, granted=False)


@pytest.mark.parametrize(
    ("class_", "client", "known", "told", "refusal"),
    [
        ("member", "shop", None, None, NONE),
        ("member", "shop", YES, None, None),
        ("member", "shop", NO, None, REVOKED),
        ("member", "shop", None, said(5), None),
        ("member", "shop", None, said(0, channel=""), None),
        ("member", "shop", NO, said(4), REVOKED),
        ("member", "shop", NO, said(5), REVOKED),
        ("member", "shop", NO, said(6), None),
        ("member", "shop", NO, said(0), REVOKED),
        ("member", "holder", None, None, None),
        ("member", "holder", NO, None, REVOKED),
        ("traffic", "shop", YES, None, None),
        ("traffic", "shop", None, None, NONE),
        ("traffic", "shop", said(5, channel=""), None, NO_SOURCE),
        ("traffic", "shop", None, said(0), NO_SOURCE),
        ("traffic", "shop", None, said(5, channel=""), NO_SOURCE),
        ("traffic", "shop", said(5, channel=""), said(6), None),
        ("traffic", "holder", None, None, None),
        ("notice", "shop", None, None, None),
        ("otp", "shop", NO, None, None),
        ("emergency", "shop", NO, None, None),
    ],
)
def test_marketing_needs_consent(
    class_: str, client: str, known: Consent | None, told: Consent | None, refusal: Refusal | None
) -> None:
    """On record or told with it, the newest counts; who holds the consents needs no record of them."""
    one = subject(class_, client=client, told=told)
    assert judge(consent, one, Facts(consent=known)) == (refusal or one)


@pytest.mark.parametrize("class_", ["member", "traffic"])
def test_a_finance_brand_sends_no_marketing(class_: str) -> None:
    """Whatever route would take it; other classes pass, and so do other brands."""
    assert judge(finance, subject(class_, "bank"), Facts()) == NO_MARKETING
    for one in (subject("otp", "bank"), subject("notice", "bank"), subject(class_, "mall")):
        assert judge(finance, one, Facts()) is one


def test_suspended_clients_and_brands_submit_nothing() -> None:
    """Of either; the reason is told."""
    told = {pair: refused(*pair, SNAPSHOT.book) for pair in [("shop", "held"), ("stopped", "mall")]}
    assert [refusal and refusal.detail for refusal in told.values()] == [
        "suspended: complaints",
        "suspended: unpaid",
    ]
    assert {refusal and refusal.code for refusal in told.values()} == {"suspended"}
    assert refused("shop", "mall", SNAPSHOT.book) is None


def test_what_waits_for_the_suspended_is_held_or_ends() -> None:
    """As the file says."""
    held = judge(suspended, subject("otp", "held"), Facts())
    assert isinstance(held, Hold)
    assert (held.reason, held.until, held.code) == ("suspended", None, "suspended")
    dropped = judge(suspended, subject("otp", "dropped"), Facts())
    assert isinstance(dropped, Refusal)
    assert (dropped.code, dropped.detail) == ("suspended", "suspended: fraud")
    assert isinstance(judge(suspended, subject("otp", client="stopped"), Facts()), Hold)
    passed = subject("otp")
    assert judge(suspended, passed, Facts()) is passed


def version(name: str, text: str, class_: str = "member", group: Group | None = None) -> Template:
    return Template("mall", name, 2, text, class_, group, Review.APPROVED, 0, "shop")


KNOWN = Facts(
    templates=TemplateSet(
        [
            version("sale", "{name}，新品{percent:digits:1-2}折"),
            version("code", "验证码{code:digits:4-8}", "otp"),
            version("spent", "您消费{sum:amount}元", "notice", "account_change"),
            version("plain", "请留意", "notice"),
        ]
    )
)


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (
            subject(filled=Filled("sale", {"name": "李女士", "percent": "8"}), text=None),
            "【XX商城】李女士，新品8折",
        ),
        (subject("otp", filled=Filled("code", {"code": "1234"}), text=None), "【XX商城】验证码1234"),
        (subject("otp", "free", filled=Filled("code", {"code": "1234"}), text=None), "【自由】验证码1234"),
        (
            subject("notice", "bank", filled=Filled("spent", {"sum": "1,234.50"}), text=None),
            "您消费1,234.50元【某某银行】",
        ),
        (subject(text="李女士，新品8折"), "李女士，新品8折"),
        (subject(text="【XX商城】李女士，新品8折"), "【XX商城】李女士，新品8折"),
        (subject(text="李女士，新品8折，回复TD退订"), "李女士，新品8折，回复TD退订"),
        (subject("notice", "bank", text="您消费5元【某某银行】"), "您消费5元【某某银行】"),
    ],
)
def test_a_text_is_of_an_approved_template(one: Subject, text: str) -> None:
    """Filled in, with the brand's signature, or given in full; which version it is goes with the message."""
    found = judge(template, one, KNOWN)
    assert isinstance(found, Subject)
    assert found.text == text
    assert found.template is not None
    assert found.template[1] == 2
    again = judge(template_again, subject(of=found.template), KNOWN)
    assert isinstance(again, Subject)


@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        (subject(filled=Filled("none", {})), UNKNOWN),
        (subject("notice", filled=Filled("sale", {})), OTHER_CLASS),
        (subject(text="李女士，新品八折"), NO_MATCH),
        (subject("traffic", text="李女士，新品8折"), NO_MATCH),
        (subject(text=None), NO_MATCH),
        (subject("notice", "bank", text="请留意"), NO_GROUP),
        (subject("notice", "bank", filled=Filled("plain", {})), NO_GROUP),
        (
            subject(filled=Filled("sale", {"name": "李女士"})),
            Refusal("invalid_request", "percent is missing", "params"),
        ),
    ],
)
def test_what_is_of_none_is_refused(one: Subject, refusal: Refusal) -> None:
    """With its own code: not known, not of it, or params that do not fit."""
    assert judge(template, one, KNOWN) == refusal


def test_only_some_texts_have_to_be_of_a_template() -> None:
    """Of a brand that asks for marketing alone, marketing; of one that asks for all, all; else none."""
    book, classes = SNAPSHOT.book, SNAPSHOT.classes
    wanted = {
        (brand, class_)
        for brand in ("mall", "bank", "free")
        for class_ in ("otp", "notice", "member", "traffic")
        if book.wants_templates(brand, classes[class_])
    }
    assert wanted == {
        *(("mall", class_) for class_ in ("member", "traffic")),
        *(("bank", class_) for class_ in ("otp", "notice", "member", "traffic")),
    }
    free = subject(brand="free", text="随便")
    assert judge(template, free, Facts()) is free
    assert judge(template_again, free, Facts()) is free


def test_a_version_may_be_withdrawn_before_it_leaves() -> None:
    """And what was accepted when no templates were demanded is compared then."""
    assert judge(template_again, subject(of=("sale", 1)), KNOWN) == WITHDRAWN
    before = subject(text="【XX商城】李女士，新品8折，回复TD退订")
    assert judge(template_again, before, KNOWN) is before
    assert judge(template_again, subject(text="【XX商城】特价"), KNOWN) == NO_MATCH


@pytest.mark.parametrize(
    ("stages", "order"),
    [
        (AT_SUBMIT, ["template", "signature", "words", "finance", "opt_out", "consent", "caps_at_submit"]),
        (AT_SENDING, ["suspended", "template_again", "finance", "opt_out", "consent", "caps_at_sending"]),
    ],
)
def test_the_order_of_judgement(stages: Sequence[Stage], order: list[str]) -> None:
    """As the protocol has it."""
    assert [stage.__name__ for stage in stages if stage.__name__ in order] == order
