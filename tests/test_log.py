"""The log: JSON lines for machines, numbers masked wherever they stand, no texts, events of a closed list."""

import ast
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gatewayd import log

ROOT = Path(__file__).parents[1]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What `configure` set up is taken back."""
    yield io.StringIO()
    structlog.reset_defaults()


def logged(stream: io.StringIO, **fields: object) -> dict[str, Any]:
    log.configure(stream)
    log.logger().info("thing", **fields)
    line: dict[str, Any] = json.loads(stream.getvalue().splitlines()[-1])
    return line


def test_one_json_object_a_line(stream: io.StringIO) -> None:
    """With level, time in UTC, and the fields that were bound."""
    log.configure(stream)
    log.logger(link="电信-1").warning("link_disconnected", reason="stopped")

    line = json.loads(stream.getvalue())
    assert "电信-1" in stream.getvalue()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "link_disconnected",
        "level": "warning",
        "link": "电信-1",
        "reason": "stopped",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("8613800138000", "86138******00"),
        ("+8613800138000", None),
        ("no route to 8613800138000.", "no route to 86138******00."),
        ("to:8613800138000", "to:86138******00"),
        ("(8613800138000, 8613800138001)", "(86138******00, 86138******01)"),
        ("tel-8613800138000-", "tel-86138******00-"),
        ("８６１３８００１３８０００", None),
        ("123456789012345678901234", None),
        ("10690001", None),
        ("127.0.0.1:9775", "127.0.0.1:9775"),
        ("2026-11-22T08:00:00.123456Z", "2026-11-22T08:00:00.123456Z"),
        ("0x00000444", "0x00000444"),
        ("01KAGR5M3ZQ8T", "01KAGR5M3ZQ8T"),
        ("in use by the gatewayd with pid 4194303", "in use by the gatewayd with pid 4194303"),
    ],
)
def test_numbers_are_masked(stream: io.StringIO, value: str, shown: str | None) -> None:
    """Whatever stands around them; times, addresses, statuses, ids and pids stay."""
    found = logged(stream, detail=value, several=[value], named={"to": value})

    assert found["several"] == [found["detail"]]
    assert found["named"] == {"to": found["detail"]}
    assert found["detail"] != value if shown is None else found["detail"] == shown


def test_numbers_in_tracebacks_are_masked(stream: io.StringIO) -> None:
    """Also in the text of an exception that came from elsewhere."""
    log.configure(stream)
    try:
        int("bad row 8613800138000")
    except ValueError:
        log.logger().exception("request_failed")

    assert "86138******00" in stream.getvalue()
    assert "8613800138000" not in stream.getvalue()
    assert "Traceback" in json.loads(stream.getvalue())["exception"]


def test_a_terminal_gets_a_readable_form(stream: io.StringIO) -> None:
    """No JSON, the same masking, tracebacks too."""
    log.configure(stream, console=True)
    try:
        int("bad row 8613800138000")
    except ValueError:
        log.logger().exception("request_failed", op="submit")

    assert "request_failed" in stream.getvalue()
    assert "with base 10: 'bad row 86138******00'" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_the_form_follows_the_stream(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    """By default standard error, as JSON unless that is a terminal."""
    monkeypatch.setattr(sys, "stderr", stream)
    log.configure()
    log.logger().info("started")

    assert json.loads(stream.getvalue())["event"] == "started"


# the closed list of events


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call of a logger: file, level, call."""
    for path in sorted((ROOT / "gatewayd").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
            ):
                owner = ast.unparse(node.func.value)
                if re.fullmatch(r"(self\._)?log|(log\.)?logger\(.*\)", owner):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.func.attr, node


def documented() -> dict[str, tuple[str, set[str]]]:
    """Event -> level and fields, from the table in config/README.md."""
    text = (ROOT / "config" / "README.md").read_text("utf-8")
    table = text.partition("## Log events")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| `(\w+)` \| (\w+) \|([^|]*)\|", table)
    return {event: (level, set(re.findall(r"`(\w+)`", fields))) for event, level, fields in rows}


def test_events_are_those_of_the_list() -> None:
    """Each name stands in its call as it is, in snake_case, and in config/README.md; no other there."""
    found = set()
    for place, _, call in calls():
        assert len(call.args) == 1, f"{place}: one name, the rest as fields"
        assert isinstance(call.args[0], ast.Constant), f"{place}: the name is no constant"
        name = ast.literal_eval(call.args[0])
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name), f"{place}: not snake_case"
        found.add(name)

    assert found == documented().keys()


def test_levels_and_fields_are_those_of_the_list() -> None:
    """So a field that could hold a text cannot come in unseen; what a logger has bound comes with each."""
    bound = {"link", "client", "uid", "pid", "exception"}
    unsaid = {(event, field) for event, (_, fields) in documented().items() for field in fields - bound}
    for place, level, call in calls():
        event = ast.literal_eval(call.args[0])
        said, fields = documented()[event]
        given = {keyword.arg for keyword in call.keywords}
        assert (place, {"exception": "error"}.get(level, level)) == (place, said)
        assert given <= fields, f"{place}: {event} has fields that are not in config/README.md"
        unsaid -= {(event, field) for field in given}
    assert unsaid == set()


def test_no_field_is_one_for_texts() -> None:
    """Texts of messages, and what holds them, are never logged (G11)."""
    forbidden = {"text", "short_message", "body", "data", "content", "to", "number", "line", "pdu", "request"}

    assert not {field for _, fields in documented().values() for field in fields} & forbidden
