"""One Session: matching, time-outs, unbind, faults, loss. The peer is written out octet by octet."""

import math

import msgspec
import pytest

from gatewayd.errors import LocalProtocolError
from gatewayd.smpp import consts
from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.events import (
    BindFailed,
    Bound,
    Closed,
    Fault,
    LateResponse,
    RequestExpired,
    RequestReceived,
    ResponseReceived,
    UnmatchedResponse,
)
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    AlertNotification,
    BindReceiverResp,
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import Role, State

LIMITS = Limits(
    window=3, response_timeout=10.0, enquire_link_interval=30.0, bind_timeout=20.0, unbind_grace=1.0
)
BIND = BindTransceiver(system_id=b"acme", password=b"secret")
SUBMIT_SM = SubmitSm(destination_addr=b"8613800138000", short_message=b"hello")
FORGET = 1_000.0  # later than any deadline of LIMITS


def bound(role: Role = Role.ESME, limits: Limits = LIMITS) -> Session:
    """Bound at 0.0 with sequence_number 1 used up."""
    session = Session(role, limits, 0.0)
    if role is Role.ESME:
        session.request(BIND, 0.0)
        session.data_to_send()
        assert session.receive_data(encode(BindTransceiverResp(), 1), 0.0) == [
            Bound(BindTransceiverResp(sequence_number=1))
        ]
    else:
        (event,) = session.receive_data(encode(BIND, 1), 0.0)
        assert isinstance(event, RequestReceived)
        session.respond(event.request, BindTransceiverResp())
        session.data_to_send()
    assert session.state is State.BOUND_TRX
    return session


def submit(session: Session, now: float = 0.0, context: object = None) -> int:
    """Ask and hand out."""
    number = session.request(SUBMIT_SM, now, context)
    session.data_to_send()
    return number


def sent(session: Session) -> list[Pdu]:
    return [decode(frame) for frame in FrameBuffer().feed(session.data_to_send())]


def raw(command_id: int, body: bytes = b"", number: int = 5, status: int = 0) -> bytes:
    header = (16 + len(body), command_id, status, number)
    return b"".join(value.to_bytes(4, "big") for value in header) + body


# ---------------------------------------------------------------------------------------------- binding


def test_a_refused_bind_leaves_the_session_open_for_another() -> None:
    """bind_resp with an error (also of 16 octets) is BindFailed; the next bind is a new request."""
    session = Session(Role.ESME, LIMITS, 0.0)
    session.request(BIND, 0.0)
    refusal = BindTransceiverResp(command_status=consts.ESME_RINVPASWD, sequence_number=1)
    octets = raw(BindTransceiverResp.command_id, number=1, status=consts.ESME_RINVPASWD)
    assert session.receive_data(octets, 0.0) == [BindFailed(refusal)]
    assert (session.state, session.next_deadline()) == (State.OPEN, math.inf)
    assert session.request(BIND, 1.0) == 2


def test_a_bind_answered_by_generic_nack_has_failed() -> None:
    """Seen with ESME_RINVBNDSTS; it must not look like silence."""
    session = Session(Role.ESME, LIMITS, 0.0)
    session.request(BIND, 0.0)
    nack = GenericNack(command_status=consts.ESME_RINVBNDSTS, sequence_number=1)
    assert session.receive_data(encode(nack, 1), 0.0) == [BindFailed(nack)]
    assert session.state is State.OPEN


@pytest.mark.parametrize(("answer", "number"), [(BindTransceiverResp(), 2), (BindReceiverResp(), 1)])
def test_only_its_own_response_answers_a_bind(answer: Pdu, number: int) -> None:
    """Another sequence_number or another bind's response binds nothing."""
    session = Session(Role.ESME, LIMITS, 0.0)
    session.request(BIND, 0.0)
    (event,) = session.receive_data(encode(answer, number), 0.0)
    assert isinstance(event, UnmatchedResponse)
    assert session.state is State.BINDING_TRX


