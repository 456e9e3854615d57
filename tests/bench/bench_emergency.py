"""An emergency over two links with a bulk in front: done in the time that its segments need at their rate.

Links of a public warning are slow; here two of 20 segments a second run at 50 times their pace
(`--pace`). The bulk is queued while the SMSC is away and drains when the emergency comes, which pre-empts
it; then it resumes. Times are by the simulator's record, on the clock that all processes share.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.client import Client
from simulator.record import Record, Submit
from tests.bench.processes import connected, daemon, free_port, show, simulator

GOAL = 1.1  # times the segments divided by the rate
REAL_RATE, TIMES = 20, 50
SEGMENTS = 3
TEXT = "【应急】" + "台风橙色预警:请立即转移至安全区域。" * 10  # 3 segments
BULK = "【XX商城】您的订单#{:07d}已发货,请注意查收。"
CONFIG = """
store: sqlite://{folder}/gatewayd.db
listeners: [{protocol: stream, path: {folder}/gatewayd.sock}]
clients:
  bench: {users: ["*"], brands: ["*"], classes: ["*"], window: 2000}
links:
  north: {host: 127.0.0.1, port: {port}, system_id: north, {link}}
  south: {host: 127.0.0.1, port: {port}, system_id: south, {link}}
routes: [{match: {}, links: {north: 1, south: 1}}]
brands: {shop: {signature: null, sender: "10690001"}, alarm: {signature: null, sender: "12379"}}
"""


def messages(count: int, class_: str, prefix: str) -> Iterator[dict[str, object]]:
    brand = "alarm" if class_ == "emergency" else "shop"
    for n in range(count):
        text = TEXT if class_ == "emergency" else BULK.format(n)
        yield {"op": "submit", "to": f"{prefix}{n:08d}", "class": class_, "brand": brand, "text": text}


def submit(client: Client, requests: Iterator[dict[str, object]]) -> None:
    for _, reply in client.pipeline(requests):
        assert reply["ok"], reply


def measure(recipients: int, bulk: int, pace: int) -> dict[str, float]:
    rate = 2 * pace
    link = f"window: {max(10, pace // 8)}, throughput: {pace}, reconnect_min: 0.2, reconnect_max: 0.2"
    scenario = f"default: {{window: 500, throughput: {pace}, responses: {{delay: 0.05}}}}"
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        config = CONFIG.replace("{port}", str(port)).replace("{link}", link)
        with daemon(folder, config) as (path, _), connected(path) as client:
            submit(client, messages(bulk, "notice", "138"))
            with simulator(folder, port, scenario):
                time.sleep(2)
                began = time.time()
                submit(client, messages(recipients, "emergency", "139"))
                time.sleep(max(0.0, began + recipients * SEGMENTS / rate * GOAL + 3 - time.time()))
        return _figures(Record(folder / "record").submits, recipients, rate, began)


def _figures(submits: list[Submit], recipients: int, rate: float, began: float) -> dict[str, float]:
    alarm = [s for s in submits if s.source == "12379"]
    assert len(alarm) == recipients * SEGMENTS, f"{len(alarm)} of {recipients * SEGMENTS} segments have left"
    ended = max(s.at for s in alarm)
    seconds, least = ended - began, len(alarm) / rate
    between = [s for s in submits if s.source != "12379" and began + 1 < s.at < ended]
    return {
        "segments": len(alarm),
        "seconds": seconds,
        "segments/rate": least,
        "share": seconds / least,
        "bulk meanwhile": len(between),
        "bulk/s afterwards": sum(ended < s.at <= ended + 1 for s in submits if s.source != "12379"),
    }


@pytest.mark.bench
def bench_emergency() -> None:
    """A small one: the bulk waits for it, and goes on when it is over."""
    figures = measure(recipients=800, bulk=5_000, pace=200)
    show("emergency", figures)
    assert figures["share"] <= 1.3, "it takes a while to be submitted, which weighs more in a small one"
    assert figures["bulk/s afterwards"] > 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipients", type=int, default=30_000)
    parser.add_argument("--bulk", type=int, default=100_000, help="messages in front")
    parser.add_argument("--pace", type=int, default=REAL_RATE * TIMES, help="segments a second of each link")
    given = parser.parse_args()
    figures = measure(given.recipients, given.bulk, given.pace)
    show("emergency", figures)
    return 0 if figures["share"] <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
