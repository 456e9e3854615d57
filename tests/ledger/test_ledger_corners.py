"""Corners: holds of what was in doubt, resumes cut short, what is gone from the configuration."""

import pytest

from gatewayd.ledger import holds, tags
from gatewayd.model import MessageId, State
from gatewayd.policy.subject import Hold
from tests.ledger.world import HOUR, LONG, NUMBER, World


def resend_held(world: World, class_: str = "otp") -> MessageId:
    """In doubt, queued for its one resend, and held before that left."""
    identifier, segments = world.send("code", class_=class_, valid=HOUR)
    world.doubt(*segments)
    world.rules.held[NUMBER] = Hold("paused", None, "suspended", "its tag is paused")
    assert not world.claim()
    assert world.message(identifier).state is State.HELD
    return identifier


@pytest.mark.parametrize("what", ["expiry", "late response", "late refusal"])
def test_a_held_resend_ends_with_what_was_sent_first(world: World, what: str) -> None:
    """By its expiry it is in doubt again; by a late response it is submitted, or refused."""
    identifier = resend_held(world)
    match what:
        case "expiry":
            world.now += 2 * HOUR
            world.tick()
            assert world.message(identifier).state is State.IN_DOUBT
        case "late response":
            world.answer(*world.segments(identifier)[:1])
            assert world.message(identifier).state is State.SUBMITTED
        case _:
            world.answer(*world.segments(identifier)[:1], status=0x45)
            assert world.message(identifier).state is not State.HELD


def test_the_rest_of_what_is_in_doubt_leaves_after_a_resume(world: World) -> None:
    """One segment in doubt, the others unsent, its tag paused meanwhile: within a minute of the resume."""
    _, segments = world.send(LONG, tag="sale")
    world.doubt(segments[0])
    world.release(*segments[1:])
    world.run(tags.pause, "acme", "sale", "by ops", world.now)
    world.rules.pause_all = True
    assert not world.claim()
    world.rules.pause_all = False
    world.run(tags.resume, "acme", "sale", MessageId(0), 100, world.now)
    world.now += 60_000
    world.tick()
    (rest,) = world.claim()
    assert [segment.number for segment, _ in rest.segments] == list(range(2, len(segments) + 1))


def test_a_resume_that_was_cut_short_is_finished_by_the_next_life(world: World) -> None:
    """Its first step had lifted the pause; what it did not come to is still held."""
    for _ in range(3):
        world.submit(tag="sale")
    world.rules.pause_all = True
    assert not world.claim()
    world.rules.pause_all = False
    world.run(tags.pause, "acme", "sale", "by ops", world.now)
    world.run(tags.resume, "acme", "sale", MessageId(0), 1, world.now)
    assert world.run(holds.release, world.rules, "paused", MessageId(0), 100, world.now) == (2, None)
    assert len(world.claim()) == 3


def test_a_pause_outlives_the_life(world: World) -> None:
    """What it holds is not let go by a start."""
    world.submit(tag="sale")
    world.run(tags.pause, "acme", "sale", "by ops", world.now)
    world.rules.pause_all = True
    assert not world.claim()
    assert world.run(holds.release, world.rules, "paused", MessageId(0), 100, world.now) == (0, None)


def test_a_brand_that_is_gone_can_still_be_opted_out_of(world: World) -> None:
    """Its messages wait, its code is nobody's: the opt-out binds them too."""
    identifier = world.submit(class_="member", brand="club")
    world.rules.senders = {"shop": world.rules.senders["shop"]}
    world.receive(world.mo("TD", destination="10690009"))
    assert world.message(identifier).state is State.REJECTED


def test_an_equal_reply_after_the_clock_was_put_back_is_another_reply(world: World) -> None:
    """On a bind that lives two equal replies are two, whatever the clock says."""
    world.receive(world.mo("1"))
    world.now -= HOUR
    world.receive(world.mo("1"))
    assert world.counted("inbound", "a") == 2


def test_a_client_pauses_so_many_tags_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """All paused ones are looked through with each batch."""
    monkeypatch.setattr(tags, "MOST_PAUSED", 2)
    assert [world.run(tags.pause, "acme", name, "x", world.now) for name in ("a", "b", "a", "c")] == [
        True, True, True, False,
    ]  # fmt: skip
    assert world.run(tags.pause, "other", "c", "x", world.now)
