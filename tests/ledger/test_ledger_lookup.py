"""Query, cancel, cancel by tag: for the client that submitted, and nobody else."""

import pytest

from gatewayd.ledger.lookup import Cancelled, cancel_one, cancel_tag, query
from gatewayd.model import MessageId, public_id
from gatewayd.smpp import consts
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
