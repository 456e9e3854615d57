"""Processes of one test; all of them are gone after it, and no log of the daemon may have told a secret."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.clocks import Clock
from tests.daemon.harness import Consumer, Gateway, Process, Simulator, settings
from tests.daemon.rawsmsc import Peer, RawSmsc


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    """What is to be killed at the end."""
    started: list[Process] = []
    yield started
    for process in reversed(started):
        process.kill()
    for process in started:
        if isinstance(process, Gateway):
            assert process.leaks() == []


@pytest.fixture
def simulator(tmp_path: Path, processes: list[Process]) -> Callable[..., Simulator]:
    """Starts an SMSC whose accounts behave as `default` says; `accounts`: what differs by account."""

    def start(
        name: str = "smsc",
        accounts: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        **default: Any,
    ) -> Simulator:
        smsc = Simulator(tmp_path, name, {"default": default, "accounts": accounts or {}})
        processes.append(smsc)
        smsc.read(clock)
        smsc.start()
        return smsc

    return start


@pytest.fixture
def gateway(tmp_path: Path, processes: list[Process]) -> Callable[..., Gateway]:
    """Starts a daemon with the usual settings for an SMSC at `port`, and what is given beside."""

    def start(port: int, clock: Clock | None = None, **changes: Any) -> Gateway:
        daemon = Gateway(tmp_path, settings(port, **changes))
        processes.append(daemon)
        daemon.read(clock)
        daemon.start()
        return daemon

    return start


@pytest.fixture
def consume() -> Iterator[Callable[..., Consumer]]:
    """Consumers whose connections end with the test."""
    consumers: list[Consumer] = []

    def start(gateway: Gateway, name: str = "test", *, acknowledging: bool = True) -> Consumer:
        consumers.append(Consumer(gateway, name, acknowledging=acknowledging))
        return consumers[-1]

    yield start
    for consumer in consumers:
        consumer.close()


@pytest.fixture
def raw() -> Iterator[Callable[..., RawSmsc]]:
    """SMSCs written in the test; what they met fails it."""
    smscs: list[RawSmsc] = []

    def start(serve: Callable[[Peer], None], context: ssl.SSLContext | None = None) -> RawSmsc:
        smscs.append(RawSmsc(serve, context))
        return smscs[-1]

    yield start
    for smsc in smscs:
        smsc.close()
