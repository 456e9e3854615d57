"""Commands while it runs: what each line does, and what is said to a wrong one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked as settle

from gatewayd.smpp import text as texts
from gatewayd.smpp.pdu import BindTransmitter
from gatewayd.smpp.udh import user_data
from simulator import control, record
from simulator.smsc import Smsc

LabOf = Callable[..., Any]  # see conftest
LONG = "退订短信也可以很长。" * 30


def tell(smsc: Smsc, **command: Any) -> dict[str, Any]:
    """The reply to a command that must be done."""
    reply = control.answer(json.dumps(command).encode(), smsc)
    assert reply["ok"], reply
    return reply


async def test_a_short_mo(lab: LabOf) -> None:
    """It comes from the handset's number, in the coding its text needs; its answer is recorded."""
    the_lab = lab()
    esme = await the_lab.bind()
    assert (
        tell(the_lab.smsc, op="mo", **{"from": "8613800138000", "to": "1069", "text": "退订"})["segments"]
        == 1
    )
    await settle()
    [mo] = esme.delivered
    assert (mo.source_addr, mo.destination_addr, mo.esm_class) == (b"8613800138000", b"1069", 0)
    assert texts.decode(mo.short_message, mo.data_coding) == "退订"
    assert [sent.destination for sent in the_lab.record.of(record.Mo)] == ["1069"]
    assert [answer.command_status for answer in the_lab.record.of(record.Answer)] == [0]


@pytest.mark.parametrize("order", [[3, 1, 5, 2, 4], [5, 4, 3, 2, 1], [1, 1, 2]])
async def test_a_long_mo_in_the_order_asked_for(lab: LabOf, order: list[int]) -> None:
    """Segments leave as listed: out of order, doubled, or with some missing."""
    the_lab = lab()
    esme = await the_lab.bind()
    reply = tell(
        the_lab.smsc, op="mo", **{"from": "1", "to": "2", "text": LONG, "reference": 9, "order": order}
    )
    await settle()
    assert len(order) == reply["segments"]
    concats = [user_data(mo.esm_class, mo.short_message, mo.tlvs).concat for mo in esme.delivered]
    assert order == [concat.number for concat in concats if concat]
    assert {(9, 5)} == {(concat.reference, concat.total) for concat in concats if concat}


async def test_an_mo_in_raw_octets(lab: LabOf) -> None:
    """Hex goes out as it is, with the data_coding and esm_class given."""
    the_lab = lab()
    esme = await the_lab.bind()
    tell(the_lab.smsc, op="mo", **{"from": "1", "to": "2", "hex": "c4e3", "data_coding": 15, "esm_class": 64})
    await settle()
    [mo] = esme.delivered
    assert (mo.short_message, mo.data_coding, mo.esm_class) == (b"\xc4\xe3", 15, 64)


async def test_an_mo_waits_for_a_receiver(lab: LabOf) -> None:
    """A transmitter gets no MO; the next transceiver of that account does. Held receipts do not hold it."""
    the_lab = lab()
    await the_lab.bind(BindTransmitter)
    tell(the_lab.smsc, op="hold_receipts")
    tell(the_lab.smsc, op="mo", **{"from": "1", "to": "2", "text": "TD", "account": "acme"})
    await settle()
    esme = await the_lab.bind()
    await settle()
    assert [mo.short_message for mo in esme.delivered] == [b"TD"]


async def test_receipts_are_held_and_released(lab: LabOf) -> None:
    """Held ones wait, also those of accounts that bind later; release_receipts lets all out in order."""
    the_lab = lab()
    tell(the_lab.smsc, op="hold_receipts")
    esme = await the_lab.bind()
    esme.submit("a", "b")
    await settle()
    assert len(esme.responses) == 2
    assert esme.delivered == []
    assert tell(the_lab.smsc, op="release_receipts")["released"] == 2
    esme.submit("c")
    await settle()
    assert [receipt.short_message[-1:] for receipt in esme.delivered] == [b"a", b"b", b"c"]


async def test_values_are_set_while_it_runs(lab: LabOf) -> None:
    """Set merges into the scenario for sessions that are bound already; a bad value changes nothing."""
    the_lab = lab()
    esme = await the_lab.bind()
    tell(the_lab.smsc, op="set", values={"default": {"responses": {"errors": [{"status": "ESME_RSYSERR"}]}}})
    esme.submit("a")
    await settle()
    reply = control.answer(b'{"op":"set","values":{"default":{"receipts":{"lost":7}}}}', the_lab.smsc)
    assert not reply["ok"]
    assert "default.receipts.lost" in reply["error"]
    tell(the_lab.smsc, op="set", values={"default": {"responses": None}})
    esme.submit("b")
    await settle()
    assert [response.command_status for response in esme.responses] == [8, 0]


