"""Long messages: as many submit_sm as were told, in order on one bind, one state for all of them."""

from collections.abc import Callable, Sequence

import pytest

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import DeliverSm, SubmitSm
from simulator.record import Submit
from tests.daemon.harness import Consumer, Gateway, Simulator, check_lives, link, number
from tests.daemon.rawsmsc import Peer, RawSmsc

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Raw = Callable[..., RawSmsc]

CHINESE = "尊敬的用户,您的订单已经发货🚚" * 13  # 195 characters of UCS-2 and 13 surrogate pairs among them
GSM = "Your parcel {42} is on its way, 10 € to pay [cash] ~ " * 6
SEGMENTS = {"udh8": (4, 3), "udh16": (4, 3), "sar": (4, 3), "payload": (1, 1)}


def test_each_way_to_carry_a_long_text(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """8 and 16 bit UDH, SAR TLVs, message_payload: what the handset shows is what was submitted."""
    smsc = simulator()
    links = {
        carry: link(smsc.port, system_id=carry, long_messages=carry, binds=2, reference_tlv=carry == "sar")
        for carry in SEGMENTS
    }
    routes = [{"match": {"to": f"{number(n)}"}, "links": [carry]} for n, carry in enumerate(SEGMENTS, 1)]
    daemon = gateway(smsc.port, links=links, routes=routes)
    for carry in links:
        daemon.until_link(carry, "bound", binds=2)
    requests = [
        daemon.fields(op="submit", to=number(n), text=text) for n in range(1, 5) for text in (CHINESE, GSM)
    ]
    with daemon.client() as client:
        answers = list(client.pipeline(requests))
    events = consume(daemon)
    events.until_final([reply["id"] for _, reply in answers])
    assert check_lives(events, {reply["id"]: "queued" for _, reply in answers}) == {"delivered": 8}
    for request, reply in answers:
        carry = list(SEGMENTS)[int(str(request["to"])[-1]) - 1]
        told = SEGMENTS[carry][request["text"] == GSM]
        assert (carry, reply["segments"]) == (carry, told)
        [message] = [
            m for m in smsc.record.messages() if (m.destination, m.text) == (request["to"], request["text"])
        ]
        assert message.complete
        assert len(message.segments) == told
        assert {e["segments"] for e in events.life(reply["id"])} == {told}
        assert events.states(reply["id"]) == ["submitted", "delivered"], "the receipts are one event"
        _check_order(message.segments)
    sar = [s.reference for s in smsc.record.submits if s.account == "sar"]
    assert None not in sar
    assert len(set(sar)) == 7, "each segment has a user_message_reference of its own"


def _check_order(segments: Sequence[Submit]) -> None:
    """In the order of their numbers, on one session, without one from elsewhere between two numbers."""
    assert len({s.session for s in segments}) == 1
    sequence = [s.sequence_number for s in segments]
    assert sequence == sorted(sequence)


def test_another_link_may_cut_it_otherwise(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """The answer counts for the first link of the route; where the second carries it, `submitted` tells."""
    smsc = simulator(accounts={"acme": {}, "first": {"refuse_bind": "ESME_RSYSERR"}})
    links = {
        "first": link(smsc.port, system_id="first"),
        "second": link(smsc.port, long_messages="payload"),
    }
    daemon = gateway(smsc.port, links=links, routes=[{"match": {}, "links": ["first", "second"]}])
    daemon.until_link("second", "bound")
    answer = daemon.submit(text=CHINESE)
    events = consume(daemon)
    submitted = events.until_state(answer["id"], "submitted")
    assert answer["segments"] == 4
    assert (submitted["segments"], submitted["link"]) == (1, "second")
    assert daemon.query(id=answer["id"])["segments"] == 1


def receipt(submit: SubmitSm, message_id: bytes, stat: bytes) -> DeliverSm:
    text = b"id:%b sub:001 dlvrd:001 submit date:2611220800 done date:2611220801 stat:%b err:007 text:"
    return DeliverSm(
        source_addr=submit.destination_addr,
        destination_addr=submit.source_addr,
        esm_class=4,
        short_message=text % (message_id, stat),
    )


def test_the_first_segment_that_fails_decides(gateway: Daemon, consume: Consume, raw: Raw) -> None:
    """Refused: what has not left stays here. By receipt: that is final, what comes later is told as late."""
    seen: list[SubmitSm] = []

    def serve(peer: Peer) -> None:
        peer.bind()
        while True:
            request = peer.receive()
            if not isinstance(request, SubmitSm):
                continue
            seen.append(request)
            if len(seen) == 2:
                peer.answer(request, command_status=consts.ESME_RINVDSTADR)
                continue
            peer.answer(request, message_id=b"m%d" % len(seen))
            if len(seen) == 5:
                for place, stat in ((2, b"DELIVRD"), (4, b"UNDELIV"), (3, b"DELIVRD")):
                    peer.send(receipt(seen[place], b"m%d" % (place + 1), stat))

    smsc = raw(serve)
    daemon = gateway(smsc.port, sim={"window": 1})
    events = consume(daemon)
    refused = daemon.submit(text="#1#" + GSM)
    final = events.until_final([refused["id"]])[refused["id"]]
    assert (final["state"], final["error"]["segment"]) == ("rejected", 2)
    assert final["error"]["command_status"] == "ESME_RINVDSTADR"
    assert events.states(refused["id"]) == ["rejected"]
    failed = daemon.submit(text="#2#" + GSM)
    final = events.until_final([failed["id"]])[failed["id"]]
    assert (final["state"], final["error"]["stat"], final["error"]["err"]) == (
        "undeliverable",
        "UNDELIV",
        "007",
    )
    assert final["error"]["segment"] == 3
    late = events.until(lambda _: [e for e in events.life(failed["id"]) if e["event"] == "receipt"])
    assert [(e["late"], e["segment"], e["stat"]) for e in late] == [(True, 2, "DELIVRD")]
    assert events.states(failed["id"]) == ["submitted", "undeliverable"]
    assert len(seen) == 5, "the third segment of the refused message never left"
