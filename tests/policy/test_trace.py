"""What each stage says of a message, for previews and for the route that is asked about offline."""

import pytest

from gatewayd.model import Refusal
from gatewayd.policy import pipeline
from gatewayd.policy.pipeline import AT_SUBMIT, name_of
from gatewayd.policy.subject import Facts, Subject
from gatewayd.policy.trace import Verdict, trace, trace_offline
from tests.policy.texts_world import snapshot

SHOP = snapshot("{quiet_hours: null}")
NOON = 1_795_060_800_000  # 2026-11-19T12:00:00+08:00
NIGHT = NOON + 10 * 3_600_000


def subject(text: str | None, class_: str = "notice", at: int = NOON) -> Subject:
    return Subject("8613800138000", SHOP.classes[class_], "mall", "shop", text, at)


def said(verdicts: list[Verdict]) -> dict[str, str]:
    return {one.stage: one.verdict for one in verdicts}


def test_each_stage_says_something_in_order() -> None:
    """One verdict each, by the name of its function; those that write tell what became what."""
    verdicts = trace(AT_SUBMIT, subject("到货通知，请查收"), Facts(), SHOP.book)
    assert [one.stage for one in verdicts] == [name_of(stage) for stage in AT_SUBMIT]
    assert "caps" in said(verdicts)
    signature = next(one for one in verdicts if one.stage == "signature")
    assert (signature.verdict, signature.detail) == ("changed", "added 【XX商城】")
    assert set(said(verdicts).values()) == {"passed", "changed"}


@pytest.mark.parametrize("text", ["【Foreign】hi", "【XX商城】【XX商城】hi", "到货通知", None])
def test_the_trace_ends_as_the_run_does(text: str | None) -> None:
    """The same stages on the same values: refused where `run` refuses, and with its code."""
    outcome = pipeline.run(AT_SUBMIT, subject(text), Facts(), SHOP.book)
    refused = [one for one in trace(AT_SUBMIT, subject(text), Facts(), SHOP.book) if one.verdict == "refused"]
    wanted = [(outcome.code, outcome.detail)] if isinstance(outcome, Refusal) else []
    assert [(one.code, one.detail) for one in refused] == wanted


def test_what_follows_a_refusal_is_not_judged() -> None:
    """The first refusal answers, as at a submit."""
    verdicts = trace(AT_SUBMIT, subject("【Foreign】hi"), Facts(opted_out=True), SHOP.book)
    place = [one.verdict for one in verdicts].index("refused")
    assert verdicts[place].stage == "signature"
    assert {one.verdict for one in verdicts[place + 1 :]} == {"not_judged"}


def test_a_hold_is_told_and_the_rest_is_judged() -> None:
    """With its reason; a refusal behind it still refuses."""
    book = snapshot("{}").book
    night = trace(AT_SUBMIT, subject("hi", "notice", NIGHT), Facts(paused=True), book)
    assert (night[-1].stage, night[-1].verdict, night[-1].code) == ("paused", "held", "paused")


def test_offline_what_needs_the_store_is_unknown() -> None:
    """Marketing asks for opt-out, consent and caps; whoever asks for nothing is judged."""
    offline = said(trace_offline(AT_SUBMIT, subject("hi", "member", NIGHT), snapshot("{}").book))
    assert {offline["opt_out"], offline["paused"]} == {"unknown"}
    assert (offline["finance"], offline["quiet_hours"]) == ("passed", "held")
    assert said(trace_offline(AT_SUBMIT, subject("hi"), SHOP.book))["opt_out"] == "passed"
