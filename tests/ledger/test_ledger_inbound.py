"""MO messages: repeats, long ones, opt-outs, who is told."""

import json
from itertools import permutations

import pytest

from gatewayd import concat
from gatewayd.configlimits import Brakes
from gatewayd.ledger import optouts, tags
from gatewayd.ledger.inbound import REPEAT_WINDOW, Mo, release_stale
from gatewayd.ledger.tables import OptOut
from gatewayd.model import MessageId, Stage, public_id
from gatewayd.policy.replies import Word
from gatewayd.smpp.udh import Concat, UserData
from tests.ledger.world import HOUR, LONG, NUMBER, START, World


def inbound_events(world: World, client: str = "acme") -> list[dict[str, object]]:
    events = [json.loads(event.body) for event in world.events(client)]
    return [event for event in events if event["event"] == "inbound"]


def long_mo(world: World, text: str, number: int, total: int, **fields: object) -> Mo:
    data = UserData(text.encode("utf-16-be"), concat=Concat(9, total, number))
    return world.mo(text, user_data=data, fingerprint=f"{number} {text}".encode(), **fields)


def test_an_mo_is_told_to_its_brand(world: World) -> None:
    """All fields of the contract; the longest sender that begins the destination names the brand."""
    world.receive(world.mo("您好", destination="1069000188"))
    (event,) = inbound_events(world)
    cursor, identifier = event.pop("cursor"), event.pop("id")
    assert event == {
        "event": "inbound",
        "from": NUMBER,
        "to": "1069000188",
        "text": "您好",
        "data": None,
        "udh": None,
        "brand": "shop",
        "opt_out": False,
        "opt_in": False,
        "ambiguous": False,
        "rule": None,
        "complete": True,
        "link": "a",
        "at": "2026-11-18T11:06:40.000Z",
    }
    assert isinstance(identifier, str)
    assert cursor == world.tables.last_cursor()
    assert world.counted("inbound", "a") == 1


def test_an_mo_without_one_brand_goes_to_admins(world: World) -> None:
    """None or several brands at that code: no brand, told to admin clients only."""
    world.receive(world.mo("hi", destination="999"), world.mo("ho", destination="10690009"))
    assert inbound_events(world) == []
    assert [event["brand"] for event in inbound_events(world, "admin")] == [None, None]


def test_a_binary_mo_has_data(world: World) -> None:
    """Text is null, data its octets in hex."""
    world.receive(world.mo("", data_coding=4, user_data=UserData(b"\x00\xff"), fingerprint=b"b"))
    (event,) = inbound_events(world)
    assert (event["text"], event["data"]) == (None, "00ff")


def test_ports_of_a_binary_mo_are_told(world: World) -> None:
    """As a submit has them: the header whole, without the concatenation that was used up."""
    ports = (0x05, bytes.fromhex("0b8423f0"))
    for number in (2, 1):
        place = (0x00, bytes((7, 2, number)))
        data = UserData(bytes((number,)), (place, ports), Concat(7, 2, number))
        world.receive(world.mo("", data_coding=4, user_data=data, fingerprint=bytes((number,))))
    (event,) = inbound_events(world)
    assert (event["data"], event["udh"]) == ("0102", "0605040b8423f0")


def test_a_text_with_ports_is_text_and_tells_them(world: World) -> None:
    """A header beside a text does not make it binary."""
    data = UserData(b"TD", ((0x05, bytes.fromhex("0b8423f0")), (0x24, b"\1")))
    world.receive(world.mo("", data_coding=0, user_data=data, fingerprint=b"p"))
    (event,) = inbound_events(world)
    assert (event["text"], event["data"], event["udh"]) == ("TD", None, "0605040b8423f0")


def test_a_repeated_deliver_sm_is_known_again(world: World) -> None:
    """The same octets after the bind has gone are one MO (G3); on a bind that lives, they are two."""
    world.receive(world.mo("1"), live={1})
    world.receive(world.mo("1", session=2), live={2})
    assert len(inbound_events(world)) == 1
    world.receive(world.mo("1", session=2), live={2})
    assert len(inbound_events(world)) == 2
    world.receive(world.mo("1", session=3), live={2, 3})
    assert len(inbound_events(world)) == 3