def test_an_esme_waits_bind_timeout_for_bind_resp() -> None:
    """From the bind on, not from the connect; whatever else comes meanwhile is no bind_resp."""
    session = Session(Role.ESME, LIMITS, 0.0)
    assert session.next_deadline() == math.inf
    session.request(BIND, 5.0)
    session.receive_data(encode(EnquireLink(), 1), 24.0)
    assert session.next_deadline() == 25.0
    assert session.on_deadline(25.0) == [Closed("not bound within 20 s", flush=False)]
    assert (session.state, session.next_deadline()) == (State.CLOSED, math.inf)


def test_an_smsc_gives_bind_timeout_to_be_bound() -> None:
    """The session_init_timer runs from the connect; neither a waiting nor a refused bind stops it."""
    session = Session(Role.SMSC, LIMITS, 0.0)
    (event,) = session.receive_data(encode(BIND, 1), 5.0)
    assert isinstance(event, RequestReceived)
    assert session.next_deadline() == 20.0
    session.respond(event.request, BindTransceiverResp(command_status=consts.ESME_RINVPASWD))
    assert (session.state, session.next_deadline()) == (State.OPEN, 20.0)
    assert session.on_deadline(19.9) == []
    assert session.on_deadline(20.0) == [Closed("not bound within 20 s", flush=False)]


def test_once_bound_the_session_init_timer_is_over() -> None:
    """Later deadlines are those of silence."""
    session = bound(Role.SMSC)
    assert session.next_deadline() == 30.0
    assert session.on_deadline(30.0) == []
    assert sent(session) == [EnquireLink(sequence_number=1)]


def test_enquire_link_before_bind_resp_is_answered() -> None:
    """Some SMSCs ask before they answer the bind."""
    session = Session(Role.ESME, LIMITS, 0.0)
    session.request(BIND, 0.0)
    session.data_to_send()
    octets = encode(EnquireLink(), 9) + encode(BindTransceiverResp(), 1)
    assert session.receive_data(octets, 0.0) == [Bound(BindTransceiverResp(sequence_number=1))]
    assert sent(session) == [EnquireLinkResp(sequence_number=9)]


def test_outbind_reaches_the_owner_who_may_then_bind() -> None:
    """Outbind has no response (3.4 section 4.1.7)."""
    session = Session(Role.ESME, LIMITS, 0.0)
    outbind = Outbind(system_id=b"smsc", sequence_number=1)
    assert session.receive_data(encode(outbind, 1), 0.0) == [RequestReceived(outbind)]
    assert session.data_to_send() == b""
    assert session.request(BIND, 0.0) == 1


# -------------------------------------------------------------------------------------------- responses


def test_responses_are_matched_by_sequence_number_in_any_order() -> None:
    """Each comes back with its own request and context, and the seconds it took."""
    session = bound()
    first, second = submit(session, 1.0, "first"), submit(session, 2.0, "second")
    octets = encode(SubmitSmResp(message_id=b"B"), second) + encode(SubmitSmResp(message_id=b"A"), first)
    assert session.receive_data(octets, 4.0) == [
        ResponseReceived(SUBMIT_SM, SubmitSmResp(message_id=b"B", sequence_number=second), "second", 2.0),
        ResponseReceived(SUBMIT_SM, SubmitSmResp(message_id=b"A", sequence_number=first), "first", 3.0),
    ]
    assert session.window.in_use == 0


def test_a_generic_nack_answers_the_request_of_its_number() -> None:
    """It frees the slot like any response."""
    session = bound()
    number = submit(session, 0.0, "context")
    nack = GenericNack(command_status=consts.ESME_RINVCMDID, sequence_number=number)
    assert session.receive_data(encode(nack, number), 0.0) == [
        ResponseReceived(SUBMIT_SM, nack, "context", 0.0)
    ]
    assert session.window.in_use == 0


