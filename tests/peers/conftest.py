"""Independent programs beside the daemon and the simulator; all are gone after a test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.daemon.conftest import consume, gateway, processes, simulator
from tests.daemon.harness import Process
from tests.peers.kannel import Kannel
from tests.peers.node import Node

__all__ = ["consume", "gateway", "kannel", "node", "processes", "simulator"]


@pytest.fixture
def node(tmp_path: Path, processes: list[Process]) -> Callable[..., Node]:
    """Starts node's `smpp` as `esme` of a port, or as `smsc`."""

    def start(role: str, port: int = 0) -> Node:
        peer = Node(tmp_path, role, port)
        processes.append(peer)
        peer.start()
        return peer

    return start


@pytest.fixture
def kannel(tmp_path: Path, processes: list[Process]) -> Iterator[Callable[..., Kannel]]:
    """Starts Kannel, bound to a port; what is given beside are settings of its SMSC, `_` for `-`."""
    started: list[Kannel] = []

    def start(port: int, **smsc: object) -> Kannel:
        settings = {key.replace("_", "-"): value for key, value in smsc.items()}
        started.append(Kannel(tmp_path, port, settings, processes))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.sink.close()
