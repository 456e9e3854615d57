"""Commands without a daemon: check, schema, help."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gatewayd.cli.main import cli

GOOD = """
store: sqlite:///var/lib/gatewayd/gatewayd.db
links: {smsc: {host: smsc.example, system_id: x}}
brands: {mall: {signature: null, sender: "10690001"}}
clients: {shop: {users: [shop], brands: [mall], classes: ["*"]}}
tests:
  - {to: "8613800138000", class: otp, expect: smsc}
"""


def check(tmp_path: Path, text: str, *options: str) -> tuple[int, str, str]:
    path = tmp_path / "gatewayd.yml"
    path.write_text(text)
    result = CliRunner().invoke(cli, ["check", "--config", str(path), *options])
    return result.exit_code, result.stdout.replace(f"{path}:", "FILE:"), result.stderr


def test_a_good_file_passes_in_silence(tmp_path: Path) -> None:
    """Nothing on standard output, exit 0."""
    assert check(tmp_path, GOOD)[:2] == (0, "")


def test_all_errors_are_told_with_their_place(tmp_path: Path) -> None:
    """One line each, in the order of the file; exit 78."""
    code, output, _ = check(tmp_path, GOOD.replace("host:", "hots:").replace("sender:", "sneder:"))

    assert code == 78
    places = [line.split(": ", 1)[0] for line in output.splitlines()]
    assert len(places) >= 2
    assert all(place.startswith(("FILE:3:", "FILE:4:")) for place in places)


def test_the_routing_tests_of_the_file_are_run(tmp_path: Path) -> None:
    """One that fails is an error at its place."""
    code, output, _ = check(tmp_path, GOOD.replace("expect: smsc", "expect: {refused: no_route}"))

    assert (code, output.splitlines()[0].startswith("FILE:7:5: ")) == (78, True)


def test_warnings_do_not_fail(tmp_path: Path) -> None:
    """A password file that is not there is told on standard error."""
    text = GOOD.replace("system_id: x", "system_id: x, password: {file: /nonexistent/password}")
    code, output, errors = check(tmp_path, text)

    assert (code, output) == (0, "")
    assert "warning: " in errors
    assert "/nonexistent/password" in errors


def test_json_tells_errors_and_warnings(tmp_path: Path) -> None:
    """For programs: file, line, column, message."""
    code, output, _ = check(tmp_path, "links: 7\n", "--json")

    found = json.loads(output)
    assert code == 78
    assert found["errors"][0].keys() == {"file", "line", "column", "message"}
    assert found["warnings"] == []


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    """Exit 78, as for any other error of the file."""
    result = CliRunner().invoke(cli, ["check", "--config", str(tmp_path / "none.yml")])

    assert result.exit_code == 78
    assert "No such file" in result.stdout


def test_the_schema_names_the_sections() -> None:
    """A JSON Schema that an editor can use: its dialect, and every key with its meaning."""
    schema = json.loads(CliRunner().invoke(cli, ["schema"]).stdout)

    assert schema["$schema"].startswith("https://json-schema.org/")
    assert all(value.get("description") for value in schema["properties"].values())
    assert {"store", "listeners", "clients", "links", "brands", "routes", "policy"} <= schema[
        "properties"
    ].keys()


def commands(group: click.Group, *above: str) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        found.append((*above, name))
        if isinstance(command, click.Group):
            found += commands(command, *above, name)
    return found


@pytest.mark.parametrize("path", commands(cli))
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    """With an example, which those of a group have in the group's help; each option says what it is."""
    result = CliRunner().invoke(cli, [*path, "--help"])

    assert result.exit_code == 0
    assert f"gatewayd {path[0]}" in CliRunner().invoke(cli, [path[0], "--help"]).stdout


def test_help_is_quick() -> None:
    """Nothing heavy is imported before a command runs."""
    code = (
        "import sys, gatewayd.__main__;"
        "print({'trio', 'rich', 'pydantic', 'msgspec', 'structlog', 'starlette'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout == "set()\n"
