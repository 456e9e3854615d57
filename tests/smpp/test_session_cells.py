"""Every state x role x PDU: what may be sent, and what happens to what comes."""

import itertools

import pytest

from gatewayd.errors import LocalProtocolError
from gatewayd.smpp import consts
from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.events import Closed, Fault, RequestReceived, SessionEvent, UnmatchedResponse
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.multi import SmeAddress
from gatewayd.smpp.pdu import (
    PDUS,
    REQUESTS,
    BindReceiver,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    BindTransmitterResp,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
    is_response,
    wire_name,
)
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import BINDING, TRANSITIONS, Role, State, after_bind, mermaid

# 3.4 section 2.3, table 2-1, and what is tolerated beyond it. Who may send it: E ESME, S SMSC, B both.
MATRIX = """
                          open binding_tx binding_rx binding_trx bound_tx bound_rx bound_trx unbinding closed
    bind_transmitter      E    -          -          -           -        -        -         -         -
    bind_receiver         E    -          -          -           -        -        -         -         -
    bind_transceiver      E    -          -          -           -        -        -         -         -
    bind_transmitter_resp -    S          -          -           -        -        -         -         -
    bind_receiver_resp    -    -          S          -           -        -        -         -         -
    bind_transceiver_resp -    -          -          S           -        -        -         -         -
    outbind               S    -          -          -           -        -        -         -         -
    unbind                B    B          B          B           B        B        B         B         -
    unbind_resp           -    -          -          -           -        -        -         B         -
    submit_sm             -    -          -          -           E        -        E         -         -
    submit_sm_resp        -    -          -          -           S        -        S         S         -
    submit_multi          -    -          -          -           E        -        E         -         -
    submit_multi_resp     -    -          -          -           S        -        S         S         -
    data_sm               -    -          -          -           B        S        B         -         -
    data_sm_resp          -    -          -          -           B        E        B         B         -
    deliver_sm            -    -          -          -           S        S        S         -         -
    deliver_sm_resp       -    -          -          -           E        E        E         E         -
    query_sm              -    -          -          -           E        -        E         -         -
    query_sm_resp         -    -          -          -           S        -        S         S         -
    cancel_sm             -    -          -          -           E        -        E         -         -
    cancel_sm_resp        -    -          -          -           S        -        S         S         -
    replace_sm            -    -          -          -           E        -        E         -         -
    replace_sm_resp       -    -          -          -           S        -        S         S         -
    enquire_link          B    B          B          B           B        B        B         B         -
    enquire_link_resp     B    B          B          B           B        B        B         B         -
    alert_notification    -    -          -          -           S        S        S         -         -
    generic_nack          B    B          B          B           B        B        B         B         -
"""
ROLES = {"E": {Role.ESME}, "S": {Role.SMSC}, "B": set(Role), "-": set[Role]()}
KINDS = {wire_name(kind): kind for kind in PDUS.values()}
BINDS: dict[str, type[Pdu]] = {"TX": BindTransmitter, "RX": BindReceiver, "TRX": BindTransceiver}
REQUIRED: dict[type[Pdu], dict[str, object]] = {
    BindTransmitter: {"system_id": b"acme"},
    BindReceiver: {"system_id": b"acme"},
    BindTransceiver: {"system_id": b"acme"},
    Outbind: {"system_id": b"acme"},
    SubmitSm: {"destination_addr": b"8613800138000"},
    SubmitMulti: {"dest_address": (SmeAddress(destination_addr=b"8613800138000"),)},
    QuerySm: {"message_id": b"1"},
    ReplaceSm: {"message_id": b"1"},
}
CELLS = list(itertools.product(State, Role, PDUS.values()))


def allowed() -> set[tuple[State, Role, type[Pdu]]]:
    """The matrix as a set of cells."""
    head, *rows = MATRIX.strip().splitlines()
    states = [State(name) for name in head.split()]
    return {
        (state, role, KINDS[name])
        for name, *marks in map(str.split, rows)
        for state, mark in zip(states, marks, strict=True)
        for role in ROLES[mark]
    }


