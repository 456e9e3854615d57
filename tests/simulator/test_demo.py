"""The demo as a user runs it: all promises hold, what it prints works, and nothing of it stays behind."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulator.demo_texts import EMOJI, LONG

pytestmark = pytest.mark.daemon
ROOT = Path(__file__).parents[2]
LONGEST = 60  # seconds; the promise


@contextmanager
def demo(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """The demo with its temporary folder inside `folder`; ended, with its processes, if a test leaves it."""
    with subprocess.Popen(
        [sys.executable, "-m", "simulator.demo", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONIOENCODING": "utf-8"},
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(LONGEST)


def read_until(process: "subprocess.Popen[str]", what: str) -> str:
    """Its output up to the line that holds `what`."""
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or what not in lines[-1]:
        line = process.stdout.readline()
        assert line, "".join(lines)
        lines.append(line)
    return "".join(lines)


def rest(process: "subprocess.Popen[str]") -> str:
    return process.communicate(timeout=LONGEST)[0]


def left_behind(folder: Path) -> list[str]:
    """Files in the folder, and processes whose command line names it."""
    files = [str(path) for path in folder.iterdir()]
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # ended meanwhile
        if str(folder) in line:
            files.append(line)
    return files


def test_the_emoji_is_where_it_shows_something() -> None:
    """67 units fit into a first segment (8-bit reference): the emoji's first half would, its second not."""
    assert len(LONG[: LONG.index(EMOJI)].encode("utf-16-be")) // 2 == 66
    assert len(EMOJI.encode("utf-16-be")) // 2 == 2


def test_the_whole_demo(tmp_path: Path) -> None:
    """Every promise holds, in less than a minute; the commands it prints work; Ctrl-C then ends it well."""
    with demo(tmp_path, "--seconds", "600") as process:
        shown = read_until(process, "curl http")
        took = re.search(r"That took (\d+) seconds", shown)
        assert took is not None
        assert int(took[1]) < LONGEST
        assert "BROKEN" not in shown
        assert left_behind(tmp_path)
        printed = re.findall(r"^   (\S.*gatewayd (?:send|message|explain|status).*)$", shown, re.MULTILINE)
        socket = re.search(r"export GATEWAYD_SOCKET=(\S+)", shown)
        assert socket is not None
        expected = ("delivered", "delivered", "receipt", "carrier")
        for line, word in zip(printed, expected, strict=True):
            assert word in typed(line, socket[1])
        process.send_signal(signal.SIGINT)
        end = rest(process)
    assert process.returncode == 0, end
    assert re.search(r"All \d+ promises held", end)
    assert left_behind(tmp_path) == []


def typed(line: str, socket: str) -> str:
    """What a printed command prints; it must end well."""
    done = subprocess.run(
        shlex.split(line),
        env={**os.environ, "GATEWAYD_SOCKET": socket},
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, (line, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_demo_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of a step: exit 130, no process and no folder stays."""
    with demo(tmp_path) as process:
        read_until(process, "1. ")
        process.send_signal(number)
        said = rest(process)
    assert process.returncode == 130, said
    assert "Interrupted" in said
    assert "Traceback" not in said
    assert left_behind(tmp_path) == []


def test_a_demo_that_cannot_start_says_why(tmp_path: Path) -> None:
    """A temporary folder too deep for a Unix socket: exit 1, the reason, nothing left."""
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    with demo(deep) as process:
        said = rest(process)
    assert process.returncode == 1, said
    assert "could not go on" in said
    assert "TMPDIR" in said
    assert "Traceback" not in said
    assert left_behind(deep) == []