async def test_connections_are_dropped(lab: LabOf) -> None:
    """Drop cuts those of one account, or all, bound or not, without unbind."""
    the_lab = lab()
    one, two = await the_lab.bind(), await the_lab.bind(name=b"other")
    unbound, _ = the_lab.connect()
    await settle()
    assert tell(the_lab.smsc, op="drop", account="stranger")["dropped"] == 0
    assert tell(the_lab.smsc, op="drop", account="acme")["dropped"] == 1
    await settle()
    assert one.driver.reason == "closed by the peer"
    assert not two.driver.reason
    assert tell(the_lab.smsc, op="drop")["dropped"] == 2
    await settle()
    assert unbound.driver.reason == two.driver.reason == "closed by the peer"
    assert [loss.reason for loss in the_lab.record.of(record.Loss)] == ["dropped", "dropped"]


async def test_stats_count(lab: LabOf) -> None:
    """What came, what became of it and what is under way, by account."""
    the_lab = lab({"responses": {"errors": [{"status": "ESME_RSYSERR", "to": "9"}]}})
    esme = await the_lab.bind()
    esme.submit("a", "b")
    esme.submit("c", destination_addr=b"9")
    await settle()
    esme.answer = None
    esme.submit("d")
    await settle()
    assert tell(the_lab.smsc, op="stats")["accounts"]["acme"] == {
        "sessions": 1,
        "pending": 0,
        "held": 0,
        "in_flight": 1,
        "submits": 4,
        "accepted": 3,
        "refused": 1,
        "receipts": 3,
        "delivered": 2,
    }


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"nonsense", "malformed"),
        (b'{"op":"dance"}', "Invalid value 'dance'"),
        (b'{"op":"drop","acount":"x"}', "unknown field `acount`"),
        (b'{"op":"mo","to":"2","text":"x"}', "required field `from`"),
        (b'{"op":"mo","from":"1","to":"2","text":"x"}', "name one account of: none was bound yet"),
        (
            b'{"op":"mo","from":"1","to":"2","text":"x","account":"a","order":[2]}',
            "order: the text has 1 segments",
        ),
        (b'{"op":"mo","from":"1","to":"2","hex":"abc","account":"a"}', "hex: an even number"),
        ('{"op":"mo","from":"1","to":"2","text":"中","data_coding":0,"account":"a"}'.encode(), "gsm7"),
        (
            b'{"op":"mo","from":"1","to":"2","text":"x","data_coding":4,"account":"a"}',
            "data_coding: 0, 3 or 8",
        ),
        (b'{"op":"mo","from":"123456789012345678901","to":"2","text":"x","account":"a"}', "source_addr"),
    ],
)
async def test_a_wrong_line_is_told_why(lab: LabOf, line: bytes, error: str) -> None:
    """It gets its one reply, and nothing happens."""
    reply = control.answer(line, lab().smsc)
    assert not reply["ok"]
    assert error in reply["error"]


async def test_the_socket(lab: LabOf, tmp_path: Path, nursery: trio.Nursery) -> None:
    """command() from another thread; a file left by a killed simulator is replaced, a living one is not."""
    path = tmp_path / "control"
    stale = trio.socket.socket(trio.socket.AF_UNIX)
    await stale.bind(str(path))
    stale.close()
    smsc = lab().smsc
    nursery.start_soon(control.serve, smsc, await control.listen(path))
    reply = await trio.to_thread.run_sync(control.command, path, "stats")
    assert reply["connections"] == 0
    with pytest.raises(control.Refused, match="name one account"):
        await trio.to_thread.run_sync(
            lambda: control.command(path, "mo", **{"from": "1", "to": "2", "text": "x"})
        )
    with pytest.raises(OSError, match="Address already in use"):
        await control.listen(path)
    async with await trio.open_unix_socket(str(path)) as stream:
        await stream.send_all(b'{"op":"st')
        await stream.send_all(b'ats"}\n{"op":"drop"}\n' + b"x" * control.MAX_LINE + b"x")
        replies = b"".join([chunk async for chunk in stream]).splitlines()
    assert [json.loads(line)["ok"] for line in replies] == [True, True, False]
