"""The command: as a process, on a real port, killed and ended."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatewayd.smpp.codec import FrameBuffer, decode, encode
from gatewayd.smpp.pdu import BindTransceiver, DeliverSm, DeliverSmResp, Pdu, SubmitSm, SubmitSmResp
from simulator.control import command
from simulator.record import Bind, Record, Start

pytestmark = pytest.mark.daemon
ROOT = Path(__file__).parents[2]


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

    def submit(self, text: bytes) -> None:
        self.send(SubmitSm(destination_addr=b"86138", registered_delivery=1, short_message=text))

    def receive(self) -> Pdu:
        while not self._received:
            self._received += map(decode, self._frames.feed(self._socket.recv(65536)))
        return self._received.pop(0)

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
        assert command(control, "stats")["accounts"]["acme"]["mos"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        esme.close()
    assert not control.exists()


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