def test_a_generic_nack_without_number_ends_the_session() -> None:
    """The peer could not read a header of ours, so the two sides no longer agree on the framing."""
    session = bound()
    submit(session)
    nack = GenericNack(command_status=consts.ESME_RINVCMDLEN)
    assert session.receive_data(encode(nack, 0), 0.0) == [
        UnmatchedResponse(nack),
        Closed("generic_nack without a sequence_number", flush=False),
    ]


@pytest.mark.parametrize("answer", [SubmitSmResp(), DataSmResp(), EnquireLinkResp()])
def test_a_response_that_fits_no_request_settles_nothing(answer: Pdu) -> None:
    """Repeated, or of another kind than the request of its number: the request goes on waiting."""
    session = bound()
    number = submit(session) + isinstance(answer, SubmitSmResp)
    (event,) = session.receive_data(encode(answer, number), 0.0)
    assert isinstance(event, UnmatchedResponse)
    assert session.window.in_use == 1


def test_what_was_not_handed_out_cannot_be_answered() -> None:
    """A peer that guesses numbers does not settle a request that is still queued here."""
    session = bound()
    number = session.request(SUBMIT_SM, 0.0)
    (event,) = session.receive_data(encode(SubmitSmResp(), number), 0.0)
    assert isinstance(event, UnmatchedResponse)


def test_the_owner_may_send_enquire_link_and_hears_its_answer() -> None:
    """The session's own enquire_link is answered in silence, the owner's is not."""
    session = bound()
    number = session.request(EnquireLink(), 0.0, "mine")
    session.data_to_send()
    answer = EnquireLinkResp(sequence_number=number)
    assert session.receive_data(encode(answer, number), 1.0) == [
        ResponseReceived(EnquireLink(), answer, "mine", 1.0)
    ]
    assert session.receive_data(encode(answer, number), 1.0) == []


# --------------------------------------------------------------------------------------------- window


def test_a_full_window_refuses_and_sends_nothing() -> None:
    """Never more than `window` outstanding (G9); query_sm and deliver_sm need no slot."""
    session = bound()
    for _ in range(LIMITS.window):
        submit(session)
    for pdu in (SUBMIT_SM, DataSm()):
        with pytest.raises(LocalProtocolError, match="the window of 3 is full"):
            session.request(pdu, 0.0)
    assert session.data_to_send() == b""
    session.request(QuerySm(message_id=b"1"), 0.0)
    assert (session.window.in_use, len(session.window)) == (3, 4)


def test_a_request_that_cannot_be_encoded_takes_no_slot() -> None:
    """LocalProtocolError from the codec leaves nothing behind."""
    session = bound()
    with pytest.raises(LocalProtocolError, match="destination_addr"):
        session.request(SubmitSm(destination_addr=b"1" * 21), 0.0)
    assert (session.window.in_use, len(session.window), session.data_to_send()) == (0, 0, b"")


def test_a_timed_out_request_keeps_its_slot_until_its_late_response() -> None:
    """G9: RequestExpired once, then LateResponse with request and context; only that frees the slot."""
    session = bound()
    number = submit(session, 0.0, "slow")
    assert session.next_deadline() == 10.0
    assert session.on_deadline(10.0) == [RequestExpired(SUBMIT_SM, "slow")]
    assert session.window.in_use == 1
    late = SubmitSmResp(message_id=b"A", sequence_number=number)
    assert session.receive_data(encode(late, number), 25.0) == [LateResponse(SUBMIT_SM, late, "slow", 25.0)]
    assert session.window.in_use == 0
    assert session.receive_data(encode(late, number), 26.0) == [UnmatchedResponse(late)]


def test_a_window_of_timed_out_requests_does_not_live_for_ever() -> None:
    """With fewer slots than time-outs allowed nothing more can be asked: each further wait counts as one."""
    session = bound(limits=msgspec.structs.replace(LIMITS, window=2, max_timeouts=4))
    submit(session, 0.0), submit(session, 1.0)
    assert [type(event) for event in session.on_deadline(10.0)] == [RequestExpired]
    assert [type(event) for event in session.on_deadline(11.0)] == [RequestExpired]
    assert session.next_deadline() == 21.0
    assert session.on_deadline(21.0) == []
    assert session.on_deadline(31.0) == [Closed("4 requests in a row unanswered", flush=False)]


