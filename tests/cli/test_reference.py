"""The reference of configuration keys in config/README.md."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from gatewayd.cli.reference import _SECTIONS, BEGIN, END, between_marks, main, reference
from gatewayd.configmodel import Config, Refused

README = Path(__file__).parents[2] / "config" / "README.md"


def records(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every record that may stand somewhere in a file."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from records(field.annotation)
    for inner in get_args(annotation):
        yield from records(inner)


def test_the_reference_is_current() -> None:
    """Run `python -m gatewayd.cli.reference config/README.md` after a change of keys."""
    text = README.read_text("utf-8")

    assert between_marks(text) == text


def test_the_command_writes_it_between_the_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands around the marks is kept."""
    file = tmp_path / "README.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["reference", str(file)])

    main()

    assert file.read_text("utf-8") == f"before\n{BEGIN}\n\n{reference()}\n{END}\nafter\n"


def test_the_reference_has_every_key_and_each_says_what_it_means() -> None:
    """A new key without a meaning, or a new record without a table, is noticed."""
    assert set(records(Config)) - {Refused} == {record for _, record in _SECTIONS}
    nameless = [
        (record.__name__, name)
        for _, record in _SECTIONS
        for name, field in record.model_fields.items()
        if not field.description
    ]
    assert nameless == []
