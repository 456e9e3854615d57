"""Consent, templates, finance and suspensions from submit to claim, under real configurations.

Each fact is changed after the accept and before the claim (G7).
"""

from typing import Any

import pytest

from gatewayd.config import parse_config
from gatewayd.ledger import templates
from gatewayd.ledger.accept import Answer, accept
from gatewayd.ledger.claim import Claims, claim
from gatewayd.ledger.holds import release
from gatewayd.model import Content, Message, MessageId, Refusal, Stage, parse_id
from gatewayd.policy.consents import Consent
from gatewayd.policy.template_sets import Review, Template
from gatewayd.rules import SnapshotRules
from gatewayd.snapshot import Snapshot
from gatewayd.submission import Submission
from gatewayd.upstream import wire
from tests.ledger.world import FreeLinks, World

NUMBER = "8613800138000"
FILE = """
links: {{a: {{host: a, system_id: a}}}}
clients:
  shop: {{users: [a], brands: ["*"], classes: ["*"]{client}}}
  holder: {{users: [b], brands: ["*"], classes: ["*"], holds_consent: true}}
brands:
  mall: {{sender: "1", signature: null{brand}}}
policy: {{quiet_hours: null}}
"""


def configured(*, client: str = "", brand: str = "") -> Snapshot:
    """client, brand: more keys, each after a comma."""
    return Snapshot.build(parse_config(FILE.format(client=client, brand=brand).encode(), "f"))


class Gate:
    """One world under one configuration after the other."""

    def __init__(self, world: World, snapshot: Snapshot) -> None:
        self.world, self.snapshot = world, snapshot

    def submits(self, *requests: dict[str, Any], client: str = "shop") -> list[Answer | Refusal]:
        plain = {"seq": 1, "to": NUMBER, "class_": "member", "brand": "mall"}
        rights, now = self.snapshot.clients[client], self.world.now
        submissions = [
            Submission(
                wire.Submit(**{**plain, **({} if "template" in r else {"text": "新品8折，回复TD退订"}), **r}),
                rights,
                self.snapshot,
                now,
            )
            for r in requests
        ]
        answers: list[Answer | Refusal] = self.world.run(accept, client, submissions, now)
        return answers

    def submit(self, client: str = "shop", **fields: Any) -> Message | str:
        """The message, or the code of its refusal."""
        (answer,) = self.submits(fields, client=client)
        if isinstance(answer, Refusal):
            return answer.code
        identifier = parse_id(answer.id)
        assert identifier is not None
        return self.world.message(identifier)

    def taken(self, client: str = "shop", **fields: Any) -> MessageId:
        found = self.submit(client, **fields)
        assert isinstance(found, Message), found
        return found.id

    def claim(self) -> list[Content]:
        """What leaves now."""
        world = self.world
        picker = FreeLinks(world.tables.lanes(), {"a": 1000})
        claims: Claims = world.run(claim, picker, SnapshotRules(self.snapshot), 1, 7, world.now)
        return [one.content for one in claims.claimed]

    def say(self, *, granted: bool, at: int = 0, channel: str = "web") -> None:
        now = self.world.now
        row = Consent(NUMBER, "mall", at or now, granted, channel, "", "", now, "shop")
        self.world.run(lambda tables: tables.put_consents([row]))

    def put(self, text: str, name: str = "sale", class_: str = "member") -> None:
        draft = Template("mall", name, 0, text, class_, None, Review.SUBMITTED, 0, "shop")
        self.world.run(templates.put, draft, self.world.now)

    def review(self, review: Review, version: int | None = None, name: str = "sale") -> None:
        verdict = templates.Verdict("mall", name, version, review, None, "boss")
        self.world.run(templates.review, verdict, self.world.now)

    def end(self, message: MessageId) -> str:
        """How it ended: the code of its error."""
        found = self.world.message(message)
        assert (found.stage, found.error is None) == (Stage.REJECTED, False)
        return found.error.code if found.error else ""


@pytest.fixture
def gate(world: World) -> Gate:
    return Gate(world, configured())


def test_marketing_waits_for_consent(gate: Gate) -> None:
    """None: refused, and counted; with one on record it goes."""
    assert gate.submit() == "no_consent"
    assert gate.world.counted("policy_refusals", "no_consent") == 1
    gate.say(granted=True)
    gate.taken()
    assert len(gate.claim()) == 1


def test_consent_that_is_taken_back_stops_what_waits(gate: Gate) -> None:
    """Judged again at the last moment."""
    gate.say(granted=True)
    message = gate.taken()
    gate.world.now += 1
    gate.say(granted=False)
    assert gate.claim() == []
    assert gate.end(message) == "no_consent"