def test_a_late_response_frees_a_stuck_window() -> None:
    """It is no silence: the count starts anew, and there is no deadline left but that of the peer's life."""
    session = bound(limits=msgspec.structs.replace(LIMITS, window=1, max_timeouts=3))
    number = submit(session, 0.0)
    session.on_deadline(10.0), session.on_deadline(20.0)
    session.receive_data(encode(SubmitSmResp(), number), 25.0)
    assert session.next_deadline() == 55.0
    submit(session, 26.0)
    assert [type(event) for event in session.on_deadline(36.0)] == [RequestExpired]
    assert session.on_deadline(46.0) == []
    assert session.on_deadline(56.0)[-1:] == [Closed("3 requests in a row unanswered", flush=False)]


def test_three_timeouts_in_a_row_end_the_session() -> None:
    """G9: all that expired is told first; what was asked later is left to lost()."""
    session = bound()
    for now in (0.0, 1.0, 2.0):
        submit(session, now, now)
    assert session.on_deadline(10.0) == [RequestExpired(SUBMIT_SM, 0.0)]
    assert session.on_deadline(11.0) == [RequestExpired(SUBMIT_SM, 1.0)]
    assert session.on_deadline(12.0) == [
        RequestExpired(SUBMIT_SM, 2.0),
        Closed("3 requests in a row unanswered", flush=False),
    ]
    assert session.lost().unanswered == ()


def test_a_response_between_them_breaks_the_row() -> None:
    """Two timeouts, an answer, two timeouts: the session lives."""
    session = bound(limits=Limits(window=10, response_timeout=10.0, enquire_link_interval=math.inf))
    for start in (0.0, 20.0):
        numbers = [submit(session, start) for _ in range(3)]
        session.receive_data(encode(SubmitSmResp(), numbers[2]), start)
        assert [type(event) for event in session.on_deadline(start + 10.0)] == [RequestExpired] * 2
    assert session.state is State.BOUND_TRX
    assert session.window.in_use == 4


def test_enquire_link_resp_does_not_break_the_row() -> None:
    """An SMSC that answers enquire_link only has still stopped answering submits."""
    session = bound(limits=Limits(window=3, response_timeout=10.0, enquire_link_interval=5.0))
    for now in (0.0, 10.0, 20.0):
        submit(session, now)
        session.receive_data(encode(EnquireLinkResp(), 99), now + 5.0)
        last = session.on_deadline(now + 10.0)
    assert last[-1] == Closed("3 requests in a row unanswered", flush=False)


def test_a_request_never_handed_out_does_not_expire_but_ends_the_session() -> None:
    """A peer that has not read for a whole response timeout is gone, and the request is surely unsent."""
    session = bound()
    session.request(SUBMIT_SM, 0.0, "queued")
    assert session.on_deadline(10.0) == [Closed("the peer stopped reading", flush=False)]
    assert [entry.context for entry in session.lost().unsent] == ["queued"]


# ------------------------------------------------------------------------------------------ enquire_link


def test_enquire_link_is_sent_after_silence_and_any_pdu_is_life() -> None:
    """Only when idle: a deliver_sm at 20 s moves the next one to 50 s."""
    session = bound()
    assert session.next_deadline() == 30.0
    session.receive_data(encode(DeliverSm(), 1), 20.0)
    assert session.next_deadline() == 50.0
    assert session.on_deadline(49.9) == []
    assert session.data_to_send() == b""
    assert session.on_deadline(50.0) == []
    assert sent(session) == [EnquireLink(sequence_number=2)]
    assert session.next_deadline() == 60.0


