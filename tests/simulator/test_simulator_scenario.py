"""Scenario files: what is accepted, what an error says, and how a running scenario is changed."""

import re
from pathlib import Path

import pytest

import simulator
from gatewayd.errors import ConfigError
from simulator.scenario import Scenario, load, merged
from simulator.settings import Account, Delay

FOLDER = Path(simulator.__file__).parent
ROOT = Path(__file__).parents[2]
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def loaded(tmp_path: Path, text: str) -> Scenario:
    file = tmp_path / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    return load(file)


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    return [f"{problem.line}:{problem.column}: {problem.message}" for problem in caught.value.problems]


def test_an_empty_file_is_the_default_scenario(tmp_path: Path) -> None:
    """Without a word said, any system_id is an account and delivers at once."""
    scenario = loaded(tmp_path, "# nothing\n")
    assert Scenario() == scenario
    assert Account() == scenario.account("whoever")


def test_an_account_states_only_what_differs(tmp_path: Path) -> None:
    """Accounts are merged over default, key by key; others than those named are unknown."""
    scenario = loaded(
        tmp_path,
        """
default: {password: "s", receipts: {delay: 2, lost: 0.5}}
accounts:
  acme: {receipts: {lost: 1}}
  plain:
""",
    )
    acme, plain = scenario.account("acme"), scenario.account("plain")
    assert acme is not None
    assert plain is not None
    assert (acme.password, acme.receipts.delay.min, acme.receipts.lost) == ("s", 2, 1)
    assert plain.receipts.lost == 0.5
    assert scenario.account("stranger") is None


def test_scalars_are_those_of_yaml_1_2(tmp_path: Path) -> None:
    """A password 0044, a system_id 1234 and a prefix NO stay strings; a status is a name or a number."""
    scenario = loaded(
        tmp_path,
        """
accounts:
  1234:
    password: 0044
    responses: {errors: [{status: 0x58, to: NO}, {status: ESME_RTHROTTLED}]}
""",
    )
    account = scenario.account("1234")
    assert account is not None
    assert account.password == "0044"
    assert [(fault.status, fault.to) for fault in account.responses.errors] == [(0x58, "NO"), (0x58, "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("default: {windw: 1}", ["1:18: default.windw: Extra inputs are not permitted"]),
        ("default:\n  window: ten", ["2:11: default.window: Input should be a valid integer"]),
        (
            "default:\n  receipts:\n    lost: 2",
            ["3:11: default.receipts.lost: Input should be less than or equal to 1"],
        ),
        (
            "default: {responses: {errors: [{share: 1}]}}",
            ["1:32: default.responses.errors.0.status: Field required"],
        ),
        (
            "default: {responses: {errors: [{status: ESME_RNOSUCH}]}}",
            ["1:41: default.responses.errors.0.status: no such command_status: write its name"],
        ),
        (
            "default: {receipts: {delay: {min: 3, max: 1}}}",
            ["1:29: default.receipts.delay: max is less than min"],
        ),
        (
            "default: {receipts: {timezone: Mars}}",
            ["1:32: default.receipts.timezone: no such time zone: write one like UTC or Asia/Shanghai"],
        ),
        (
            "default: {receipts: {text: false, message_id_tlv: false}}",
            ["1:21: default.receipts: with neither text nor message_id_tlv a receipt names no message"],
        ),
        (
            'default: {mos: [{from: "1", to: "2", text: x, order: [2]}]}',
            ["1:17: default.mos.0: order: the text has 1 segments"],
        ),
        (
            "default: {judge: {marketing: '['}}",
            ["1:30: default.judge.marketing: no regular expression: unterminated character set"],
        ),
        (
            "default: {texts: {national_shift: [xx]}}",
            ["1:36: default.texts.national_shift.0: Input should be"],
        ),
        ("seed: 1\nseed: 2", ["2:1: seed: stands twice"]),
        ("- a list", ["1:1: a scenario is a mapping of keys to values"]),
        ("seed: [", ["1:8: expected the node content, but found '<stream end>'"]),
    ],
)
def test_an_error_names_its_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    """Line, column, path, and what is allowed."""
    found = problems(tmp_path, text)
    assert len(expected) == len(found)
    for start, line in zip(expected, found, strict=True):
        assert line.startswith(start)


