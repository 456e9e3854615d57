"""The command: as a process, on a real port, killed and ended."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.pdu import BindTransceiver, DeliverSm, DeliverSmResp, Pdu, SubmitSm, SubmitSmResp
from simulator.control import command
from simulator.record import Bind, Record, Start

pytestmark = pytest.mark.daemon
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "simulator" / "scenarios"
P = TypeVar("P", bound=Pdu)


@contextmanager
def running(*options: str | Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port, once it listens; it is gone afterwards."""
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"listening 127\.0\.0\.1:(\d+)\n", line)
            assert found, (line, process.stderr and process.stderr.read())
            yield process, int(found[1])
        finally:
            process.kill()


class Esme:
    """A blocking ESME of a few lines; it answers no deliver_sm by itself."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._frames = FrameBuffer()
        self._received: list[Pdu] = []
        self._number = 0
        self.send(BindTransceiver(system_id=b"acme", password=b"secret"))
        assert self.receive().command_status == 0

    def send(self, pdu: Pdu) -> None:
        self._number += 1
        self._socket.sendall(encode(pdu, pdu.sequence_number or self._number))

    def submit(self, text: bytes, **fields: Any) -> None:
        """To 86138, from 1069, with a receipt."""
        self.send(
            SubmitSm(
                source_addr=b"1069",
                destination_addr=b"86138",
                registered_delivery=1,
                short_message=text,
                **fields,
            )
        )

    def receive(self) -> Pdu:
        while not self._received:
            octets = self._socket.recv(65536)
            if not octets:
                raise EOFError
            self._received += map(decode, self._frames.feed(octets))
        return self._received.pop(0)

    def taken(self, kind: type[P]) -> P:
        """The next PDU, a deliver_sm answered."""
        pdu = self.receive()
        assert isinstance(pdu, kind)
        if isinstance(pdu, DeliverSm):
            self.send(DeliverSmResp(sequence_number=pdu.sequence_number))
        return pdu

    def close(self) -> None:
        self._socket.close()


def test_a_life_by_the_bare_command(tmp_path: Path) -> None:
    """Port 0, any credentials, response, receipt; SIGTERM writes the verdict and exits 0."""
    with running("--judge", tmp_path / "judge") as (process, port):
        esme = Esme(port)
        esme.submit(b"x")
        assert isinstance(esme.receive(), SubmitSmResp)
        receipt = esme.receive()
        assert isinstance(receipt, DeliverSm)
        esme.send(DeliverSmResp(sequence_number=receipt.sequence_number))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "all accounts: 1 submit_sm, 1 taken: 1 distinct; no fault\n"
        esme.close()
    verdict = json.loads((tmp_path / "judge").read_text())
    assert (verdict["submits"], verdict["distinct"], verdict["duplicates"]) == (1, 1, 0)


def test_every_answered_submit_survives_kill_9(tmp_path: Path) -> None:
    """Killed with answers on the wire: what was answered is in the record; the next process appends."""
    record = tmp_path / "record"
    answered: set[str] = set()
    for run in range(2):
        with running("--record", record) as (process, port):
            esme = Esme(port)
            for number in range(500):
                esme.submit(b"#%d-%d" % (run, number))
            while len(answered) < 100 * (run + 1):
                pdu = esme.receive()
                if isinstance(pdu, SubmitSmResp):
                    answered.add(pdu.message_id.decode())
            process.kill()
            process.wait(10)
            esme.close()
    found = Record(record)
    assert answered <= {submit.message_id for submit in found.submits}
    assert len({submit.message_id for submit in found.taken}) == len(found.taken)
    assert len(found.of(Start)) == len(found.of(Bind)) == 2


def test_scenario_and_control_together(tmp_path: Path) -> None:
    """A scenario file with an account; commands reach the running process; the socket goes away with it."""
    scenario, control = tmp_path / "scenario.yaml", tmp_path / "control"
    scenario.write_text("accounts: {acme: {password: secret, receipts: {lost: 1}}}", encoding="utf-8")
    with running("--scenario", scenario, "--control", control) as (process, port):
        esme = Esme(port)
        command(control, "mo", **{"from": "86138", "to": "1069", "text": "TD"})
        mo = esme.receive()
        assert isinstance(mo, DeliverSm)
        assert mo.short_message == b"TD"
        assert command(control, "status")["accounts"]["acme"]["mos"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        esme.close()
    assert not control.exists()


def curl(address: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of a request, as curl would make it."""
    connection = HTTPConnection(address, timeout=10)
    if body is None:
        connection.request("GET", path, headers=headers)
    else:
        given = {"content-type": "application/json", **headers}
        connection.request("POST", path, json.dumps(body), given)
    response = connection.getresponse()
    octets = response.read()
    connection.close()
    return response.status, json.loads(octets) if response.headers[
        "content-type"
    ] == "application/json" else octets