def test_half_a_pdu_is_no_life() -> None:
    """Octets that never make a PDU do not keep a session alive."""
    session = bound()
    session.receive_data(encode(EnquireLink(), 1)[:15], 20.0)
    assert session.next_deadline() == 30.0


def test_an_unanswered_enquire_link_ends_the_session() -> None:
    """After enquire_link_interval + response_timeout without any PDU."""
    session = bound()
    session.on_deadline(30.0)
    assert session.on_deadline(40.0) == [Closed("enquire_link unanswered", flush=False)]


@pytest.mark.parametrize("life", [EnquireLinkResp(), DeliverSm()])
def test_any_pdu_answers_an_enquire_link(life: Pdu) -> None:
    """Its own response or traffic: the clock starts anew."""
    session = bound()
    session.on_deadline(30.0)
    session.receive_data(encode(life, 2), 39.0)
    assert session.next_deadline() == 69.0
    session.data_to_send()
    session.on_deadline(69.0)
    assert [type(pdu) for pdu in sent(session)] == [EnquireLink]


def test_a_late_timer_still_gives_the_peer_its_time() -> None:
    """If this process slept over both deadlines, the peer gets response_timeout from the question on."""
    session = bound()
    assert session.on_deadline(100.0) == []
    assert session.next_deadline() == 110.0


# ---------------------------------------------------------------------------------------------- unbind


def test_our_unbind_ends_with_its_response() -> None:
    """Answers that come before it still count; the response is told before the end."""
    session = bound()
    number = submit(session, 0.0, "last")
    unbind = session.request(Unbind(), 1.0)
    session.data_to_send()
    answer, farewell = SubmitSmResp(sequence_number=number), UnbindResp(sequence_number=unbind)
    assert session.receive_data(encode(answer, number) + encode(farewell, unbind), 2.0) == [
        ResponseReceived(SUBMIT_SM, answer, "last", 2.0),
        ResponseReceived(Unbind(), farewell, None, 1.0),
        Closed("unbound", flush=True),
    ]


def test_our_unbind_is_not_waited_for_longer_than_response_timeout() -> None:
    """Some SMSCs never answer it, or go on delivering: that is ignored and moves nothing."""
    session = bound()
    session.request(Unbind(), 1.0)
    session.data_to_send()
    assert session.receive_data(encode(DeliverSm(), 5), 9.0) == []
    assert session.data_to_send() == b""
    assert session.next_deadline() == 11.0
    assert session.on_deadline(11.0) == [Closed("unbind unanswered", flush=False)]


def test_after_unbind_nothing_more_is_asked() -> None:
    """Neither a submit_sm nor a second unbind."""
    session = bound()
    session.request(Unbind(), 0.0)
    for pdu in (SUBMIT_SM, Unbind()):
        with pytest.raises(LocalProtocolError):
            session.request(pdu, 0.0)


def test_the_unbind_of_a_peer_is_answered_and_ends_the_session() -> None:
    """At once where nothing is owed; what follows it is ignored."""
    session = bound(Role.SMSC)
    octets = encode(Unbind(), 7) + encode(SUBMIT_SM, 8)
    assert session.receive_data(octets, 0.0) == [Closed("unbound by the peer", flush=True)]
    assert sent(session) == [UnbindResp(sequence_number=7)]
    assert session.receive_data(encode(SUBMIT_SM, 9), 0.0) == []


def test_an_alert_notification_owes_nothing() -> None:
    """It reaches the owner and has no response, so an unbind after it is answered at once."""
    session = bound()
    octets = encode(AlertNotification(), 7) + encode(Unbind(), 8)
    assert session.receive_data(octets, 0.0) == [
        RequestReceived(AlertNotification(sequence_number=7)),
        Closed("unbound by the peer", flush=True),
    ]


