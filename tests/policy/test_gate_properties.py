"""The whole pipeline under any policy, facts and text: what must hold whatever the rules say."""

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.config import parse_config
from gatewayd.model import POLICY_REFUSALS, MessageId, Refusal
from gatewayd.policy import pipeline
from gatewayd.policy.book import Book
from gatewayd.policy.consents import Consent
from gatewayd.policy.hours import is_quiet
from gatewayd.policy.pipeline import AT_SENDING, AT_SUBMIT, Passed
from gatewayd.policy.stages.consent import newest
from gatewayd.policy.stages.opt_out_text import ways_out
from gatewayd.policy.stages.quiet_hours import ON_ITS_WAY
from gatewayd.policy.stages.suspended import refused
from gatewayd.policy.subject import Facts, Filled, Subject
from gatewayd.policy.template_sets import Review, Template, TemplateSet
from gatewayd.policy.uses import Counted, Use
from gatewayd.snapshot import Snapshot

FILE: Final = """
links: {a: {host: a, system_id: a}}
clients:
  shop: {users: [shop], brands: ["*"], classes: ["*"], holds_consent: true}
  agent: {users: [agent], brands: ["*"], classes: ["*"]}
  gone: {users: [gone], brands: ["*"], classes: ["*"], suspended: {reason: abuse}}
brands:
  mall: {sender: "1", signature: 【XX商城】, send_windows: [lunch, evening]}
  tail: {sender: "2", signature: 【YY会员】, signature_place: tail, opt_out_text: 拒收请回复R}
  strict: {sender: "3", signature: 【ZZ】, signature_missing: refuse, links: [xx.cn]}
  plain: {sender: "4", signature: null, opt_out_text: Reply STOP to opt out}
  bank: {sender: "5", signature: 【ZZ银行】, industry: finance, templates: required}
  books: {sender: "6", signature: 【XX书店】, templates: required_for_marketing}
  dropped: {sender: "7", signature: 【QQ】, suspended: {reason: abuse, action: drop}}
classes: {club: {opt_out: true, opt_out_text: true, frequency: true}, night: {quiet_hours: true}}
policy: POLICY
"""
POLICIES: Final = (
    "{}",
    "{quiet_hours: null, frequency: [], caps: [], words: []}",
    """{quiet_hours: {from: "21:00", to: "08:00", action: refuse}, opt_out_text: {missing: refuse},
        service_marks: refuse, links: {allow: ["*.xx.cn"]}}""",
    """{timezone: America/New_York, words: [
        {words: [免费], action: replace, with: 0元体验}, {words: [体验馆], action: refuse, category: halls},
        {words: [货到, 7折], action: warn, category: w}, {words: [博彩], action: refuse, category: bets}]}""",
    """{frequency: [{count: 1, days: 1}], exempt: ["8613800138001"], caps: [
        {classes: [member, notice], per: [number, text], count: 1, days: 1, code: duplicate_text},
        {classes: [otp], count: 1, hours: 1, window: clock, code: otp_cap}]}""",
)
README: Final = Path(__file__).parents[2] / "gatewayd" / "upstream" / "README.md"
PUBLIC_CODES: Final = frozenset(re.findall("`([a-z_]+)`", README.read_text("utf-8")))
HOUR, DAY = 3_600_000, 86_400_000
MIDNIGHT: Final = 1_795_017_600_000  # in Shanghai

_USUAL: Final = """免费|馆|体验|7折|会员|到店领券|您的验证码为|246810|5分钟内有效|请勿泄露|货到|博|彩|立即购买
    |中奖|，|。|: | |\u200b|!|Hello |https://a.xx.cn/b"""
_ODD: Final = """【XX商城】|【YY会员】|【ZZ】|【XX书店】|【|】|回复TD退订|拒收请回复R|退订|TD
    |Reply STOP to opt out|bit.ly/x"""
usual, odd = (st.sampled_from(pieces.replace("\n    ", "").split("|")) for pieces in (_USUAL, _ODD))
plain_texts = st.lists(usual, min_size=1, max_size=7).map("".join)
texts = plain_texts | plain_texts | st.lists(usual | usual | usual | odd, min_size=1, max_size=7).map("".join)
BRANDS: Final = ("mall", "mall", "tail", "tail", "plain", "plain", "strict", "bank", "books", "dropped")
times = st.integers(0, 3 * DAY).map(lambda ms: MIDNIGHT + ms) | st.sampled_from(
    [MIDNIGHT + hour * HOUR + ms for hour in (8, 21) for ms in (-1001, -1000, -1, 0, 1)]
)


@cache
def snapshot(policy: str) -> Snapshot:
    return Snapshot.build(parse_config(FILE.replace("POLICY", policy).encode(), "test.yaml"))


class Ask(NamedTuple):
    """A submit in front of the pipeline, and what is known."""

    subject: Subject
    facts: Facts
    book: Book


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    by = snapshot(draw(st.sampled_from(POLICIES)))
    class_ = by.classes[draw(st.sampled_from(sorted(by.classes)))]
    brand = draw(st.sampled_from(BRANDS))
    to = draw(st.sampled_from(["8613800138000", "8613800138001", "12025550123", "541123456789"]))
    at, filled = draw(times), draw(st.sampled_from([None, None, None, Filled("sale", {"rate": "7"})]))
    subject = Subject(
        to,
        class_,
        brand,
        draw(st.sampled_from(["shop"] * 6 + ["agent"] * 3 + ["gone"])),
        None if filled else draw(texts),
        at,
        consent=draw(st.none() | consents(to, brand)) if class_.consent else None,
        filled=filled,
    )
    facts = Facts(
        opted_out=class_.opt_out and draw(st.integers(0, 9)) == 0,
        paused=draw(st.integers(0, 9)) == 0,
        uses=tuple(draw(st.lists(uses(at), max_size=4))) if by.book.counts(class_.name, to) else (),
        consent=draw(st.none() | consents(to, brand)) if class_.consent else None,
        templates=_templates(brand) if filled or by.book.wants_templates(brand, class_) else None,
    )
    return Ask(subject, facts, by.book)


