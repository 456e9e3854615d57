"""Clients that write nonsense, read nothing or vanish; configurations that are wrong."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from gatewayd.client import Refused
from tests.daemon.harness import (
    PATIENCE,
    ROOT,
    Bulk,
    Consumer,
    Gateway,
    Simulator,
    check_lives,
    eventually,
    number,
    settings,
)

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Talk = Callable[[Gateway], "Lines"]


class Lines:
    """A client that may write anything."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self._file = self.socket.makefile("rb")
        self.first = self.read()

    def read(self) -> Any:
        """The next line; None at the end."""
        line = self._file.readline()
        return json.loads(line) if line else None

    def ask(self, line: bytes) -> Any:
        self.socket.sendall(line + b"\n")
        return self.read()

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@pytest.fixture
def lines() -> Iterator[Callable[[Gateway], Lines]]:
    """Clients that are closed after the test, if they are not before."""
    clients: list[Lines] = []

    def connect(gateway: Gateway) -> Lines:
        clients.append(Lines(gateway.socket))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


BAD = (
    (b"not json", None, None),
    (b"[1,2]", None, None),
    (b'{"op":"ping"}', None, "seq"),
    (b'{"op":"ping","seq":-1}', None, "seq"),
    (b'{"op":"ping","seq":9007199254740993}', None, "seq"),
    (b'{"seq":1}', 1, "op"),
    (b'{"op":"dance","seq":2}', 2, "op"),
    (b'{"op":"ping","seq":3,"loud":true}', 3, "loud"),
    (b'{"op":"submit","seq":4,"to":13800138000,"class":"otp","text":"x"}', 4, "to"),
    (b'{"op":"submit","seq":5,"to":"13800138000","text":"x"}', 5, "class"),
    (b'{"op":"submit","seq":6,"to":"13800138000","class":"otp","txt":"x"}', 6, "txt"),
    (b'{"op":"submit","seq":7,"to":"13800138000","class":"otp","text":"x","valid_for":0}', 7, "valid_for"),
    (b'{"op":"submit","seq":8,"to":"1","class":"otp","brand":"xxmall","text":"x","data":"00"}', 8, "text"),
    (
        b'{"op":"submit","seq":9,"to":"1","class":"otp","brand":"xxmall","text":"x","send_at":"x"}',
        9,
        "send_at",
    ),
    (b'{"op":"query","seq":10}', 10, "id"),
    (b'{"op":"ack","seq":11,"consumer":"a b","cursor":1}', 11, "consumer"),
    (b'{"op":"ping","seq":12,"op":"\xff"}', 12, "op"),
)


def test_bad_lines_get_precise_errors_and_harm_nobody(
    simulator: Smsc, gateway: Daemon, consume: Consume, lines: Talk
) -> None:
    """Each names its field; what cannot be answered by seq is skipped; ten in a row close, others work on."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    bulk = Bulk(daemon, 500)
    working = Thread(target=bulk.submit)
    working.start()

    client = lines(daemon)
    assert client.first["protocol"] == 1
    for line, seq, field in BAD:
        reply = client.ask(line)
        assert (reply["seq"], reply["ok"]) == (seq, False), line
        assert (reply["error"]["code"], reply["error"].get("field")) == ("invalid_request", field), line
        assert client.ask(b'{"op":"ping","seq":99}') == {"seq": 99, "ok": True}
    long = client.ask(b'{"op":"ping","seq":1,"x":"' + b"y" * 70_000)
    assert (long["seq"], long["error"]["code"]) == (None, "invalid_request")
    assert client.ask(b'{"op":"ping","seq":99}')["ok"]
    for _ in range(10):
        assert client.ask(b"junk")["seq"] is None
    assert client.read() is None, "closed"
    client.close()

    torn = lines(daemon)
    torn.socket.sendall(b'{"op":"submit","seq":1,"to":"13800138000","te')
    torn.close()

    working.join()
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    assert check_lives(events, bulk.began()) == {"delivered": 500}
    assert len(smsc.record.submits) == 500
    judged_later = 2  # by intake, whose refusals are no bad lines
    assert daemon.metrics()['stream_errors_total{code="invalid_request"}'] == len(BAD) - judged_later + 11
    assert sum(line["lines"] for line in daemon.logs("bad_lines")) == len(BAD) - judged_later + 11
    eventually(lambda: daemon.metrics()["stream_connections"] == 1, "only the consumer is left")


def test_clients_that_read_nothing_are_no_burden(
    simulator: Smsc, gateway: Daemon, consume: Consume, lines: Talk
) -> None:
    """A client that never reads is no longer read from; a subscriber that never reads holds up nobody."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    deaf, lazy = lines(daemon), lines(daemon)
    assert lazy.ask(b'{"op":"subscribe","seq":1,"consumer":"lazy"}')["ok"]
    deaf.socket.setblocking(False)
    pings = b"".join(b'{"op":"ping","seq":%d}\n' % n for n in range(1000))
    written = 0

    def stuck() -> bool:
        nonlocal written
        with suppress(BlockingIOError):
            while True:
                written += deaf.socket.send(pings)
        return daemon.status()["ok"] and written > 100_000

    eventually(stuck, "the daemon reads no more")
    before = _memory(daemon)
    bulk = Bulk(daemon, 3000)
    assert bulk.submit()
    events = consume(daemon)
    events.until_final(bulk.ids.values())
    assert check_lives(events, bulk.began()) == {"delivered": 3000}
    assert _memory(daemon) - before < 64 * 1024, "kB"
    assert written < 5_000_000
    deaf.close()
    lazy.close()
    eventually(lambda: daemon.metrics()["stream_connections"] == 1, "only the consumer is left")


