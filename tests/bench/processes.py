"""Simulator and daemon as processes, for benchmarks that measure the whole of them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatewayd.client import Client, Unreachable


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def simulator(folder: Path, port: int = 0, scenario: str = "{}") -> Iterator[int]:
    """Records into folder/record; gives its port. scenario: YAML."""
    (folder / "scenario.yaml").write_text(scenario)
    command = [sys.executable, "-m", "simulator", "--port", str(port)]
    command += ["--record", str(folder / "record"), "--scenario", str(folder / "scenario.yaml")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline().rsplit(":", 1)[1])
    finally:
        _stop(process)
        process.stdout.close()


@contextmanager
def daemon(folder: Path, config: str) -> Iterator[tuple[Path, int]]:
    """Gives its socket and its pid. config: YAML, with {folder} where its files are."""
    (folder / "gatewayd.yaml").write_text(config.replace("{folder}", str(folder)))
    command = [sys.executable, "-m", "gatewayd", "run", "--config", str(folder / "gatewayd.yaml")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stderr=log)
    try:
        yield folder / "gatewayd.sock", process.pid
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def connected(path: Path) -> Client:
    """A client, as soon as the daemon listens."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return Client(str(path), patience=60)
        except Unreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(title: str, figures: dict[str, float]) -> None:
    print(f"{title}: " + ", ".join(f"{name} {value:,.1f}" for name, value in figures.items()), flush=True)
