"""The SMSC in virtual time: the README's program, and the same record each time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import BindTransceiver, SubmitSm
from simulator.record import Recorder
from simulator.scenario import load
from simulator.smsc import Smsc

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "simulator" / "scenarios"


def test_the_readmes_program_runs() -> None:
    """As it stands there: a day goes by at once, and it prints what its comment says."""
    readme = (ROOT / "simulator" / "README.md").read_text(encoding="utf-8")
    [program] = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=30, check=False
    )
    assert (done.stdout, done.stderr) == ("1 1\n", "")


async def play(name: str, path: Path) -> None:
    """One ESME submits fifty texts and answers nothing; no two things fall due at the same time."""
    smsc = Smsc(load(SCENARIOS / f"{name}.yaml"), Recorder(path), epoch=1_795_000_000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(smsc.run)
        ours, theirs = trio.testing.memory_stream_pair()
        nursery.start_soon(smsc.serve, theirs)
        await ours.send_all(encode(BindTransceiver(system_id=b"acme"), 1))
        for number in range(2, 52):
            await trio.sleep(0.0937)
            submit = SubmitSm(destination_addr=b"86139%08d" % number, registered_delivery=1)
            await ours.send_all(encode(submit, number))
        await trio.sleep(20)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("name", ["failing", "lost-receipts", "hidden-rate", "mo-flood", "stat-variants"])
def test_one_seed_is_one_record(tmp_path: Path, name: str) -> None:
    """The same octets at the same times give the same record, octet for octet."""
    records = []
    for run in ("first", "second"):
        trio.run(play, name, tmp_path / run, clock=MockClock(autojump_threshold=0))
        records.append((tmp_path / run).read_bytes())
    assert records[0] == records[1]
    assert records[0].count(b"\n") > 100
