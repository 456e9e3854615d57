"""Receipts that name no id, or what is left of one: found by what they repeat, on links of any text style."""

from collections.abc import Callable
from typing import Any

import pytest

from gatewayd.ledger.claim import Claimed
from gatewayd.ledger.settle import Kind
from gatewayd.model import Content, MessageId
from gatewayd.smpp import gsm
from gatewayd.smpp.reader import Reader
from gatewayd.smpp.receipt import Dialect, Receipt, ReceiptState
from gatewayd.smpp.receipt_ids import Notation
from gatewayd.smpp.style import DefaultAlphabet, SignatureBy, Style, Wide
from gatewayd.smpp.text import Carry, Part
from gatewayd.smpp.udh import UDHI, user_data
from gatewayd.smpp.writer import Writer
from tests.ledger.world import LONG, PlainRules, World, at

UNDELIVERABLE = ReceiptState.UNDELIVERABLE
OTHER = "8613900139000"
SIGNATURE = "【XX商城】"


class Styled(PlainRules):
    """Every link writes and reads texts in one style."""

    def __init__(self, style: Style, carry: Carry = Carry.UDH8) -> None:
        super().__init__()
        self._writer, self._reader = Writer(carry, style), Reader(style)

    def parts(self, content: Content, link: str, reference: int) -> tuple[Part, ...]:
        del link
        return self._writer.split(content.text or "", None, reference, SIGNATURE)

    def reader(self, link: str) -> Reader:
        del link
        return self._reader


def sent(world: World, smsc_id: str, text: str = "hello world", **fields: Any) -> MessageId:
    """A message that the SMSC has taken under an id."""
    identifier, segments = world.send(text, **fields)
    world.answer(*segments, smsc_id=smsc_id)
    return identifier


def nameless(
    world: World, text_head: bytes = b"hello", smsc_id: str = "", **fields: Any
) -> tuple[str, Receipt]:
    return world.receipt(smsc_id, text_head=text_head, **{"submit_at": at(world.now), **fields})


# no id


def test_a_receipt_without_an_id_settles_the_one_it_fits(world: World) -> None:
    """The response told an id, the receipt none: by handset, sender, submit date and text head."""
    ours, other = sent(world, "1001"), sent(world, "1002", "something else")
    sent(world, "1003", to=OTHER)
    world.deliver(nameless(world))
    assert (world.story(ours), world.story(other)) == ("submitted delivered", "submitted")
    assert world.segments(ours)[0].smsc_id == "1001"
    assert world.counted("receipts_unmatched", "a") == 0


@pytest.mark.parametrize(
    "fields", [{"text_head": b"bye"}, {"submit_at": at(0)}, {"destination": b"10690002"}]
)
def test_a_receipt_without_an_id_that_disagrees_settles_nothing(world: World, fields: dict[str, Any]) -> None:
    """Whatever it shows must agree."""
    identifier = sent(world, "1001")
    world.deliver(nameless(world, **fields))
    assert world.story(identifier) == "submitted"
    assert world.counted("receipts_unmatched", "a") == 1


def test_of_two_alike_neither_is_settled(world: World) -> None:
    """The same text twice in a minute: parked; an answer with the id ends one, then the other is alone."""
    first, second = sent(world, "1001"), sent(world, "1002")
    world.deliver(nameless(world))
    assert (world.story(first), world.story(second)) == ("submitted", "submitted")
    assert world.tables.parked_count("a") == 1
    world.deliver(world.receipt("1001"))
    world.deliver(nameless(world, err="001"))
    assert (world.story(first), world.story(second)) == ("submitted delivered", "submitted delivered")


def test_one_in_doubt_beside_one_that_was_taken(world: World) -> None:
    """Either may be meant: neither is settled."""
    doubtful, (segment,) = world.send("hello world")
    world.doubt(segment)
    taken = sent(world, "1001")
    world.deliver(nameless(world))
    assert (world.story(doubtful), world.story(taken)) == ("in_doubt", "submitted")


