"""Two Sessions back to back in memory: submit_sm -> submit_sm_resp, and deliver_sm -> deliver_sm_resp.

python tests/bench/bench_session.py
"""

import time

from gatewayd.smpp.events import RequestReceived, ResponseReceived
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import Role

ROUNDS, BATCH, REPEATS = 200, 64, 5
SUBMIT_SM = SubmitSm(
    service_type=b"",
    source_addr=b"10690001",
    destination_addr=b"8613800138000",
    registered_delivery=1,
    data_coding=8,
    short_message=b"\x4f\x60\x59\x7d" * 30,
)
DELIVER_SM = DeliverSm(
    source_addr=b"8613800138000",
    destination_addr=b"10690001",
    esm_class=4,
    short_message=b"id:0123456789 sub:001 dlvrd:001 "
    b"submit date:2611220800 done date:2611220800 stat:DELIVRD err:000",
    tlvs=((0x001E, b"0123456789\0"), (0x0427, b"\2")),
)


def main() -> None:
    """Print round trips a second; the best of some repeats, since other work shares the machine."""
    for name, request in (("submit_sm", SUBMIT_SM), ("deliver_sm", DELIVER_SM)):
        best = min(round_trips(request) for _ in range(REPEATS))
        print(f"{name} -> {name}_resp, both sides: {1 / best:9,.0f} a second, {best * 1e6:5.2f} us each")


def round_trips(request: Pdu) -> float:
    """Seconds per round trip, in batches of BATCH requests a read."""
    esme, smsc = bound_pair()
    asker, answerer = (esme, smsc) if isinstance(request, SubmitSm) else (smsc, esme)
    started = time.perf_counter()
    for _ in range(ROUNDS):
        answered = one_batch(asker, answerer, request)
        assert answered == BATCH
    return (time.perf_counter() - started) / (ROUNDS * BATCH)


def one_batch(asker: Session, answerer: Session, request: Pdu) -> int:
    for context in range(BATCH):
        asker.request(request, 0.0, context)
        asker.next_deadline()
    for event in answerer.receive_data(asker.data_to_send(), 0.0):
        assert type(event) is RequestReceived
        if type(event.request) is SubmitSm:
            answerer.respond(event.request, SubmitSmResp(message_id=b"0123456789"))
        else:
            answerer.respond(event.request, DeliverSmResp())
    events = asker.receive_data(answerer.data_to_send(), 0.0)
    return sum(type(event) is ResponseReceived for event in events)


def bound_pair() -> tuple[Session, Session]:
    limits = Limits(window=BATCH)
    esme, smsc = Session(Role.ESME, limits, 0.0), Session(Role.SMSC, limits, 0.0)
    bind = BindTransceiver(system_id=b"acme")
    esme.request(bind, 0.0)
    smsc.receive_data(esme.data_to_send(), 0.0)
    smsc.respond(BindTransceiver(system_id=b"acme", sequence_number=1), BindTransceiverResp())
    esme.receive_data(smsc.data_to_send(), 0.0)
    return esme, smsc


if __name__ == "__main__":
    main()
