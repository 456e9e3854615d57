"""Texts before the stages that read them."""

from collections.abc import Sequence
from functools import cache

from gatewayd.config import parse_config
from gatewayd.model import Refusal
from gatewayd.policy import pipeline
from gatewayd.policy.stages.lints import lints
from gatewayd.policy.stages.opt_out_text import opt_out_text
from gatewayd.policy.stages.signature import signature
from gatewayd.policy.stages.web_links import web_links
from gatewayd.policy.stages.words import words
from gatewayd.policy.subject import Facts, Subject
from gatewayd.snapshot import Snapshot

FILE = """
links: {{a: {{host: a, system_id: a}}}}
brands:
  mall: {{sender: "1", signature: 【XX商城】{brand}}}
  tail: {{sender: "2", signature: 【YY会员】, signature_place: tail}}
  strict: {{sender: "3", signature: 【ZZ】, signature_missing: refuse}}
  plain: {{sender: "4", signature: null}}
  english: {{sender: "5", signature: null, opt_out_text: Reply STOP to opt out}}
classes: {{parcel: {{}}, club: {{opt_out_text: true}}}}
policy: {policy}
"""
ABOUT_TEXTS = (signature, words, web_links, opt_out_text, lints)


@cache
def snapshot(policy: str = "{}", brand: str = "") -> Snapshot:
    """policy: the section, in flow style. brand: more keys of mall, each after a comma."""
    return Snapshot.build(parse_config(FILE.format(policy=policy, brand=brand).encode(), "test.yaml"))


def judged(
    text: str | None,
    stages: Sequence[pipeline.Stage] = ABOUT_TEXTS,
    *,
    class_: str = "notice",
    brand: str = "mall",
    by: Snapshot | None = None,
) -> Subject | Refusal:
    found = by or snapshot()
    subject = Subject("8613800138000", found.classes[class_], brand, "shop", text, 0)
    outcome = pipeline.run(stages, subject, Facts(), found.book)
    return outcome if isinstance(outcome, Refusal) else outcome.subject


def passed(
    text: str | None,
    stages: Sequence[pipeline.Stage] = ABOUT_TEXTS,
    *,
    class_: str = "notice",
    brand: str = "mall",
    by: Snapshot | None = None,
) -> Subject:
    outcome = judged(text, stages, class_=class_, brand=brand, by=by)
    assert isinstance(outcome, Subject), outcome
    return outcome


def refused(
    text: str | None,
    stages: Sequence[pipeline.Stage] = ABOUT_TEXTS,
    *,
    class_: str = "notice",
    brand: str = "mall",
    by: Snapshot | None = None,
) -> Refusal:
    outcome = judged(text, stages, class_=class_, brand=brand, by=by)
    assert isinstance(outcome, Refusal), outcome
    return outcome
