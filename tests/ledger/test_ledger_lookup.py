"""Query, cancel, cancel by tag, explain: for the client that submitted, and nobody else."""

import pytest

from gatewayd.ledger.lookup import Cancelled, Story, cancel_one, cancel_tag, explain, find, query
from gatewayd.model import MessageId, public_id
from gatewayd.smpp import consts
from gatewayd.smpp.receipt import ReceiptState
from tests.ledger.world import HOUR, LONG, START, World


def test_a_message_is_found_by_id_or_key(world: World) -> None:
    """By its client; an admin (None) finds all by id; nobody else learns that it is there."""
    identifier = world.submit(key="k", tag="t")
    name = public_id(identifier)
    view = world.run(query, "acme", name, None, {})
    assert view == world.run(query, "acme", None, "k", {}) == world.run(query, None, name, None, {})
    assert (view.id, view.key, view.tag, view.state, view.final) == (name, "k", "t", "queued", False)
    assert (view.class_, view.brand, view.segments, view.link, view.error) == (
        "notice",
        "shop",
        1,
        None,
        None,
    )
    for client, wanted, key in (
        ("other", name, None),
        ("other", None, "k"),
        ("acme", "nonsense", None),
        ("acme", public_id(MessageId(5)), None),
        ("acme", None, "no"),
        ("acme", None, None),
        (None, None, "k"),
    ):
        assert world.run(query, client, wanted, key, {}) is None


def test_a_query_gives_the_reason_of_waiting(world: World) -> None:
    """In the queue: why its route does not take it now. Retrying: with until."""
    route = world.tables.lane(world.message(world.submit()).lane).route
    for waits, reason in (({route: "no_link"}, "no_link"), ({"another": "no_link"}, None)):
        view = world.run(query, "acme", public_id(world.submit()), None, waits)
        assert (view.state, view.reason) == ("queued", reason)
    world.claim("smsc")
    identifier, (segment,) = world.send()
    world.answer(segment, status=consts.ESME_RMSGQFUL)
    view = world.run(query, "acme", public_id(identifier), None, {})
    assert (view.state, view.reason, view.until) == ("queued", "retry", "2026-11-18T11:07:40.000Z")
    assert view.at == "2026-11-18T11:06:40.000Z"


# cancel


@pytest.mark.parametrize("how", ["queued", "scheduled", "released", "refused", "retry"])
def test_what_nothing_of_is_claimed_can_be_cancelled(world: World, how: str) -> None:
    """cancelled, one event; a segment given back or refused for now is not claimed any more."""
    if how == "scheduled":
        identifier = world.submit(send_at=START + HOUR)
    elif how == "queued":
        identifier = world.submit()
    else:
        identifier, segments = world.send(LONG)
        if how == "released":
            world.release(*segments)
        else:
            status = consts.ESME_RMSGQFUL if how == "retry" else consts.ESME_RTHROTTLED
            world.answer(*segments, status=status)
    assert world.cancel(identifier) == Cancelled(1, 0)
    assert world.story(identifier) == "cancelled"
    assert world.claim() == []
    assert world.cancel(identifier) == Cancelled(0, 1)
    assert world.story(identifier) == "cancelled"


@pytest.mark.parametrize("how", ["claimed", "submitted", "doubt", "partly", "resend", "resume", "final"])
def test_what_may_have_left_is_too_late(world: World, how: str) -> None:
    """Claimed, accepted, in doubt, in part or whole; nothing changes."""
    identifier, segments = world.send(LONG, class_="otp" if how == "resend" else "notice")
    one, *rest = segments
    if how in {"submitted", "final"}:
        world.deliver(*(world.receipt(name) for name in world.answer(*segments) if how == "final"))
    elif how in {"doubt", "resend"}:
        world.doubt(*segments)
    elif how == "partly":
        world.answer(one)
        world.release(*rest)
    elif how == "resume":
        world.doubt(one)
        world.release(*rest)
    before = world.story(identifier)
    assert world.cancel(identifier) == Cancelled(0, 1)
    assert world.story(identifier) == before


