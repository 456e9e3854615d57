"""Claiming: order, binding to a link, judgement at the moment of sending, references."""

from gatewayd.ledger.tables import OptOut
from gatewayd.model import LaneId, Message, Millis, SegmentStage, Stage
from gatewayd.smpp import consts
from gatewayd.smpp.text import Carry
from tests.ledger.world import HOUR, LONG, NUMBER, START, FreeLinks, World, claimed_segments


def test_a_claim_is_written_before_it_is_handed_out(world: World) -> None:
    """The segment is CLAIMED by this life on this link, with the octets to send; nothing is told (G2)."""
    identifier = world.submit("hi")
    (claimed,) = world.claim("a")
    ((segment, part),) = claimed.segments
    assert (claimed.message, claimed.link, claimed.class_, claimed.content.text) == (
        identifier,
        "a",
        "notice",
        "hi",
    )
    assert (part.short_message, part.number, part.total) == (b"hi", 1, 1)
    assert world.segments(identifier) == [segment]
    assert (segment.stage, segment.owner, segment.attempt) == (SegmentStage.CLAIMED, world.owner, 1)
    message = world.message(identifier)
    assert (message.stage, message.due, message.link, message.state) == (Stage.CLAIMED, None, "a", "queued")
    assert world.story(identifier) == ""
    assert world.claim("a") == []


def test_messages_leave_first_in_first_out(world: World) -> None:
    """Within a lane by the order of accept, and no more than the links have room for."""
    ids = [world.submit(str(n)) for n in range(5)]
    first = world.claim("a", room=2)
    rest = world.claim("a", "b", room=2)
    assert [one.message for one in first] == ids[:2]
    assert [(one.message, one.link) for one in rest] == [(ids[2], "a"), (ids[3], "a"), (ids[4], "b")]


def test_the_limit_of_a_want_is_kept(world: World) -> None:
    """A transaction takes at most `limit` messages of a lane; the next takes the rest."""
    for _ in range(5):
        world.submit()
    assert [len(world.claim(limit=2)) for _ in range(4)] == [2, 2, 1, 0]


def test_a_long_message_gets_one_reference(world: World) -> None:
    """Segments carry one concatenation reference, kept on retry, the next one for the next message."""
    first, segments = world.send(LONG)
    assert [segment.number for segment in segments] == [1, 2, 3]
    reference = world.message(first).reference
    assert reference == 7
    world.release(*segments)
    (again,) = world.claim()
    assert world.message(first).reference == reference
    assert [part.short_message[:6] for _, part in again.segments] == [
        bytes((5, 0, 3, 7, 3, number)) for number in (1, 2, 3)
    ]
    second, _ = world.send(LONG)
    other, _ = world.send(LONG, to="8613900139000")
    assert [world.message(i).reference for i in (second, other)] == [8, 7]


def test_another_link_cuts_anew_while_nothing_has_left(world: World) -> None:
    """The number of segments is that of the link that takes it."""
    world.rules.carries["b"] = Carry.PAYLOAD
    identifier, segments = world.send(LONG)
    world.release(*segments)
    assert world.message(identifier).segments == 3
    (claimed,) = world.claim("b")
    assert len(claimed.segments) == 1
    assert world.message(identifier).segments == 1
    assert [(s.link, s.number) for s in world.segments(identifier)] == [("b", 1)]


def test_the_rest_of_a_begun_message_waits_for_its_link(world: World) -> None:
    """Segments of one message leave by one link, in order; others of the lane go by meanwhile."""
    begun, segments = world.send(LONG)
    world.answer(segments[0])
    world.release(*segments[1:])
    behind = [world.submit() for _ in range(3)]
    assert world.message(begun).stage is Stage.READY
    assert [one.message for one in world.claim("b", limit=1)] == behind[:1]
    assert [one.message for one in world.claim("b", limit=1)] == behind[1:2]
    rest = world.claim("b", "a", limit=1)
    assert [(one.message, one.link) for one in rest] == [(begun, "a")]
    assert [segment.number for segment in claimed_segments(rest)] == [2, 3]


def test_many_begun_messages_do_not_block_their_lane(world: World) -> None:
    """However many wait for an unbound link, what may take another one leaves in the same claim."""
    for _ in range(6):
        world.submit(LONG)
    for one in world.claim("a"):
        (first, _), *rest = one.segments
        world.answer(first)
        world.release(*(segment for segment, _ in rest))
    fresh = world.submit()
    assert [one.message for one in world.claim("b", limit=2)] == [fresh]


def test_an_expired_message_never_leaves(world: World) -> None:
    """Validity is judged in the claim itself, even if the scheduler has not looked yet (G8)."""
    identifier = world.submit(valid=HOUR)
    world.now += HOUR
    assert world.claim() == []
    assert world.story(identifier) == "expired"
    assert world.told(identifier)[0].error == {
        "code": "expired", "detail": None, "command_status": None, "stat": None, "err": None, "segment": None,
    }  # fmt: skip


def test_policy_is_judged_again_at_sending(world: World) -> None:
    """What policy refuses at the first segment is rejected with its code (G7)."""
    identifier = world.submit()
    world.rules.refused[NUMBER] = "frequency_cap"
    assert world.claim() == []
    assert world.story(identifier) == "rejected"
    error = world.message(identifier).error
    assert error is not None
    assert (error.code, error.segment) == ("frequency_cap", None)
    assert world.counted("policy_refusals", "frequency_cap") == 1


def test_no_marketing_is_claimed_after_an_opt_out(world: World) -> None:
    """An opt-out that no operation of the ledger has seen still holds in the claim (G6)."""
    marketing, notice = world.submit(class_="member"), world.submit(class_="notice")
    world.run(lambda tables: tables.put_optouts([OptOut(NUMBER, "shop", START, "test")]))
    assert [one.message for one in world.claim()] == [notice]
    assert world.story(marketing) == "rejected"


def test_half_a_message_is_not_completed_after_an_opt_out(world: World) -> None:
    """The segments that had not left yet stay; the message is rejected and says at which segment."""
    identifier, segments = world.send(LONG, class_="member")
    world.answer(segments[0])
    world.release(*segments[1:])
    world.run(lambda tables: tables.put_optouts([OptOut(NUMBER, "shop", START, "test")]))
    assert world.claim() == []
    error = world.message(identifier).error
    assert world.story(identifier) == "rejected"
    assert error is not None
    assert (error.code, error.segment) == ("opted_out", 2)


def test_a_link_that_cannot_carry_it_ends_the_message_only(world: World) -> None:
    """A text beyond 255 segments of another link's form is rejected; those behind it leave."""
    world.rules.carries["b"] = Carry.PAYLOAD
    huge, behind = world.submit("0123456789" * 4000), world.submit()
    assert [one.message for one in world.claim("a")] == [behind]
    error = world.message(huge).error
    assert error is not None
    assert error.code == "unencodable"
    assert "0123" not in str(error)


def test_a_link_that_cuts_otherwise_now_does_not_finish_a_begun_message(world: World) -> None:
    """After a reload the segments that are left would not fit those that have gone."""
    identifier, segments = world.send(LONG)
    world.answer(segments[0])
    world.release(*segments[1:])
    world.rules.carries["a"] = Carry.PAYLOAD
    assert world.claim() == []
    error = world.message(identifier).error
    assert error is not None
    assert (world.story(identifier), error.code) == ("rejected", "internal")


def test_a_claim_forgets_the_last_refusal(world: World) -> None:
    """A segment given back unsent was not refused in this try: another one's refusal counts."""
    identifier, (one, *rest) = world.send(LONG)
    world.answer(one)
    world.answer(*rest, status=consts.ESME_RMSGQFUL)
    world.wait(HOUR)
    two, three = claimed_segments(world.claim())
    world.release(two)
    world.answer(three, status=consts.ESME_RMSGQFUL)
    assert world.message(identifier).attempts == 2


class Counting(FreeLinks):
    """Believes that there is always room, and counts how often it is asked."""

    asked = 0

    def room(self, lane: LaneId) -> int:
        del lane
        return 100

    def pick(self, message: Message, bound: str | None) -> str | Millis | None:
        self.asked += 1
        return super().pick(message, bound)


def test_a_full_link_ends_the_look_at_its_lane(world: World) -> None:
    """The first message that finds no link is the last one asked for: the backlog is not read through."""
    for _ in range(9):
        world.submit()
    picker = Counting(world.tables.lanes(), {"a": 2})
    assert len(world.claim_by(picker)) == 2
    assert picker.asked == 3
