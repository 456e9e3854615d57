"""The journal: each change of state is one event, and only allowed ones happen."""

import json

import pytest

from gatewayd import rfc3339
from gatewayd.ledger.journal import Journal
from gatewayd.ledger.tables import Tables
from gatewayd.model import ALLOWED, STATE_OF, Failure, Message, Stage, State, public_id
from tests.ledger.world import START, World

ONE_OF = {state: stage for stage, state in STATE_OF.items()}


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_only_allowed_changes(world: World, before: State, after: State) -> None:
    """Each cell of the table of states: allowed and told once, or refused with nothing written."""
    message = world.message(world.submit())
    message.stage = ONE_OF[before]
    world.run(lambda tables: tables.update_messages([message]))

    def move(tables: Tables) -> None:
        journal = Journal(tables, world.now)
        journal.move(message, ONE_OF[after], None)
        journal.close()

    if after is before:
        world.run(move)
        assert world.events() == []
    elif after in ALLOWED[before]:
        world.run(move)
        assert world.story(message.id) == after.value
    else:
        with pytest.raises(AssertionError):
            move(world.tables)


def test_the_event_of_a_state(world: World) -> None:
    """All fields of the contract, in its order, with the cursor of the row."""
    identifier = world.submit(key="k", tag="t")
    world.now += 123

    def reject(tables: Tables) -> None:
        journal = Journal(tables, world.now)
        message = tables.messages([identifier])[identifier]
        journal.move(message, Stage.REJECTED, None, error=Failure("opted_out", segment=2))
        journal.close()

    world.run(reject)
    (event,) = world.events()
    assert list(json.loads(event.body).items()) == [
        ("event", "state"),
        ("cursor", event.cursor),
        ("id", public_id(identifier)),
        ("key", "k"),
        ("tag", "t"),
        ("to", "8613800138000"),
        ("class", "notice"),
        ("brand", "shop"),
        ("state", "rejected"),
        ("final", True),
        ("segments", 1),
        ("link", None),
        ("reason", None),
        ("until", None),
        (
            "error",
            {
                "code": "opted_out",
                "detail": None,
                "command_status": None,
                "stat": None,
                "err": None,
                "segment": 2,
            },
        ),
        ("at", rfc3339.write(START + 123)),
    ]
    assert (event.client, event.message, event.at) == ("acme", identifier, START + 123)
    assert world.announced.clients == {"acme"}


def test_two_moves_in_one_operation_are_two_events(world: World) -> None:
    """Both are told, in order; the counts know only where the message stands in the end."""
    identifier = world.submit()

    def twice(tables: Tables) -> None:
        journal = Journal(tables, world.now)
        message = tables.messages([identifier])[identifier]
        journal.move(message, Stage.IN_DOUBT, 1)
        journal.move(message, Stage.SUBMITTED, 2)
        journal.close()

    world.run(twice)
    message = world.message(identifier)
    assert world.story(identifier) == "in_doubt submitted"
    assert (message.stage, message.due) == (Stage.SUBMITTED, 2)
    assert world.open_counts() == {(message.lane, Stage.SUBMITTED): 1}
    cursors = [event.cursor for event in world.events()]
    assert cursors == sorted(set(cursors))


def test_a_move_inside_one_state_tells_nothing(world: World) -> None:
    """READY to CLAIMED is queued to the outside; the time of change stays."""
    identifier = world.submit()
    world.now += 5
    world.claim()
    assert (world.message(identifier).stage, world.message(identifier).changed_at) == (Stage.CLAIMED, START)
    assert world.events() == []


def test_close_may_be_followed_by_more(world: World) -> None:
    """What was written is not written again."""
    identifier = world.submit()

    def operation(tables: Tables) -> Message:
        journal = Journal(tables, world.now)
        journal.move(tables.messages([identifier])[identifier], Stage.HELD, None, reason="paused")
        journal.close()
        written = tables.messages([identifier])[identifier]
        journal.move(written, Stage.READY, 7)
        journal.close()
        return written

    message: Message = world.run(operation)
    assert (message.reason, message.due) == (None, 7)
    assert world.story(identifier) == "held queued"


def test_times_are_told_in_utc() -> None:
    """RFC 3339 with milliseconds and Z."""
    assert rfc3339.write(1_795_334_400_007) == "2026-11-22T08:00:00.007Z"
