"""Any cutting of the stream gives the same PDUs, and a false length ends it before it costs memory."""

import struct
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp.codec import MAX_PDU, FrameBuffer, decode, encode
from gatewayd.smpp.pdu import EnquireLink, SubmitSm, SubmitSmResp

FRAMES = [
    encode(EnquireLink(), 1),
    encode(SubmitSm(short_message=b"x" * 100), 2),
    encode(SubmitSmResp(message_id=b"0A1b"), 3),
]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted(places), len(stream)]
    return [stream[a:b] for a, b in pairwise(borders)]


@given(st.lists(st.sampled_from(FRAMES), max_size=8), st.data())
def test_any_cutting_gives_the_same_frames(frames: list[bytes], data: st.DataObject) -> None:
    """Reads may end anywhere: in a header, in a body, after several PDUs."""
    stream = b"".join(frames)
    places = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    buffer = FrameBuffer()
    assert [frame for piece in cut(stream, places) for frame in buffer.feed(piece)] == frames
    assert buffer.fault is None


def test_octet_by_octet() -> None:
    """A PDU appears with its last octet and not before."""
    buffer = FrameBuffer()
    fed = [buffer.feed(bytes((octet,))) for octet in FRAMES[1]]
    assert fed == [[]] * (len(FRAMES[1]) - 1) + [[FRAMES[1]]]


def test_frames_are_bytes_whatever_is_fed() -> None:
    """Streams that read into a bytearray give frames that are bytes, so that fields are hashable."""
    buffer = FrameBuffer()
    (frame,) = buffer.feed(bytearray(FRAMES[2]))
    assert type(frame) is bytes
    assert decode(frame) == SubmitSmResp(sequence_number=3, message_id=b"0A1b")


@pytest.mark.parametrize("command_length", [0, 4, 15, MAX_PDU + 1, 0xFFFF_FFFF])
def test_an_impossible_command_length_ends_framing(command_length: int) -> None:
    """Frames before it are still given out; the fault is fatal, names the PDU and stays."""
    buffer = FrameBuffer()
    bad = struct.pack(">IIII", command_length, 0x15, 0, 77)
    assert buffer.feed(FRAMES[0] + FRAMES[1] + bad + FRAMES[2]) == FRAMES[:2]
    assert buffer.fault is not None
    assert (buffer.fault.fatal, buffer.fault.command_status) == (True, 0x02)
    assert (buffer.fault.command_id, buffer.fault.sequence_number) == (0x15, 77)
    assert buffer.feed(FRAMES[0]) == []


def test_four_octets_are_enough_to_refuse() -> None:
    """A length over the limit is refused before anything of the PDU is awaited or buffered."""
    buffer = FrameBuffer()
    tracemalloc.start()
    try:
        assert buffer.feed(b"\xff\xff\xff\xff") == []
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert buffer.fault is not None
    assert (buffer.fault.command_id, buffer.fault.sequence_number) == (0, 0)


def test_the_limit_is_inclusive() -> None:
    """A PDU of exactly the limit is taken, one octet more is not."""
    frame = encode(SubmitSm(tlvs=((0x0424, b"x" * 65_000),)), 1)
    assert FrameBuffer(limit=len(frame)).feed(frame) == [frame]
    refusing = FrameBuffer(limit=len(frame) - 1)
    assert refusing.feed(frame) == []
    assert refusing.fault is not None


def test_the_largest_payload_fits_the_default_limit() -> None:
    """A message_payload of 65,535 octets with all fields filled passes."""
    full = SubmitSm(
        service_type=b"x" * 5,
        source_addr=b"1" * 20,
        destination_addr=b"1" * 20,
        tlvs=((0x424, b"x" * 65_535),),
    )
    frame = encode(full, 1)
    assert FrameBuffer().feed(frame) == [frame]