def _memory(daemon: Gateway) -> int:
    """Resident, in kB."""
    [line] = [x for x in Path(f"/proc/{daemon.pid}/status").read_text().splitlines() if x.startswith("VmRSS")]
    return int(line.split()[1])


def test_a_consumer_is_taken_over_and_a_stranger_turned_away(
    simulator: Smsc, gateway: Daemon, consume: Consume, lines: Talk
) -> None:
    """A second subscription of a consumer ends the first; a peer that is no client gets one line."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    first = lines(daemon)
    assert first.ask(b'{"op":"subscribe","seq":1,"consumer":"test","after":null}')["cursor"] == 0
    answer = daemon.submit(text="#1#")
    states = [first.read()["state"], first.read()["state"]]
    events = consume(daemon)
    events.until_final([answer["id"]])
    assert states == events.states(answer["id"]) == ["submitted", "delivered"], (
        "unacknowledged, so told again"
    )
    assert first.read() == {"event": "closed", "consumer": "test", "reason": "taken_over"}
    events.close()
    assert daemon.stop() == 0
    daemon.configure(clients={"shop": {"users": ["nobody-here"], "brands": ["*"], "classes": ["*"]}})
    daemon.start()
    with pytest.raises(Refused) as turned_away:
        daemon.client()
    assert turned_away.value.code == "not_permitted"
    assert daemon.until_logged("connection_refused")["reason"] == "not_permitted"


def test_a_wrong_configuration_is_told_line_by_line(tmp_path: Path) -> None:
    """All errors with file, line and column, exit 78; nothing was started."""
    daemon = Gateway(tmp_path, settings(2775))
    daemon.config_path.write_text(
        "links:\n  a:\n    host: smsc.example\n    windw: 10\n    port: 99999\n"
        "classes: {otp: {validity: -1}}\n"
    )
    assert daemon.fail() == 78
    told = daemon.log_text()
    path = daemon.config_path
    assert f"{path}:4:5: unknown key 'windw'; did you mean 'window'?" in told
    assert f"{path}:5:11: " in told
    assert f"{path}:6:27: " in told
    assert "system_id is missing" in told
    assert not daemon.store.exists()
    argv = [sys.executable, "-m", "gatewayd", "check", "--config", str(path)]
    check = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout) == (78, told)
    daemon.configure(
        links={"sim-1": {"host": "h", "system_id": "a", "password": {"env": "NO_SUCH_VARIABLE"}}}
    )
    assert daemon.fail() == 78
    assert "NO_SUCH_VARIABLE is not set" in daemon.log_text()


def test_what_upstream_gets_wrong_is_told_by_field(simulator: Smsc, gateway: Daemon) -> None:
    """Rights, classes, brands, senders, numbers, lengths: code and field of each refusal."""
    smsc = simulator()
    daemon = gateway(smsc.port)
    cases = (
        ({"class_": "nonsense"}, "unknown_class", "class"),
        ({"brand": "nonsense"}, "unknown_brand", "brand"),
        ({"brand": None}, "invalid_request", "brand"),
        ({"to": "110"}, "invalid_destination", "to"),
        ({"sender": "95555"}, "not_permitted", "sender"),
        ({"sender": "10690001" + "1" * 13}, "invalid_request", "sender"),
        ({"text": "长" * 671}, "text_too_long", "text"),
        ({"text": "长", "encoding": "gsm7"}, "unencodable", "text"),
        ({"tag": "标" * 43}, "invalid_request", "tag"),
        ({"text": None, "data": "0g"}, "invalid_request", "data"),
    )
    with daemon.client() as client:
        for fields, code, field in cases:
            with pytest.raises(Refused) as refused:
                client.request("submit", **daemon.fields(**{"text": "#1#", **fields}))
            error = refused.value.error
            assert (error["code"], error["field"], error["retryable"]) == (code, field, False), fields
        taken = client.request("submit", **daemon.fields(to=number(1), text="x", sender="1069000112"))
    eventually(lambda: smsc.record.submits, "what is right leaves")
    assert smsc.record.submits[0].source == "1069000112"
    assert taken["ok"]