def test_http_on_a_port(tmp_path: Path) -> None:
    """Status, scenario, judge, a page; MO, receipts, faults and settings by hand; wrong requests are told."""
    with running("--control", "127.0.0.1:0", "--scenario", FOLDER / "opt-outs.yaml") as (process, port):
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("control http://").strip()
        esme = Esme(port)
        esme.submit("拒收请回复R".encode("utf-16-be"), data_coding=8)
        response, receipt = esme.receive(), esme.receive()
        assert isinstance(response, SubmitSmResp)
        esme.send(DeliverSmResp(sequence_number=receipt.sequence_number))

        told = {"message_id": response.message_id.decode(), "stat": "UNDELIV"}
        assert curl(address, "/receipt", told) == (200, {"receipts": 1})
        assert b"stat:UNDELIV" in esme.taken(DeliverSm).short_message
        assert curl(address, "/set", {"values": {"default": {"judge": {"leeway": 0}}}}) == (200, {})
        mo = {"from": "86138", "to": "1069", "text": "TD"}
        assert curl(address, "/mo", mo) == (200, {"segments": 1})
        assert esme.taken(DeliverSm).short_message == b"TD"
        esme.submit("拒收请回复R".encode("utf-16-be"), data_coding=8)
        esme.taken(SubmitSmResp)
        assert curl(address, "/set", {"values": {"default": {"responses": {"throttle": 1}}}}) == (200, {})
        assert curl(address, "/scenario")[1]["default"]["responses"]["throttle"]["limit"] == 1

        status = curl(address, "/status")[1]
        assert (status["accounts"]["acme"]["submits"], status["sessions"][0]["state"]) == (2, "bound_trx")
        verdict = curl(address, "/judge")[1]
        assert (verdict["submits"], verdict["duplicates"], verdict["marketing_after_opt_out"]) == (2, 1, 1)
        assert curl(address, "/")[1].startswith(b"<!doctype html>")

        assert curl(address, "/mo", {"from": "1"})[0] == 400
        assert curl(address, "/mo", "x" * 70_000)[0] == 413
        assert curl(address, "/mo", mo, **{"content-type": "text/plain"})[0] == 415
        assert curl(address, "/nowhere")[0] == 404
        assert curl(address, "/drop")[0] == 405
        assert curl(address, "/status", host="elsewhere.example")[0] == 400
        assert curl(address, "/fault", {"do": "cut"}) == (200, {"sessions": 1})
        assert isinstance(esme.receive(), DeliverSm)  # the receipt of the second
        with pytest.raises(EOFError):
            esme.receive()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        esme.close()


def test_the_readmes_requests_work() -> None:
    """Each curl line is done as it stands there, but for the message_id."""
    readme = (ROOT / "simulator" / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^curl (?:--json '(.*)' )?\$at(/\w+)$", readme, re.MULTILINE)
    assert len(lines) == len(re.findall("^curl ", readme, re.MULTILINE)) > 5
    with running("--control", "127.0.0.1:0") as (process, port):
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("control http://").strip()
        esme = Esme(port)
        esme.submit(b"x")
        response = esme.taken(SubmitSmResp)
        for body, path in lines:
            given: Any = json.loads(body) if body else None
            if path == "/receipt":
                given["message_id"] = response.message_id.decode()
            assert curl(address, path, given)[0] == 200, path
        esme.close()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--scenario", "{folder}/bad.yaml"], 78, "bad.yaml:1:7: seed: Input should be a valid integer"),
        (["--scenario", "{folder}/none.yaml"], 1, "No such file"),
        (["--record", "{folder}/none/record"], 1, "No such file"),
        (["--host", "192.0.2.1"], 1, "assign requested address"),
        (["--control", "{folder}/none/control"], 1, "No such file"),
        (["--port", "70000"], 2, "70000"),
    ],
)
def test_what_cannot_start_says_why(tmp_path: Path, options: list[str], code: int, said: str) -> None:
    """78 for a bad scenario, 2 for wrong usage, 1 for the rest; one clear line, no traceback."""
    (tmp_path / "bad.yaml").write_text("seed: x", encoding="utf-8")
    arguments = [option.format(folder=tmp_path) for option in ["--port", "0", *options]]
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=20,
        check=False,
    )
    assert code == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
