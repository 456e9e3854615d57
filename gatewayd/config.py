"""A configuration file -> Config, or all that is wrong with it at once, in an operator's words."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from gatewayd.configdraft import Draft, Rule
from gatewayd.configlink import Link, Tls
from gatewayd.configmodel import Client, Config, Limits, Listener
from gatewayd.configpolicy import Brand, ClassSettings
from gatewayd.configrules import RULES, WARNINGS, in_later_version
from gatewayd.configtypes import Secret, host_port, zone
from gatewayd.contentrules import RULES as CONTENT_RULES
from gatewayd.errors import ConfigError, Problem
from gatewayd.yamltext import Document, Path

__all__ = [
    "Brand",
    "ClassSettings",
    "Client",
    "Config",
    "Limits",
    "Link",
    "Listener",
    "Secret",
    "Tls",
    "host_port",
    "load_config",
    "missing_secrets",
    "parse_config",
    "read_secret",
    "secret_path",
    "zone",
]

_LARGEST_FILE = 64 * 1024 * 1024
_NAMED = ("clients", "links", "brands", "classes", "routes", "carriers")


def load_config(path: str | FilePath) -> Config:
    """Read and judge a file. Raises ConfigError with every problem, in the order of the file."""
    try:
        with FilePath(path).open("rb") as file:
            content = file.read(_LARGEST_FILE)
    except OSError as error:
        raise ConfigError([Problem(str(path), 1, 1, f"cannot be read: {error.strerror}")]) from None
    return parse_config(content, str(path))


def parse_config(content: bytes, file: str) -> Config:
    """The same for octets already in hand; `file` is the name that problems bear."""
    document = Document(content, file)
    data = document.data()
    problems = list(document.problems)
    config = _validated(document, problems)
    if config is None:
        raise ConfigError(_in_order(problems))
    draft = Draft(config, {section: _names(data, section) for section in _NAMED}, document)
    problems += _judged((*RULES, *CONTENT_RULES), draft)
    if problems:
        raise ConfigError(_in_order(problems))
    later = (document.problem(document.key_place(path), text) for path, text in in_later_version(data))
    return config.read_from(document, _in_order([*_judged(WARNINGS, draft), *later]))


def missing_secrets(config: Config, environ: Mapping[str, str]) -> tuple[Problem, ...]:
    """What of the file's secrets cannot be read, by this user in this environment."""
    problems = []
    for path, secret in config.secrets():
        try:
            read_secret(secret, environ)
        except ConfigError as error:
            problems.append(config.problem(path, error.problems[0].message))
    return tuple(problems)


def read_secret(secret: Secret, environ: Mapping[str, str]) -> str:
    """The secret itself, without the line end after it.

    environ: also names the directory of systemd's credentials. Raises ConfigError; never quotes the secret.
    """
    try:
        text = environ[secret.env] if secret.env else secret_path(secret, environ).read_text("utf-8")
    except KeyError:
        problem = f"the environment variable {secret.env} is not set"
    except OSError as error:
        problem = f"{error.filename} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = "the secret is not UTF-8"
    else:
        if found := text.removesuffix("\n").removesuffix("\r"):
            return found
        problem = "the secret is empty"
    raise ConfigError([Problem(_source(secret), 1, 1, problem)])


def secret_path(secret: Secret, environ: Mapping[str, str]) -> FilePath:
    """The file of a secret that is none of the environment. Raises ConfigError if nothing says where."""
    if secret.file:
        return FilePath(secret.file)
    if "CREDENTIALS_DIRECTORY" not in environ:
        message = "CREDENTIALS_DIRECTORY is not set: credentials come from systemd's LoadCredential="
        raise ConfigError([Problem(_source(secret), 1, 1, message)])
    return FilePath(environ["CREDENTIALS_DIRECTORY"], secret.credential or "")


def _source(secret: Secret) -> str:
    return secret.file or secret.env or secret.credential or "secret"


def _in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems), key=lambda problem: (problem.line, problem.column, problem.message)))


def _names(data: object, section: str) -> frozenset[str] | None:
    """Names in a section as written, whatever they hold; None if they cannot be told."""
    entries = data.get(section, {}) if isinstance(data, dict) else None
    match entries:
        case dict():
            return frozenset(entries)
        case tuple():
            return frozenset(map(str, range(len(entries))))
    return None


def _judged(rules: Iterable[Rule], draft: Draft) -> list[Problem]:
    document = draft.document
    return [document.problem(document.place(path), text) for rule in rules for path, text in rule(draft)]


def _validated(document: Document, problems: list[Problem]) -> Config | None:
    """The configuration without the entries that are wrong in themselves; None if nothing is left."""
    while True:
        try:
            return Config.model_validate(document.data())
        except ValidationError as error:
            details = error.errors(include_url=False)
        problems += [_told(document, detail) for detail in details]
        wrong = {document.known(detail["loc"])[:2] for detail in details}
        # From the last to the first, so that the numbers of list items stay true.
        for path in sorted(wrong, key=_file_order, reverse=True):
            if not document.drop(path):
                return None


def _file_order(path: Path) -> list[tuple[str, int]]:
    """Names before each other by letter, items by number; the two never meet in one place."""
    return [("", step) if isinstance(step, int) else (step, 0) for step in path]


def _told(document: Document, detail: ErrorDetails) -> Problem:
    """One finding of pydantic, in an operator's words and with its place."""
    loc = detail["loc"]
    path = ".".join(map(str, document.known(loc)))
    match detail["type"]:
        case "missing":
            where = f" in {path}" if path else ""
            return document.problem(document.key_place(loc), f"{loc[-1]} is missing{where}")
        case "extra_forbidden":
            return document.problem(document.key_place(loc), _unknown_key(loc))
    place = document.key_place(loc[:-1]) if loc[-1:] == ("[key]",) else document.place(loc)
    return document.problem(place, f"{path}: {_words(detail)}" if path else _words(detail))


_WORDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "model_type": "must be a mapping of KEY: VALUE",
    "dict_type": "must be a mapping of KEY: VALUE",
    "tuple_type": "must be a list",
    "literal_error": "must be {expected}",
    "greater_than": "must be greater than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "finite_number": "must be a finite number",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
}


def _words(detail: ErrorDetails) -> str:
    if detail["input"] is None:
        return "has no value; give one or leave the key out"
    words = _WORDS.get(detail["type"])
    text = words.format(**detail.get("ctx", {})) if words else detail["msg"]
    quotes = detail["type"] == "string_type" and isinstance(detail["input"], bool | int | float)
    return f"{text}; put it in quotes" if quotes else text


def _unknown_key(loc: Path) -> str:
    known = _known_keys(loc[:-1])
    close = get_close_matches(str(loc[-1]), known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known)}"
    return f"unknown key {loc[-1]!r}; {hint}"


def _known_keys(path: Path) -> list[str]:
    """The keys that may stand in the mapping at `path`."""
    models: list[type[BaseModel]] = [Config]
    steps = iter(path)
    for step in steps:
        field = next((fields[step] for fields in map(_fields, models) if step in fields), None)
        if field is not None:
            models = list(_models(field.annotation))
            if get_origin(field.annotation) in (dict, tuple):
                next(steps, None)  # the name or the number of an entry
    return [str(key) for model in models for key in _fields(model)]


def _fields(model: type[BaseModel]) -> dict[str | int, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