def test_a_deliver_sm_is_forgotten_after_a_while(world: World) -> None:
    """Ten minutes later the same text is a new message."""
    world.receive(world.mo("1"), live={1})
    world.now += REPEAT_WINDOW
    world.receive(world.mo("1", session=2), live={2})
    assert len(inbound_events(world)) == 2


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_a_long_mo_in_any_order(world: World, order: tuple[int, ...]) -> None:
    """Told once, when its last segment is there, whatever came first."""
    texts = {1: "您的", 2: "验证", 3: "码😀"}
    for number in order:
        assert inbound_events(world) == []
        world.receive(long_mo(world, texts[number], number, 3))
    (event,) = inbound_events(world)
    assert (event["text"], event["complete"]) == ("您的验证码😀", True)


def test_a_long_mo_in_one_batch_with_a_repeated_segment(world: World) -> None:
    """A segment that comes twice counts once."""
    one, two = long_mo(world, "a", 1, 2), long_mo(world, "b", 2, 2)
    world.receive(one, one, two)
    assert [event["text"] for event in inbound_events(world)] == ["ab"]


@pytest.mark.parametrize(
    "batches", [[(2, 1, 1, 2)], [(2, 1), (1, 2)], [(2,), (1,), (1,), (2,)], [(1, 2, 2, 1, 2)]]
)
def test_a_long_mo_doubled_after_it_was_whole(world: World, batches: list[tuple[int, ...]]) -> None:
    """Segments that come again once the message is told are of it, on a bind that lives too (G3)."""
    for numbers in batches:
        world.receive(*(long_mo(world, "ab"[number - 1], number, 2) for number in numbers))
        world.now += 1000
    assert [event["text"] for event in inbound_events(world)] == ["ab"]
    world.now += REPEAT_WINDOW
    assert world.run(release_stale, world.rules, world.now) == 0


def test_a_reference_used_again_is_another_message(world: World) -> None:
    """Another text under it, or the same one after the time that segments wait for each other."""
    for text in ("ab", "cd"):
        world.receive(long_mo(world, text[0], 1, 2), long_mo(world, text[1], 2, 2))
    world.now += concat.WAIT
    world.receive(long_mo(world, "a", 1, 2), long_mo(world, "b", 2, 2))
    assert [event["text"] for event in inbound_events(world)] == ["ab", "cd", "ab"]


def test_long_mos_are_kept_apart(world: World) -> None:
    """Another sender, code or link is another message; another bind of the link is the same."""
    world.receive(long_mo(world, "a", 1, 2))
    for fields in ({"source": "8613900139000"}, {"destination": "106900012"}, {"link": "b"}):
        world.receive(long_mo(world, "x", 2, 2, **fields))
    assert inbound_events(world) == []
    world.receive(long_mo(world, "b", 2, 2, session=5), live={1, 5})
    assert [event["text"] for event in inbound_events(world)] == ["ab"]


def test_a_long_mo_with_a_hole_is_told_after_the_wait(world: World) -> None:
    """What is there, marked as not complete; once."""
    world.receive(long_mo(world, "a", 1, 3), long_mo(world, "c", 3, 3))
    world.now += concat.WAIT - 1
    assert world.run(release_stale, world.rules, world.now) == 0
    world.now += 1
    assert world.run(release_stale, world.rules, world.now) == 1
    assert world.run(release_stale, world.rules, world.now) == 0
    (event,) = inbound_events(world)
    assert (event["text"], event["complete"]) == ("ac", False)


# opt-out


def test_an_opt_out_is_durable_and_told(world: World) -> None:
    """TD to the brand's code: on its list, with the event's opt_out and rule."""
    world.receive(world.mo(" td。"))
    (event,) = inbound_events(world)
    assert (event["opt_out"], event["rule"]) == (True, "keyword")
    (row,) = world.tables.optouts(NUMBER)
    assert (row.brand, row.since, row.source) == ("shop", START, "reply")
    assert world.counted("optouts", "reply") == 1


def test_an_opt_out_of_a_shared_code_binds_all_its_brands(world: World) -> None:
    """Several brands at the code: all of them; the event has no brand."""
    world.receive(world.mo("退订", destination="10690009"))
    assert {row.brand for row in world.tables.optouts(NUMBER)} == {"bank", "club"}