def test_the_consent_of_a_submit_goes_on_record(gate: Gate) -> None:
    """With the message, once it is accepted; the next in the same batch may rely on it."""
    at = "2026-11-01T08:00:00+08:00"
    told = wire.Consent(channel="web", at=at, wording="v3", proof="order-42")
    first, second, third = gate.submits({}, {"consent": told}, {"text": "特价7折，回复TD退订"})
    assert isinstance(first, Refusal)
    assert isinstance(second, Answer)
    assert isinstance(third, Answer)
    (kept,) = gate.world.tables.consents_of(NUMBER, ["mall"])
    assert (kept.channel, kept.wording, kept.proof, kept.by) == ("web", "v3", "order-42", "shop")
    assert (kept.at, kept.recorded_at) == (1_793_491_200_000, gate.world.now)
    assert len(gate.claim()) == 2


def test_the_consent_of_a_refused_submit_is_not_kept(gate: Gate) -> None:
    """Nothing of a refusal is."""
    told = wire.Consent(channel="web")
    gate.snapshot = configured(brand=", industry: finance")
    assert gate.submit(consent=told) == "finance_marketing"
    assert gate.world.tables.consents_of(NUMBER, ["mall"]) == []


def test_a_withdrawal_is_not_undone_by_an_older_consent(gate: Gate) -> None:
    """Neither by one without a time; a newer one is a new consent."""
    gate.say(granted=False, at=1_794_999_999_000)
    old, new = "2026-11-18T00:00:00Z", "2026-11-18T11:06:39.001Z"
    assert gate.submit(consent=wire.Consent(channel="web")) == "no_consent"
    assert gate.submit(consent=wire.Consent(channel="web", at=old)) == "no_consent"
    gate.taken(consent=wire.Consent(channel="web", at=new))
    assert len(gate.claim()) == 1


def test_traffic_tells_channel_and_time(gate: Gate) -> None:
    """In the submit's own consent too, and an empty one is none."""
    at = "2026-11-01T08:00:00Z"
    assert gate.submit(class_="traffic", consent=wire.Consent()) == "no_consent"
    assert gate.submit(class_="traffic", consent=wire.Consent(channel="web")) == "no_consent"
    assert gate.submit(class_="traffic", consent=wire.Consent(at=at)) == "no_consent"
    gate.taken(class_="traffic", consent=wire.Consent(channel="web", at=at))
    assert len(gate.claim()) == 1


@pytest.mark.parametrize("at", ["yesterday", "2026-11-18T12:00:00Z", "1960-01-01T00:00:00Z"])
def test_a_consent_has_a_time_that_was(gate: Gate, at: str) -> None:
    """Not one that lies ahead, nor one that is none."""
    (answer,) = gate.submits({"consent": wire.Consent(at=at)})
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.field) == ("invalid_request", "consent")


def test_who_holds_the_consents_needs_no_record(gate: Gate) -> None:
    """Yet a withdrawal on record stops its messages too, also those that wait."""
    message = gate.taken("holder")
    gate.say(granted=False)
    assert gate.submit("holder") == "no_consent"
    assert gate.claim() == []
    assert gate.end(message) == "no_consent"


def test_a_template_is_filled_in_and_goes_with_the_message(gate: Gate) -> None:
    """The version that is approved, not the newest; a draft is none."""
    params = {"code": "987654"}
    for text in ("码{code:digits:6}", "校验码{code:digits:6}"):
        gate.put(text, "code", "otp")
    assert gate.submit(class_="otp", template="code", params=params) == "unknown_template"
    gate.review(Review.APPROVED, 1, "code")
    message = gate.world.message(gate.taken(class_="otp", template="code", params=params))
    assert (message.content.text, message.content.template) == ("码987654", ("code", 1))
    (content,) = gate.claim()
    assert content == message.content
    assert gate.world.counted("template_sets_read", "mall") == 2  # it changed once between three looks


def test_a_template_that_is_withdrawn_stops_what_waits(gate: Gate) -> None:
    """As template_mismatch; by another version, approved since, nothing changes for it."""
    gate.put("码{code:digits:6}", "code", "otp")
    gate.review(Review.APPROVED, None, "code")
    first = gate.taken(class_="otp", template="code", params={"code": "987654"}, key="a")
    gate.put("校验码{code:digits:6}", "code", "otp")
    gate.review(Review.APPROVED, 2, "code")
    assert [content.key for content in gate.claim()] == ["a"]
    gate.world.now += 61_000
    second = gate.taken(class_="otp", template="code", params={"code": "987654"})
    gate.review(Review.REJECTED, 2, "code")
    assert gate.claim() == []
    assert gate.end(second) == "template_mismatch"
    assert gate.world.message(first).stage is Stage.CLAIMED


