"""Receipts whose ids are written otherwise than in submit_sm_resp; of some segments only; matched anew."""

from collections.abc import Iterable

import pytest

from gatewayd.ledger.explain import explain
from gatewayd.ledger.reconcile import Learnt, learnt, replay
from gatewayd.ledger.settle import Kind
from gatewayd.model import MessageId, Segment, public_id
from gatewayd.smpp.receipt import Dialect, ReceiptState
from gatewayd.smpp.receipt_ids import ENOUGH, Notation
from tests.ledger.world import HOUR, LONG, NUMBER, World

DELIVERED, UNDELIVERABLE = ReceiptState.DELIVERED, ReceiptState.UNDELIVERABLE
OTHER = "8613900139000"


def speak(world: World, notation: Notation, **fields: object) -> None:
    world.rules.dialects["a"] = Dialect(notation=notation, **fields)  # type: ignore[arg-type]


def sent(world: World, smsc_id: str, to: str = NUMBER) -> MessageId:
    """A message that the SMSC has taken under an id."""
    identifier, segments = world.send(to=to)
    world.answer(*segments, smsc_id=smsc_id)
    return identifier


def pairs(world: World) -> dict[str, int]:
    return world.tables.id_pairs("a")


@pytest.mark.parametrize(
    ("told", "name", "notation"),
    [
        ("id-7", "id-7", "as_is"),
        ("AB-7", "ab-7", "any_case"),
        ("Ab12Cd", "aB12cD", "any_case"),
        ("7001", "7001".zfill(40), "unpadded"),
        ("f" * 32, str(2**128 - 1), "hex_to_decimal"),
        ("0000436949", "436949", "unpadded"),
        ("00BC614E", "12345678", "hex_to_decimal"),
        ("0000436949", "6aad5", "decimal_to_hex"),
    ],
)
def test_auto_finds_the_one_that_fits(world: World, told: str, name: str, notation: str) -> None:
    """Whatever the notation, where one open segment fits; what it was is learnt, repeats are known again."""
    identifier = sent(world, told)
    world.deliver(world.receipt(name))
    assert world.story(identifier) == "submitted delivered"
    assert pairs(world) == {notation: 1}
    world.deliver(world.receipt(name))
    assert world.counted("receipts_repeated", "a") == 1
    assert world.counted("receipts_unmatched", "a") == 0


@pytest.mark.parametrize("second", ["6AAD5", "00006aad5"])
def test_what_fits_two_stays_parked(world: World, second: str) -> None:
    """Two open segments that fit: neither is settled, the receipt is parked, counted, and shown."""
    first, other = sent(world, "6aad5"), sent(world, second)
    world.deliver(world.receipt("436949"))
    assert (world.story(first), world.story(other)) == ("submitted", "submitted")
    assert world.counted("receipts_ambiguous", "a") == 1
    assert world.counted("receipts_unmatched", "a") == 1
    told: Learnt = world.run(learnt, world.rules, "a")
    assert (told.parked, told.fitting, told.ambiguous) == (1, {}, 1)


def test_of_two_that_fit_the_open_one_is_meant(world: World) -> None:
    """A settled segment does not make an open one doubtful."""
    first = sent(world, "6aad5")
    world.deliver(world.receipt("436949"))
    second = sent(world, "6AAD5")
    world.deliver(world.receipt("436949"))
    assert (world.story(first), world.story(second)) == ("submitted delivered", "submitted delivered")


def test_auto_wants_the_same_handset(world: World) -> None:
    """An id of another notation that speaks of another number is another's."""
    identifier = sent(world, "6aad5", to=OTHER)
    world.deliver(world.receipt("436949"))
    assert world.story(identifier) == "submitted"
    assert world.counted("receipts_ambiguous", "a") == 0
    world.deliver(world.receipt("436949", source=OTHER.removeprefix("86").encode()))
    assert world.story(identifier) == "submitted delivered"


def test_auto_believes_digits_once_pairs_have_shown_the_conversion(world: World) -> None:
    """`12345678` may be hex or another's decimal: parked until enough sure pairs were seen."""
    doubtful = sent(world, "12345678")
    world.deliver(world.receipt(str(0x12345678)))
    assert world.story(doubtful) == "submitted"
    for number in range(0xABC0, 0xABC0 + ENOUGH):
        sent(world, f"{number:x}")
        world.deliver(world.receipt(str(number)))
    assert pairs(world) == {"hex_to_decimal": ENOUGH}
    world.deliver(world.receipt(str(0x12345678), err="1"))
    assert world.story(doubtful) == "submitted delivered"


