"""Explain: ten lives as their stored timelines tell them, and who may hear them."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from msgspec import structs

from gatewayd.ledger.accept import Answer
from gatewayd.ledger.explain import Story, explain
from gatewayd.ledger.lookup import find
from gatewayd.ledger.tables import OptOut
from gatewayd.ledger.timers import Past, purge
from gatewayd.model import MessageId, public_id
from gatewayd.policy.subject import Hold
from gatewayd.smpp import consts
from gatewayd.smpp.receipt import ReceiptState
from tests.ledger.world import DAY, HOUR, LONG, NUMBER, START, World, claimed_segments

LIVES = Path(__file__).parent / "lives"
SECOND = 1000


def story(world: World, identifier: MessageId) -> Story:
    found: Story = world.run(explain, "acme", public_id(identifier), None, {})
    return found


def told(world: World, identifier: MessageId) -> list[str]:
    """Its lines, with the seconds since the accept in place of times."""
    return [
        f"+{datetime.fromisoformat(step.at).timestamp() - START / 1000:.3f} {step.what}"
        f"{'' if step.segment is None else f' {step.segment}'}: {step.detail}"
        for step in story(world, identifier).timeline
    ]


def delivered(world: World) -> MessageId:
    world.rules.counted.add("otp")
    message = world.submit("您的验证码为987654", class_="otp")
    world.now += 20
    (segment,) = claimed_segments(world.claim())
    world.now += 50
    (smsc_id,) = world.answer(segment)
    world.now += SECOND
    world.deliver(world.receipt(smsc_id, ReceiptState.ENROUTE))
    world.now += SECOND
    world.deliver(world.receipt(smsc_id, err="000"))
    return message


def long_with_one_late(world: World) -> MessageId:
    """The second receipt comes ahead of its response."""
    message, segments = world.send(LONG)
    world.now += 40
    first, last = world.answer(segments[0], segments[2])
    world.deliver(world.receipt("id-3"))
    world.now += 40
    world.answer(segments[1])
    world.now += SECOND
    world.deliver(world.receipt(first))
    world.now += HOUR
    world.deliver(world.receipt(last))
    return message


def refused_at_sending(world: World) -> MessageId:
    world.rules.counted.add("member")
    message = world.submit("Sale today", class_="member", send_at=START + HOUR)
    world.tables.put_optouts([OptOut(NUMBER, "shop", START, "reply")])
    world.wait(HOUR)
    assert world.claim() == []
    return message


def held_then_sent(world: World) -> MessageId:
    message = world.submit("Sale today", class_="member")
    until = START + 11 * HOUR
    world.rules.held[NUMBER] = Hold("quiet_hours", until, "quiet_hours", "quiet")
    world.now += 10
    assert world.claim() == []
    del world.rules.held[NUMBER]
    world.wait(11 * HOUR)
    world.now += 5
    (segment,) = claimed_segments(world.claim())
    world.now += 5
    (smsc_id,) = world.answer(segment)
    world.deliver(world.receipt(smsc_id))
    return message


def retried_elsewhere(world: World) -> MessageId:
    world.usable = frozenset({"a", "b"})
    message, (segment,) = world.send()
    world.now += 30
    world.answer(segment, status=consts.ESME_RMSGQFUL)
    world.now += 10
    (again,) = claimed_segments(world.claim("b"))
    world.now += 30
    (smsc_id,) = world.answer(again)
    world.now += SECOND
    _, receipt = world.receipt(smsc_id)
    world.deliver(("b", receipt))
    return message


def doubt_settled_by_receipt(world: World) -> MessageId:
    message, (segment,) = world.send()
    world.now += 30 * SECOND
    world.doubt(segment)
    world.now += SECOND
    world.deliver(world.echo(segment, "late-1"))
    return message


def doubt_resent(world: World) -> MessageId:
    message, (segment,) = world.send("secret text", class_="otp")
    world.now += 30 * SECOND
    world.doubt(segment)
    world.now += SECOND
    (again,) = claimed_segments(world.claim())
    world.now += 40
    (smsc_id,) = world.answer(again)
    world.now += SECOND
    world.deliver(world.receipt(smsc_id))
    return message


def expired(world: World) -> MessageId:
    message, (segment,) = world.send(valid=90 * SECOND)
    world.now += 30
    world.answer(segment, status=consts.ESME_RMSGQFUL)
    world.wait(100 * SECOND)
    return message


def cancelled(world: World) -> MessageId:
    message = world.submit(send_at=START + HOUR)
    world.now += 5 * SECOND
    world.cancel(message)
    return message


def unknown_then_late(world: World) -> MessageId:
    message, (segment,) = world.send(class_="otp")
    world.now += 50
    (smsc_id,) = world.answer(segment)
    world.wait(HOUR + SECOND)
    world.deliver(world.receipt(smsc_id))
    return message


TEN: list[Callable[[World], MessageId]] = [
    delivered,
    long_with_one_late,
    refused_at_sending,
    held_then_sent,
    retried_elsewhere,
    doubt_settled_by_receipt,
    doubt_resent,
    expired,
    cancelled,
    unknown_then_late,
]


@pytest.mark.parametrize("life", TEN, ids=lambda life: life.__name__)
def test_a_life_is_told_as_it_was(world: World, life: Callable[[World], MessageId]) -> None:
    """Equal to the stored timeline but for ids and times; without the text, without the number."""
    lines = told(world, life(world))

    stored = LIVES / f"{life.__name__}.yaml"
    assert lines == yaml.safe_load(stored.read_text(encoding="utf-8"))
    whole = "\n".join(lines)
    assert "secret" not in whole
    assert NUMBER not in whole


def test_what_rules_did_at_the_submit_is_told(world: World) -> None:
    """The template, which stages wrote the text, and what the reply warned of; as the reply did, again."""
    wish = world.wish("hello", key="k")
    told = ("words: 免费 became 0元体验",)
    content = structs.replace(wish.content, template=("sale", 3), changed=("signature",), warnings=told)
    wish = structs.replace(wish, content=content)
    (first,), (again,) = world.accept(wish), world.accept(wish)
    assert isinstance(first, Answer)
    assert again == structs.replace(first, duplicate=True)
    assert first.warnings == told
    found: Story = world.run(explain, "acme", first.id, None, {})
    rules = [step.detail for step in found.timeline if step.what == "rule"]
    assert rules == ["template: sale version 3", "signature: wrote the text", *told]


def test_what_waits_tells_why(world: World) -> None:
    """The link that is missing, or until when a refusal has to pass."""
    waiting = world.submit()
    route = world.tables.lane(world.message(waiting).lane).route
    found: Story = world.run(explain, "acme", public_id(waiting), None, {route: "no_link"})
    assert (found.timeline[-1].what, found.timeline[-1].detail) == ("waits", "no_link")
    world.claim("elsewhere")
    refused, (segment,) = world.send()
    world.answer(segment, status=consts.ESME_RMSGQFUL)
    last = story(world, refused).timeline[-1]
    assert (last.what, last.detail) == ("waits", "retry until 2026-11-18T11:07:40.000Z")


def test_what_is_in_doubt_stays_the_last_word(world: World) -> None:
    """A resend that has not left was not claimed: one submit_sm so far."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    steps = [step.what for step in story(world, identifier).timeline]
    assert steps.count("submit_sm") == 1


def test_the_end_is_told_when_its_event_is_gone(world: World) -> None:
    """Events are kept for a while, the message's own row for good."""
    message, (segment,) = world.send()
    world.answer(segment, status=consts.ESME_RINVDSTADR)
    world.run(purge, Past(world.now + DAY, 0, 0), 100)
    last = story(world, message).timeline[-1]
    assert (last.what, last.detail) == ("state", "rejected: smsc_refused, ESME_RINVDSTADR (segment 1)")


def test_only_the_client_hears_the_story(world: World) -> None:
    """None for others and for what is not there."""
    identifier = world.submit()
    assert world.run(explain, "other", public_id(identifier), None, {}) is None
    assert world.run(explain, "acme", None, "none", {}) is None
    assert world.run(find, None, public_id(identifier), None).id == identifier