def test_waiting_marketing_ends_with_the_opt_out(world: World) -> None:
    """Scheduled, held, queued, retrying: rejected at once with opted_out (G6); the rest is left alone."""
    mine = [
        world.submit(class_="member"),
        world.submit(class_="member", send_at=START + HOUR),
        world.submit(class_="push"),
    ]
    spared = [
        world.submit(class_="notice"),
        world.submit(class_="member", brand="bank"),
        world.submit(class_="member", to="8613900139000"),
    ]
    world.receive(world.mo("TD"))
    assert [world.story(identifier) for identifier in mine] == ["rejected"] * 3
    assert [world.story(identifier) for identifier in spared] == [""] * 3
    errors = [world.message(identifier).error for identifier in mine]
    assert [error and error.code for error in errors] == ["opted_out"] * 3
    assert world.counted("policy_refusals", "opted_out") == 3


def test_marketing_that_retries_ends_with_the_opt_out(world: World) -> None:
    """A message that waits for its next try, and the unsent rest of one in doubt."""
    retrying, (segment,) = world.send(class_="member")
    world.answer(segment, status=0x14)
    halfway, segments = world.send(LONG, class_="member")
    world.doubt(segments[0])
    world.release(*segments[1:])
    world.receive(world.mo("TD"))
    assert (world.story(retrying), world.story(halfway)) == ("rejected", "in_doubt rejected")


def test_marketing_that_has_left_is_not_touched(world: World) -> None:
    """Claimed, submitted or in doubt: its end is told by the SMSC. A resend stays, in doubt."""
    claimed, (one,) = world.send(class_="member")
    submitted, (two,) = world.send(class_="member")
    world.answer(two)
    resending, (three,) = world.send(class_="push")
    world.doubt(three)
    world.receive(world.mo("TD"))
    assert (world.story(claimed), world.story(submitted)) == ("", "submitted")
    assert world.story(resending) == "in_doubt queued in_doubt"
    assert world.claim() == []
    world.answer(one)
    assert world.message(claimed).stage is Stage.SUBMITTED


def test_two_opt_outs_in_one_batch(world: World) -> None:
    """TD twice, as people do: one row, one end of each waiting message, one event each."""
    identifier = world.submit(class_="member")
    world.receive(world.mo("TD"), world.mo("td", fingerprint=b"again"))
    assert world.story(identifier) == "rejected"
    assert len(world.tables.optouts(NUMBER)) == 1
    assert len(inbound_events(world)) == 2
    assert world.open_counts() == {}


@pytest.mark.parametrize("text", ["OUTSTANDING", "退订单", "如何退订", "你好"])
def test_what_is_no_opt_out(world: World, text: str) -> None:
    """Longer words, other matters, questions: nobody is put on the list."""
    world.receive(world.mo(text))
    assert world.tables.optouts(NUMBER) == []


@pytest.mark.parametrize("text", ["怎么退订", "不退订", "退订套餐"])
def test_an_ambiguous_reply_is_told_and_changes_nothing(world: World, text: str) -> None:
    """Flagged with what kept it from being an opt-out."""
    world.receive(world.mo(text))
    (event,) = inbound_events(world)
    assert (event["opt_out"], event["ambiguous"]) == (False, True)
    assert event["rule"] in {"question", "negation", "other_matter"}
    assert world.tables.optouts(NUMBER) == []


def test_an_opt_in_takes_the_brand_off_the_list(world: World) -> None:
    """And that brand alone; messages stopped before stay stopped."""
    stopped = world.submit(class_="member")
    world.receive(world.mo("TD"), world.mo("TD", destination="10690009"))
    world.receive(world.mo("恢复"))
    *_, event = inbound_events(world)
    assert (event["opt_in"], event["opt_out"], event["rule"]) == (True, False, "keyword")
    assert {row.brand for row in world.tables.optouts(NUMBER)} == {"bank", "club"}
    assert world.story(stopped) == "rejected"
    assert world.claim() == []


