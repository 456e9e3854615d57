"""Responses octet by octet, as SMSCs give them: what each does to a message, through session and ledger."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from struct import pack

import pytest
import trio
from trio.testing import MockClock

from gatewayd.smpp import consts
from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.pdu import REQUESTS, BindTransceiver, DeliverSm, EnquireLink, Pdu, SubmitSm
from tests.link.lab import NOW, Lab

LabOf = Callable[..., Lab]
SUBMIT_SM_RESP, GENERIC_NACK = 0x80000004, 0x80000000
LINK = "window: 10, response_timeout: 5"
RINVDSTADR, RTHROTTLED = consts.ESME_RINVDSTADR, consts.ESME_RTHROTTLED
TLV = b"\x00\x1d\x00\x03why"  # additional_status_info_text


def response(request: Pdu, status: int = 0, body: bytes = b"", command: int = SUBMIT_SM_RESP) -> bytes:
    """Whatever octets; of no PDU class, since they may break the specification."""
    return pack(">4I", 16 + len(body), command, status, request.sequence_number) + body


class Scripted:
    """An SMSC of a few lines: `answer` gives the octets for each batch of submit_sm that was read at once."""

    def __init__(self, answer: Callable[[Sequence[SubmitSm]], bytes]) -> None:
        self.submits: list[SubmitSm] = []
        self._answer = answer
        self._stream: trio.abc.Stream | None = None

    async def serve(self, stream: trio.abc.Stream) -> None:
        """In place of `Smsc.serve`."""
        self._stream, frames = stream, FrameBuffer()
        while data := await stream.receive_some(65_536):
            read = [decode(frame) for frame in frames.feed(data)]
            others = [pdu for pdu in read if isinstance(pdu, BindTransceiver | EnquireLink)]
            submits = [pdu for pdu in read if isinstance(pdu, SubmitSm)]
            self.submits += submits
            told = b"".join(encode(REQUESTS[type(pdu)](), pdu.sequence_number) for pdu in others)
            if submits:
                told += self._answer(submits)
            if told:
                await stream.send_all(told)

    async def send(self, octets: bytes) -> None:
        assert self._stream is not None
        await self._stream.send_all(octets)

    async def receipt(self, text: str, number: int = 1) -> None:
        submit = self.submits[0]
        pdu = DeliverSm(
            esm_class=4,
            source_addr=submit.destination_addr,
            destination_addr=submit.source_addr,
            short_message=text.encode(),
        )
        await self.send(encode(pdu, number))

    def texts(self) -> list[str]:
        return [submit.short_message.decode() for submit in self.submits]


@pytest.fixture
def scripted(lab: LabOf, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Lab, Scripted]]:
    def make(answer: Callable[[Sequence[SubmitSm]], bytes], link: str = LINK) -> tuple[Lab, Scripted]:
        one, smsc = lab({"a": link}), Scripted(answer)
        monkeypatch.setattr(one.smsc, "serve", smsc.serve)
        return one, smsc

    return make


def each(status: int = 0, body: bytes = b"", command: int = SUBMIT_SM_RESP) -> Callable[..., bytes]:
    return lambda submits: b"".join(response(submit, status, body, command) for submit in submits)


def nothing(_submits: Sequence[SubmitSm]) -> bytes:
    return b""


async def error_of(one: Lab, identifier: str) -> tuple[str, str | None]:
    event = (await one.events(identifier))[-1]
    return event["state"], event["error"] and event["error"]["command_status"]


Made = Callable[..., tuple[Lab, Scripted]]


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"1001\0", b"1001", b"\0" + TLV, b"1001\0" + TLV],
    ids=["absent", "one NUL", "an id", "an id without its NUL", "one NUL and a TLV", "an id and a TLV"],
)
async def test_an_error_whatever_its_body(autojump_clock: MockClock, scripted: Made, body: bytes) -> None:
    """command_status tells all there is; the session goes on, and the next message has its answer."""
    one, smsc = scripted(each(RINVDSTADR, body))
    await one.bound()
    ids = await one.submit("one", "two")
    await trio.sleep(60)
    assert [await error_of(one, i) for i in ids] == [("rejected", "ESME_RINVDSTADR")] * 2
    assert [await one.story(i) for i in ids] == ["rejected"] * 2
    assert smsc.texts() == ["one", "two"]
    assert one.metric("link_disconnects_total", link="a", reason="response_timeouts") == 0


async def test_a_generic_nack_refuses_the_request_of_its_number(
    autojump_clock: MockClock, scripted: Made
) -> None:
    """The second of three, by sequence_number; the others are answered as usual."""

    def answer(submits: Sequence[SubmitSm]) -> bytes:
        return b"".join(
            response(s, consts.ESME_RINVMSGLEN, b"", GENERIC_NACK)
            if s.short_message == b"two"
            else response(s, 0, s.short_message + b"\0")
            for s in submits
        )

    one, _ = scripted(answer)
    await one.bound()
    ids = await one.submit("one", "two", "three")
    await trio.sleep(1)
    assert [await one.story(i) for i in ids] == ["submitted", "rejected", "submitted"]
    assert await error_of(one, ids[1]) == ("rejected", "ESME_RINVMSGLEN")


@pytest.mark.parametrize("body", [b"\0", b""], ids=["one NUL", "absent"])
async def test_accepted_with_an_empty_id(autojump_clock: MockClock, scripted: Made, body: bytes) -> None:
    """Taken, though no receipt can name it: the one that fits by what it repeats ends it."""
    one, smsc = scripted(each(0, body))
    await one.bound()
    [message] = await one.submit("hello world")
    await trio.sleep(1)
    assert await one.story(message) == "submitted"
    date = datetime.fromtimestamp(NOW / 1000, UTC).strftime("%y%m%d%H%M")
    await smsc.receipt(f"id:77 submit date:{date} stat:DELIVRD err:000 text:hello")
    await trio.sleep(1)
    assert await one.story(message) == "submitted delivered"
    assert len(smsc.submits) == 1


async def test_responses_in_any_order(autojump_clock: MockClock, scripted: Made) -> None:
    """Matched by sequence_number alone: each message gets its own id."""

    def answer(submits: Sequence[SubmitSm]) -> bytes:
        return b"".join(response(s, 0, b"id-%s\0" % s.short_message) for s in reversed(submits))

    one, smsc = scripted(answer)
    await one.bound()
    ids = await one.submit("one", "two", "three")
    await trio.sleep(1)
    assert smsc.texts() == ["one", "two", "three"]
    await smsc.receipt("id:id-two stat:UNDELIV err:027")
    await trio.sleep(1)
    assert [await one.story(i) for i in ids] == ["submitted", "submitted undeliverable", "submitted"]


@pytest.mark.parametrize(
    ("status", "story"),
    [(0, "in_doubt submitted"), (RINVDSTADR, "in_doubt rejected")],
    ids=["taken", "refused"],
)
async def test_a_response_after_its_time(
    autojump_clock: MockClock, scripted: Made, status: int, story: str
) -> None:
    """In doubt by the timeout, settled by what was said in the end; not sent twice."""
    one, smsc = scripted(nothing)
    await one.bound()
    [message] = await one.submit("hello")
    await trio.sleep(10)
    assert await one.story(message) == "in_doubt"
    await smsc.send(response(smsc.submits[0], status, b"" if status else b"1001\0"))
    await trio.sleep(60)
    assert await one.story(message) == story
    assert len(smsc.submits) == 1


async def test_responses_to_nobody(autojump_clock: MockClock, scripted: Made) -> None:
    """A number that was never used, and the same response again: counted, and no message changes."""

    def answer(submits: Sequence[SubmitSm]) -> bytes:
        told = b"".join(response(s, 0, b"1001\0") for s in submits)
        stray = pack(">4I", 21, SUBMIT_SM_RESP, 0, 7_000_000) + b"9999\0"
        refusal = pack(">4I", 16, SUBMIT_SM_RESP, RINVDSTADR, submits[0].sequence_number)
        return stray + told + told + refusal

    one, _ = scripted(answer)
    await one.bound()
    [message] = await one.submit("hello")
    await trio.sleep(1)
    assert await one.story(message) == "submitted"
    assert one.metric("link_protocol_faults_total", link="a") == 3


async def test_throttled_goes_to_the_front_and_counts_no_attempt(
    autojump_clock: MockClock, scripted: Made
) -> None:
    """However often: it leaves again before those behind it, and is never given up for it."""
    refusals = 30

    def answer(submits: Sequence[SubmitSm]) -> bytes:
        nonlocal refusals
        told = b""
        for submit in submits:
            refusals -= submit.short_message == b"first"
            throttled = submit.short_message == b"first" and refusals >= 0
            told += response(submit, RTHROTTLED) if throttled else response(submit, 0, b"1001\0")
        return told

    one, smsc = scripted(answer, "window: 1, throttle_pause: 1")
    await one.bound()
    ids = await one.submit("first", "second")
    await trio.sleep(300)
    assert smsc.texts() == [*["first"] * 31, "second"]
    assert [await one.story(i) for i in ids] == ["submitted"] * 2