ALLOWED = allowed()


def a(kind: type[Pdu]) -> Pdu:
    """One PDU of that kind with what it needs."""
    return kind(**REQUIRED.get(kind, {}))  # type: ignore[arg-type]


def session_in(state: State, role: Role) -> Session:
    """A session brought there by real PDUs; nothing waits to be sent."""
    session = Session(role, Limits(), 0.0)
    if state is not State.OPEN:
        asked, _, way = state.name.partition("_")
        bind(session, BINDS[way or "TRX"], accept=asked != "BINDING")
    if state is State.UNBINDING:
        unbind(session)
    if state is State.CLOSED:
        session.close()
    session.data_to_send()
    assert session.state is state
    return session


def bind(session: Session, kind: type[Pdu], *, accept: bool) -> None:
    if session.role is Role.ESME:
        session.request(a(kind), 0.0)
        if accept:
            session.receive_data(encode(REQUESTS[kind](), 1), 0.0)
    else:
        session.receive_data(encode(a(kind), 1), 0.0)
        if accept:
            session.respond(decode(encode(a(kind), 1)), REQUESTS[kind]())


def unbind(session: Session) -> None:
    """By the ESME; an answer that is owed keeps an SMSC from finishing it at once."""
    if session.role is Role.ESME:
        session.request(Unbind(), 0.0)
    else:
        session.receive_data(encode(a(SubmitSm), 2) + encode(Unbind(), 3), 0.0)


def sent(session: Session) -> list[Pdu]:
    return [decode(frame) for frame in FrameBuffer().feed(session.data_to_send())]


def test_the_table_is_the_matrix() -> None:
    """TRANSITIONS allows what the matrix above allows, and nothing else."""
    assert {(state, *cell) for state, cells in TRANSITIONS.items() for cell in cells} == ALLOWED


@pytest.mark.parametrize(("state", "role", "kind"), CELLS)
def test_sending(state: State, role: Role, kind: type[Pdu]) -> None:
    """We send the requests that the table gives us; all else is refused and leaves no octet and no change."""
    session = session_in(state, role)
    legal = (state, role, kind) in ALLOWED and not is_response(kind)
    if legal and not (kind is Unbind and state is State.UNBINDING):
        session.request(a(kind), 0.0)
        assert [type(pdu) for pdu in sent(session)] == [kind]
        assert session.state is (TRANSITIONS[state][role, kind] or state)
    else:
        with pytest.raises(LocalProtocolError):
            session.request(a(kind), 0.0)
        assert (session.data_to_send(), session.state) == (b"", state)


@pytest.mark.parametrize(("state", "role", "kind"), [cell for cell in CELLS if not is_response(cell[2])])
def test_receiving_a_request(state: State, role: Role, kind: type[Pdu]) -> None:
    """A request reaches the owner or is answered by the session; out of place it gets its error response."""
    session = session_in(state, role)
    sender = Role.SMSC if role is Role.ESME else Role.ESME
    events = session.receive_data(encode(a(kind), 77), 0.0)
    if state is State.CLOSED or (state is State.UNBINDING and (state, sender, kind) not in ALLOWED):
        assert (events, session.data_to_send(), session.state) == ([], b"", state)
    elif (state, sender, kind) in ALLOWED:
        assert_taken(session, kind, events, TRANSITIONS[state][sender, kind] or state)
    else:
        assert_refused(session, kind, events)
        assert session.state is state


