"""order_key: messages of one key to one number leave in the order of their accept, whatever they meet."""

from gatewayd.ledger.lookup import cancel, query
from gatewayd.ledger.settle import Kind
from gatewayd.model import MessageId, Stage, public_id
from gatewayd.policy.subject import Hold
from gatewayd.smpp import consts
from gatewayd.smpp.receipt import ReceiptState
from tests.ledger.world import HOUR, LONG, NUMBER, World, claimed_segments


def line(world: World, count: int, **fields: str) -> list[MessageId]:
    return [world.submit(str(n), order_key="k", **fields) for n in range(count)]


def claimed(world: World, *links: str) -> list[MessageId]:
    return [one.message for one in world.claim(*links)]


def test_each_waits_until_the_one_before_is_taken(world: World) -> None:
    """One at a time, each let go by the response to the one before; it says what it waits for."""
    first, second, third = line(world, 3)

    one = world.claim()
    assert [c.message for c in one] == [first]
    assert [world.message(i).reason for i in (second, third)] == ["order", "order"]
    view = query(world.tables, "acme", public_id(second), None, {"failover:a,b": "window"})
    assert view is not None
    assert (view.state, view.reason) == ("queued", "order")
    assert claimed(world) == []
    world.answer(*claimed_segments(one))
    two = world.claim()
    assert [c.message for c in two] == [second]
    world.answer(*claimed_segments(two))
    assert claimed(world) == [third]
    assert world.story(second) == "submitted"


def test_other_keys_numbers_clients_and_messages_without_a_key_go_by(world: World) -> None:
    """Only what shares client, key and number waits."""
    first, second = line(world, 2)
    others = [
        world.submit(order_key="other"),
        world.submit(order_key="k", to="8613900139000"),
        world.submit(order_key="k", client="bank"),
        world.submit(),
    ]

    assert sorted(claimed(world)) == sorted([first, *others])
    assert world.message(second).reason == "order"


def test_a_retry_keeps_its_place_also_on_another_link(world: World) -> None:
    """Refused for now by one link, the first is sent again before the second is sent at all."""
    first, second = line(world, 2)
    world.usable = frozenset({"a", "b"})
    (one,) = world.claim("a")
    world.answer(*claimed_segments([one]), status=consts.ESME_RX_T_APPN)

    assert claimed(world, "b") == [first]
    assert world.message(second).stage is Stage.RETRY
    assert claimed(world, "a", "b") == []
    world.answer(*world.segments(first))
    assert claimed(world, "b") == [second]


def test_throttling_and_release_keep_the_order(world: World) -> None:
    """What was given back unsent, or throttled, is still the first in line."""
    first, second = line(world, 2)
    world.release(*claimed_segments(world.claim()))
    assert claimed(world) == [first]
    world.answer(*world.segments(first), status=consts.ESME_RTHROTTLED)
    assert claimed(world, "b") == [first]
    world.answer(*world.segments(first), status=consts.ESME_RINVDSTADR)

    assert world.message(first).state == "rejected"
    assert claimed(world) == [second]


def test_all_segments_of_the_first_leave_before_the_second(world: World) -> None:
    """A long message has left when its last segment is taken."""
    first = world.submit(LONG, order_key="k")
    second = world.submit(order_key="k")
    segments = claimed_segments(world.claim())
    world.answer(*segments[:2])
    assert claimed(world) == []
    world.answer(segments[2])

    assert world.message(first).state == "submitted"
    assert claimed(world) == [second]


def test_held_and_scheduled_ones_keep_their_place(world: World) -> None:
    """Order is that of accept: what waits for its time lets nobody pass."""
    scheduled, behind = world.submit(order_key="k", send_at=world.now + HOUR), world.submit(order_key="k")
    world.rules.held["8613900139000"] = Hold("quiet_hours", world.now + HOUR, "quiet_hours", "")
    held = world.submit(order_key="k", to="8613900139000")
    assert claimed(world) == []
    world.rules.held.clear()
    follower = world.submit(order_key="k", to="8613900139000")
    assert claimed(world) == []

    world.now += HOUR
    world.tick()
    assert sorted(claimed(world)) == sorted([scheduled, held])
    for identifier in (scheduled, held):
        world.answer(*world.segments(identifier))
    assert sorted(claimed(world)) == sorted([behind, follower])


def test_in_doubt_without_a_resend_lets_the_next_go(world: World) -> None:
    """It has left, or never will: what waits behind it would wait for a receipt in vain."""
    first, second = line(world, 2)
    world.doubt(*claimed_segments(world.claim()))

    assert world.message(first).state == "in_doubt"
    assert claimed(world) == [second]


def test_a_resend_goes_before_the_next(world: World) -> None:
    """A class that resends does so first; then, still in doubt, it is in nobody's way."""
    first, second = line(world, 2, class_="otp")
    world.doubt(*claimed_segments(world.claim()))
    again = world.claim()
    assert [(one.message, one.segments[0][0].attempt) for one in again] == [(first, 2)]
    assert claimed(world) == []
    world.doubt(*claimed_segments(again))

    assert world.message(first).stage is Stage.IN_DOUBT
    assert claimed(world) == [second]


def test_whatever_ends_the_first_lets_the_next_go(world: World) -> None:
    """Expiry, cancel, a refusal for good, and a crash before it was answered."""
    expired, cancelled, refused, crashed, last = [
        world.submit(str(n), order_key="k", valid=HOUR if n == 0 else 9 * HOUR) for n in range(5)
    ]
    world.release(*claimed_segments(world.claim()))
    world.now += HOUR
    world.tick()
    assert world.message(expired).state == "expired"
    world.run(cancel, [world.message(cancelled)], world.now)

    assert claimed(world) == [refused]
    world.answer(*world.segments(refused), status=consts.ESME_RINVDSTADR)
    assert claimed(world) == [crashed]
    world.recover()
    assert world.message(crashed).state == "in_doubt"
    assert claimed(world) == [last]


def test_what_policy_stops_lets_the_next_go(world: World) -> None:
    """Judged in the claim itself: the next follows at once, in the next claim."""
    first, second = line(world, 2)
    world.release(*claimed_segments(world.claim()))
    world.rules.refused[NUMBER] = "suspended"
    assert claimed(world) == []
    assert [world.message(i).state for i in (first, second)] == ["rejected", "queued"]
    world.rules.refused.clear()

    assert claimed(world) == [second]


def test_a_message_that_waits_in_line_can_expire_and_be_cancelled(world: World) -> None:
    """And then it is in nobody's way either."""
    first, second, third, fourth = [
        world.submit(str(n), order_key="k", valid=HOUR if n == 1 else 9 * HOUR) for n in range(4)
    ]
    segments = claimed_segments(world.claim())
    world.now += HOUR
    world.tick()
    assert world.message(second).state == "expired"
    world.run(cancel, [world.message(third)], world.now)
    assert claimed(world) == []
    world.answer(*segments)

    assert claimed(world) == [fourth]
    assert world.story(first) == "submitted"
    assert world.segments(third) == []


def test_a_receipt_before_the_response_lets_the_next_go(world: World) -> None:
    """A final receipt says that the SMSC has it, though the response is still on its way."""
    first, second = line(world, 2)
    (segment,) = claimed_segments(world.claim())
    world.settle(
        [world.outcome(segment, Kind.ANSWERED, 0, "x1")], [world.receipt("x1", ReceiptState.DELIVERED)]
    )

    assert world.message(first).state == "delivered"
    assert claimed(world) == [second]
