"""A scenario: how the simulated SMSC behaves, as YAML. Every key is described in README.md.

Values of `default` hold for every account; an account of `accounts` states only what differs. A scenario is
frozen; `Scenario.changed` makes another one, checked like a file, which is how `set` works while it runs.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, PrivateAttr, ValidationError

from gatewayd.errors import ConfigError, GatewayError, Problem
from simulator.keys import Section
from simulator.mo import scripted
from simulator.settings import Account, Wire


class Scenario(Section):
    """What `smsc-simulator` runs on; `Scenario()` is the contract's behaviour without a file.

    Without `accounts` any credentials bind, each system_id an account of its own that behaves as `default`.
    enquire_link_interval, response_timeout: of its sessions, seconds.
    first_id: number of the first message id; absent, it comes from the clock, so that no restart repeats one.
    """

    seed: int = 1
    system_id: Annotated[str, Field(max_length=15, pattern=r"^[!-~]*$")] = "smsc"
    enquire_link_interval: Annotated[float, Field(gt=0)] = 30.0
    response_timeout: Annotated[float, Field(gt=0)] = 30.0
    first_id: Annotated[int, Field(ge=1, lt=2**128)] | None = None
    wire: Wire = Wire()
    default: Account = Account()
    accounts: dict[Annotated[str, Field(min_length=1, max_length=15)], Account] = Field(default_factory=dict)
    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)

    def account(self, system_id: str) -> Account | None:
        """Settings of an account; None if the system_id is not known."""
        return self.accounts.get(system_id) if self.accounts else self.default

    def changed(self, patch: Mapping[str, Any]) -> "Scenario":
        """This scenario with the patch merged in (RFC 7396: null takes a value back to its default).

        Raises ConfigError with all that is wrong; the path of a value stands for the line of a file.
        """
        return _build(merged(self._raw, patch), lambda _: (1, 1), "scenario")


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises ConfigError (all problems, with line and column) or OSError."""
    loader = _Yaml12Loader(path.read_text(encoding="utf-8"))
    try:
        node = loader.get_single_node()
        raw = {} if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ConfigError([Problem(str(path), line, column, str(error.problem))]) from None
    finally:
        loader.dispose()
    if not isinstance(raw, dict):
        raise ConfigError([Problem(str(path), 1, 1, "a scenario is a mapping of keys to values")])
    return _build(raw, lambda keys: _mark(node, keys), str(path))


def merged(base: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396) applied to a copy."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(base) if isinstance(base, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


Keys = tuple[str | int, ...]


def _build(raw: dict[str, Any], mark: Callable[[Keys], tuple[int, int]], file: str) -> Scenario:
    raw = json.loads(json.dumps(raw, default=str))
    whole = dict(raw)
    if isinstance(accounts := raw.get("accounts"), dict):
        whole["accounts"] = {name: merged(raw.get("default"), own or {}) for name, own in accounts.items()}
    try:
        scenario = Scenario.model_validate_json(json.dumps(whole))
    except ValidationError as error:
        problems = [
            Problem(file, *mark(item["loc"]), _said(item["loc"], item["msg"]))
            for item in error.errors(include_url=False)
            if not _inherited(raw, item["loc"][:-1] if item["type"] == "missing" else item["loc"])
        ]
        raise ConfigError(problems) from None
    if problems := list(_unwritable(scenario, mark, file)):
        raise ConfigError(problems)
    scenario._raw = raw  # noqa: SLF001  a private attribute of pydantic cannot be given to the constructor
    return scenario


def _unwritable(scenario: Scenario, mark: Callable[[Keys], tuple[int, int]], file: str) -> Iterator[Problem]:
    """Scripted MO that no deliver_sm can carry."""
    accounts: list[tuple[Keys, Account]] = [(("default",), scenario.default)]
    accounts += [(("accounts", name), account) for name, account in scenario.accounts.items()]
    for path, account in accounts:
        for place, script in enumerate(account.mos):
            keys = (*path, "mos", place)
            try:
                scripted(script, script.count - 1, account.texts.reading.style, random.Random(0))  # noqa: S311  thrown away
            except GatewayError as error:
                yield Problem(file, *mark(keys), _said(keys, str(error)))


def _inherited(raw: dict[str, Any], keys: Keys) -> bool:
    """Whether an account has this only from `default`, where the same problem is told already."""
    if keys[0] != "accounts":
        return False
    found: Any = raw
    for key in keys:
        match found:
            case dict():
                if key not in found:
                    return True
                found = found[key]
            case list():
                found = found[int(key)]
            case _:
                return False  # a bare number stands for a Delay
    return False


def _said(keys: Keys, message: str) -> str:
    return f"{'.'.join(map(str, keys))}: {message.removeprefix('Value error, ')}"


def _mark(node: yaml.Node | None, keys: Keys) -> tuple[int, int]:
    """Line and column of the value at keys, or of the nearest thing around it."""
    for key in keys:
        match node:
            case yaml.MappingNode(value=pairs):
                inner = [value for name, value in pairs if name.value == key]
            case yaml.SequenceNode(value=items) if isinstance(key, int):
                inner = items[key : key + 1]
            case _:
                inner = []
        if not inner:
            break
        node = inner[0]
    return (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)


class _Yaml12Loader(yaml.SafeLoader):
    """Scalars as YAML 1.2 reads them (`0044`, `22:00` and `NO` stay strings); a key may stand only once."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  the base class declares it so

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  the base class declares it so
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value}: stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


for _tag, _pattern, _first in (
    ("null", r"~|null|", [*"~n", ""]),
    ("bool", r"true|false", "tf"),
    ("int", r"-?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?", "-0123456789"),
):
    _Yaml12Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )
