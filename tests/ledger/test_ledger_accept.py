"""Accepting: what becomes durable, known keys, the opt-out at submit."""

from gatewayd.ledger.accept import Answer, accept
from gatewayd.ledger.tables import OptOut
from gatewayd.model import Refusal, Stage, parse_id, public_id
from tests.ledger.world import DAY, HOUR, LONG, NUMBER, START, World


def test_an_accepted_message_is_queued_until_it_expires(world: World) -> None:
    """The reply tells id, state, segments and encoding; the message is due when its validity ends."""
    answer, long = world.accept(world.wish("hi", valid=HOUR), world.wish(LONG))
    assert isinstance(answer, Answer)
    assert isinstance(long, Answer)
    assert (answer.state, answer.segments, answer.encoding, answer.duplicate) == ("queued", 1, "gsm7", False)
    assert long.segments == 3
    identifier = parse_id(answer.id)
    assert identifier is not None
    message = world.message(identifier)
    assert (message.stage, message.due, message.link) == (Stage.READY, START + HOUR, None)
    assert world.events() == []
    assert world.counted("messages_accepted", "notice") == 2


def test_ids_rise_and_translate(world: World) -> None:
    """Ids sort like the time of accept, as numbers and as texts; case does not matter."""
    ids = [world.submit() for _ in range(3)]
    texts = [public_id(identifier) for identifier in ids]
    assert ids == sorted(ids)
    assert texts == sorted(texts)
    assert [parse_id(text.lower()) for text in texts] == ids
    assert [parse_id(bad) for bad in ("", "0" * 12, "0" * 14, "U" + "0" * 12, "Z" * 13)] == [None] * 5


def test_a_scheduled_message_waits_for_its_time(world: World) -> None:
    """send_at in the future: scheduled, then queued with one event; validity counts from send_at."""
    identifier = world.submit(send_at=START + HOUR, valid=HOUR)
    assert world.message(identifier).state == "scheduled"
    assert world.claim() == []
    world.wait(HOUR - 1)
    assert world.story(identifier) == ""
    world.wait(1)
    assert world.story(identifier) == "queued"
    world.wait(HOUR)
    assert world.story(identifier) == "queued expired"


def test_a_known_key_gives_the_first_answer(world: World) -> None:
    """The same content again: the first answer, marked; other content: conflict. Also within one batch."""
    first, again, other = world.accept(
        world.wish("one", key="k"), world.wish("one", key="k"), world.wish("two", key="k")
    )
    (later,) = world.accept(world.wish("one", key="k"))
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert again.id == first.id
    assert again.duplicate
    assert later == again
    assert isinstance(other, Refusal)
    assert (other.code, other.field) == ("idempotency_conflict", "key")
    assert len(world.claim()) == 1


def test_a_key_is_the_clients_own(world: World) -> None:
    """Another client may use the same key for its own message."""
    world.submit("one", key="k")
    (answer,) = world.run(accept, "other", [world.wish("two", key="k")], world.now)
    assert isinstance(answer, Answer)
    assert not answer.duplicate


def test_a_refusal_is_not_remembered(world: World) -> None:
    """The key of a refused submit is free for the next try; nothing was stored."""
    world.run(lambda tables: tables.put_optouts([OptOut(NUMBER, "shop", START, "test")]))
    (refused,) = world.accept(world.wish("one", class_="member", key="k"))
    assert isinstance(refused, Refusal)
    assert refused.code == "opted_out"
    assert world.counted("policy_refusals", "opted_out") == 1
    (accepted,) = world.accept(world.wish("two", class_="notice", key="k"))
    assert isinstance(accepted, Answer)
    assert not accepted.duplicate


def test_an_opt_out_binds_marketing_of_its_brand_only(world: World) -> None:
    """Other brands and classes that are no marketing pass."""
    world.run(lambda tables: tables.put_optouts([OptOut(NUMBER, "shop", START, "test")]))
    answers = world.accept(
        world.wish(class_="member"), world.wish(class_="otp"), world.wish(class_="member", brand="bank")
    )
    assert [isinstance(answer, Refusal) for answer in answers] == [True, False, False]


def test_counts_follow_what_is_open(world: World) -> None:
    """Accepted adds to its lane and stage; a final message counts nowhere."""
    world.submit(valid=HOUR)
    world.submit(send_at=START + DAY)
    (lane,) = world.tables.lanes()
    assert world.open_counts() == {(lane, Stage.READY): 1, (lane, Stage.SCHEDULED): 1}
    world.wait(HOUR)
    assert world.open_counts() == {(lane, Stage.SCHEDULED): 1}
    assert world.announced.lanes == world.tables.lanes()
