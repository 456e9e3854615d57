"""One client floods the gateway, another sends otp: how long these take to be accepted, and to the wire.

The flooder is another user (so it needs root, to become one), sends as fast as its replies come over several
connections, and goes on while the otp come at 50 a second. Times are by the record of the simulator, on the
clock that all processes share; all share the cores. `--rate` gives the flooder a limit (`clients.X.rate`).
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from multiprocessing import get_context
from pathlib import Path

import pytest

from gatewayd.client import Client
from simulator.record import Record
from tests.bench.bench_priority import RATE, SCENARIO, TEXT, WINDOW, send_otp
from tests.bench.processes import connected, daemon, show, simulator

GOAL = 0.1  # seconds, p99 from submit to the wire while another client floods
NOBODY = 65_534
CONFIG = """
store: sqlite://{folder}/gatewayd.db
listeners: [{protocol: stream, path: {folder}/gatewayd.sock, mode: "0666"}]
clients:
  flood: {users: ["65534"], brands: ["*"], classes: ["*"], window: 2000, rate: {rate}}
  bench: {users: ["*"], brands: ["*"], classes: ["*"]}
links: {smsc: {host: 127.0.0.1, port: {port}, system_id: bench, {link}}}
brands: {shop: {signature: null, sender: "10690001"}}
"""


def flood(path: Path) -> None:
    """As another user, until it is killed; what is refused is sent all the same."""
    os.setgid(NOBODY)
    os.setuid(NOBODY)

    def requests() -> Iterator[dict[str, object]]:
        for n in count():
            number = n % 100_000_000
            yield {"op": "submit", "to": f"138{number:08d}", "class": "notice", "text": TEXT.format(n)}

    with Client(str(path)) as client:
        for _ in client.pipeline(requests()):
            pass


@contextmanager
def flooding(path: Path) -> Iterator[None]:
    process = get_context("fork").Process(target=flood, args=(path,))
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def measure(connections: int, seconds: float, rate: float = 0) -> dict[str, float]:
    settings = f"window: {WINDOW}, throughput: {RATE}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with simulator(folder, scenario=SCENARIO) as port:
            config = CONFIG.replace("{port}", str(port)).replace("{link}", settings)
            config = config.replace("{rate}", str(rate))
            with daemon(folder, config) as (path, _), connected(path) as client, ExitStack() as stack:
                for _ in range(connections):
                    stack.enter_context(flooding(path))
                time.sleep(2)
                sent, replies = send_otp(client, seconds)
                time.sleep(1)
        submits = Record(folder / "record").submits
        waits = sorted((s.at - sent[s.destination]) * 1000 for s in submits if s.destination in sent)
        assert len(waits) == len(sent), f"{len(waits)} of {len(sent)} otp reached the wire"
        return {
            "accepted p50 ms": statistics.median(replies) * 1000,
            "accepted p99 ms": replies[int(len(replies) * 0.99)] * 1000,
            "wire p50 ms": statistics.median(waits),
            "wire p99 ms": waits[int(len(waits) * 0.99)],
        }


@pytest.mark.bench
@pytest.mark.skipif(os.geteuid() != 0, reason="the flooder is another user")
def bench_flood() -> None:
    """However much another client sends, over however many connections, an otp is on the wire soon."""
    alone, flooded = measure(0, 4), measure(4, 4)
    show("nobody else", alone)
    show("4 connections flood", flooded)
    assert flooded["wire p50 ms"] < 300


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="of otp")
    parser.add_argument("--connections", type=int, default=4, help="of the flooder")
    parser.add_argument("--rate", type=float, default=0, help="submits a second the flooder may send")
    given = parser.parse_args()
    show("nobody else", measure(0, given.seconds))
    flooded = measure(given.connections, given.seconds, given.rate)
    show(f"{given.connections} connections flood", flooded)
    return 0 if flooded["wire p99 ms"] <= GOAL * 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