def consents(to: str, brand: str) -> st.SearchStrategy[Consent]:
    at = st.integers(1, 5).map(lambda n: MIDNIGHT - n * DAY)
    return st.builds(
        lambda at, granted, channel: Consent(to, brand, at, granted, channel, "v1", "", at, "shop"),
        at,
        st.sampled_from([True, True, True, False]),
        st.sampled_from(["", "web", "web"]),
    )


def uses(at: int) -> st.SearchStrategy[Use]:
    return st.builds(
        lambda n, before, brand, class_, counted: Use(MessageId(n), at - before, brand, class_, n, counted),
        st.integers(1, 1000),
        st.sampled_from([1, 30_000, HOUR, 6 * DAY, 7 * DAY, 29 * DAY, -DAY]),
        st.sampled_from(["mall", "tail"]),
        st.sampled_from(["member", "otp", "club"]),
        st.sampled_from(Counted),
    )


@cache
def _templates(brand: str) -> TemplateSet:
    bodies = {"sale": ("会员{rate:digits}折", "member"), "code": ("您的验证码为{code:digits:6}", "otp")}
    return TemplateSet(
        Template(brand, name, 1, text, class_, "account_change", Review.APPROVED, MIDNIGHT, "shop")
        for name, (text, class_) in bodies.items()
    )


def at_submit(ask: Ask) -> Passed | Refusal:
    """As `submission` runs it: who is suspended is told before anything else."""
    suspended = refused(ask.subject.client, ask.subject.brand, ask.book)
    return suspended or pipeline.run(AT_SUBMIT, ask.subject, ask.facts, ask.book)


def at_sending(ask: Ask, passed: Passed) -> Passed | Refusal:
    """As `rules` runs it at the same moment, with what the submit told on record."""
    kept = passed.subject
    subject = Subject(
        kept.to, kept.class_, kept.brand, kept.client, kept.text, kept.wanted_at, template=kept.template
    )
    facts = msgspec.structs.replace(ask.facts, consent=newest(ask.facts.consent, ask.subject.consent))
    return pipeline.run(AT_SENDING, subject, facts, ask.book)


@settings(max_examples=400)
@given(asks())
def test_what_was_just_accepted_is_not_refused(ask: Ask) -> None:
    """The same facts, the same time: what all stages let pass at submit they let leave.

    But for the second before quiet hours: where these refuse, what was accepted in it comes too late.
    """
    passed = at_submit(ask)
    if isinstance(passed, Refusal):
        return
    again = at_sending(ask, passed)
    if isinstance(again, Refusal):
        assert (again.code, ask.book.quiet_refuses) == ("quiet_hours", True)
        assert _is_quiet(ask, ask.subject.wanted_at + ON_ITS_WAY)
        return
    assert again.subject.text == passed.subject.text, "nothing is written at sending"
    if passed.hold is not None:
        assert again.hold == passed.hold


@given(asks())
def test_every_refusal_and_hold_has_a_public_name(ask: Ask) -> None:
    """Codes and reasons are those that the protocol's document tells; details never quote the number."""
    assert PUBLIC_CODES >= POLICY_REFUSALS
    outcome = at_submit(ask)
    told = [outcome] if isinstance(outcome, Refusal) else []
    if isinstance(outcome, Passed):
        again = at_sending(ask, outcome)
        told += [again] if isinstance(again, Refusal) else []
        holds = [one.hold for one in (outcome, again) if isinstance(one, Passed) and one.hold]
        assert {hold.reason for hold in holds} <= {"quiet_hours", "send_window", "paused", "suspended"}
        assert {hold.code for hold in holds} <= PUBLIC_CODES
    assert {refusal.code for refusal in told} <= PUBLIC_CODES
    assert not any(ask.subject.to in refusal.detail for refusal in told)


@given(asks())
def test_what_passes_keeps_every_rule(ask: Ask) -> None:
    """One signature, one way out, nobody who is out, nothing of a bank's, nothing at night."""
    passed = at_submit(ask)
    if isinstance(passed, Refusal):
        return
    subject, class_, brand = passed.subject, ask.subject.class_, ask.book.brands[ask.subject.brand]
    text = subject.text or ""
    if brand.signature is not None:
        assert (text.count("【"), text.count("】")) == (1, 1)
        assert (
            text.endswith(brand.signature)
            if brand.signature_place == "tail"
            else text.startswith(brand.signature)
        )
    if class_.opt_out_text:
        assert ways_out(ask.book.texts.take_apart(text, subject.brand).body) == 1
    assert not (class_.opt_out and ask.facts.opted_out)
    assert not (class_.marketing and brand.industry == "finance")
    if class_.quiet_hours and _is_quiet(ask, subject.wanted_at):
        assert passed.hold is not None
        assert passed.hold.until is None or not _is_quiet(ask, passed.hold.until)
    if ask.facts.paused:
        assert passed.hold is not None
        assert passed.hold.until is None, "until somebody resumes it"


def _is_quiet(ask: Ask, at: int) -> bool:
    return ask.book.quiet is not None and is_quiet(at, ask.book.quiet, ask.book.zones_of(ask.subject.to))