def test_a_foreign_id_is_not_overlooked(world: World) -> None:
    """A receipt with an id of its own is another's, however alike: the account may have a second process."""
    identifier = sent(world, "1001")
    world.deliver(nameless(world, smsc_id="77001234"))
    assert world.story(identifier) == "submitted"
    assert world.counted("receipts_unmatched", "a") == 1


def test_segments_of_a_long_message_are_told_by_their_text(world: World) -> None:
    """Each receipt repeats the beginning of its own segment."""
    text = "first " + "a" * 147 + "second " + "b" * 146 + "third " + "c" * 20
    identifier, segments = world.send(text)
    world.answer(*segments)
    for word in (b"third c", b"first a", b"second b"):
        assert world.story(identifier) == "submitted"
        world.deliver(nameless(world, word))
    assert world.story(identifier) == "submitted delivered"


def test_before_the_response_too(world: World) -> None:
    """Parked while the answer was awaited; the answer tells an id that the receipt does not have."""
    identifier, (segment,) = world.send("hello world")
    world.deliver(nameless(world))
    assert world.story(identifier) == ""
    world.answer(segment, smsc_id="1001")
    assert world.story(identifier) == "submitted delivered"
    assert world.counted("receipts_early", "a") == 1
    assert world.tables.parked_count("a") == 0


# what is left of an id


@pytest.mark.parametrize("name", ["17950000", "00-00001001", "00001001"])
def test_a_truncated_id_settles_the_one_it_is_left_of(world: World, name: str) -> None:
    """Its beginning or its end, of one open segment to that handset; text and date need not be shown."""
    identifier = sent(world, "1795000000-00001001")
    sent(world, "1795000000-00001001", to=OTHER)
    world.deliver(world.receipt(name))
    assert world.story(identifier) == "submitted delivered"


@pytest.mark.parametrize(
    "fields", [{"text_head": b"bye"}, {"submit_at": at(0)}, {"destination": b"10690002"}, {"source": b"861"}]
)
def test_a_truncated_id_proves_nothing_against_the_rest(world: World, fields: dict[str, Any]) -> None:
    """What the receipt repeats must agree all the same."""
    identifier = sent(world, "1795000000-00001001")
    world.deliver(nameless(world, smsc_id="00001001", **fields))
    assert world.story(identifier) == "submitted"


def test_a_truncated_id_that_fits_two_fits_none(world: World) -> None:
    """Unless the text tells them apart."""
    first, second = sent(world, "1795000000-0001"), sent(world, "1795000000-0002", "something else")
    world.deliver(world.receipt("1795000000"))
    assert (world.story(first), world.story(second)) == ("submitted", "submitted")
    world.deliver(nameless(world, b"some", "1795000000"))
    assert (world.story(first), world.story(second)) == ("submitted", "submitted delivered")


@pytest.mark.parametrize("notation", [Notation.AS_IS, Notation.UNPADDED, Notation.DECIMAL_TO_HEX])
def test_a_link_that_tells_its_notation_truncates_nothing(world: World, notation: Notation) -> None:
    """Where the operator has said how ids differ, nothing is guessed."""
    world.rules.dialects["a"] = Dialect(notation=notation)
    identifier = sent(world, "1795000000-00001001")
    world.deliver(world.receipt("00001001"))
    assert world.story(identifier) == "submitted"


def test_a_truncated_id_before_its_response(world: World) -> None:
    """Found by the handset once the whole id is known."""
    identifier, (segment,) = world.send()
    world.deliver(world.receipt("00001001"))
    world.answer(segment, smsc_id="1795000000-00001001")
    assert world.story(identifier) == "submitted delivered"


# the text as the link writes it


def octets(claimed: Claimed, place: int) -> bytes:
    """What the SMSC got of a segment, without its header."""
    part = claimed.segments[place][1]
    return user_data(UDHI * part.udhi, part.short_message, part.tlvs).octets


