"""Packed septets."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp.septets import pack, unpack


@pytest.mark.parametrize(
    ("septets", "header", "octets"),
    [
        (b"hello", 0, "e8329bfd06"),
        (b"hellohello", 0, "e8329bfd4697d9ec37"),
        (b"1234567", 0, "31d98c56b3dd1a"),  # seven bits over: a CR, not an @
        (b"12345678", 0, "31d98c56b3dd70"),
        (b"A", 6, "82"),  # after six octets of header one fill bit
        (b"A", 7, "41"),  # seven octets are eight septets: none
        (b"A", 4, "0802"),  # three
        (b"", 0, ""),
    ],
)
def test_octets(septets: bytes, header: int, octets: str) -> None:
    """3GPP TS 23.038 section 6.1.2.1; fill bits of TS 23.040 section 9.2.3.24."""
    assert pack(septets, header).hex() == octets
    assert unpack(bytes.fromhex(octets), header) == septets


@given(st.binary(max_size=161).map(lambda octets: bytes(o & 0x7F for o in octets)), st.integers(0, 20))
def test_what_is_packed_unpacks(septets: bytes, header: int) -> None:
    """All septets come back, but for a CR or @ that stands where padding would."""
    octets = pack(septets, header)
    fill = -header * 8 % 7
    assert len(octets) <= (len(septets) * 7 + fill + 14) // 8
    back = unpack(octets, header)
    assert septets in {back, back + b"\r", back + b"\0"}
    assert back == septets or (len(septets) * 7 + fill) % 8 == 0


@given(st.binary(max_size=150), st.integers(0, 140))
def test_unpacking_never_fails(octets: bytes, header: int) -> None:
    """Whatever comes."""
    assert max(unpack(octets, header), default=0) < 0x80


def test_zero_padding_is_no_at_sign() -> None:
    """Peers that pad with zeros: seven septets in seven octets."""
    assert unpack(bytes.fromhex("31d98c56b3dd00")) == b"1234567"


def test_the_longest_payload_takes_linear_time() -> None:
    """64 KiB of message_payload may not stop the daemon: sixteen times the octets, not 256 times the time."""

    def seconds(size: int) -> float:
        octets = b"\xaa" * size
        start = time.perf_counter()
        assert pack(unpack(octets))[:size] == octets
        return time.perf_counter() - start

    assert min(seconds(65_520) for _ in range(3)) < 64 * min(seconds(4_095) for _ in range(3))
