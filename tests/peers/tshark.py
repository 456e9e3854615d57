"""Wireshark's dissector as a judge of octets: dumpcap records what passes a port, tshark takes it apart."""

import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from gatewayd.smpp.consts import COMMAND_IDS
from tests.daemon.harness import Process, eventually

NAMES: Final = {number: name for name, number in COMMAND_IDS.items()}


def _may_capture() -> bool:
    """Whether dumpcap sees the loopback interface: as root, or as Debian's group wireshark."""
    if not (shutil.which("dumpcap") and shutil.which("tshark")):
        return False
    seen = subprocess.run(["dumpcap", "-D"], capture_output=True, text=True, check=False)
    return "Loopback" in seen.stdout


needs_tshark: Final = pytest.mark.skipif(
    not _may_capture(), reason="needs tshark: apt-get install tshark, and the right to capture on lo (root)"
)


class Capture(Process):
    """What passes one port of the loopback interface, from `start` on."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder, "dumpcap")
        self._path, self._port = folder / "run.pcapng", port

    def start(self) -> None:
        self.spawn("dumpcap", "-i", "lo", "-f", f"tcp port {self._port}", "-B", "64", "-w", str(self._path))
        eventually(lambda: "File: " in self.log_text(), "dumpcap captures")

    def stop(self) -> None:
        self.signal(signal.SIGINT)
        assert self.wait() == 0, self.log_text()

    def counts(self) -> Counter[str]:
        """PDUs by name so far, as tshark reads them."""
        return Counter({NAMES[int(number, 16)]: n for number, n in self.values("command_id").items()})

    def values(self, field: str) -> Counter[str]:
        """How often tshark met each value of a field `smpp.…`, in whichever PDU."""
        lines = self._tshark("-Y", f"smpp.{field}", "-T", "fields", "-e", f"smpp.{field}")
        return Counter(value for line in lines for value in line.split(","))

    def faults(self) -> list[str]:
        """What tshark calls malformed, or an expert calls wrong in SMPP."""
        wrong = '_ws.malformed || (smpp && _ws.expert.severity in {"Error", "Warning"})'
        return self._tshark("-Y", wrong, "-V")

    def _tshark(self, *options: str) -> list[str]:
        """Lines; a file that is still written may end inside a packet."""
        argv = ["tshark", "-r", str(self._path), "-d", f"tcp.port=={self._port},smpp", *options]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 2), done.stderr
        return done.stdout.splitlines()
