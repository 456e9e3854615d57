"""Command route: from a file alone, and with the daemon's links."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gatewayd.cli.main import cli
from tests.cli.conftest import Live

FILE = """
store: sqlite:///var/lib/gatewayd/gatewayd.db
links:
  smsc: {host: smsc.example, system_id: x}
  other: {host: smsc.example, system_id: y}
brands:
  mall: {signature: null, sender: "10690001"}
  bank: {signature: null, sender: "10690002", industry: finance}
  gone: {signature: null, sender: "10690003", suspended: {reason: abuse}}
clients: {shop: {users: [shop], brands: [mall], classes: [otp, member]}}
routes:
  - {match: {class: otp}, links: [other]}
  - {match: {to: ["86*"]}, links: [smsc, other]}
"""
NOON, NIGHT = "2026-11-22T12:00:00+08:00", "2026-11-22T22:00:00+08:00"


def run(folder: Path, *options: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    path = folder / "gatewayd.yml"
    path.write_text(FILE)
    result = CliRunner().invoke(cli, ["route", "--config", str(path), *options], env=env)
    return result.exit_code, result.stdout


def seen(folder: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code, output = run(folder, "--json", *options)
    return code, json.loads(output)


def test_each_route_says_why(tmp_path: Path) -> None:
    """The first does not hold, the second takes it; the number in its canonical form."""
    code, output = run(tmp_path, "--to", "+86 138 0013 8000", "--brand", "mall", "--at", NOON)
    lines = output.splitlines()
    assert code == 0
    assert lines[0] == "1\tno\tclass is 'notice', not 'otp'"
    assert lines[1].startswith("2\tyes\tall keys hold")
    assert lines[-2:] == ["carrier\tcmcc", "links\tsmsc, other"]


def test_policy_is_judged_by_the_time_and_what_it_cannot_know_is_said(tmp_path: Path) -> None:
    """Marketing at night is held; opt-out, consent and caps are in the store."""
    _, night = seen(tmp_path, "--to", "13800138000", "--class", "member", "--brand", "mall", "--at", NIGHT)
    said = {one["stage"]: one["verdict"] for one in night["verdicts"]}
    assert (said["quiet_hours"], said["suspended"], said["finance"]) == ("held", "passed", "passed")
    assert {said[stage] for stage in ("opt_out", "consent", "caps")} == {"unknown"}
    _, noon = seen(tmp_path, "--to", "13800138000", "--class", "member", "--brand", "mall", "--at", NOON)
    assert {one["stage"]: one["verdict"] for one in noon["verdicts"]}["quiet_hours"] == "passed"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--to", "12"), "invalid_destination"),
        (("--to", "+33612345678"), "no_route"),
        (("--to", "13800138000", "--class", "none"), "unknown_class"),
        (("--to", "13800138000", "--brand", "none"), "unknown_brand"),
        (("--to", "13800138000", "--client", "none"), "not_permitted"),
        (("--to", "13800138000", "--client", "shop"), "not_permitted"),
        (("--to", "13800138000", "--brand", "gone"), "suspended"),
        (("--to", "13800138000", "--brand", "bank", "--class", "member"), "finance_marketing"),
    ],
)
def test_what_would_be_refused(tmp_path: Path, options: tuple[str, ...], code: str) -> None:
    """The code of a submit, and exit 1."""
    exit_code, found = seen(tmp_path, "--at", NOON, *options)
    assert (exit_code, found["refused"]) == (1, code)


def test_a_file_with_errors_and_a_time_that_is_none(tmp_path: Path) -> None:
    """78 and 2, as everywhere."""
    assert run(tmp_path, "--to", "13800138000", "--at", "now")[0] == 2
    bad = tmp_path / "bad.yml"
    bad.write_text("links: {}")
    assert CliRunner().invoke(cli, ["route", "--config", str(bad), "--to", "1"]).exit_code == 78


def test_the_links_of_the_daemon_are_asked_for(tmp_path: Path, live: Live) -> None:
    """In the order of the route; one that the daemon does not have says so; without a daemon exit 69."""
    live.gateway.links = {"smsc": {"state": "bound", "binds": 1, "window": 10, "window_in_use": 3, "rate": 5}}
    options = ("--to", "13800138000", "--brand", "mall", "--live")
    code, output = run(tmp_path, *options, env={"GATEWAYD_SOCKET": live.gateway.path})
    assert code == 0
    assert output.splitlines()[-2:] == ["smsc\tbound\t1\t3\t10\t5", "other\tnot in the daemon\t-\t-\t-\t-"]
    assert run(tmp_path, *options, "--socket", str(tmp_path / "none"))[0] == 69
