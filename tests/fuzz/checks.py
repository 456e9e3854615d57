"""What must hold whatever comes: each check takes one broken input apart as the daemon or a tool would.

A peer's octets bring about RemoteProtocolError or nothing; any other exception is a fault of ours.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from gatewayd.concat import Inbound, assemble
from gatewayd.errors import LocalProtocolError, RemoteProtocolError
from gatewayd.smpp import tlv
from gatewayd.smpp.codec import HEADER_SIZE, FrameBuffer, decode, encode
from gatewayd.smpp.events import Closed, RequestReceived
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    REQUESTS,
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DeliverSm,
    GenericNack,
    Pdu,
    SubmitSm,
    is_response,
)
from gatewayd.smpp.reader import Reader
from gatewayd.smpp.receipt import Dialect, Receipt, ReceiptState, parse, read_again
from gatewayd.smpp.receipt_fit import Candidate, fit
from gatewayd.smpp.receipt_ids import (
    CONVERSIONS,
    Notation,
    compare,
    is_truncated,
    key,
    means,
    other_keys,
)
from gatewayd.smpp.session import Session
from gatewayd.smpp.shift_tables import LANGUAGES
from gatewayd.smpp.style import DefaultAlphabet, Style
from gatewayd.smpp.transitions import Role, State
from gatewayd.smpp.udh import parse_udh, shifts, user_data
from gatewayd.upstream import wire
from tests.fuzz import inputs
from tests.fuzz.faulty_network import walk

NOW: Final = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
LIMITS: Final = Limits(window=10)
OPEN: Final = 4
RESPONSES: Final[tuple[type[Pdu], ...]] = (*REQUESTS.values(), GenericNack)

DIALECTS: Final = (
    Dialect(),
    Dialect(receipt_timezone=ZoneInfo("Asia/Shanghai"), accepted_is_final=True, unknown_stat="undeliverable"),
    Dialect(
        receipt_timezone=timezone(timedelta(hours=-12)),
        stats={b"DELIVRD": ReceiptState.ACCEPTED, b"0": ReceiptState.DELIVERED},
        errs={"000": ReceiptState.UNKNOWN, "001": ReceiptState.EXPIRED, "3:0": ReceiptState.REJECTED},
        notation=Notation.HEX_TO_DECIMAL,
        segments="last",
    ),
    Dialect(
        receipt_timezone=timezone(timedelta(hours=14)), notation=Notation.DECIMAL_TO_HEX, segments="first"
    ),
)
READERS: Final = tuple(
    Reader(
        Style(
            alphabet=alphabet, packed=packed, little_endian=packed, shifts=tuple(sorted(LANGUAGES.values()))
        )
    )
    for alphabet in DefaultAlphabet
    for packed in (False, True)
)
CANDIDATES: Final = tuple(
    Candidate(
        key=(number,),
        destination=destination,
        source="10690001",
        sent_at=NOW - timedelta(minutes=number),
        head=head,
        data_coding=data_coding,
        reference=reference,
    )
    for number, (destination, head, data_coding, reference) in enumerate(
        (
            ("8613800138000", "您的验证码".encode("utf-16-be"), 8, 7),
            ("8613800138000", b"Total: 12", 0, None),
            ("", b"", 4, None),
        )
    )
)


def pdu(rng: random.Random) -> None:
    """A broken frame."""
    take_apart(inputs.frame(rng), rng)


def take_apart(octets: bytes, rng: random.Random) -> None:
    """A frame is read or refused; what is read is written again octet by octet, unless we would not send it.

    A response may have been read without its body. Then all that is done with a deliver_sm: receipt, text,
    header, TLVs.
    """
    try:
        read = decode(octets)
    except RemoteProtocolError as refusal:
        _refused(octets, refusal)
        return
    try:
        again = encode(read, read.sequence_number)
    except LocalProtocolError:
        pass
    else:
        assert again == octets or (is_response(type(read)) and decode(again) == read)
    for tag, raw in read.tlvs:
        tlv.typed(tag, raw)
    if isinstance(read, DeliverSm | DataSm | SubmitSm):
        _text(read, rng)
    if isinstance(read, DeliverSm | DataSm):
        _receipt(read, rng)


def _refused(octets: bytes, refusal: RemoteProtocolError) -> None:
    """Something to answer; fatal only where the frame is not what its length says."""
    assert refusal.command_status
    assert refusal.fatal == (len(octets) < HEADER_SIZE or int.from_bytes(octets[:4]) != len(octets))


def _receipt(read: DeliverSm | DataSm, rng: random.Random) -> None:
    """A receipt under any settings of a link, or none; and whose it is."""
    found = parse(read, dialect := rng.choice(DIALECTS), NOW)
    if found is None:
        return
    assert isinstance(found, Receipt)
    assert found.done_at is None or found.done_at.utcoffset() == timedelta(0)
    repr(found)
    assert read_again(found, dialect) == found
    assert read_again(found, rng.choice(DIALECTS)).ids == found.ids
    for name in found.ids:
        _id(name, rng)
    owner = fit(found, CANDIDATES)
    assert owner is None or owner in CANDIDATES


def _id(name: str, rng: random.Random) -> None:
    """What an id may stand for under any notation is found by its keys."""
    capitals = name.encode("latin-1").upper().decode("latin-1")  # of ASCII
    told = rng.choice(("1795378584030309", "0X2F", capitals, name.zfill(20), f"0x{name}", *other_keys(name)))
    is_truncated(told, name)
    if compare(told, name) or any(means(told, name, notation, CONVERSIONS) for notation in Notation):
        assert key(told) in {key(name), *other_keys(name)}


def _text(read: DeliverSm | DataSm | SubmitSm, rng: random.Random) -> None:
    """The text in any alphabet and any style: a text that can be kept, or none."""
    short_message = b"" if isinstance(read, DataSm) else read.short_message
    data = user_data(read.esm_class, short_message, read.tlvs)
    repr(data)
    if data.elements:
        header = b"".join(bytes((name, len(value))) + value for name, value in data.elements)
        assert parse_udh(bytes((len(header),)) + header + b"!") == (data.elements, b"!")
    for data_coding in (read.data_coding, rng.randrange(256)):
        reader = rng.choice(READERS)
        octets = reader.unpacked(data.octets, data_coding, data.elements)
        for text in (
            reader.text(octets, data_coding, shifts(data.elements)),
            reader.text(data.octets, data_coding),
        ):
            assert text is None or text.encode().decode() == text
    concat = data.concat
    if concat is not None:
        segment = Inbound(concat.number, read.data_coding, data.octets, 0, data.elements)
        whole = assemble(concat.total, [segment, segment], 1 << 60, reader=rng.choice(READERS))
        assert whole is not None
        assert not whole.complete


def stream(rng: random.Random) -> None:
    """PDUs, whole and broken, cut anywhere: the same frames as in one piece; a session ends or goes on.

    What it sends is made of whole PDUs, and once its framing is lost it is closed.
    """
    octets = b"".join(_said(rng) for _ in range(rng.randint(1, 6)))
    reads = inputs.pieces(octets, rng)
    whole, cut = FrameBuffer(), FrameBuffer()
    frames = whole.feed(octets)
    assert [frame for read in reads for frame in cut.feed(read)] == frames
    assert (whole.fault is None) == (cut.fault is None)
    session = bound(rng.choice((Role.ESME, Role.SMSC)))
    assert _closes(session, reads) or whole.fault is None
    answers = FrameBuffer()
    sent = session.data_to_send()
    answered = answers.feed(sent)
    assert sum(map(len, answered)) == len(sent)
    assert len(list(map(decode, answered))) <= len(frames) + 1


def _said(rng: random.Random) -> bytes:
    """What a peer says: broken, right, or an answer that may fit a request of ours."""
    match rng.randrange(3):
        case 0:
            return inputs.frame(rng)
        case 1:
            return rng.choice(inputs.PDUS)
        case _:
            return encode(rng.choice(RESPONSES)(command_status=rng.randrange(2)), rng.randrange(OPEN + 3))


def _closes(session: Session, reads: list[bytes]) -> bool:
    """Whether they end the session; its owner answers what it is asked."""
    closed = False
    for read in reads:
        events = session.receive_data(read, 2.0)
        assert not (closed and events)
        closed = closed or any(isinstance(event, Closed) for event in events)
        for event in events:
            if isinstance(event, RequestReceived) and type(event.request) in REQUESTS:
                session.respond(event.request, REQUESTS[type(event.request)]())
    assert closed == (session.state is State.CLOSED)
    return closed


def bound(role: Role) -> Session:
    """A session bound as a transceiver; an ESME's has requests OPEN."""
    session = Session(role, LIMITS, 0.0)
    if role is Role.ESME:
        session.request(BindTransceiver(), 0.0)
        session.data_to_send()
        session.receive_data(_encoded(BindTransceiverResp), 1.0)
        for _ in range(OPEN):
            session.request(SubmitSm(), 1.0)
        session.data_to_send()
    else:
        [event] = session.receive_data(_encoded(BindTransceiver), 1.0)
        assert isinstance(event, RequestReceived)
        session.respond(event.request, BindTransceiverResp())
        session.data_to_send()
    assert session.bound
    return session


@cache
def _encoded(kind: type[Pdu]) -> bytes:
    return encode(kind(), 1)


def lines(rng: random.Random) -> None:
    """Lines of the stream protocol: each is a request or says what is wrong, however it is cut."""
    octets = b"".join(inputs.broken(inputs.LINES, rng) + b"\n" for _ in range(rng.randint(1, 3)))
    read = wire.Reader(line_length=300)
    found = [one for piece in inputs.pieces(octets, rng) for one in read.feed(piece)]
    assert found == wire.Reader(line_length=300).feed(octets)
    assert read.hopeless or len(found) == octets.count(b"\n")
    for one in found:
        assert not isinstance(one, wire.Malformed) or one.refusal.code == "invalid_request"


CHECKS: Final[tuple[Callable[[random.Random], None], ...]] = (*[pdu] * 12, *[stream] * 4, *[lines] * 3, walk)
"""Input number i goes to the (i mod 20)-th."""
