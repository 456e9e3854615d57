"""The whole life of a message through real processes: submit, durable, submit_sm, response, receipt, event.

Two measurements. Bulk: messages a second from the first submit to the last final event, and the CPU the
daemon spends on each; durable (synchronous=FULL), receipts on. Idle: how long an accepted message takes to
the wire at 100 a second, by the simulator's record, on the clock that both processes share.
Loader, simulator and daemon share the machine's cores, so read the figures as those of the box.
"""

import argparse
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gatewayd.client import Client
from simulator.record import Record
from tests.bench.processes import connected, cpu_seconds, daemon, show, simulator

GOAL, FLOOR = 5_000, 2_500  # lives a second; the goal is a quiet machine's, below the floor something broke
WIRE_GOAL = 0.020  # seconds, p99 from submit to the wire at 100 a second
TEXT = "【XX商城】您的订单#{:07d}已发货,请注意查收。"
CONFIG = """
store: sqlite://{folder}/gatewayd.db
listeners: [{protocol: stream, path: {folder}/gatewayd.sock}]
clients: {bench: {users: ["*"], brands: ["*"], classes: ["*"], window: 2000}}
links: {smsc: {host: 127.0.0.1, port: {port}, system_id: bench, window: 500}}
brands: {shop: {signature: null, sender: "10690001"}}
"""


@contextmanager
def gateway(folder: Path) -> Iterator[tuple[Path, int]]:
    """Simulator and daemon; gives the socket and the daemon's pid."""
    with simulator(folder) as port, daemon(folder, CONFIG.replace("{port}", str(port))) as running:
        yield running


def submits(count: int, tag: str) -> Iterator[dict[str, object]]:
    for number in range(count):
        to, text = f"138{number:08d}", TEXT.format(number)
        yield {"op": "submit", "to": to, "class": "notice", "brand": "shop", "text": text, "tag": tag}


def bulk(path: Path, pid: int, count: int) -> dict[str, float]:
    """Lives a second, and the daemon's CPU for each."""
    with connected(path) as consumer, connected(path) as loader:
        return _bulk(consumer, loader, pid, count)


def _bulk(consumer: Client, loader: Client, pid: int, count: int) -> dict[str, float]:
    consumer.subscribe("bench")
    refused: list[Any] = []

    def load() -> None:
        refused.extend(reply for _, reply in loader.pipeline(submits(count, "bulk")) if not reply["ok"])

    cpu, began, finals = cpu_seconds(pid), time.perf_counter(), 0
    thread = threading.Thread(target=load)
    thread.start()
    for batch in consumer.batches(quiet=30):
        finals += sum(event["final"] and event["tag"] == "bulk" for event in batch)
        consumer.ack("bench", batch[-1]["cursor"])
        if finals == count:
            break
    seconds = time.perf_counter() - began
    thread.join()
    assert not refused, refused[0]
    assert finals == count, f"{finals} of {count} messages became final"
    return {"lives/s": count / seconds, "CPU us/message": (cpu_seconds(pid) - cpu) / count * 1e6}


def idle(path: Path, record: Path, count: int, rate: float) -> dict[str, float]:
    """Milliseconds from submit to the wire, one by one at `rate` a second."""
    before, sent = len(Record(record).submits), []
    due = time.perf_counter()
    with connected(path) as client:
        for request in submits(count, "idle"):
            due += 1 / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            sent.append(time.time())
            client.request(str(request.pop("op")), **request)
    while len(arrived := [submit.at for submit in Record(record).submits[before:]]) < count:
        time.sleep(0.02)
    waits = sorted(max(0.0, at - began) * 1000 for at, began in zip(arrived, sent, strict=True))
    return {
        "messages": len(waits),
        "p50 ms": statistics.median(waits),
        "p99 ms": waits[int(len(waits) * 0.99)],
        "max ms": waits[-1],
    }


def measure(count: int) -> tuple[dict[str, float], dict[str, float]]:
    with tempfile.TemporaryDirectory() as name, gateway(Path(name)) as (path, pid):
        quiet = idle(path, Path(name) / "record", 500, 100)
        return bulk(path, pid, count), quiet


@pytest.mark.bench
def bench_gateway() -> None:
    """The road from submit to final event keeps its pace, and an idle link is quick."""
    lives, quiet = measure(10_000)
    show("bulk of 10,000", lives)
    show("100 a second", quiet)
    assert lives["lives/s"] > FLOOR


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    count = parser.parse_args().messages
    lives, quiet = measure(count)
    show(f"bulk of {count:,}", lives)
    show("100 a second", quiet)
    show("loader", {"CPU s": resource.getrusage(resource.RUSAGE_SELF).ru_utime})
    return 0 if lives["lives/s"] >= GOAL and quiet["p99 ms"] <= WIRE_GOAL * 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
