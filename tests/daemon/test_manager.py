"""Under a service manager: sockets that outlive the daemon, signs of life, and the unit's filter of calls."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from gatewayd.client import Client, Unreachable
from tests.daemon.harness import PATIENCE, ROOT, Gateway, Process, Simulator, eventually, number, settings

pytestmark = pytest.mark.daemon

UNIT: Final = ROOT / "systemd/gatewayd@.service"

# What systemd does between fork and exec: the socket becomes descriptor 3, the pid is the daemon's own.
HAND_OVER: Final = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Managed(Gateway):
    """A daemon that is handed a listening socket in each of its lives."""

    def __init__(self, folder: Path, config: Mapping[str, Any]) -> None:
        super().__init__(folder, config)
        self.listening = socket.socket(socket.AF_UNIX)

    def listen(self, path: Path) -> None:
        self.listening.bind(str(path))
        self.listening.listen()

    def spawn(self, *argv: str, stdout: int | None = None, environ: Mapping[str, str] | None = None) -> None:
        descriptor = self.listening.fileno()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                (sys.executable, "-c", HAND_OVER, str(descriptor), *argv),
                stdout=stdout,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, **(environ or {})},
                pass_fds=[descriptor],
            )


@pytest.fixture
def managed(tmp_path: Path, processes: list[Process]) -> Iterator[Managed]:
    daemon = Managed(tmp_path, settings(1))
    processes.append(daemon)
    yield daemon
    daemon.listening.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """What systemd's end of sd_notify is."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "manager"))
        listener.settimeout(PATIENCE)
        yield listener


def until_told(manager: socket.socket, state: str) -> str:
    """The first datagram with this state."""
    while state not in (told := manager.recv(1024).decode()).splitlines():
        pass
    return told


def test_connects_wait_while_the_daemon_restarts(managed: Managed) -> None:
    """The manager's socket lives through two lives; a client between them is served by the second."""
    managed.listen(managed.socket)
    managed.start()
    with managed.client() as client:
        first = client.request("submit", **managed.fields(to=number(1), key="1", text="#1#"))
    assert managed.stop() == 0
    assert managed.socket.is_socket(), "the file is the manager's"
    with socket.socket(socket.AF_UNIX) as between:
        between.settimeout(PATIENCE)
        between.connect(str(managed.socket))
        managed.start()
        assert b'"client":"local"' in between.recv(1024)
    assert managed.submit(to=number(1), key="1", text="#1#")["id"] == first["id"]
    assert managed.stop() == 0


def test_a_socket_nobody_would_serve_is_refused(managed: Managed) -> None:
    """Its clients would wait for ever; the log says which path no listener has."""
    managed.listen(managed.folder / "other.sock")
    assert managed.fail() == 1
    assert "other.sock" in managed.logs("failed")[0]["detail"]


@pytest.mark.skipif(
    shutil.which("systemd-socket-activate") is None,
    reason="no systemd-socket-activate: apt-get install systemd",
)
def test_systemd_starts_it_at_the_first_connect(
    tmp_path: Path, processes: list[Process], manager: socket.socket
) -> None:
    """A tool of systemd hands its socket over, and the client that came first is served."""
    daemon = Gateway(tmp_path, settings(1))
    processes.append(daemon)
    daemon.spawn(
        "systemd-socket-activate",
        f"--listen={daemon.socket}",
        f"--setenv=NOTIFY_SOCKET={manager.getsockname()}",
        *(sys.executable, "-m", "gatewayd", "run", "--config", str(daemon.config_path)),
    )

    def connected() -> Client | None:
        try:
            return daemon.client()
        except Unreachable:
            return None

    with eventually(connected, "systemd-socket-activate listens") as client:
        assert client.request("status")["ok"]
    until_told(manager, "READY=1")
    assert daemon.stop() == 0