TURKISH = "Şifreniz ğışç @ 123456, kimseyle paylaşmayın. " * 5
CHINESE = "您的验证码为987654,5分钟内有效,请勿泄露给他人。" * 6
LATIN = "Your code is 4711 @ noon, do not tell {anyone}. " * 8
STYLES = {
    "packed": (Style(packed=True), LATIN, gsm.encode(LATIN)),
    "packed, as ASCII": (Style(packed=True), LATIN, LATIN.encode()),
    "national tables": (Style(shifts=(1,)), TURKISH, TURKISH.encode("utf-16-be")),
    "national tables, packed": (Style(shifts=(1,), packed=True), TURKISH, TURKISH.encode()),
    "national tables, septets": (Style(shifts=(1,), packed=True), TURKISH, gsm.shifted(0, 1).encode(TURKISH)),
    "GBK": (Style(wide=Wide.GBK), CHINESE, CHINESE.encode("utf-16-be")),
    "GBK, as UTF-8": (Style(wide=Wide.GBK), CHINESE, CHINESE.encode()),
    "swapped": (Style(little_endian=True), CHINESE, CHINESE.encode("utf-16-be")),
    "byte order mark": (Style(byte_order_mark=True), CHINESE, CHINESE.encode("utf-16-be")),
    "swapped, with a mark": (
        Style(little_endian=True, byte_order_mark=True),
        CHINESE,
        ("\ufeff" + CHINESE).encode("utf-16-be"),
    ),
    "Latin-1": (Style(alphabet=DefaultAlphabet.LATIN1), LATIN, gsm.encode(LATIN)),
    "transliterated": (
        Style(transliterate=True),
        LATIN.replace("@", "“x”"),
        LATIN.replace("@", '"x"').encode(),
    ),
    "signed by the carrier": (
        Style(signature=SignatureBy.STRIP_HEAD),
        CHINESE,
        (SIGNATURE + CHINESE).encode("utf-16-be"),
    ),
}


@pytest.mark.parametrize("case", STYLES)
@pytest.mark.parametrize("named", [False, True])
def test_an_echo_in_the_smscs_own_octets(world: World, case: str, *, named: bool) -> None:
    """However the link writes texts: the SMSC's echo of the characters tells the first segment."""
    style, text, echo = STYLES[case]
    world.rules = Styled(style)
    identifier = world.submit(text)
    [claimed] = world.claim()
    segments = [segment for segment, _ in claimed.segments]
    assert len(segments) > 1
    told: Callable[..., object] = world.answer if named else world.doubt
    told(*segments)
    world.deliver(nameless(world, echo[:20], state=UNDELIVERABLE))
    error = world.message(identifier).error
    assert error is not None
    assert (error.code, error.segment) == ("receipt_failed", 1)


@pytest.mark.parametrize("carry", [Carry.UDH8, Carry.UDH16, Carry.SAR])
@pytest.mark.parametrize("case", STYLES)
def test_an_echo_of_the_octets_as_sent(world: World, case: str, carry: Carry) -> None:
    """Copied from short_message: each segment is told by its own first octets."""
    style, text, _ = STYLES[case]
    world.rules = Styled(style, carry)
    identifier = world.submit(text)
    [claimed] = world.claim()
    world.doubt(*(segment for segment, _ in claimed.segments))
    world.deliver(nameless(world, octets(claimed, 1)[:20], state=UNDELIVERABLE))
    error = world.message(identifier).error
    assert error is not None
    assert error.segment == 2


def test_a_text_that_the_configuration_cuts_otherwise_by_now(world: World) -> None:
    """Its segments' texts are not known any more: by the date only, where that is enough."""
    identifier, segments = world.send(LONG)
    world.answer(*segments[:2])
    world.settle([world.outcome(segments[2], Kind.DOUBTFUL)])
    world.rules.carries["a"] = Carry.PAYLOAD
    world.deliver(nameless(world, LONG[:20].encode(), "unheard-of"))
    assert world.story(identifier) == "in_doubt"
    world.deliver(nameless(world, b"", "unheard-of"))
    assert world.story(identifier) == "in_doubt submitted"
