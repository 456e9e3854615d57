"""Real processes for the tests beside this file: the daemon, the simulator, a consumer of events.

Nothing here waits for a time to pass: starts are told by READY=1 and `listening`, progress by events, by the
simulator's record and by its counts.
"""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from gatewayd.client import Client, Unreachable
from gatewayd.model import ALLOWED, FINALS, State
from simulator.control import command
from simulator.record import Record
from tests.daemon.clocks import Clock

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 20.0  # seconds: more than anything here takes on a busy machine
LOOK: Final = 0.005  # seconds between two looks at something that cannot tell by itself
Object = dict[str, Any]


class Slow(AssertionError):
    """What was waited for did not happen."""


def eventually(check: Callable[[], Any], what: str, patience: float = PATIENCE) -> Any:
    """The first true value of `check`; for what has no signal of its own."""
    deadline = time.monotonic() + patience
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Slow(what)
        time.sleep(LOOK)


def number(n: int) -> str:
    """The n-th mobile number of these tests, canonical."""
    return f"86139{n:08d}"


class Process:
    """One program that is started, stopped and killed; its standard error is kept over all its lives."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.log_path = folder / f"{name}.log"
        self.environ: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None

    def read(self, clock: Clock | None) -> None:
        """What its wall clock is from its next start on; None: the true one."""
        self.environ = {} if clock is None else clock.environ

    @property
    def pid(self) -> int:
        return self.running.pid

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None
        return self.process

    def spawn(self, *argv: str, stdout: int | None = None, environ: Mapping[str, str] | None = None) -> None:
        env = {**os.environ, **self.environ, **(environ or {})}
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(argv, stdout=stdout, stderr=log, cwd=ROOT, env=env)

    def signal(self, number: int) -> None:
        self.running.send_signal(number)

    def wait(self, patience: float = PATIENCE) -> int:
        """The exit code; the program must end by itself."""
        return self.running.wait(patience)

    def kill(self) -> None:
        """As kill -9 does; nothing if it has ended."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def log_text(self) -> str:
        return self.log_path.read_text("utf-8") if self.log_path.exists() else ""