def test_cancel_asks_whose_it_is(world: World) -> None:
    """Another client gets nothing, not even too_late."""
    identifier = world.submit(key="k")
    assert world.run(cancel_one, "other", public_id(identifier), None, world.now) is None
    assert world.run(cancel_one, "other", None, "k", world.now) is None
    assert world.run(cancel_one, "acme", None, "k", world.now) == Cancelled(1, 0)


def test_cancel_by_tag_goes_in_steps(world: World) -> None:
    """Each step says where to go on; what is claimed is too late; other tags are left alone."""
    claimed, _ = world.send(tag="t")
    ids = [world.submit(tag="t") for _ in range(4)]
    other = world.submit(tag="u")
    after: MessageId | None = MessageId(0)
    done = []
    while after is not None:
        step, after = world.run(cancel_tag, "acme", "t", after, 2, world.now)
        done.append((step.cancelled, step.too_late))
    assert done == [(1, 1), (2, 0), (1, 0)]
    assert [world.story(i) for i in ids] == ["cancelled"] * 4
    assert (world.story(claimed), world.story(other)) == ("", "")


def test_a_tag_belongs_to_its_client(world: World) -> None:
    """Another client's messages with the same tag are not touched; an admin reaches all."""
    identifier = world.submit(tag="t")
    assert world.run(cancel_tag, "other", "t", MessageId(0), 9, world.now) == (Cancelled(0, 0), None)
    assert world.run(cancel_tag, None, "t", MessageId(0), 9, world.now) == (Cancelled(1, 0), None)
    assert world.story(identifier) == "cancelled"


# explain


def test_the_story_of_a_message(world: World) -> None:
    """Accept, claims, answers, doubt, resend, receipts, states: in the order of time."""
    identifier, (segment,) = world.send("secret text", class_="otp")
    world.now += 1000
    world.doubt(segment)
    world.now += 1000
    ((again, _),) = world.claim()[0].segments
    world.now += 1000
    (smsc_id,) = world.answer(again)
    world.now += 1000
    world.deliver(world.receipt(smsc_id, ReceiptState.ENROUTE))
    world.now += 1000
    world.deliver(world.receipt(smsc_id))
    world.now += 1000
    world.deliver(world.receipt(smsc_id, ReceiptState.UNDELIVERABLE))
    story: Story = world.run(explain, "acme", public_id(identifier), None, {})
    assert story.message.state == "delivered"
    whats = [step.what for step in story.timeline]
    assert whats[:2] == ["accepted", "claimed"]
    assert [step.at for step in story.timeline] == sorted(step.at for step in story.timeline)
    details = " ".join(f"{step.what} {step.detail};" for step in story.timeline)
    for part in (
        "route failover:a,b",
        "claimed attempt 1 on a",
        "state in_doubt",
        "state queued",
        "claimed attempt 2 on a",
        f"response attempt 2 on a: command_status 0x00000000, message_id {smsc_id}",
        "state submitted",
        "receipt kept stat ENROUTE",
        "receipt stat DELIVRD",
        "state delivered",
        "receipt kept stat UNDELIV",
        "receipt UNDELIV",
    ):
        assert part in details, part
    assert "secret" not in details
    assert "8613800138000" not in details


def test_a_resend_that_has_not_left_was_not_claimed(world: World) -> None:
    """One sending so far: one claim in its story."""
    identifier, (segment,) = world.send(class_="otp")
    world.doubt(segment)
    story: Story = world.run(explain, "acme", public_id(identifier), None, {})
    assert [step.what for step in story.timeline].count("claimed") == 1
    assert story.timeline[-1].what == "stands"


def test_only_the_client_hears_the_story(world: World) -> None:
    """None for others and for what is not there."""
    identifier = world.submit()
    assert world.run(explain, "other", public_id(identifier), None, {}) is None
    assert world.run(explain, "acme", None, "none", {}) is None
    assert world.run(find, None, public_id(identifier), None).id == identifier
