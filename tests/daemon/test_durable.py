"""What is promised is on the disk before anybody hears of it, as the kernel saw it; one daemon a store."""

import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gatewayd.smpp.pdu import DeliverSmResp, SubmitSm
from simulator.record import Answer
from tests.daemon.harness import Consumer, Gateway, Simulator, eventually, number, settings

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]


HEX = r"(?:\\x[0-9a-f]{2})*"


class Call(NamedTuple):
    """A system call: where in the trace it began and ended, the file or socket, its octets."""

    began: int
    ended: int
    name: str
    file: str
    data: bytes


def traced(path: Path) -> list[Call]:
    """The calls of all threads, in the order of their beginning; those that were interrupted are joined."""
    calls: list[Call] = []
    open_calls: dict[tuple[str, str], int] = {}
    for place, line in enumerate(path.read_text().splitlines()):
        resumed = re.match(r"(\d+) +<\.\.\. (\w+) resumed>", line)
        if resumed and resumed.groups() in open_calls:
            index = open_calls.pop((resumed[1], resumed[2]))
            calls[index] = calls[index]._replace(ended=place)
        called = re.match(rf'(\d+) +(\w+)\(\d+<({HEX}|[^>]*)>(?:, "({HEX})")?', line)
        if called:
            file, data = (bytes.fromhex((text or "").replace("\\x", "")) for text in called.group(3, 4))
            if line.endswith("<unfinished ...>"):
                open_calls[called[1], called[2]] = len(calls)
            calls.append(Call(place, place, called[2], file.decode(), data))
    return calls


def test_nothing_is_told_before_it_is_on_the_disk(
    simulator: Smsc, gateway: Daemon, consume: Consume, tmp_path: Path
) -> None:
    """Fdatasync of the log has returned before `ok` (G1), submit_sm (G2) and deliver_sm_resp (G3) leave."""
    if shutil.which("strace") is None:
        pytest.skip("needs the program strace (Debian package strace)")
    if subprocess.run(
        ["strace", "-o", tmp_path / "try", "true"], check=False, capture_output=True
    ).returncode:
        pytest.skip("strace (Debian package strace) may not trace here: needs ptrace")
    smsc = simulator()
    daemon = gateway(smsc.port)
    assert daemon.stop() == 0
    trace = tmp_path / "trace"
    watched = "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"
    daemon.start("strace", "-D", "-f", "-y", "-xx", "-s", "70000", "-e", watched, "-o", str(trace))
    daemon.until_link("sim-1", "bound")
    answer = daemon.submit(to=number(1), text="#strace# on the disk first")
    smsc.do("mo", **{"from": number(2), "to": "10690001", "text": "#inbound#"})
    events = consume(daemon)
    events.until_final([answer["id"]])
    events.until(lambda consumer: consumer.inbound())
    eventually(lambda: len(smsc.record.of(Answer)) == 2, "receipt and MO are answered")
    assert daemon.stop() == 0
    eventually(lambda: "+++ exited with 0 +++" in trace.read_text().splitlines()[-1], "the trace is whole")

    calls = traced(trace)
    syncs = [c for c in calls if c.name in ("fdatasync", "fsync") and c.file.endswith(".db-wal")]

    def kept(pattern: bytes) -> int:
        """When the first commit that holds this was on the disk."""
        written = next(
            c for c in calls if c.file.endswith(".db-wal") and re.search(pattern, c.data, re.DOTALL)
        )
        return next(sync.ended for sync in syncs if sync.began > written.ended)

    def sent(pattern: bytes) -> int:
        """When the first octets that hold this went to a socket."""
        return next(
            c.began for c in calls if c.name.startswith("send") and re.search(pattern, c.data, re.DOTALL)
        )

    to = number(1).encode()
    accepted, answered = kept(b"#strace#"), sent(b'"ok":true,"id":"%b"' % answer["id"].encode())
    assert accepted < answered, "G1"
    claimed = kept(b"sim-1.{1,40}" + to)
    submitted = sent(b"\0{3}.%b.*#strace#" % SubmitSm.command_id.to_bytes(4))
    assert accepted < claimed < submitted, "G2"
    assert kept(b"#inbound#") < sent(b"\0\0\0\x11" + DeliverSmResp.command_id.to_bytes(4)), "G3"


def test_one_daemon_a_store_and_a_socket(simulator: Smsc, gateway: Daemon, tmp_path: Path) -> None:
    """The store's holder is named (G12); a living socket is left alone, a dead one is replaced."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    daemon.submit(text="#1#")
    address = daemon.logs("http_listening")[-1]["address"][0].removeprefix("http://")

    def refused(**changes: Any) -> str:
        other = Gateway(tmp_path, settings(smsc.port, **changes), "other")
        assert other.fail() == 1
        failed = other.logs("failed")[-1]
        assert failed["level"] == "critical"
        assert other.leaks() == []
        return str(failed["detail"])

    assert f"pid {daemon.pid}" in refused(store=f"sqlite://{daemon.store}")
    living = {"protocol": "stream", "path": str(daemon.socket)}
    assert f"{daemon.socket} is in use" in refused(listeners=[living])
    plain = tmp_path / "plain"
    plain.write_text("precious")
    assert "no socket" in refused(listeners=[{"protocol": "stream", "path": str(plain)}])
    assert "no socket" in refused(listeners=[{"protocol": "http", "path": str(plain)}])
    assert plain.read_text() == "precious"
    assert f"{address}: Address already in use" in refused(
        listeners=[{"protocol": "http", "address": address}]
    )
    assert "folder must exist" in refused(store="sqlite:///no/such/folder/x.db")
    assert daemon.status()["links"]["sim-1"]["state"] == "bound", "the first is unharmed"

    web = tmp_path / "web.sock"
    daemon.configure(listeners=[*daemon.config["listeners"], {"protocol": "http", "path": str(web)}])
    for _ in range(2):
        daemon.kill()
        assert daemon.socket.is_socket()
        daemon.start()
        with daemon.client() as client:
            assert client.request("ping")["ok"]
        assert b" 200 " in _get(web, "/health/live")
    assert web.stat().st_mode & 0o777 == 0o600
    assert daemon.stop() == 0
    assert not daemon.socket.exists()
    assert not web.exists()


def _get(path: Path, target: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(4096), b""))
