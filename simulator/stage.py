"""The processes of the demo: an SMSC and a gateway in a temporary folder, started, killed, cleaned away."""

import json
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final, NoReturn

from prometheus_client.parser import text_string_to_metric_families

from gatewayd.errors import GatewayError
from simulator import control

START_PATIENCE: Final = 20.0  # seconds until a process must be ready
STOP_PATIENCE: Final = 15.0  # seconds until it must have drained and ended
GLANCE: Final = 0.02  # seconds between two looks at something that cannot wake us
LONGEST_SOCKET: Final = 107  # octets of a path, unix(7)
LOG_TAIL: Final = 5  # lines
SMSC, GATEWAY = "smsc", "gatewayd"  # names of their logs

CONFIG: Final = """\
store: "sqlite://{folder}/gatewayd.db"
drain_timeout: 5
listeners:
  - {{protocol: stream, path: "{folder}/gatewayd.sock", mode: "0600"}}
  - {{protocol: http, address: "127.0.0.1:0"}}     # metrics and health, on any free port
clients:
  demo: {{users: ["*"], brands: ["*"], classes: ["*"], admin: true, holds_consent: true}}
links:
  carrier:
    host: 127.0.0.1
    port: {port}
    system_id: demo
    window: {window}
brands:
  xxmall: {{signature: 【XX商城】, sender: "10690001", industry: retail}}
  cafe: {{signature: null, sender: "10690002"}}
classes:
  notice: {{receipt_wait: {receipt_wait}}}         # so short that the demo sees its end
"""
SCENARIO: Final = """\
default:
  window: {window}
  responses: {{delay: {response_delay}}}
  receipts: {{delay: 0.05}}
"""
WINDOW: Final = 200  # outstanding submit_sm
RESPONSE_DELAY: Final = 0.02  # seconds
RECEIPT_WAIT: Final = 8  # seconds


class NotPlayed(GatewayError):
    """A process of the demo did not do its part; says which."""


@contextmanager
def opened() -> Iterator["Stage"]:
    """An empty stage. At the end both processes and the folder are gone, whatever happened."""
    with tempfile.TemporaryDirectory(prefix="gatewayd-demo-") as folder:
        stage = Stage(Path(folder))
        try:
            yield stage
        finally:
            stage.clear()


class Stage:
    """socket, config, record: paths of the gateway's socket and file, and of the SMSC's record.

    The processes are in groups of their own: Ctrl-C is the demo's, which then ends them in good order.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "gatewayd.sock"
        self.config = folder / "gatewayd.yaml"
        self.record = folder / "smsc.record"
        self.port = 0
        self._control = folder / "smsc.control"
        self._smsc: subprocess.Popen[bytes] | None = None
        self._gateway: subprocess.Popen[bytes] | None = None

    def start_smsc(self) -> None:
        """The simulator on a free port, and a configuration of the gateway that knows it."""
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET:
            raise NotPlayed(f"{self.socket} is too long for a Unix socket; let TMPDIR name a shorter place")
        scenario = self.folder / "smsc.yaml"
        scenario.write_text(SCENARIO.format(window=WINDOW, response_delay=RESPONSE_DELAY), encoding="utf-8")
        options = ("--scenario", scenario, "--record", self.record, "--control", self._control)
        self._smsc = self._run(SMSC, "simulator", "--port", "0", *map(str, options), stdout=subprocess.PIPE)
        self.port = _port(self._smsc) or self._give_up(SMSC)
        text = CONFIG.format(folder=self.folder, port=self.port, window=WINDOW, receipt_wait=RECEIPT_WAIT)
        self.config.write_text(text, encoding="utf-8")

    def start_gateway(self) -> None:
        """Returns when it says READY=1, the way it would tell systemd."""
        path = self.folder / "ready"
        path.unlink(missing_ok=True)
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as ready:
            ready.bind(str(path))
            ready.settimeout(GLANCE)
            environ = {**os.environ, "NOTIFY_SOCKET": str(path)}
            self._gateway = self._run(
                "gatewayd", "gatewayd", "run", "--config", str(self.config), env=environ
            )
            if not eventually(lambda: _said_ready(ready) or self._ended(), START_PATIENCE) or self._ended():
                self._give_up(GATEWAY)

    def kill_gateway(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        assert self._gateway is not None
        self._gateway.kill()
        self._gateway.wait()

    def stop_gateway(self) -> int | None:
        """SIGTERM: drain and stop; returns the exit code, None if it did not end."""
        assert self._gateway is not None
        self._gateway.send_signal(signal.SIGTERM)
        try:
            return self._gateway.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            return None

    def clear(self) -> None:
        """End what still runs."""
        for process in (self._gateway, self._smsc):
            if process is not None:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()

    def smsc(self, op: str, **fields: object) -> dict[str, Any]:
        """A command to the simulator. Raises commands.Refused, OSError."""
        return control.command(self._control, op, **fields)

    @property
    def metrics_address(self) -> str:
        """HOST:PORT of the living gateway's HTTP listener, as its log tells."""
        told = [json.loads(line) for line in self._log(GATEWAY) if b'"http_listening"' in line]
        address: str = told[-1]["address"][0].removeprefix("http://")
        return address

    def metrics(self) -> Mapping[str, float]:
        """What a scrape reads, each metric summed over its labels."""
        with closing(HTTPConnection(self.metrics_address, timeout=START_PATIENCE)) as connection:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        totals = defaultdict[str, float](float)
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                totals[sample.name] += sample.value
        return totals

    def last_words(self) -> str:
        """The ends of both logs."""
        lines = [line for name in (SMSC, GATEWAY) for line in self._log(name)[-LOG_TAIL:]]
        return b"\n".join(lines).decode(errors="replace")

    def _run(self, name: str, module: str, *options: str, **popen: Any) -> "subprocess.Popen[bytes]":
        """Its log goes on where an earlier life of it ended."""
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [sys.executable, "-m", module, *options]
            return subprocess.Popen(command, stderr=log, process_group=0, **popen)  # noqa: S603  our own program

    def _ended(self) -> bool:
        return self._gateway is not None and self._gateway.poll() is not None

    def _give_up(self, name: str) -> NoReturn:
        raise NotPlayed(f"{name} did not start")

    def _log(self, name: str) -> list[bytes]:
        path = self.folder / f"{name}.log"
        return path.read_bytes().splitlines() if path.exists() else []


def eventually(happened: Callable[[], bool], patience: float) -> bool:
    """Look until it has happened, at most `patience` seconds: for what tells nobody, as a file that grows."""
    deadline = time.monotonic() + patience
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(GLANCE)
    return True


def command_line() -> str:
    """What a user types to run the command `gatewayd` of this very installation."""
    beside = Path(sys.executable).with_name("gatewayd")
    if not beside.exists():
        return f"{shlex.quote(sys.executable)} -m gatewayd"
    return "gatewayd" if shutil.which("gatewayd") == str(beside) else shlex.quote(str(beside))


def _port(smsc: "subprocess.Popen[bytes]") -> int:
    """From its line `listening HOST:PORT`; 0 if it says no such thing."""
    assert smsc.stdout is not None
    readable, _, _ = select.select([smsc.stdout], [], [], START_PATIENCE)
    line = smsc.stdout.readline() if readable else b""
    return int(line.rpartition(b":")[2]) if line.startswith(b"listening ") else 0


def _said_ready(ready: socket.socket) -> bool:
    try:
        return b"READY=1" in ready.recv(4096)
    except TimeoutError:
        return False
