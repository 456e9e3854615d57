"""The table of capabilities in README.md: every file that it names is there."""

import re
from pathlib import Path

FOLDER = Path(__file__).parent


def test_every_file_of_the_table_is_there() -> None:
    """And each of the tests of policy is named in it."""
    section = (FOLDER / "README.md").read_text("utf-8").partition("## Capabilities")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z_/]+\.py)`", section))
    assert [name for name in sorted(named) if not (FOLDER / name).is_file()] == []
    of_policy = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("daemon/test_policy_*.py")}
    assert of_policy <= named