class Simulator(Process):
    """The bundled SMSC; keeps its port, record and control socket over restarts."""

    def __init__(
        self,
        folder: Path,
        name: str = "smsc",
        scenario: Mapping[str, Any] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(folder, name)
        self.port = 0
        self._options = options
        self.record_path = folder / f"{name}.record"
        self._control = folder / f"{name}.control"
        self._scenario = folder / f"{name}.yaml"
        self._scenario.write_text(json.dumps(scenario or {}))
        self._record = Record(self.record_path)

    def start(self) -> None:
        files = {"--record": self.record_path, "--control": self._control, "--scenario": self._scenario}
        options = [text for option, path in files.items() for text in (option, str(path))]
        argv = (sys.executable, "-m", "simulator", "--port", str(self.port), *options, *self._options)
        self.spawn(*argv, stdout=subprocess.PIPE)
        assert self.running.stdout is not None
        line = self.running.stdout.readline().decode()
        found = re.fullmatch(r"listening 127\.0\.0\.1:(\d+)\n", line)
        assert found, (line, self.log_text())
        self.port = int(found[1])

    def do(self, op: str, **fields: object) -> Object:
        """A command to the running simulator."""
        return command(self._control, op, **fields)

    def set(self, **values: object) -> None:
        """Change the behaviour of all accounts."""
        self.do("set", values={"default": values})

    def stats(self, account: str = "acme") -> Counter[str]:
        counts = Counter[str]()
        counts.update(self.do("status")["accounts"].get(account, {}))
        return counts

    def until(self, patience: float = PATIENCE, account: str = "acme", **counts: int) -> Counter[str]:
        """Wait until the account's counts are at least these."""

        def reached() -> Counter[str] | None:
            stats = self.stats(account)
            return stats if all(stats[name] >= least for name, least in counts.items()) else None

        found: Counter[str] = eventually(reached, f"simulator: {counts}", patience)
        return found

    @property
    def record(self) -> Record:
        """What it has seen and done so far."""
        return self._record.refresh()

    def tokens(self) -> Counter[str]:
        """How many messages that it took hold each token."""
        return self.record.count(r"#[0-9a-z-]+#")


class Gateway(Process):
    """The daemon under one configuration; READY=1 tells that it is up.

    secrets: texts that were submitted: with the numbers, what no log may hold.
    """

    def __init__(self, folder: Path, config: Mapping[str, Any], name: str = "gatewayd") -> None:
        super().__init__(folder, name)
        self.socket = folder / f"{name}.sock"
        self.store = folder / f"{name}.db"
        self.config_path = folder / f"{name}.yaml"
        self.secrets: set[str] = set()
        self.config: Object = {}
        self.configure(**config)

    def configure(self, **changes: Any) -> None:
        """For the next start. JSON is YAML."""
        stream = {"protocol": "stream", "path": str(self.socket), "mode": "0600"}
        http = {"protocol": "http", "address": "127.0.0.1:0"}
        base = {"store": f"sqlite://{self.store}", "listeners": [stream, http]}
        self.config = {**base, **self.config, **changes}
        self.config_path.write_text(json.dumps(self.config, ensure_ascii=False), "utf-8")

    def start(self, *before: str) -> None:
        """before: a program that runs the daemon, as strace."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            path = self.folder / "notify"
            path.unlink(missing_ok=True)
            manager.bind(str(path))
            self._run(*before, environ={"NOTIFY_SOCKET": str(path)})
            self._until_ready(manager)

    def fail(self) -> int:
        """The exit code of a start that cannot succeed."""
        self._run(environ={})
        return self.wait()

    def _run(self, *before: str, environ: Mapping[str, str]) -> None:
        argv = (sys.executable, "-m", "gatewayd", "run", "--config", str(self.config_path))
        self.spawn(*before, *argv, environ=environ)

    def _until_ready(self, manager: socket.socket) -> None:
        pidfd = os.pidfd_open(self.pid)
        try:
            ready, _, _ = select.select([manager.fileno(), pidfd], [], [], PATIENCE)
        finally:
            os.close(pidfd)
        assert manager.fileno() in ready, self.log_text()
        assert b"READY=1" in manager.recv(1024)

    def stop(self) -> int:
        """Drain; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def restart(self) -> None:
        """Killed as it is, started again."""
        self.kill()
        self.start()

    def client(self) -> Client:
        return Client(str(self.socket), PATIENCE)

    def submit(self, **fields: Any) -> Object:
        """One accepted submit; `class_` for class."""
        with self.client() as client:
            return client.request("submit", **self.fields(**fields))

    def fields(self, **fields: Any) -> Object:
        """The fields of a submit, their text noted as a secret."""
        whole = {"to": number(1), "class_": "notice", "brand": "xxmall", **fields}
        whole["class"] = whole.pop("class_")
        if whole.get("text"):
            self.secrets.add(whole["text"])
        return whole

    def query(self, **which: str) -> Object:
        with self.client() as client:
            message: Object = client.request("query", **which)["message"]
            return message

    def status(self) -> Object:
        with self.client() as client:
            return client.request("status")

    def until_link(self, link: str, state: str, binds: int = 0) -> Object:
        """Wait for a state of a link, with at least so many binds."""

        def reached() -> Object | None:
            found: Object = self.status()["links"][link]
            return found if found["state"] == state and found["binds"] >= binds else None

        found: Object = eventually(reached, f"{link} {state}")
        return found

    # logs

    def logs(self, event: str | None = None) -> list[Object]:
        """Log lines, or those of one event."""
        lines = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [line for line in lines if event in (None, line["event"])]

    def until_logged(self, event: str, count: int = 1, **fields: object) -> Object:
        """Wait for the count-th line of an event with these fields."""

        def logged() -> Object | None:
            found = [line for line in self.logs(event) if fields.items() <= line.items()]
            return found[count - 1] if len(found) >= count else None

        found: Object = eventually(logged, f"log line {event} {fields}")
        return found

    def leaks(self) -> list[str]:
        """Log lines that hold a full number or a text (G11), or speak of a crash."""
        words = [secret for secret in self.secrets if len(secret) > 4]
        return [
            line
            for line in self.log_text().splitlines()
            if re.search(r"(?<!\d)(86)?1[3-9]\d{9}(?!\d)|Traceback", line) or any(w in line for w in words)
        ]

    # HTTP

    def http(self, path: str, host: str | None = None) -> tuple[int, str]:
        """Status and body of a GET."""
        address = self.logs("http_listening")[-1]["address"][0]
        request = urllib.request.Request(address + path, headers={} if host is None else {"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metrics(self) -> dict[str, float]:
        """`submits_total{class="otp",link="sim-1"}` -> value; without the prefix, labels in order."""
        families = text_string_to_metric_families(self.http("/metrics")[1])
        return {
            _metric(sample.name, sample.labels): sample.value
            for family in families
            for sample in family.samples
        }

    def until_metric(self, metric: str, least: float) -> None:
        """Wait until a metric has that value or more."""
        eventually(lambda: self.metrics().get(metric, 0) >= least, f"{metric} {least}")


def _metric(name: str, labels: Mapping[str, str]) -> str:
    text = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    return name.removeprefix("gatewayd_") + (f"{{{text}}}" if text else "")


class Consumer:
    """Reads a client's events over any number of lives of the daemon, and acknowledges what it has."""

    def __init__(self, gateway: Gateway, name: str = "test", *, acknowledging: bool = True) -> None:
        self.events: list[Object] = []
        self.repeated = 0
        self._gateway, self._name, self._acknowledging = gateway, name, acknowledging
        self._by_cursor: dict[int, Object] = {}
        self._lives = defaultdict[str, list[Object]](list)
        self._finals: dict[str, Object] = {}
        self._client: Client | None = None

    def until(self, enough: Callable[["Consumer"], Any], patience: float = PATIENCE) -> Any:
        """Read until `enough` is true of what has come. Raises Slow, or Unreachable if the daemon ends."""
        deadline = time.monotonic() + patience
        while not (value := enough(self)):
            left = deadline - time.monotonic()
            batch = next(self._connected().batches(left), None) if left > 0 else None
            if batch is None:
                raise Slow(f"{len(self.events)} events: {self.events[-5:]}")
            self._take(batch)
        return value

    def until_lost(self) -> None:
        """Read until the daemon ends."""
        try:
            self.until(lambda _: False)
        except Unreachable:
            self.close()

    def until_final(self, ids: Iterable[str], patience: float = PATIENCE) -> dict[str, Object]:
        """Read until all these messages are final; gives the final event of each."""
        wanted = set(ids)
        self.until(lambda _: wanted <= self.finals().keys(), patience)
        return {identifier: self.finals()[identifier] for identifier in wanted}

    def until_state(self, identifier: str, state: str, patience: float = PATIENCE) -> Object:
        """Read until a message has been in that state; gives the event."""
        found: Object = self.until(
            lambda _: next((e for e in self.life(identifier) if e.get("state") == state), None), patience
        )
        return found

    def until_inbound(self, count: int) -> None:
        """Read until so many MO have been told."""
        self.until(lambda _: len(self.inbound()) >= count)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _connected(self) -> Client:
        if self._client is None:
            self._client = self._gateway.client()
            self._client.subscribe(self._name)
        return self._client

    def _take(self, batch: Sequence[Object]) -> None:
        for event in batch:
            known = self._by_cursor.setdefault(event["cursor"], event)
            if known is event:
                assert not self.events or self.events[-1]["cursor"] < event["cursor"], "out of order"
                self._keep(event)
            else:
                assert known == event, "one cursor, two events"
                self.repeated += 1
        if self._acknowledging:
            self._connected().ack(self._name, batch[-1]["cursor"])

    def _keep(self, event: Object) -> None:
        self.events.append(event)
        self._lives[event["id"]].append(event)
        if event.get("final"):
            self._finals[event["id"]] = event

    # what has come

    def life(self, identifier: str) -> list[Object]:
        return self._lives.get(identifier, [])

    def states(self, identifier: str) -> list[str]:
        return [event["state"] for event in self.life(identifier) if event["event"] == "state"]

    def finals(self) -> Mapping[str, Object]:
        return self._finals

    def inbound(self) -> list[Object]:
        return [event for event in self.events if event["event"] == "inbound"]

    def lives(self) -> dict[str, list[State]]:
        """Message id -> its states in order of events."""
        lives = defaultdict[str, list[State]](list)
        for event in self.events:
            if event["event"] == "state":
                lives[event["id"]].append(State(event["state"]))
        return dict(lives)


def check_lives(consumer: Consumer, began: Mapping[str, str]) -> Counter[str]:
    """Each message went from the state it began in by allowed steps to exactly one final state (G4).

    began: id -> state of the submit's answer. Returns how many ended in which state.
    """
    lives = consumer.lives()
    assert set(lives) == set(began), set(lives) ^ set(began)
    for identifier, states in lives.items():
        path = [State(began[identifier]), *states]
        assert all(after in ALLOWED[before] for before, after in pairwise(path)), path
        assert [state in FINALS for state in path].count(True) == 1, path
        assert path[-1] in FINALS, path
    return Counter(states[-1].value for states in lives.values())


def local() -> Object:
    """The one client of these tests."""
    return {"users": ["*"], "brands": ["*"], "classes": ["*"], "admin": True, "holds_consent": True}


def link(port: int, **settings: Any) -> Object:
    """One account at the SMSC of that port; quick to come back."""
    quick = {"reconnect_min": 0.05, "reconnect_max": 0.2, "window": 10}
    return {"host": "127.0.0.1", "port": port, "system_id": "acme", **quick, **settings}


def settings(port: int, **changes: Any) -> Object:
    """The configuration of most tests: one link, two brands; `sim` are settings of that link."""
    sim = changes.pop("sim", {})
    return {
        "clients": {"local": local()},
        "brands": {
            "xxmall": {"signature": None, "sender": "10690001"},
            "bank": {"signature": None, "sender": "10690002"},
        },
        "links": {"sim-1": link(port, **sim)},
        "policy": {"quiet_hours": None},  # the clock on the wall is no part of these tests
        **changes,
    }


class Bulk:
    """Messages told apart by a token in each text, which is also their key and names their number.

    accepted: token -> the answer; asking again with the same key makes sure of those that were cut off.
    """

    def __init__(
        self, gateway: Gateway, count: int, *, text: str = "", first: int = 1, **fields: Any
    ) -> None:
        self.accepted: dict[str, Object] = {}
        self._gateway = gateway
        self._requests = {
            f"#{n}#": gateway.fields(**{"to": number(n), **fields}, key=f"#{n}#", text=f"#{n}# {text}")
            for n in range(first, first + count)
        }

    def submit(self) -> bool:
        """Submit what has no answer yet; False if the daemon ended before all had one."""
        missing = [r for token, r in self._requests.items() if token not in self.accepted]
        try:
            with self._gateway.client() as client:
                for request, reply in client.pipeline({"op": "submit", **fields} for fields in missing):
                    assert reply["ok"], reply
                    self.accepted[str(request["key"])] = reply
        except Unreachable:
            return False
        return True

    def extend(self, other: "Bulk") -> None:
        """Submit those of `other` after these."""
        self._requests |= other._requests

    @property
    def ids(self) -> dict[str, str]:
        """Token -> message id."""
        return {token: reply["id"] for token, reply in self.accepted.items()}

    def began(self) -> dict[str, str]:
        return {reply["id"]: reply["state"] for reply in self.accepted.values()}