def test_as_is_means_as_is(world: World) -> None:
    """A link that is set to exact ids guesses nothing."""
    speak(world, Notation.AS_IS)
    identifier = sent(world, "6aad5")
    world.deliver(world.receipt("6AAD5"), world.receipt("436949"))
    assert world.story(identifier) == "submitted"
    assert world.counted("receipts_unmatched", "a") == 2


def test_a_configured_conversion_comes_before_an_id_that_looks_the_same(world: World) -> None:
    """With hex in responses and decimal in receipts `4096` is 0x1000, not the segment called 4096."""
    speak(world, Notation.HEX_TO_DECIMAL)
    thousand, other = sent(world, "1000"), sent(world, "4096")
    world.deliver(world.receipt("4096"))
    assert (world.story(thousand), world.story(other)) == ("submitted delivered", "submitted")
    world.deliver(world.receipt("4096", UNDELIVERABLE, text_message_id="16534"))
    assert world.story(other) == "submitted undeliverable", "both notations in one PDU: the TLV's id is ours"


@pytest.mark.parametrize("notation", [Notation.AUTO, Notation.DECIMAL_TO_HEX])
def test_an_early_receipt_in_another_notation_waits_for_its_response(
    world: World, notation: Notation
) -> None:
    """The response that tells `436949` finds the receipt that said `6aad5`."""
    speak(world, notation)
    identifier, segments = world.send()
    world.deliver(world.receipt("6aad5"))
    assert world.counted("receipts_unmatched", "a") == 1
    world.answer(*segments, smsc_id="436949")
    assert world.story(identifier) == "submitted delivered"
    assert world.counted("receipts_early", "a") == 1
    assert world.tables.parked_count("a") == 0


def test_both_notations_in_one_pdu(world: World) -> None:
    """TLV in hex, text in decimal: either finds the segment, and the nearer of the two is learnt."""
    first, second = sent(world, "0000436949"), sent(world, "18D0E03A")
    world.deliver(
        world.receipt("6aad5", text_message_id="0000436949"),
        world.receipt("18d0e03a", text_message_id="0416342074"),
    )
    assert (world.story(first), world.story(second)) == ("submitted delivered", "submitted delivered")
    assert pairs(world) == {"as_is": 1, "any_case": 1}


def test_an_exact_id_is_looked_up_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other notations cost nothing where the ids are the same: one look-up for the whole batch."""
    identifiers = [sent(world, f"{0xABC0 + n:x}") for n in range(5)]
    asked: list[set[str]] = []
    look_up = world.tables.segments_by_key

    def watched(link: str, keys: Iterable[str]) -> list[Segment]:
        asked.append(set(keys))
        return look_up(link, asked[-1])

    monkeypatch.setattr(world.tables, "segments_by_key", watched)
    world.deliver(*(world.receipt(f"{0xABC0 + n:x}") for n in range(5)))
    assert [len(keys) for keys in asked] == [5]
    assert all(world.story(identifier) == "submitted delivered" for identifier in identifiers)


# the reconciler


def test_what_was_learnt_is_shown_and_proposed(world: World) -> None:
    """Parked receipts of a link set wrongly: how they would fit, and the setting that explains it."""
    speak(world, Notation.AS_IS)
    identifiers = [sent(world, f"{0xABC0 + n:X}") for n in range(ENOUGH)]
    world.deliver(*(world.receipt(str(0xABC0 + n)) for n in range(ENOUGH)), world.receipt("nobody-s"))

    told: Learnt = world.run(learnt, world.rules, "a")
    assert told == Learnt("as_is", {}, ENOUGH + 1, {"hex_to_decimal": ENOUGH}, 0, "hex_to_decimal")

    speak(world, Notation.HEX_TO_DECIMAL)
    first, after = world.run(replay, world.rules, "a", 0, 4, world.now)
    second, after = world.run(replay, world.rules, "a", after, 4, world.now)
    assert (first, second) == (4, 4)
    assert world.run(replay, world.rules, "a", after, 4, world.now) == (2, 0)
    assert {world.story(identifier) for identifier in identifiers} == {"submitted delivered"}
    assert world.run(learnt, world.rules, "a") == Learnt(
        "hex_to_decimal", {"hex_to_decimal": ENOUGH}, 1, {}, 0, None
    )


def test_auto_is_not_to_be_changed_for_what_it_finds(world: World) -> None:
    """Same ids, other padding: nothing to propose."""
    for number in range(ENOUGH):
        sent(world, f"00{number + 100}")
        world.deliver(world.receipt(str(number + 100)))
    told: Learnt = world.run(learnt, world.rules, "a")
    assert (told.pairs, told.proposal) == ({"unpadded": ENOUGH}, None)


def test_a_replay_reads_what_stat_means_now(world: World) -> None:
    """A carrier's code that got its meaning in the configuration fails the message at last."""
    speak(world, Notation.AS_IS)
    identifier = sent(world, "6aad5")
    world.deliver(world.receipt("436949", ReceiptState.UNKNOWN, stat="MK:0001"))
    speak(world, Notation.HEX_TO_DECIMAL, stats={b"MK:0001": UNDELIVERABLE})
    assert world.run(replay, world.rules, "a", 0, 10, world.now) == (1, 0)
    assert world.story(identifier) == "submitted undeliverable"