def test_an_opt_in_to_a_shared_code_takes_back_what_a_reply_to_it_did(world: World) -> None:
    """An opt-out of one of its brands by other ways stays: nobody asked for that brand."""
    world.receive(world.mo("退订", destination="10690009"))
    world.run(optouts.remove, NUMBER, {"bank"})
    world.run(optouts.add, [OptOut(NUMBER, "bank", START, "api", "hotline")], world.rules, START)
    world.receive(world.mo("START", destination="10690009"))
    assert [row.brand for row in world.tables.optouts(NUMBER)] == ["bank"]


def test_an_opt_out_in_a_wrong_coding_counts(world: World) -> None:
    """GBK declared as the default alphabet; the text is told as it was declared."""
    octets = "退订".encode("gbk")
    world.receive(world.mo("", data_coding=0, user_data=UserData(octets), fingerprint=b"g"))
    (event,) = inbound_events(world)
    assert (event["opt_out"], event["rule"], event["text"]) == (True, "keyword_in_gbk", "ÍË¶©")
    assert len(world.tables.optouts(NUMBER)) == 1


def test_a_word_of_the_brand_opts_out_of_it(world: World) -> None:
    """The code says which brand's words count."""
    world.rules.words["shop"] = (Word("TDYX"),)
    world.receive(world.mo("tdyx"), world.mo("tdyx", destination="10690009", fingerprint=b"2"))
    assert [row.brand for row in world.tables.optouts(NUMBER)] == ["shop"]


def test_an_mo_of_a_number_with_plus(world: World) -> None:
    """The list and the event have the canonical number."""
    world.receive(world.mo("TD", source="+" + NUMBER))
    assert len(world.tables.optouts(NUMBER)) == 1
    assert inbound_events(world)[0]["from"] == NUMBER


def test_inbound_ids_differ_from_message_ids(world: World) -> None:
    """Both come from one sequence: no id means two things."""
    before = world.submit()
    world.receive(world.mo("hi"))
    after = world.submit()
    (event,) = inbound_events(world)
    assert public_id(before) < str(event["id"]) < public_id(after)


def sold(world: World, brand: str, number: str = NUMBER) -> MessageId:
    """Marketing of a brand that has left for a number."""
    world.rules.counted.add("member")
    identifier = world.submit(class_="member", brand=brand, to=number, tag=f"sale of {brand}")
    world.claim()
    return identifier


def test_a_reply_to_a_shared_code_is_for_the_brand_that_wrote_last(world: World) -> None:
    """Bank and club share their code; club's marketing was the last to leave."""
    sold(world, "bank")
    world.now += HOUR
    sold(world, "club")
    world.receive(world.mo("TD", destination="10690009"))
    assert [row.brand for row in world.tables.optouts(NUMBER)] == ["club"]
    assert [event["brand"] for event in inbound_events(world)] == ["club"]


def test_what_has_not_left_is_not_answered(world: World) -> None:
    """Nor is a notice: an opt-out answers marketing."""
    sold(world, "bank")
    world.submit(class_="member", brand="club")
    world.send(class_="notice", brand="club")
    world.receive(world.mo("TD", destination="10690009"))
    assert [row.brand for row in world.tables.optouts(NUMBER)] == ["bank"]


def test_an_opt_out_of_an_unknown_code_binds_all_brands(world: World) -> None:
    """It is not dropped, and not guessed from what was sent by another code."""
    sold(world, "club")
    world.receive(world.mo("TD", destination="95588"))
    assert sorted(row.brand for row in world.tables.optouts(NUMBER)) == ["bank", "club", "shop"]


def test_opt_outs_count_for_the_tag_they_answer(world: World) -> None:
    """And pull its brake: one opt-out of two messages is over 20 in a hundred."""
    world.rules.brake = Brakes(after=2, opted_out=0.2)
    for number in (NUMBER, "8613900139000"):
        identifier = sold(world, "club", number)
        (smsc_id,) = world.answer(*world.segments(identifier))
        world.deliver(world.receipt(smsc_id, source=number.encode()))
    world.receive(world.mo("TD", destination="10690009"))
    found = tags.progress(world.tables, "acme", "sale of club")
    assert found is not None
    assert (found.opted_out, found.paused, found.reason) == (1, True, "opt_outs")
