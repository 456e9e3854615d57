"""`gatewayd run` on what cannot run: the exit code tells whose fault it is, and one line says what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
store: sqlite://{tmp}/gatewayd.db
listeners: [{protocol: stream, path: {tmp}/gatewayd.sock}]
links: {smsc: {host: localhost, system_id: x}}
brands: {mall: {signature: null, sender: "10690001"}}
"""


def run(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The daemon, which ends by itself."""
    file = tmp_path / "gatewayd.yml"
    file.write_text(text.replace("{tmp}", str(tmp_path)))
    return subprocess.run(
        [sys.executable, "-m", "gatewayd", "run", "--config", str(file)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("localhost", "localhost, port: 99999", "4:"),
        ("system_id: x", "system_id: x, password: {file: /nonexistent}", "4:"),
        ("links:", "lniks:", "2:"),
    ],
)
def test_a_wrong_file_is_a_configuration_error(tmp_path: Path, right: str, wrong: str, place: str) -> None:
    """Exit 78, told as `check` tells it, and no store is made."""
    result = run(tmp_path, GOOD.replace(right, wrong))

    assert (result.returncode, result.stdout) == (78, "")
    assert result.stderr.startswith(f"{tmp_path}/gatewayd.yml:{place}")
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "gatewayd.db").exists()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("{tmp}/gatewayd.db", "{tmp}/none/gatewayd.db", "the folder must exist"),
        ("{tmp}/gatewayd.db", "{tmp}/gatewayd.yml", "not a database"),
        ("{tmp}/gatewayd.sock", "{tmp}/none/gatewayd.sock", "No such file"),
        ("{tmp}/gatewayd.sock", "{tmp}/gatewayd.yml", "is no socket"),
    ],
)
def test_what_the_machine_does_not_give_is_a_failure(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    """Exit 1, and the last line of the log says what failed; no traceback."""
    result = run(tmp_path, GOOD.replace(right, wrong))

    line = json.loads(result.stderr.splitlines()[-1])
    assert (result.returncode, line["event"], line["level"]) == (1, "failed", "critical")
    assert said in line["detail"]
    assert "Traceback" not in result.stderr
