"""The unit files as systemd reads them, and what the install script leaves behind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from gatewayd.config import Config

FOLDER: Final = Path(__file__).parents[2] / "systemd"
MOST_EXPOSED: Final = 1.5  # of 10, by the count of `systemd-analyze security`

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze: apt-get install systemd"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """What a package would hold; its program is one that exists, as `verify` wants."""
    environ = {**os.environ, "DESTDIR": str(tmp_path), "PREFIX": "/usr", "PROGRAM": sys.executable}
    subprocess.run([FOLDER / "install"], env=environ, check=True)
    return tmp_path


@pytest.fixture
def units(root: Path) -> Path:
    return root / "usr/lib/systemd/system"


def analyze(*arguments: str | Path, units: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **({"SYSTEMD_UNIT_PATH": f"{units}:"} if units else {})}
    argv = ["systemd-analyze", *map(str, arguments)]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)


def service() -> str:
    return (FOLDER / "gatewayd@.service").read_text()


def test_systemd_finds_nothing_wrong(units: Path) -> None:
    """`verify` of an instance of both units: no error, no warning."""
    found = analyze(
        "verify", "--recursive-errors=yes", "gatewayd@main.service", "gatewayd@main.socket", units=units
    )
    assert (found.returncode, found.stderr) == (0, "")


def test_an_unknown_key_would_be_found(units: Path) -> None:
    """The test above can fail: without --recursive-errors systemd only warns."""
    unit = units / "gatewayd@.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSeconds="))
    found = analyze("verify", "--recursive-errors=yes", "gatewayd@main.service", units=units)
    assert found.returncode == 1
    assert "WatchdogSeconds" in found.stderr


def test_exposure_is_low(units: Path) -> None:
    """Below the limit as it is, above it without one part of the sandbox."""
    unit = units / "gatewayd@.service"
    security = ("security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", unit)
    assert analyze(*security).returncode == 0, analyze(*security).stdout
    unit.write_text(unit.read_text().replace("\nSystemCallFilter=", "\n# SystemCallFilter="))
    assert analyze(*security).returncode == 1


def test_users_and_directories(root: Path) -> None:
    """The user and the clients' group are made; tmpfiles accepts its file."""
    (root / "etc").mkdir()
    subprocess.run(["systemd-sysusers", f"--root={root}"], check=True, capture_output=True)
    users = dict(line.split(":", 1) for line in (root / "etc/passwd").read_text().splitlines())
    groups = dict(line.split(":", 1) for line in (root / "etc/group").read_text().splitlines())
    assert users["gatewayd"].endswith("/usr/sbin/nologin")
    assert groups.keys() == {"gatewayd", "gatewayd-clients"}

    rules = root / "usr/lib/tmpfiles.d/gatewayd.conf"
    subprocess.run(["systemd-tmpfiles", "--create", f"--root={root}", rules], check=True)
    modes = {
        path: (root / path).stat().st_mode & 0o777
        for path in ("run/gatewayd", "etc/gatewayd", "etc/gatewayd/credentials")
    }
    assert modes == {"run/gatewayd": 0o755, "etc/gatewayd": 0o750, "etc/gatewayd/credentials": 0o700}


def test_the_program_of_a_package_takes_the_place_of_ours(units: Path) -> None:
    """In ExecStart and in ExecReload."""
    installed = (units / "gatewayd@.service").read_text()
    assert installed.count(f"={sys.executable} ") == 2
    assert "/opt/gatewayd" not in installed


def test_the_unit_fits_the_daemon() -> None:
    """It stops no drain of the usual length, and starts no wrong configuration again."""
    [patience] = re.findall(r"^TimeoutStopSec=(\d+)$", service(), re.MULTILINE)
    assert int(patience) > Config.model_fields["drain_timeout"].default
    assert "\nRestartPreventExitStatus=78\n" in service()
