"""The commands consent and template, and a message by template, against a live listener."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Live

NUMBER = "13800138000"


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_consent_from_the_yes_to_the_no(live: Live) -> None:
    """The exit code of a check says whether marketing may go."""
    assert live.run("consent", "check", NUMBER).exit_code == 1
    told = ("--channel", "web", "--wording", "v3", "--proof", "order-42")
    added = live.run("consent", "add", NUMBER, "--at", "2026-11-01T00:00:00Z", *told, "--json")
    assert (added.exit_code, objects(added.stdout)) == (0, [{"added": 1, "in_force": True}])
    checked = live.run("consent", "check", NUMBER, "--brand", "mall")
    assert checked.exit_code == 0
    assert checked.stdout.split("\t")[:7] == [
        *("8613800138000", "mall", "yes", "2026-11-01T00:00:00.000Z", "web", "v3", "order-42")
    ]
    assert live.run("consent", "revoke", NUMBER, "--channel", "phone").stdout == "revoked\t1\n"
    late = live.run("consent", "add", NUMBER, "--at", "2026-11-02T00:00:00Z", "--json")
    assert (late.exit_code, objects(late.stdout)) == (1, [{"added": 1, "in_force": False}])
    assert live.run("consent", "check", NUMBER).exit_code == 1
    assert live.run("consent", "add", NUMBER, "--brand", "bank").exit_code == 77


def test_a_file_of_consents_in_and_out(live: Live, tmp_path: Path) -> None:
    """What was exported imports again; what cannot be read is told by its line."""
    source, proof = tmp_path / "members.csv", tmp_path / "proof.csv"
    rows = [f"138001380{n:02},web,2026-11-01T08:00:00+08:00,{'甲' * 200}" for n in range(60)]
    rows[3:3] = ["12,web,,v1", "13800138001,web,soon,v1"]
    source.write_text("\n".join(["to,channel,at,wording", *rows, ""]), "utf-8")
    imported = live.run("consent", "import", str(source), "--json")
    assert imported.exit_code == 3
    assert objects(imported.stdout) == [{"rows": 62, "added": 60, "wrong": 2}]
    assert "line 5: " in imported.stderr
    assert "line 6: " in imported.stderr
    assert "(at)" in imported.stderr
    assert "soon" not in imported.stderr
    live.run("consent", "revoke", NUMBER)
    assert live.run("consent", "export", str(proof)).exit_code == 0
    with proof.open(encoding="utf-8", newline="") as file:
        exported = list(csv.DictReader(file))
    assert len(exported) == 61
    assert (exported[0]["to"], exported[0]["granted"]) == ("8613800138000", "True")
    assert (exported[-1]["to"], exported[-1]["granted"]) == ("8613800138000", "False")
    again = live.run("consent", "import", str(proof), "--json")
    assert (again.exit_code, objects(again.stdout)) == (0, [{"rows": 61, "added": 0, "wrong": 0}])


def test_a_withdrawal_may_come_by_file(live: Live, tmp_path: Path) -> None:
    """A column `granted` says so."""
    source = tmp_path / "said.csv"
    source.write_text(f"to,granted,at\n{NUMBER},yes,2026-11-01T00:00:00Z\n{NUMBER},no,2026-11-02T00:00:00Z\n")
    assert live.run("consent", "import", str(source)).exit_code == 0
    assert live.run("consent", "check", NUMBER).exit_code == 1


def test_a_file_without_columns_is_none(live: Live, tmp_path: Path) -> None:
    """It would be read as something else."""
    source = tmp_path / "numbers.csv"
    source.write_text(f"{NUMBER}\n")
    result = live.run("consent", "import", str(source))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "first line must name the columns" in result.stderr


def test_a_template_from_the_draft_to_the_message(live: Live) -> None:
    """As the help of the command shows it."""
    live.gateway.configure(admin="true")
    put = ("template", "put", "code", "--brand", "mall", "--class", "otp", "--text", "-")
    first = live.run(*put, "--draft", "--json", text="您的验证码为{code:digits:4-8}\n")
    assert objects(first.stdout) == [{"name": "code", "brand": "mall", "version": 1, "state": "draft"}]
    assert live.run(*put, text="校验码{code:digits:4-8}").exit_code == 0
    review = ("template", "review", "code", "approved", "--brand", "mall", "--version", "2")
    done = live.run(*review, "--reason", "as reported", "--json")
    assert objects(done.stdout)[0]["state"] == "approved"
    got = objects(live.run("template", "get", "code", "--json").stdout)
    assert [(one["version"], one["state"], one["reason"]) for one in got] == [
        (2, "approved", "as reported"),
        (1, "draft", None),
    ]
    listed = live.run("template", "list").stdout.split("\t")
    assert listed[:4] == ["code", "mall", "2", "approved"]
    send = ("send", "--to", NUMBER, "--class", "otp", "--brand", "mall", "--template", "code")
    assert live.run(*send, "--param", "code=987654", "--json").exit_code == 0
    assert live.run(*send, "--param", "code=98").exit_code == 1
    assert live.run(*send, "--param", "code").exit_code == 2


def test_a_consent_goes_with_the_message(live: Live) -> None:
    """And is on record from then on."""
    live.gateway.configure(holds="false")
    send = ("send", "--to", NUMBER, "--class", "traffic", "--text", "hi")
    assert live.run(*send).exit_code == 1
    told = ("--consent", "channel=web", "--consent", "at=2026-11-01T00:00:00Z")
    assert live.run(*send, *told).exit_code == 0
    assert live.run("consent", "check", NUMBER).exit_code == 0


@pytest.mark.parametrize("arguments", [("template", "put", "a b"), ("template", "review", "code", "draft")])
def test_usage(live: Live, arguments: tuple[str, ...]) -> None:
    """What the command cannot be."""
    assert live.run(*arguments).exit_code == 2