def test_params_are_checked(gate: Gate) -> None:
    """By kind and length, before anything is stored."""
    gate.put("码{code:digits:6}", "code", "otp")
    gate.review(Review.APPROVED, None, "code")
    for params in ({}, {"code": "12345"}, {"code": "12345a"}, {"code": "123456", "x": "y"}, None):
        (answer,) = gate.submits({"class_": "otp", "template": "code", "params": params})
        assert isinstance(answer, Refusal)
        assert (answer.code, answer.field) == ("invalid_request", "params")
    assert gate.submit(class_="notice", template="code", params={"code": "123456"}) == "template_mismatch"


def test_marketing_is_of_a_template_where_the_brand_asks_for_it(gate: Gate) -> None:
    """Accepted under one file and sent under another, as after a restart."""
    message = gate.taken("holder", text="随便8折，回复TD退订")
    gate.snapshot = configured(brand=", templates: required_for_marketing")
    assert gate.claim() == []
    assert gate.end(message) == "template_mismatch"
    gate.put("新品{n:digits:1-2}折")
    gate.review(Review.APPROVED)
    assert gate.submit("holder", text="特价") == "template_mismatch"
    told = gate.world.message(gate.taken("holder", text="新品8折"))
    assert (told.content.text, told.content.template) == ("新品8折，回复TD退订", ("sale", 1))
    gate.taken("holder", class_="notice", text="随便")
    assert len(gate.claim()) == 2


def test_a_brand_that_turns_to_finance_sends_no_more_marketing(gate: Gate) -> None:
    """What waits ends."""
    message = gate.taken("holder")
    gate.snapshot = configured(brand=", industry: finance")
    assert gate.submit("holder") == "finance_marketing"
    assert gate.claim() == []
    assert gate.end(message) == "finance_marketing"


@pytest.mark.parametrize(
    "keys", [{"client": ", suspended: {reason: unpaid}"}, {"brand": ", suspended: {reason: unpaid}"}]
)
def test_what_waits_for_the_suspended_is_held_and_let_go(gate: Gate, keys: dict[str, str]) -> None:
    """Held without an end at its turn, counted; queued again once it is over, and only then."""
    message = gate.taken(class_="notice", text="hi")
    gate.snapshot = configured(**keys)
    assert gate.submit(class_="notice", text="hi") == "suspended"
    assert gate.world.counted("policy_refusals", "suspended") == 1
    assert gate.claim() == []
    held = gate.world.message(message)
    assert (held.stage, held.reason, held.until) == (Stage.HELD, "suspended", None)
    assert held.due == held.content.expires_at
    assert gate.world.run(release, SnapshotRules(gate.snapshot), "suspended", 0, 9, gate.world.now) == (
        0,
        None,
    )
    gate.snapshot = configured()
    assert gate.world.run(release, SnapshotRules(gate.snapshot), "suspended", 0, 9, gate.world.now) == (
        1,
        None,
    )
    assert len(gate.claim()) == 1
    assert gate.world.story(message) == "held queued"


def test_they_are_let_go_in_steps(gate: Gate) -> None:
    """So that many of them do not keep others from the store."""
    messages = [gate.taken(class_="notice", text="hi") for _ in range(5)]
    gate.snapshot = configured(brand=", suspended: {reason: unpaid}")
    gate.claim()
    rules, steps = SnapshotRules(configured()), list[int]()
    after: MessageId | None = MessageId(0)
    while after is not None:
        done = gate.world.run(release, rules, "suspended", after, 2, gate.world.now)
        steps.append(done.released)
        after = done.after
    assert steps == [2, 2, 1]
    assert {gate.world.message(message).stage for message in messages} == {Stage.READY}


def test_what_is_held_too_long_expires(gate: Gate) -> None:
    """As anything that waits."""
    message = gate.taken(class_="notice", text="hi")
    gate.snapshot = configured(brand=", suspended: {reason: unpaid}")
    gate.claim()
    gate.world.wait(86_400_000)
    assert gate.world.message(message).stage is Stage.EXPIRED


def test_what_waits_for_the_suspended_ends_where_the_file_says_drop(gate: Gate) -> None:
    """With the reason."""
    message = gate.taken(class_="notice", text="hi")
    gate.snapshot = configured(brand=", suspended: {action: drop, reason: fraud}")
    assert gate.claim() == []
    assert gate.end(message) == "suspended"


def test_rights_come_before_a_suspension_and_the_number_after_it(gate: Gate) -> None:
    """The order of judgement."""
    gate.snapshot = configured(brand=", suspended: {reason: unpaid}")
    assert gate.submit(brand="none") == "unknown_brand"
    assert gate.submit(to="1") == "suspended"
