"""The pool with its links, in virtual time: simulated SMSCs on memory streams, the store in memory."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
import trio.testing

from gatewayd.config import Tls, parse_config
from gatewayd.configlink import Host
from gatewayd.intake import Intake
from gatewayd.ledger.accept import Answer
from gatewayd.link import place as place_module
from gatewayd.link.link import Link
from gatewayd.link.pool import Pool
from gatewayd.metrics import Metrics
from gatewayd.model import Refusal
from gatewayd.rules import SnapshotRules
from gatewayd.scheduler import Scheduler
from gatewayd.snapshot import Snapshot
from gatewayd.upstream.wire import Submit
from simulator.record import Record, Recorder
from simulator.scenario import Scenario
from simulator.smsc import Smsc
from tests.upstream.gateway import WatchedStore

NOW = 1_795_000_000_000
NUMBER = "8613800138000"
CONFIG = """
store: sqlite:///nowhere/not-used.db
links:
%s
brands:
  mall: {signature: null, sender: "10690001"}
  club: {signature: null, sender: "10690002", throughput: 20}
clients:
  shop: {users: [shop], brands: [mall], classes: ["*"], holds_consent: true}
  bank: {users: [bank], brands: [mall], classes: ["*"], holds_consent: true}
  club: {users: [club], brands: [club], classes: ["*"], holds_consent: true}
%s
"""


class Net:
    """How links reach the SMSC. down: hosts nobody listens on; deaf: hosts that never answer."""

    def __init__(self, nursery: trio.Nursery, smsc: Smsc) -> None:
        self.down: set[str] = set()
        self.deaf: set[str] = set()
        self.connects: dict[str, list[float]] = {}
        self._nursery, self._smsc = nursery, smsc
        self._unanswered: list[object] = []

    async def connect(self, host: Host, tls: Tls | None) -> trio.abc.Stream:
        """In place of TCP, as `gatewayd.link.connect.connect`."""
        del tls
        await trio.lowlevel.checkpoint()
        self.connects.setdefault(host.name, []).append(trio.current_time())
        if host.name in self.down:
            raise ConnectionRefusedError("nobody listens")
        ours, theirs = trio.testing.memory_stream_pair()
        if host.name in self.deaf:
            self._unanswered.append(theirs)
        else:
            self._nursery.start_soon(self._smsc.serve, theirs)
        return ours


def _settings(name: str, given: str) -> str:
    """Of one link: its name is its host and its system_id, unless it says otherwise."""
    usual = {"system_id": name} | ({} if "hosts:" in given else {"host": name})
    return ", ".join([f"{key}: {value}" for key, value in usual.items() if f"{key}:" not in given] + [given])


class Steps(trio.abc.Instrument):
    """How often each task ran, by the name of its function."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.of[task.name.rpartition(".")[2]] += 1


class Lab:
    """links, more: of the configuration, in YAML. A link's host is its name, and so is its system_id.

    accounts: of the SMSC, one for each link and what else is given; or all of its scenario.
    """

    def __init__(
        self,
        nursery: trio.Nursery,
        path: Path,
        patch: pytest.MonkeyPatch,
        links: Mapping[str, str],
        more: str = "",
        accounts: Mapping[str, Any] | None = None,
        *,
        scenario: Scenario | None = None,
    ) -> None:
        lines = [f"  {name}: {{{_settings(name, given)}}}" for name, given in links.items()]
        config = parse_config((CONFIG % ("\n".join(lines), more)).encode(), "test.yml")
        self.snapshot = Snapshot.build(config)
        self.rules = SnapshotRules(self.snapshot)
        self.metrics, self.store = Metrics(), WatchedStore()
        self.store.watch(self.metrics.committed)
        self._path = path / "record"
        if scenario is None:
            scenario = Scenario().changed({"accounts": {name: {} for name in links} | dict(accounts or {})})
        self.smsc = Smsc(scenario, Recorder(self._path), epoch=NOW / 1000)
        self.net = Net(nursery, self.smsc)
        patch.setattr(place_module, "connect", self.net.connect)
        self.pool = Pool(self.store, self.snapshot, self.rules, self.metrics, self.millis)
        self.scheduler = Scheduler(self.store, self.rules, 7, self.millis)
        self.intake = Intake(self.store, self.snapshot, self.millis, expect=self.pool.expect)
        self._nursery = nursery
        nursery.start_soon(self.smsc.run)

    def millis(self) -> int:
        """The wall clock goes with the virtual one."""
        return NOW + int(trio.current_time() * 1000)

    async def bound(self, *, timers: bool = True) -> None:
        """Start, and wait until all that can be bound is. timers: expiry and retries too."""
        await self._nursery.start(self.pool.serve)
        if timers:
            await self._nursery.start(self.scheduler.serve)
        await trio.testing.wait_all_tasks_blocked()

    def link(self, name: str = "a") -> Link:
        return self.pool.links[name]

    async def submit(self, *texts: str, client: str = "shop", **fields: Any) -> list[str]:
        """Accepted messages, one for each text; their ids."""
        base = {"to": NUMBER, "class_": "notice", **fields}
        requests = [Submit(seq=n, text=text, **base) for n, text in enumerate(texts)]
        answers = await self.intake.submit(client, requests)
        assert not [answer for answer in answers if isinstance(answer, Refusal)]
        return [answer.id for answer in answers if isinstance(answer, Answer)]

    async def events(self, identifier: str) -> list[dict[str, Any]]:
        found = await self.store.read(lambda tables: tables.events_after("shop", 0, 1_000_000))
        bodies = [msgspec.json.decode(event.body, type=dict[str, Any]) for event in found]
        return [body for body in bodies if body.get("id") == identifier]

    async def story(self, identifier: str) -> str:
        """The states that were told of a message."""
        return " ".join(body["state"] for body in await self.events(identifier))

    @property
    def record(self) -> Record:
        return Record(self._path)

    def texts(self, account: str | None = None) -> list[str]:
        """What the SMSC saw, refused or not, in the order of the wire; single segments only."""
        return [
            bytes.fromhex(submit.short_message).decode()
            for submit in self.record.submits
            if account in (None, submit.account)
        ]

    def times(self) -> list[float]:
        """When submit_sm arrived, on the virtual clock."""
        start = self.record.events[0].at
        return [submit.at - start for submit in self.record.submits]

    def metric(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"gatewayd_{name}", labels) or 0.0