def test_a_replay_reads_what_err_means_now(world: World) -> None:
    """A code that was told to be a refusal refines the failure of a parked receipt."""
    speak(world, Notation.AS_IS)
    identifier = sent(world, "6aad5")
    world.deliver(world.receipt("436949", UNDELIVERABLE, err="DB:0144"))
    speak(world, Notation.HEX_TO_DECIMAL, errs={"DB:0144": ReceiptState.REJECTED})
    assert world.run(replay, world.rules, "a", 0, 10, world.now) == (1, 0)
    error = world.message(identifier).error
    assert error is not None
    assert (world.story(identifier), error.stat, error.err) == ("submitted rejected", "UNDELIV", "DB:0144")


def test_a_replay_after_the_end_is_late(world: World) -> None:
    """A message that is unknown by now stays so (G4); upstream hears of the receipt."""
    speak(world, Notation.AS_IS)
    identifier = sent(world, "6aad5")
    world.deliver(world.receipt("436949"))
    world.wait(73 * HOUR)
    speak(world, Notation.AUTO)
    world.run(replay, world.rules, "a", 0, 10, world.now)
    assert world.story(identifier) == "submitted unknown late-DELIVRD"


# receipts for one segment only


def story_of(world: World, identifier: MessageId) -> list[str]:
    story = world.run(explain, "acme", public_id(identifier), None, {})
    return [f"{step.what}: {step.detail}" for step in story.timeline]


@pytest.mark.parametrize("number", [1, 3])
def test_by_default_one_receipt_of_three_is_a_part(world: World, number: int) -> None:
    """Partly known, which explain tells; unknown after the wait."""
    identifier, segments = world.send(LONG)
    ids = world.answer(*segments)
    world.deliver(world.receipt(ids[number - 1]))
    assert world.story(identifier) == "submitted"
    assert "receipts: delivered 1 of 3" in story_of(world, identifier)
    world.wait(73 * HOUR)
    assert world.story(identifier) == "submitted unknown"
    error = world.message(identifier).error
    assert error is not None
    assert (error.code, error.detail) == ("receipt_missing", "delivered 1 of 3")


@pytest.mark.parametrize(("segments", "number"), [("first", 1), ("last", 3)])
def test_the_one_receipt_decides_where_the_link_says_so(world: World, segments: str, number: int) -> None:
    """Delivered by the receipt of that segment, not by another's."""
    speak(world, Notation.AUTO, segments=segments)
    for state, end in ((DELIVERED, "delivered"), (UNDELIVERABLE, "undeliverable")):
        identifier, sent_ones = world.send(LONG)
        ids = world.answer(*sent_ones)
        world.deliver(world.receipt(ids[1]))
        assert world.story(identifier) == "submitted"
        world.deliver(world.receipt(ids[number - 1], state))
        assert world.story(identifier) == f"submitted {end}"


def test_the_one_receipt_waits_for_the_other_responses(world: World) -> None:
    """What is still on its way may yet be refused; what is in doubt stays so."""
    speak(world, Notation.AUTO, segments="first")
    identifier, (first, second, third) = world.send(LONG)
    world.answer(first, smsc_id="x")
    world.deliver(world.receipt("x"))
    assert world.story(identifier) == ""
    world.answer(second, smsc_id="y")
    world.settle([world.outcome(third, Kind.DOUBTFUL)])
    assert world.story(identifier) == "in_doubt"
    world.answer(third, smsc_id="z")
    assert world.story(identifier) == "in_doubt delivered"
