"""Where a read ends says nothing: a session hears the same from a stream cut anywhere, or not at all."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.smpp.events import Closed, Fault, SessionEvent
from gatewayd.smpp.transitions import Role
from tests.fuzz.checks import bound
from tests.fuzz.inputs import GOLDEN_PDUS, PDUS, frame, pieces

SEQUENCE_NUMBER = 4  # octets, the last of a generic_nack


def heard(role: Role, reads: list[bytes]) -> tuple[list[SessionEvent], bytes]:
    """What a bound session tells of these reads, and what it sends by itself.

    A command_length that cannot be is refused at once, so of that PDU as much is told as had arrived: here
    nothing.
    """
    session = bound(role)
    events = [event for read in reads for event in session.receive_data(read, 2.0)]
    octets = session.data_to_send()
    match events:
        case [*_, Fault(detail=detail, command_status=status), Closed(reason=reason)] if detail in reason:
            events[-2] = Fault(detail, status, 0, 0)
            octets = octets[:-SEQUENCE_NUMBER]
        case _:
            pass
    return events, octets


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("octets", GOLDEN_PDUS, ids=lambda octets: f"{int.from_bytes(octets[4:8]):08x}")
def test_each_pdu_cut_at_each_octet(role: Role, octets: bytes) -> None:
    """Two reads, for every place: the same events, and the same answers."""
    expected = heard(role, [octets])
    for place in range(len(octets) + 1):
        assert heard(role, [octets[:place], octets[place:]]) == expected


@pytest.mark.parametrize("role", Role)
def test_all_pdus_in_one_segment_or_octet_by_octet(role: Role) -> None:
    """Hundreds of PDUs in one read, and the same stream one octet a read."""
    stream = b"".join(octets for octets in PDUS if octets[7] != 6)  # an unbind would end it
    events, answers = heard(role, [stream])
    assert len(events) > 300
    assert answers
    assert heard(role, [stream[place : place + 1] for place in range(len(stream))]) == (events, answers)


@given(st.randoms(use_true_random=False), st.sampled_from(Role))
def test_broken_streams_cut_anywhere(rng: random.Random, role: Role) -> None:
    """What is wrong is told at the same place, with the same words."""
    stream = b"".join(frame(rng) for _ in range(rng.randint(1, 8)))
    assert heard(role, pieces(stream, rng)) == heard(role, [stream])
