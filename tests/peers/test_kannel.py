"""Debian's Kannel as ESME of the simulator: texts, DLRs, MO, pace and ids between two strangers."""

from collections.abc import Callable

import pytest

from simulator.judge import judge
from simulator.record import Answer, Bind, Loss
from tests.daemon.harness import Simulator, eventually
from tests.peers.kannel import SENT, Kannel, needs_kannel

pytestmark = [pytest.mark.daemon, needs_kannel]

Smsc = Callable[..., Simulator]
Esme = Callable[..., Kannel]

GSM_TEXT = "Total: 12€ {net} [gross] ~ é @"
UCS2_TEXT = "您的验证码为987654,请勿泄露😀"
UCS2 = {"coding": "2"}


def test_short_texts_and_their_dlrs(simulator: Smsc, kannel: Esme) -> None:
    """GSM 7-bit and UCS-2 as Kannel encodes them; each is told as sent and as delivered, once."""
    smsc = simulator()
    esme = kannel(smsc.port)
    esme.send("a", GSM_TEXT)
    esme.send("b", UCS2_TEXT, **UCS2)
    assert sorted(esme.sink.until_dlrs(2)) == ["a", "b"]
    assert sorted(esme.sink.until_dlrs(2, SENT)) == ["a", "b"]
    messages = {message.segments[0].data_coding: message for message in smsc.record.messages()}
    assert {coding: message.text for coding, message in messages.items()} == {0: GSM_TEXT, 8: UCS2_TEXT}
    assert {(m.source, m.destination) for m in messages.values()} == {("10690001", "8613800138000")}
    eventually(lambda: [a.command_status for a in smsc.record.of(Answer)] == [0, 0], "both are answered")
    assert len(esme.sink.dlrs) == 4


def test_long_texts(simulator: Smsc, kannel: Esme) -> None:
    """Kannel's headers: the simulator joins what it cut, in both alphabets."""
    smsc = simulator()
    esme = kannel(smsc.port)
    esme.send("a", GSM_TEXT * 10)
    esme.send("b", UCS2_TEXT * 10, **UCS2)
    esme.sink.until_dlrs(2)
    texts = {GSM_TEXT * 10, UCS2_TEXT * 10}
    messages = eventually(
        lambda: [m for m in smsc.record.messages() if m.complete][1:] and smsc.record.messages(), "both"
    )
    assert {message.text for message in messages} == texts
    assert all(segment.esm_class & 0x40 for message in messages for segment in message.segments)
    assert sorted(len(message.segments) for message in messages) == [3, 3]


def test_its_throughput_and_window_as_the_record_shows_them(simulator: Smsc, kannel: Esme) -> None:
    """`max-pending-submits` is never exceeded; of `throughput` 30 go out in each second of Kannel's own.

    So two bursts may meet in one second of ours, which the judge counts; but 90 cannot pass within one.
    """
    smsc = simulator(throughput=30, window=5, responses={"delay": 0.02})
    esme = kannel(smsc.port, throughput=30, max_pending_submits=5)
    for n in range(90):
        esme.send(str(n), f"#{n}#")
    assert sorted(esme.sink.until_dlrs(90), key=int) == [str(n) for n in range(90)]
    verdict = judge(smsc.record.events).accounts["kannel"]
    assert (verdict.submits, verdict.distinct, verdict.duplicates) == (90, 90, 0)
    assert (verdict.window_violations, verdict.max_outstanding) == (0, 5)
    assert verdict.max_per_second <= 60
    submits = smsc.record.submits
    assert submits[-1].at - submits[0].at > 1


def test_what_is_throttled_comes_again(simulator: Smsc, kannel: Esme) -> None:
    """ESME_RTHROTTLED as Kannel reads it: it waits and sends again; everything is delivered once."""
    smsc = simulator(responses={"throttle": 10})
    esme = kannel(smsc.port)
    for n in range(12):
        esme.send(str(n), f"#{n}#")
    assert sorted(esme.sink.until_dlrs(12), key=int) == [str(n) for n in range(12)]
    record = smsc.record
    assert 0x58 in {submit.command_status for submit in record.submits}
    assert (len(record.taken), judge(record.events).duplicates) == (12, 0)


@pytest.mark.parametrize(
    ("response", "receipt", "kind"), [("hex", "decimal", 0x01), ("decimal", "hex", 0x02)]
)
def test_ids_in_two_notations(simulator: Smsc, kannel: Esme, response: str, receipt: str, kind: int) -> None:
    """The notations the simulator plays are those that Kannel's `msg-id-type` was made for."""
    smsc = simulator(
        responses={"message_id": response}, receipts={"message_id": receipt, "message_id_tlv": False}
    )
    esme = kannel(smsc.port, msg_id_type=f"0x{kind:02x}")
    esme.send("a", "#1#")
    assert esme.sink.until_dlrs(1) == ["a"]


def test_mo_reach_it(simulator: Smsc, kannel: Esme) -> None:
    """A reply in both alphabets, and a long one whose segments come in disorder."""
    smsc = simulator()
    esme = kannel(smsc.port)
    handset = {"from": "8613900000001", "to": "10690001"}
    smsc.do("mo", **handset, text=GSM_TEXT)
    smsc.do("mo", **handset, text="退订")
    smsc.do("mo", **handset, text=UCS2_TEXT * 8, carry="udh8", reference=7, order=[2, 1, 3])
    mos = esme.sink.until_mos(3)
    assert {mo["text"] for mo in mos} == {GSM_TEXT, "退订", UCS2_TEXT * 8}
    assert {(mo["from"], mo["to"]) for mo in mos} == {("+8613900000001", "10690001")}
    eventually(lambda: [a.command_status for a in smsc.record.of(Answer)] == [0] * 5, "all are answered")


def test_it_comes_back_after_a_cut_and_leaves_by_unbind(simulator: Smsc, kannel: Esme) -> None:
    """A cut connection is bound anew and used; the end is an unbind, with enquire_link before it."""
    smsc = simulator()
    esme = kannel(smsc.port, enquire_link_interval=1)
    smsc.do("drop")
    eventually(lambda: len(smsc.record.of(Bind)) == 2, "it has bound again")
    esme.send("a", "#1#")
    assert esme.sink.until_dlrs(1) == ["a"]
    assert esme.stop() == 0
    cut, left = eventually(lambda: smsc.record.of(Loss)[1:] and smsc.record.of(Loss), "both have ended")
    assert (cut.reason, left.reason) == ("dropped", "unbound by the peer")