def assert_taken(session: Session, kind: type[Pdu], events: list[SessionEvent], state: State) -> None:
    if kind is EnquireLink:
        assert sent(session) == [EnquireLinkResp(sequence_number=77)]
        assert (events, session.state) == ([], state)
    elif kind is Unbind:
        finished = [Closed("unbound by the peer", flush=True)] if session.state is State.CLOSED else []
        assert events == finished
        assert sent(session) == [UnbindResp(sequence_number=77)] * len(finished)
        assert session.state in {State.UNBINDING, State.CLOSED}
    else:
        assert events == [RequestReceived(decode(encode(a(kind), 77)))]
        assert (session.data_to_send(), session.state) == (b"", state)


def assert_refused(session: Session, kind: type[Pdu], events: list[SessionEvent]) -> None:
    bound_already = kind in BINDS.values() and session.state is not State.OPEN
    status = consts.ESME_RALYBND if bound_already else consts.ESME_RINVBNDSTS
    (fault,) = events
    assert isinstance(fault, Fault)
    assert (fault.command_status, fault.command_id, fault.sequence_number) == (status, kind.command_id, 77)
    responses = [REQUESTS[kind](command_status=status, sequence_number=77)] if kind in REQUESTS else []
    assert sent(session) == responses


@pytest.mark.parametrize(("state", "role", "kind"), [cell for cell in CELLS if is_response(cell[2])])
def test_receiving_a_response_to_nobody(state: State, role: Role, kind: type[Pdu]) -> None:
    """In any state a response that nobody asked for is told, is never answered and changes nothing."""
    session = session_in(state, role)
    events = session.receive_data(encode(kind(), 77), 0.0)
    silent = state is State.CLOSED or kind is EnquireLinkResp
    assert events == ([] if silent else [UnmatchedResponse(kind(sequence_number=77))])
    assert (session.data_to_send(), session.state) == (b"", state)


@pytest.mark.parametrize("kind", BINDS.values())
@pytest.mark.parametrize(
    "response", [BindTransmitterResp, BindReceiverResp, BindTransceiverResp, GenericNack]
)
def test_after_a_bind(kind: type[Pdu], response: type[Pdu]) -> None:
    """A bind is bound only by its own response with ESME_ROK; whatever else leads back to OPEN."""
    state = TRANSITIONS[State.OPEN][Role.ESME, kind]
    assert state in BINDING
    good = after_bind(state, response())
    assert good is (
        State[state.name.replace("BINDING", "BOUND")] if REQUESTS[kind] is response else State.OPEN
    )
    assert after_bind(state, response(command_status=consts.ESME_RINVPASWD)) is State.OPEN


def test_the_diagram_shows_every_change_of_state() -> None:
    """The mermaid text holds each transition of the table once, with its senders, and no cell that stays."""
    lines = mermaid().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> open"]
    assert "    open --> binding_trx: bind_transceiver (ESME)" in lines
    assert "    bound_rx --> unbinding: unbind (ESME, SMSC)" in lines
    assert "    binding_tx --> open: bind_resp with an error, generic_nack (SMSC)" in lines
    changes = {
        (state, kind)
        for state, cells in TRANSITIONS.items()
        for (_, kind), target in cells.items()
        if target not in {None, state}
    }
    assert len(lines) == 3 + len(BINDING) + len(changes)


def test_every_response_answers_its_request_only() -> None:
    """respond() takes the response that REQUESTS names or a generic_nack, once, and nothing else."""
    session = session_in(State.BOUND_TRX, Role.SMSC)
    (event,) = session.receive_data(encode(a(SubmitSm), 0xFFFF_FFFF), 0.0)
    assert isinstance(event, RequestReceived)
    with pytest.raises(LocalProtocolError, match="deliver_sm_resp"):
        session.respond(event.request, DeliverSmResp())
    session.respond(event.request, SubmitSmResp(message_id=b"1"))
    with pytest.raises(LocalProtocolError, match="submit_sm_resp"):
        session.respond(event.request, SubmitSmResp(message_id=b"1"))
    assert sent(session) == [SubmitSmResp(message_id=b"1", sequence_number=0xFFFF_FFFF)]
