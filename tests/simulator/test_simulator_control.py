"""Commands while it runs: what each does, and what is said to a wrong one."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest
import trio
from trio.testing import MockClock
from trio.testing import wait_all_tasks_blocked as settle

from gatewayd.smpp import text as texts
from gatewayd.smpp.pdu import BindTransmitter
from gatewayd.smpp.udh import user_data
from simulator import control, record
from simulator.commands import COMMANDS, Refused, obey
from simulator.settings import What
from simulator.smsc import Smsc

LabOf = Callable[..., Any]  # see conftest
LONG = "退订短信也可以很长。" * 30


def tell(smsc: Smsc, op: str, **fields: Any) -> dict[str, Any]:
    """What came of a command."""
    return obey(op, json.dumps(fields).encode(), smsc)


async def test_a_short_mo(lab: LabOf) -> None:
    """It comes from the handset's number, in the coding its text needs; its answer is recorded."""
    the_lab = lab()
    esme = await the_lab.bind()
    assert (
        tell(the_lab.smsc, "mo", **{"from": "8613800138000", "to": "1069", "text": "退订"})["segments"] == 1
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
    reply = tell(the_lab.smsc, "mo", **{"from": "1", "to": "2", "text": LONG, "reference": 9, "order": order})
    await settle()
    assert len(order) == reply["segments"]
    concats = [user_data(mo.esm_class, mo.short_message, mo.tlvs).concat for mo in esme.delivered]
    assert order == [concat.number for concat in concats if concat]
    assert {(9, 5)} == {(concat.reference, concat.total) for concat in concats if concat}


async def test_an_mo_in_raw_octets(lab: LabOf) -> None:
    """Hex goes out as it is, with the data_coding and esm_class given."""
    the_lab = lab()
    esme = await the_lab.bind()
    tell(the_lab.smsc, "mo", **{"from": "1", "to": "2", "hex": "c4e3", "data_coding": 15, "esm_class": 64})
    await settle()
    [mo] = esme.delivered
    assert (mo.short_message, mo.data_coding, mo.esm_class) == (b"\xc4\xe3", 15, 64)


async def test_an_mo_waits_for_a_receiver(lab: LabOf) -> None:
    """A transmitter gets no MO; the next transceiver of that account does. Held receipts do not hold it."""
    the_lab = lab()
    await the_lab.bind(BindTransmitter)
    tell(the_lab.smsc, "hold_receipts")
    tell(the_lab.smsc, "mo", **{"from": "1", "to": "2", "text": "TD", "account": "acme"})
    await settle()
    esme = await the_lab.bind()
    await settle()
    assert [mo.short_message for mo in esme.delivered] == [b"TD"]


async def test_receipts_are_held_and_released(lab: LabOf) -> None:
    """Held ones wait, also those of accounts that bind later; release_receipts lets all out in order."""
    the_lab = lab()
    tell(the_lab.smsc, "hold_receipts")
    esme = await the_lab.bind()
    esme.submit("a", "b")
    await settle()
    assert len(esme.responses) == 2
    assert esme.delivered == []
    assert tell(the_lab.smsc, "release_receipts")["released"] == 2
    esme.submit("c")
    await settle()
    assert [receipt.short_message[-1:] for receipt in esme.delivered] == [b"a", b"b", b"c"]


async def test_values_are_set_while_it_runs(lab: LabOf) -> None:
    """Set merges into the scenario for sessions that are bound already; a bad value changes nothing."""
    the_lab = lab()
    esme = await the_lab.bind()
    tell(the_lab.smsc, "set", values={"default": {"responses": {"errors": [{"status": "ESME_RSYSERR"}]}}})
    esme.submit("a")
    await settle()
    with pytest.raises(Refused, match=r"default\.receipts\.lost"):
        tell(the_lab.smsc, "set", values={"default": {"receipts": {"lost": 7}}})
    tell(the_lab.smsc, "set", values={"default": {"responses": None}})
    esme.submit("b")
    await settle()
    assert [response.command_status for response in esme.responses] == [8, 0]


async def test_connections_are_dropped(lab: LabOf) -> None:
    """Drop cuts those of one account, or all, bound or not, without unbind."""
    the_lab = lab()
    one, two = await the_lab.bind(), await the_lab.bind(name=b"other")
    unbound, _ = the_lab.connect()
    await settle()
    assert tell(the_lab.smsc, "drop", account="stranger")["dropped"] == 0
    assert tell(the_lab.smsc, "drop", account="acme")["dropped"] == 1
    await settle()
    assert one.driver.reason == "closed by the peer"
    assert not two.driver.reason
    assert tell(the_lab.smsc, "drop")["dropped"] == 2
    await settle()
    assert unbound.driver.reason == two.driver.reason == "closed by the peer"
    assert [loss.reason for loss in the_lab.record.of(record.Loss)] == ["dropped", "dropped"]


async def test_a_receipt_by_hand(lab: LabOf) -> None:
    """Of any message that was taken, whether asked for or told otherwise before; in any words."""
    the_lab = lab()
    esme = await the_lab.bind()
    esme.submit("a", registered_delivery=0)
    await settle()
    told = {"message_id": esme.responses[0].message_id.decode()}
    assert tell(the_lab.smsc, "receipt", **told) == {"receipts": 1}
    assert tell(the_lab.smsc, "receipt", **told, stat="UNDELIV", err="MI:0024", written="GONE")
    await settle()
    assert [one.short_message.partition(b"stat:")[2] for one in esme.delivered] == [
        b"DELIVRD err:000 text:a",
        b"GONE err:MI:0024 text:a",
    ]
    assert [one.stat for one in the_lab.record.of(record.Receipt)] == ["DELIVRD", "UNDELIV"]
    with pytest.raises(Refused, match="no message of that id"):
        tell(the_lab.smsc, "receipt", message_id="4711")


async def test_status_counts(autojump_clock: MockClock, lab: LabOf) -> None:
    """What came, what became of it, what is under way and how fast, by account; and each session."""
    the_lab = lab({"responses": {"throttle": 50, "errors": [{"status": "ESME_RSYSERR", "to": "9"}]}})
    esme = await the_lab.bind()
    esme.submit("a", "b")
    esme.submit("c", destination_addr=b"9")
    await settle()
    esme.answer = None
    esme.submit("d")
    await settle()
    the_lab.smsc.change({"default": {"receipts": {"delay": 60}}})
    esme.submit("e")
    await trio.sleep(5)
    status = the_lab.smsc.status()
    assert status["accounts"]["acme"] == {
        "sessions": 1,
        "planned": 1,
        "pending": 0,
        "held": 0,
        "in_flight": 1,
        "limit": 50,
        "submit_rate": 1.0,
        "deliver_rate": 0.6,
        "submits": 5,
        "accepted": 4,
        "refused": 1,
        "receipts": 3,
        "delivered": 2,
    }
    assert (status["connections"], status["delayed"], status["holding"]) == (1, 1, False)
    [session] = status["sessions"]
    assert session == {
        "session": 1,
        "account": "acme",
        "state": "bound_trx",
        "seconds": 5.0,
        "submits": 5,
        "unanswered": 0,
        "in_flight": 1,
    }
    await trio.sleep(100)
    account = the_lab.smsc.status()["accounts"]["acme"]
    assert (account["planned"], account["submit_rate"]) == (0, 0)


@pytest.mark.parametrize(
    ("op", "body", "error"),
    [
        ("drop", b"nonsense", "malformed"),
        ("drop", b'{"acount":"x"}', "unknown field `acount`"),
        ("mo", b'{"to":"2","text":"x"}', "required field `from`"),
        ("mo", b'{"from":"1","to":"2","text":"x"}', "name one account of: none was bound yet"),
        (
            "mo",
            b'{"from":"1","to":"2","text":"x","account":"a","order":[2]}',
            "order: the text has 1 segments",
        ),
        ("mo", b'{"from":"1","to":"2","hex":"abc","account":"a"}', "hex: an even number"),
        ("mo", '{"from":"1","to":"2","text":"中","data_coding":0,"account":"a"}'.encode(), "gsm7"),
        (
            "mo",
            b'{"from":"1","to":"2","text":"x","data_coding":4,"account":"a"}',
            "data_coding: 0, 3, 8 or 15",
        ),
        ("mo", '{"from":"1","to":"2","text":"😀","data_coding":15,"account":"a"}'.encode(), "cannot write"),
        ("mo", b'{"from":"123456789012345678901","to":"2","text":"x","account":"a"}', "source_addr"),
        ("fault", b'{"do":"dance"}', "Invalid enum value 'dance'"),
        ("receipt", b'{"message_id":"1","stat":"LOST"}', "Invalid enum value 'LOST'"),
        ("receipt", b'{"message_id":"1","account":"a","written":"two words"}', "written"),
    ],
)
async def test_a_wrong_command_is_told_why(lab: LabOf, op: str, body: bytes, error: str) -> None:
    """And nothing happens."""
    the_lab = lab()
    with pytest.raises(Refused, match=re.escape(error)):
        obey(op, body, the_lab.smsc)
    assert the_lab.smsc.status()["accounts"].get("a", {}).get("pending", 0) == 0


async def test_the_page_knows_every_command_and_fault() -> None:
    """What can be done by hand can be done from the page, which needs nothing from elsewhere."""
    page = Path(control.__file__).with_name("page.html").read_text(encoding="utf-8")
    assert {*re.findall(r'data-to="(\w+)"', page)} == {*COMMANDS} - {"drop"}
    assert {*re.findall(r"<option>(\w+)", page)} == {*get_args(What)}
    assert "http" not in page


async def test_a_unix_socket(lab: LabOf, tmp_path: Path, nursery: trio.Nursery) -> None:
    """command() from another thread; a file left by a killed simulator is replaced, a living one is not."""
    path = tmp_path / "control"
    stale = trio.socket.socket(trio.socket.AF_UNIX)
    await stale.bind(str(path))
    stale.close()
    the_lab = lab()
    nursery.start_soon(control.serve, the_lab.smsc, the_lab.path, control.listen(path))
    reply = await trio.to_thread.run_sync(control.command, path, "status")
    assert reply["connections"] == 0
    with pytest.raises(Refused, match="name one account"):
        await trio.to_thread.run_sync(
            lambda: control.command(path, "mo", **{"from": "1", "to": "2", "text": "x"})
        )
    with pytest.raises(OSError, match="Address already in use"):
        control.listen(path)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("localhost:0", ("localhost", 0)),
        ("[::1]:80", ("::1", 80)),
        ("/run/smsc:80/socket", Path("/run/smsc:80/socket")),
        ("socket", Path("socket")),
    ],
)
def test_where_to_listen(text: str, where: object) -> None:
    """HOST:PORT, or else a path."""
    assert control.address(text) == where
