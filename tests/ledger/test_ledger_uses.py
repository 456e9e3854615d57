"""What caps count: reserved at submit, counted when it leaves, given back where nothing left."""

import pytest

from gatewayd.ledger.timers import Past, purge
from gatewayd.policy.uses import Counted
from gatewayd.smpp import consts
from gatewayd.smpp.receipt import ReceiptState
from tests.ledger.world import HOUR, NUMBER, START, World


@pytest.fixture(autouse=True)
def _counted(world: World) -> None:
    world.rules.counted |= {"member", "otp"}


def uses(world: World) -> list[tuple[int, Counted]]:
    return [(use.at, use.counted) for use in world.tables.uses([NUMBER]).get(NUMBER, [])]


def test_marketing_is_reserved_and_counts_when_it_leaves(world: World) -> None:
    """For the time it is to leave, then for the time it left."""
    world.submit(class_="member", send_at=START + HOUR)
    assert uses(world) == [(START + HOUR, Counted.RESERVED)]
    world.now += 2 * HOUR
    world.tick()
    world.claim()
    assert uses(world) == [(START + 2 * HOUR, Counted.LEFT)]


def test_a_notice_leaves_no_trace(world: World) -> None:
    """No cap speaks of it."""
    world.send()
    assert uses(world) == []


@pytest.mark.parametrize("end", ["cancelled", "expired", "refused", "rejected at sending"])
def test_what_never_left_is_given_back(world: World, end: str) -> None:
    """Cancel, expiry, a refusal for good, policy."""
    identifier = world.submit(class_="member", valid=HOUR)
    match end:
        case "cancelled":
            world.cancel(identifier)
        case "expired":
            world.now += HOUR
            world.tick()
        case "refused":
            (one,) = world.claim()
            world.answer(*(segment for segment, _ in one.segments), status=consts.ESME_RINVDSTADR)
        case _:
            world.rules.refused[NUMBER] = "no_consent"
            world.claim()
    assert world.message(identifier).final
    assert uses(world) == []


def test_what_an_smsc_took_counts_whatever_its_receipt_says(world: World) -> None:
    """It may have been seen, and it was sent."""
    _, segments = world.send(class_="member")
    (smsc_id,) = world.answer(*segments)
    world.deliver(world.receipt(smsc_id, ReceiptState.REJECTED))
    assert uses(world) == [(START, Counted.LEFT)]


def test_what_is_in_doubt_counts(world: World) -> None:
    """It may have arrived."""
    _, segments = world.send(class_="member")
    world.doubt(*segments)
    assert uses(world) == [(START, Counted.LEFT)]


def test_a_code_counts_from_its_submit_on(world: World) -> None:
    """Also when it is cancelled: the cap is against abuse."""
    world.cancel(world.submit(class_="otp"))
    assert uses(world) == [(START, Counted.AT_SUBMIT)]


def test_a_batch_sees_its_own_messages(world: World) -> None:
    """Judged with those before it: two parallel submits cannot both take the last place."""
    world.accept(*(world.wish(class_="member") for _ in range(3)))
    assert [len(facts.uses) for facts in world.rules.seen] == [0, 1, 2]


def test_a_message_does_not_count_against_itself(world: World) -> None:
    """Judged again at sending, also after it was given back by its link."""
    world.submit(class_="member")
    world.rules.seen.clear()
    (one,) = world.claim()
    world.release(*(segment for segment, _ in one.segments))
    world.claim()
    assert [facts.uses for facts in world.rules.seen] == [(), ()]


def test_uses_are_forgotten_when_no_cap_asks_for_them(world: World) -> None:
    """In small steps."""
    for _ in range(3):
        world.submit(class_="otp")
    past = Past(0, 0, START + 1)
    assert [world.run(purge, past, 2) for _ in range(2)] == [2, 1]
    assert uses(world) == []
