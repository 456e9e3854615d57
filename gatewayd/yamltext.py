"""YAML 1.2 text -> plain data that remembers where each value stands.

PyYAML reads YAML 1.1, where `22:00` is 1320, `0044` is 36 and `NO` is false. Here a scalar is a number, a
truth value or null only where nobody could mean a text: numbers have no leading zero and no plus sign, truth
values are `true` and `false`. Mapping keys are always text. Sequences become tuples.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import yaml

from gatewayd.errors import ConfigError, Problem

Path = Sequence[str | int]  # from the root: mapping keys and sequence indices

_TAG = "tag:yaml.org,2002:"
_SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    ("int", r"-?(?:0|[1-9][0-9]{0,17})|0x[0-9a-fA-F]{1,15}|0o[0-7]{1,20}", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", "-0123456789"),
)
_MAX_DEPTH = 32  # the C composer recurses: a hostile file would overrun its stack
_KNOWN_TAGS = frozenset(_TAG + kind for kind in ("str", "bool", "null", "int", "float", "map", "seq"))


class Place(NamedTuple):
    """A position in the text; both count from 1."""

    line: int
    column: int


class _Loader(yaml.CSafeLoader):
    yaml_implicit_resolvers = {}  # noqa: RUF012  PyYAML's own class attribute, replaced on purpose
    _depth = 0

    def descend_resolver(self, current_node: yaml.Node | None, _index: object) -> None:
        """PyYAML calls this on the way into each node."""
        self._depth += 1
        if self._depth > _MAX_DEPTH and current_node is not None:
            detail = f"nested more than {_MAX_DEPTH} deep"
            raise yaml.composer.ComposerError(None, None, detail, current_node.start_mark)

    def ascend_resolver(self) -> None:
        self._depth -= 1


for _kind, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"(?:{_pattern})\Z"), list(_first))


class Document:
    """One YAML file.

    problems: duplicate keys and the like; the tree is usable without what they name.
    Raises ConfigError where the text is no YAML at all.
    """

    def __init__(self, content: bytes, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._root = _compose(content, file)
        if self._root is not None:
            self._clean(self._root, frozenset(), set())

    def data(self) -> object:
        """The plain value of the file; an empty file is an empty mapping."""
        return {} if self._root is None else _plain(self._root, {})

    def place(self, path: Path) -> Place:
        """Where the value at `path` begins; steps the file does not have are passed over."""
        return _place(self._walk(path)[-1][1])

    def key_place(self, path: Path) -> Place:
        """Where the key of the value at `path` begins; of a sequence item the value itself."""
        key, value = self._walk(path)[-1]
        return _place(value if key is None else key)

    def known(self, path: Path) -> tuple[str | int, ...]:
        """The steps of `path` that the file has."""
        node, found = self._root, []
        for step in path:
            child = _child(node, step)
            if child is not None:
                node = child[1]
                found.append(step)
        return tuple(found)

    def drop(self, path: Path) -> bool:
        """Take the value at `path` out of the tree; False if there is no such value."""
        steps = self._walk(path)
        if len(steps) != len(path) + 1 or not path:
            return False
        parent, node = steps[-2][1], steps[-1][1]
        assert parent is not None
        if isinstance(parent, yaml.MappingNode):
            parent.value[:] = [pair for pair in parent.value if pair[1] is not node]
        else:
            parent.value[:] = [item for item in parent.value if item is not node]
        return True

    def problem(self, place: Place, message: str) -> Problem:
        return Problem(self.file, place.line, place.column, message)

    def _walk(self, path: Path) -> list[tuple[yaml.Node | None, yaml.Node | None]]:
        """(key, value) nodes from the root down to `path`."""
        found: list[tuple[yaml.Node | None, yaml.Node | None]] = [(None, self._root)]
        for step in path:
            child = _child(found[-1][1], step)
            if child is not None:
                found.append(child)
        return found

    def _clean(self, node: yaml.Node, above: frozenset[int], seen: set[int]) -> None:
        """Note, and take out, what has no place in a configuration."""
        if id(node) in above:
            raise ConfigError([self.problem(_place(node), "an alias may not contain itself")])
        if id(node) in seen:
            return
        seen.add(id(node))
        if node.tag not in _KNOWN_TAGS:
            self.problems.append(self.problem(_place(node), f"unknown tag {node.tag}"))
            node.tag = _Loader.DEFAULT_SCALAR_TAG
        if isinstance(node, yaml.MappingNode):
            node.value[:] = self._unique(node)
        for child in _values(node):
            self._clean(child, above | {id(node)}, seen)

    def _unique(self, node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
        first: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(self.problem(_place(key), "a key must be plain text"))
            elif key.value in first:
                line = _place(first[key.value][0]).line
                message = f"duplicate key {key.value!r}; it stands in line {line} already"
                self.problems.append(self.problem(_place(key), message))
            else:
                first[key.value] = (key, value)
        return list(first.values())


def _compose(content: bytes, file: str) -> yaml.Node | None:
    try:
        text = content.decode("utf-8-sig")
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = Problem(file, line, 1, "the file is not UTF-8")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        detail = ", ".join(filter(None, (error.context, error.problem)))
        problem = Problem(file, *place, f"not valid YAML: {detail}")
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        column = len(before) - before.rfind("\n")
        problem = Problem(file, before.count("\n") + 1, column, f"not valid YAML: {error.reason}")
    raise ConfigError([problem]) from None


def _place(node: yaml.Node | None) -> Place:
    return Place(1, 1) if node is None else Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _values(node: yaml.Node) -> list[yaml.Node]:
    match node:
        case yaml.MappingNode():
            return [value for _, value in node.value]
        case yaml.SequenceNode():
            return list(node.value)
    return []


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    match node:
        case yaml.MappingNode():
            return next(((key, value) for key, value in node.value if key.value == step), None)
        case yaml.SequenceNode() if isinstance(step, int) and step < len(node.value):
            return None, node.value[step]
    return None


def _plain(node: yaml.Node, made: dict[int, object]) -> object:
    """The value of a node; what aliases share is made once."""
    if id(node) not in made:
        match node:
            case yaml.MappingNode():
                made[id(node)] = {key.value: _plain(value, made) for key, value in node.value}
            case yaml.SequenceNode():
                made[id(node)] = tuple(_plain(item, made) for item in node.value)
            case _:
                made[id(node)] = _scalar(node.tag.removeprefix(_TAG), node.value)
    return made[id(node)]


def _scalar(kind: str, text: str) -> object:
    try:
        match kind:
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "null":
                return None
            case "int":
                return int(text, 0)
            case "float":
                return float(text)
    except (KeyError, ValueError):
        pass  # an explicit tag that does not fit its text: the text, and the schema says what it wants
    return text
