"""SMSCs that break SMPP: each costs its own link a reconnect or an error answer, and nothing else."""

from collections.abc import Callable
from itertools import count

import pytest

from gatewayd.smpp import consts
from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import (
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
    Unbind,
)
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, check_lives, eventually, link, number
from tests.daemon.rawsmsc import Gone, Peer, RawSmsc

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Raw = Callable[..., RawSmsc]

MO = DeliverSm(source_addr=number(1).encode(), destination_addr=b"10690001", short_message=b"hello")


def garbage(peer: Peer) -> None:
    peer.bind()
    peer.raw(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    peer.drain()


def overlong(peer: Peer) -> None:
    peer.bind()
    peer.raw(bytes.fromhex("7fffffff0000000500000000") + bytes(4))
    peer.drain()


def torn(peer: Peer) -> None:
    peer.bind()
    peer.raw(encode(MO, 7)[:-5])


def silent(peer: Peer) -> None:
    peer.receive()
    with pytest.raises(Gone):
        peer.receive()


def deaf(peer: Peer) -> None:
    peer.bind()
    while True:
        assert isinstance(peer.receive(), EnquireLink)


def nacking(peer: Peer) -> None:
    peer.bind()
    peer.send(GenericNack(command_status=consts.ESME_RINVMSGLEN))
    peer.raw(encode(GenericNack(command_status=consts.ESME_RINVCMDLEN), 0))
    peer.drain()


def leaving(peer: Peer) -> None:
    peer.bind()
    peer.send(Unbind())
    peer.drain()


def confused(peer: Peer) -> None:
    """Answers what nobody asked, asks what nobody may, lies about lengths; then is well again."""
    peer.bind()
    peer.send(SubmitSmResp(message_id=b"x", sequence_number=4711))
    lying = bytearray(encode(MO, 21))
    lying[lying.index(b"\x05hello")] = 200
    unknown = bytearray(encode(EnquireLink(), 22))
    unknown[4:8] = bytes.fromhex("00000fff")
    for octets in (bytes(lying), bytes(unknown), encode(SubmitSm(), 23), encode(MO, 24)):
        peer.raw(octets)
    answers = [peer.receive() for _ in range(4)]
    statuses = {answer.sequence_number: answer.command_status for answer in answers}
    assert statuses[24] == 0
    assert statuses[22] == consts.ESME_RINVCMDID
    assert statuses[21] != 0 != statuses[23]
    peer.drain()


HOSTILE = {
    garbage: "framing_lost",
    overlong: "framing_lost",
    torn: "closed_by_peer",
    silent: "bind_timeout",
    deaf: "enquire_link_unanswered",
    nacking: "other",
    leaving: "unbound_by_peer",
}


def test_bad_smscs_harm_nobody_else(simulator: Smsc, gateway: Daemon, consume: Consume, raw: Raw) -> None:
    """Garbage, truncation, lies, silence: a log line, a metric, a new bind; the good link works on."""
    smsc = simulator()
    bad = {serve.__name__: raw(serve) for serve in (*HOSTILE, confused)}
    short = {"bind_timeout": 0.3, "enquire_link_interval": 0.2, "response_timeout": 0.2}
    links = {name: link(one.port, **short) for name, one in bad.items()}
    daemon = gateway(
        smsc.port,
        links={**links, "sim-1": link(smsc.port, window=50)},
        routes=[{"match": {}, "links": ["sim-1"]}],
    )
    daemon.until_link("sim-1", "bound")
    bulk = Bulk(daemon, 500)
    assert bulk.submit()
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    for serve, reason in HOSTILE.items():
        name = serve.__name__
        line = daemon.until_logged("link_disconnected", link=name)
        assert (line["reason"], line["level"]) == (reason, "warning"), line
        daemon.until_metric(f'link_disconnects_total{{link="{name}",reason="{reason}"}}', 2)
        assert bad[name].connections >= 2, f"{name} is bound again"
    events.until(lambda consumer: consumer.inbound())
    assert [(e["text"], e["from"], e["link"]) for e in events.inbound()] == [("hello", number(1), "confused")]
    assert check_lives(events, bulk.began()) == {"delivered": 500}
    assert {e["link"] for e in events.finals().values()} == {"sim-1"}
    assert bad["confused"].connections == 1
    assert daemon.metrics()['link_protocol_faults_total{link="confused"}'] == 4


def test_an_invalid_bind_is_left_and_what_it_did_not_take_leaves_by_the_next(
    gateway: Daemon, consume: Consume, raw: Raw
) -> None:
    """ESME_RINVBNDSTS: the session is at fault, the message is not; what waited beside it waits on."""
    taken: list[tuple[int, bytes]] = []

    def serve(peer: Peer) -> None:
        peer.bind()
        ids = count(1)
        while True:
            request = peer.receive()
            if not isinstance(request, SubmitSm):
                peer.answer(request)
            elif peer.place == 0:
                peer.receive()
                peer.answer(request, command_status=consts.ESME_RINVBNDSTS)
                peer.drain()
            else:
                taken.append((peer.place, request.short_message[-8:]))
                peer.answer(request, message_id=b"%d" % next(ids))

    smsc = raw(serve)
    daemon = gateway(smsc.port, sim={"window": 2})
    daemon.until_link("sim-1", "bound")
    short = daemon.fields(op="submit", to=number(1), text="#1#")
    long = daemon.fields(op="submit", to=number(2), text="#2# " + "0123456789" * 40)
    with daemon.client() as client:
        replies = [reply for _, reply in client.pipeline([short, long])]
    events = consume(daemon)
    first, second = (reply["id"] for reply in sorted(replies, key=lambda reply: reply["seq"]))
    events.until_state(first, "submitted")
    eventually(lambda: len(taken) == 3, "the two segments that had not left follow")
    assert events.states(first) == ["submitted"]
    assert daemon.logs("link_disconnected")[0]["reason"] == "bind_invalid"
    message = daemon.query(id=second)
    assert (message["state"], message["segments"]) == ("in_doubt", 3)


def test_a_flood_of_deliver_sm_is_kept_within_bounds_and_nothing_of_it_is_lost(
    gateway: Daemon, consume: Consume, raw: Raw
) -> None:
    """Beyond deliver_queue the SMSC hears ESME_RMSGQFUL; what it repeats is taken, each MO once."""
    total = 3000
    full = []

    def mo(n: int) -> Pdu:
        return DeliverSm(
            source_addr=number(n).encode(),
            destination_addr=b"10690001",
            short_message=b"mo %d" % n,
            sequence_number=n,
        )

    def serve(peer: Peer) -> None:
        peer.bind()
        waiting = list(range(1, total + 1))
        while waiting:
            peer.send(*map(mo, waiting))
            answers = [peer.receive() for _ in waiting]
            assert all(isinstance(answer, DeliverSmResp) for answer in answers)
            assert [
                a.command_status for a in answers if a.command_status not in (0, consts.ESME_RMSGQFUL)
            ] == []
            waiting = [a.sequence_number for a in answers if a.command_status]
            full.append(len(waiting))
        peer.drain()

    smsc = raw(serve)
    daemon = gateway(smsc.port, limits={"deliver_queue": 100})
    events = consume(daemon)
    events.until_inbound(total)
    assert sorted(e["from"] for e in events.inbound()) == [number(n) for n in range(1, total + 1)]
    assert full[0] > 0, "the bound was met"
    eventually(lambda: full[-1] == 0, "all were taken")
    assert daemon.metrics()['inbound_total{link="sim-1"}'] == total