def test_the_manager_hears_how_it_goes(
    tmp_path: Path, processes: list[Process], manager: socket.socket
) -> None:
    """Signs of life while it runs, and with STOPPING=1 the time the stop may take, above drain_timeout."""
    daemon = Gateway(tmp_path, settings(1, drain_timeout=70))
    processes.append(daemon)
    daemon._run(environ={"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "100000"})
    until_told(manager, "READY=1")
    for _ in range(3):
        until_told(manager, "WATCHDOG=1")
    daemon.signal(signal.SIGTERM)
    assert until_told(manager, "STOPPING=1") == "STOPPING=1\nEXTEND_TIMEOUT_USEC=85000000"
    assert daemon.wait() == 0
    assert daemon.logs("watchdog_not_fed") == []


def test_killed_by_the_watchdog_it_tells_where_it_was(tmp_path: Path, processes: list[Process]) -> None:
    """SIGABRT is the watchdog's signal; with the unit's environment each thread's place is in the log."""
    daemon = Gateway(tmp_path, settings(1))
    processes.append(daemon)
    daemon.environ = {"PYTHONFAULTHANDLER": "1"}
    daemon.start()
    daemon.signal(signal.SIGABRT)
    assert daemon.wait() == -signal.SIGABRT
    assert "_write_all" in daemon.log_text(), "the store's writer"
    assert "Environment=PYTHONFAULTHANDLER=1\n" in UNIT.read_text()


# what the unit's SystemCallFilter lets through


def filtered() -> set[str]:
    """The system calls left by the unit's SystemCallFilter lines; systemd adds @default to any list."""
    groups = subprocess.run(["systemd-analyze", "syscall-filter"], capture_output=True, text=True, check=True)
    left = calls_of("@default", groups.stdout)
    for invert, names in re.findall(r"^SystemCallFilter=(~?)(.+)$", UNIT.read_text(), re.MULTILINE):
        named = {call for name in names.split() for call in calls_of(name, groups.stdout)}
        left = left - named if invert else left | named
    return left


def calls_of(name: str, groups: str) -> set[str]:
    """What a name such as @system-service stands for, groups within it resolved; a call for itself."""
    if not name.startswith("@"):
        return {name}
    section = re.search(rf"^{name}\n((?:    .+\n)+)", groups, re.MULTILINE)
    assert section, name
    names = [line.strip() for line in section[1].splitlines() if "#" not in line]
    return {call for inner in names for call in calls_of(inner, groups)}


@pytest.mark.skipif(
    not (shutil.which("strace") and shutil.which("systemd-analyze")),
    reason="no strace or systemd-analyze: apt-get install strace systemd",
)
def test_the_sandbox_forbids_nothing_the_daemon_does(
    tmp_path: Path, simulator: Callable[..., Simulator], processes: list[Process]
) -> None:
    """A life with a bind, a message and a stop: no call that the filter keeps out, no executable data."""
    smsc = simulator()
    daemon = Gateway(tmp_path, settings(smsc.port))
    processes.append(daemon)
    trace = tmp_path / "trace"
    daemon.start("strace", "-D", "-f", "-o", str(trace))
    daemon.submit(text="#1#")
    smsc.until(submits=1)
    assert daemon.stop() == 0

    eventually(lambda: "+++ exited with 0 +++" in trace.read_text().splitlines()[-1], "the trace is whole")
    text = trace.read_text()
    by_root = set() if os.geteuid() else {"fchown"}  # SQLite gives its files the owner of the database
    assert set(re.findall(r"^\d+ +(\w+)\(", text, re.MULTILINE)) - by_root <= filtered()
    assert re.findall(r"mmap\(.*PROT_WRITE\|PROT_EXEC.*|mprotect\(.*PROT_EXEC.*", text) == []
    [permitted] = re.findall(r"^RestrictAddressFamilies=(.*)$", UNIT.read_text(), re.MULTILINE)
    without = {"AF_NETLINK"}  # the resolver's look at interfaces; it does without
    assert set(re.findall(r" socket\((AF_\w+)", text)) - without <= set(permitted.split())