def test_all_errors_are_told_at_once_and_each_once(tmp_path: Path) -> None:
    """An error in default is not told again for each account that inherits it; an account's own is told."""
    found = problems(
        tmp_path,
        """
default: {receipts: {lost: 2}}
accounts:
  acme: {receipts: {delay: -1}}
  other: {sessions: -1}
""",
    )
    assert [line.rsplit(": ", 2)[0] for line in found] == ["2:28", "4:28", "5:21"]


def test_a_change_is_checked_like_a_file() -> None:
    """A patch is merged into what was written; null takes a value back; a bad one changes nothing."""
    scenario = Scenario().changed({"default": {"window": 5, "receipts": {"lost": 1}}})
    again = scenario.changed({"default": {"window": None}})
    assert (scenario.default.window, again.default.window) == (5, 0)
    assert again.default.receipts.lost == 1
    with pytest.raises(ConfigError, match=r"default\.window"):
        scenario.changed({"default": {"window": -1}})
    assert scenario.default.window == 5


def test_a_merge_patch_follows_rfc_7396() -> None:
    """Objects merge, anything else replaces, null deletes; the base is left as it was."""
    base = {"a": {"b": 1, "c": [1]}, "d": 2}
    assert merged(base, {"a": {"b": None, "c": [2], "e": {"f": None}}}) == {"a": {"c": [2], "e": {}}, "d": 2}
    assert base == {"a": {"b": 1, "c": [1]}, "d": 2}


def test_a_bare_number_is_a_fixed_delay() -> None:
    """delay: 2 and delay: {min: 2} are one thing."""
    assert Delay(min=2) == Scenario().changed({"default": {"receipts": {"delay": 2}}}).default.receipts.delay


ROW = re.compile(r"^\| (.+) \| `([a-z0-9-]+)\.yaml` \| (.*) ?\|$", re.MULTILINE)


@pytest.mark.parametrize("file", sorted((FOLDER / "scenarios").glob("*.yaml")), ids=lambda file: file.stem)
def test_the_shipped_scenarios_load_and_are_listed(file: Path) -> None:
    """Each file is valid, begins with the quirk it plays, and has one row in the README."""
    load(file)
    assert file.read_text(encoding="utf-8").startswith("# ")
    assert [scenario for _, scenario, _ in ROW.findall(README)].count(file.stem) == 1


def test_the_tests_that_the_readme_names_exist() -> None:
    """Each row of the table of quirks: its scenario file, the files of tests and the tests it names."""
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    defined = set(re.findall(r"^(?:async )?def (test_\w+)", tests, re.MULTILINE))
    rows = ROW.findall(README)
    assert len(rows) == len(list((FOLDER / "scenarios").glob("*.yaml")))
    for _, scenario, named in rows:
        assert (FOLDER / "scenarios" / f"{scenario}.yaml").exists(), scenario
        for name in re.findall(r"`([^`]+)`", named):
            if name.endswith(".py"):
                assert (ROOT / name).exists() or (ROOT / "tests" / "simulator" / name).exists(), name
            else:
                assert name in defined, name


def test_every_key_is_documented() -> None:
    """The README's table holds each key of a scenario under its path, and no other."""

    def keys(schema: dict[str, object], path: str, definitions: dict[str, dict[str, object]]) -> set[str]:
        found = set()
        for name, value in dict(schema["properties"]).items():  # type: ignore[call-overload]
            target = re.search(r"#/\$defs/(\w+)", str(value))
            inner = definitions[target[1]] if target else None
            if inner is None or target is None or "properties" not in inner or target[1] == "Delay":
                found.add(path + name)
            elif name != "accounts":
                found |= keys(inner, f"{path}{name}.", definitions)
        return found

    schema = Scenario.model_json_schema()
    section = README[README.index("## Scenarios") : README.index("## In a test")]
    rows = re.findall(r"^\| (`[a-z_.]+`(?:, `[a-z_.]+`)*) \|", section, re.MULTILINE)
    documented = {key for row in rows for key in re.findall(r"`([^`]+)`", row) if "yaml" not in key}
    known = {key.removeprefix("default.") for key in keys(schema, "", schema["$defs"])}
    assert {*known, "accounts", "default"} == documented
