"""The commands `optout import`, `optout list` and `optout export`."""

from pathlib import Path

from tests.cli.conftest import Live
from tests.cli.test_commands import objects


def test_a_file_is_imported_and_exported_again(live: Live, tmp_path: Path) -> None:
    """A heading is passed by, what is no number is told with its line and exit 3, and what is known stays."""
    live.gateway.configure(admin="true")
    file = tmp_path / "moved.csv"
    numbers = [f"1380013{n:04}" for n in range(1500)]
    file.write_text("number,since\n" + "".join(f"{number},2020\n" for number in numbers) + "12,\n", "utf-8")
    result = live.run("optout", "import", str(file), "--brand", "mall", "--json")
    assert result.exit_code == 3, result.output
    assert "line 1502" in result.stderr
    assert objects(result.stdout)[-1] == {"numbers": 1501, "added": 1500, "wrong": 1}

    exported = live.run("optout", "export", "--brand", "mall").stdout.splitlines()
    assert exported[0] == "to,brand,since,source,reason"
    assert [line.split(",")[0] for line in exported[1:]] == [f"86{number}" for number in numbers]
    assert len(live.run("optout", "list").stdout.splitlines()) == 1500
