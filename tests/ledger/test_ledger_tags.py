"""Tags: counts that are true at every moment, pauses that hold, brakes."""

from gatewayd.configlimits import Brakes
from gatewayd.ledger import tags
from gatewayd.model import MessageId, State
from gatewayd.smpp import consts
from gatewayd.smpp.receipt import ReceiptState
from tests.ledger.world import HOUR, World


def counts(world: World, tag: str = "sale") -> dict[str, int]:
    found = tags.progress(world.tables, "acme", tag)
    return {} if found is None else found.counts


def resume(world: World, limit: int = 100) -> int:
    total, after = 0, MessageId(0)
    resumed: int
    on: MessageId | None
    while True:
        resumed, on = world.run(tags.resume, "acme", "sale", after, limit, world.now)
        total += resumed
        if on is None:
            return total
        after = on


def test_counts_follow_every_change_of_state(world: World) -> None:
    """Queued, submitted, delivered, rejected, expired, cancelled: always as many as were accepted."""
    cancelled = world.submit(tag="sale")
    world.cancel(cancelled)
    assert counts(world) == {"cancelled": 1}
    _, segments = world.send(tag="sale")
    world.submit(tag="other")
    world.submit(tag="sale", valid=HOUR)
    assert counts(world) == {"queued": 2, "cancelled": 1}
    ids = world.answer(*segments)
    assert counts(world)["submitted"] == 1
    world.deliver(world.receipt(ids[0]))
    assert counts(world) == {"queued": 1, "cancelled": 1, "delivered": 1}
    world.now += HOUR
    world.tick()
    assert counts(world) == {"expired": 1, "cancelled": 1, "delivered": 1}


def test_an_unknown_tag_is_none(world: World) -> None:
    """And another client's tag is."""
    world.submit(tag="sale")
    assert tags.progress(world.tables, "acme", "none") is None
    assert tags.progress(world.tables, "other", "sale") is None


def test_a_pause_is_known_until_the_resume(world: World) -> None:
    """What was held by it goes on; what is held for another reason stays."""
    assert world.run(tags.pause, "acme", "sale", "by ops", world.now)
    assert world.run(tags.pause, "acme", "sale", "by others", world.now)
    world.submit(tag="sale")
    assert [facts.paused for facts in world.rules.seen] == [True]
    found = tags.progress(world.tables, "acme", "sale")
    assert found is not None
    assert (found.paused, found.reason) == (True, "by ops")
    assert resume(world) == 0
    found = tags.progress(world.tables, "acme", "sale")
    assert found is not None
    assert not found.paused


def test_held_messages_are_released_in_steps(world: World) -> None:
    """All of them, however small the steps."""
    messages = [world.submit(tag="sale") for _ in range(5)]
    world.rules.pause_all = True
    assert world.claim() == []
    assert counts(world) == {"held": 5}
    world.rules.pause_all = False
    assert resume(world, limit=2) == 5
    assert [one.message for one in world.claim()] == messages


def test_a_tag_that_fails_too_often_is_paused(world: World) -> None:
    """Over half of the first four: refused by the SMSC, or undeliverable."""
    world.rules.brake = Brakes(after=4, failed=0.5)
    sent = [world.send(tag="sale", class_="member")[1] for _ in range(5)]
    for segments in sent[:2]:
        world.answer(*segments, status=consts.ESME_RINVDSTADR)
    for n, segments in enumerate(sent[2:]):
        (smsc_id,) = world.answer(*segments)
        state = ReceiptState.UNDELIVERABLE if n == 0 else ReceiptState.DELIVERED
        world.deliver(world.receipt(smsc_id, state))
        if n == 0:
            assert not _paused(world)
        if n == 1:
            assert _paused(world) == "failures"
    assert world.announced.counts["tags_braked", "failures"] == 1


def test_a_notice_pulls_no_brake(world: World) -> None:
    """Brakes are for marketing."""
    world.rules.brake = Brakes(after=1, failed=0)
    _, segments = world.send(tag="sale")
    world.answer(*segments, status=consts.ESME_RINVDSTADR)
    assert not _paused(world)


def test_after_a_resume_brakes_count_anew(world: World) -> None:
    """Else it would be paused again with the next failure."""
    world.rules.brake = Brakes(after=2, failed=0.1)
    for _ in range(2):
        _, segments = world.send(tag="sale", class_="member")
        world.answer(*segments, status=consts.ESME_RINVDSTADR)
    assert _paused(world)
    resume(world)
    _, segments = world.send(tag="sale", class_="member")
    world.answer(*segments, status=consts.ESME_RINVDSTADR)
    assert not _paused(world)
    assert counts(world) == {State.REJECTED: 3}


def _paused(world: World) -> str | None:
    found = tags.progress(world.tables, "acme", "sale")
    return None if found is None else found.reason