def test_what_is_owed_leaves_before_unbind_resp() -> None:
    """submit_sm and unbind in one read: the answer goes out first, then unbind_resp, then the end."""
    session = bound(Role.SMSC)
    (event,) = session.receive_data(encode(SUBMIT_SM, 7) + encode(Unbind(), 8), 0.0)
    assert isinstance(event, RequestReceived)
    assert session.next_deadline() == 1.0
    session.respond(event.request, SubmitSmResp(message_id=b"A"))
    assert session.next_deadline() == -math.inf
    assert session.on_deadline(0.5) == [Closed("unbound by the peer", flush=True)]
    assert sent(session) == [SubmitSmResp(message_id=b"A", sequence_number=7), UnbindResp(sequence_number=8)]


def test_what_is_owed_holds_up_unbind_resp_for_a_moment_only() -> None:
    """After unbind_grace the peer is let go, even if it repeats the unbind; a later answer is dropped."""
    session = bound(Role.SMSC)
    (event,) = session.receive_data(encode(SUBMIT_SM, 7) + encode(Unbind(), 8), 0.0)
    assert isinstance(event, RequestReceived)
    session.receive_data(encode(Unbind(), 9), 0.9)
    assert session.on_deadline(1.0) == [Closed("unbound by the peer", flush=True)]
    session.respond(event.request, SubmitSmResp())
    assert sent(session) == [UnbindResp(sequence_number=8)]


def test_crossing_unbinds_end_both_sides() -> None:
    """Each side has asked and is asked: answer and go."""
    session = bound()
    session.request(Unbind(), 0.0)
    assert session.receive_data(encode(Unbind(), 7), 0.0) == [Closed("unbound by the peer", flush=True)]
    assert sent(session) == [UnbindResp(sequence_number=7)]


def test_crossing_unbinds_with_an_answer_owed() -> None:
    """While the peer's unbind waits for our answer, the response to ours still ends the session."""
    session = bound()
    session.receive_data(encode(DeliverSm(), 5), 0.0)
    number = session.request(Unbind(), 0.0)
    session.data_to_send()
    assert session.receive_data(encode(Unbind(), 6), 0.0) == []
    farewell = UnbindResp(sequence_number=number)
    assert session.receive_data(encode(farewell, number), 0.5) == [
        ResponseReceived(Unbind(), farewell, None, 0.5),
        Closed("unbound", flush=True),
    ]


def test_an_unbind_while_binding_gives_up_the_bind() -> None:
    """Its bind_resp answers nothing any more."""
    session = Session(Role.ESME, LIMITS, 0.0)
    number = session.request(BIND, 0.0)
    session.data_to_send()
    assert session.receive_data(encode(DeliverSm(), 5) + encode(Unbind(), 6), 0.0)[1:] == [
        Closed("unbound by the peer", flush=True)
    ]
    assert session.receive_data(encode(BindTransceiverResp(), number), 0.0) == []


# ---------------------------------------------------------------------------------------------- faults


def test_a_malformed_request_is_answered_by_its_own_response() -> None:
    """Framing is intact, so the session goes on with the next PDU."""
    session = bound(Role.SMSC)
    good = encode(SUBMIT_SM, 6)
    fault, event = session.receive_data(raw(SubmitSm.command_id, b"no NUL anywhere") + good, 0.0)
    assert isinstance(fault, Fault)
    assert (fault.command_id, fault.sequence_number) == (SubmitSm.command_id, 5)
    assert event == RequestReceived(decode(good))
    (answer,) = sent(session)
    assert answer == SubmitSmResp(command_status=fault.command_status, sequence_number=5)
    assert fault.command_status != consts.ESME_ROK
    assert session.next_deadline() < FORGET


def test_an_unknown_command_gets_generic_nack() -> None:
    """ESME_RINVCMDID under its own number."""
    session = bound()
    (fault,) = session.receive_data(raw(0x0000_0FFF), 0.0)
    assert isinstance(fault, Fault)
    assert sent(session) == [GenericNack(command_status=consts.ESME_RINVCMDID, sequence_number=5)]


@pytest.mark.parametrize("command_id", [SubmitSmResp.command_id, 0x8000_0FFF])
def test_a_malformed_response_is_told_and_never_answered(command_id: int) -> None:
    """Answering a response would start a loop; its request goes on waiting and expires."""
    session = bound()
    number = submit(session, 0.0, "context")
    (fault,) = session.receive_data(raw(command_id, b"A" * 200, number), 0.0)
    assert isinstance(fault, Fault)
    assert (fault.sequence_number, session.data_to_send()) == (number, b"")
    assert session.on_deadline(10.0) == [RequestExpired(SUBMIT_SM, "context")]


def test_lost_framing_ends_the_session_after_what_came_before() -> None:
    """The frames before it count; then generic_nack ESME_RINVCMDLEN, and no octet is believed any more."""
    session = bound(Role.SMSC)
    good = encode(SUBMIT_SM, 6)
    event, fault, closed = session.receive_data(good + b"GET / HTTP/1.1\r\n\r\n", 0.0)
    assert event == RequestReceived(decode(good))
    assert isinstance(fault, Fault)
    assert isinstance(closed, Closed)
    assert closed.flush
    (nack,) = sent(session)
    assert isinstance(nack, GenericNack)
    assert nack.command_status == consts.ESME_RINVCMDLEN
    assert session.receive_data(good, 0.0) == []


# ------------------------------------------------------------------------------------------------ loss


def test_lost_tells_surely_unsent_from_perhaps_sent() -> None:
    """What data_to_send has handed out may be with the peer; answered and expired ones are not told again."""
    session = bound(limits=Limits(window=10, response_timeout=10.0))
    answered, _ = submit(session, 0.0, "answered"), submit(session, 0.0, "expired")
    session.receive_data(encode(SubmitSmResp(), answered), 0.0)
    session.on_deadline(10.0)
    number = submit(session, 11.0, "perhaps")
    session.request(SUBMIT_SM, 12.0, "never")
    lost = session.lost()
    assert [(entry.context, entry.sequence_number) for entry in lost.unanswered] == [("perhaps", number)]
    assert [entry.context for entry in lost.unsent] == ["never"]
    assert lost.unsent[0].request is SUBMIT_SM
    assert session.data_to_send() == b""


def test_what_was_handed_out_is_not_kept() -> None:
    """Memory is bounded by what is queued and in flight: no octet stays behind."""
    session = bound()
    submit(session)
    assert not session._queued
    assert not session._outgoing
    assert session.outgoing_octets == 0


def test_closing_drops_queued_requests_but_not_queued_answers() -> None:
    """The answer is owed and may leave; a request that did not leave must stay surely unsent."""
    session = bound()
    (event,) = session.receive_data(encode(DeliverSm(), 5), 0.0)
    assert isinstance(event, RequestReceived)
    session.request(SUBMIT_SM, 0.0, "queued")
    session.respond(event.request, DeliverSmResp())
    session.close()
    assert session.outgoing_octets == len(encode(DeliverSmResp(), 5))
    assert sent(session) == [DeliverSmResp(sequence_number=5)]
    assert [entry.context for entry in session.lost().unsent] == ["queued"]


def test_a_closed_session_asks_nothing_and_has_no_deadline() -> None:
    """Whatever was waiting is for lost() to tell."""
    session = bound()
    submit(session)
    session.close()
    assert session.next_deadline() == math.inf
    assert session.on_deadline(FORGET) == []
    with pytest.raises(LocalProtocolError, match="closed"):
        session.request(SUBMIT_SM, 0.0)
    assert len(session.lost().unanswered) == 1


def test_queries_have_their_own_answers() -> None:
    """An ancillary request is matched like a submit_sm but never frees a slot it did not take."""
    session = bound()
    submit(session)
    number = session.request(QuerySm(message_id=b"1"), 0.0)
    session.data_to_send()
    answer = QuerySmResp(message_id=b"1", message_state=2)
    (event,) = session.receive_data(encode(answer, number), 0.0)
    assert isinstance(event, ResponseReceived)
    assert session.window.in_use == 1
