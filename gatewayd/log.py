"""structlog set up once: JSON lines on stderr, one for each thing that happened; numbers masked, no texts."""

import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog

from gatewayd.numbers import masked

_NUMBERS: Final = re.compile(r"(?<![0-9A-Za-z])(?<!pid )\+?\d{7,}(?![0-9A-Za-z])")
_HOLD_DIGITS: Final = frozenset({"timestamp", "event", "level", "cursor", "seq", "seconds"})


def _mask_numbers(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Whatever looks like a phone number loses its middle, wherever it stands."""
    for key, value in event.items():
        if key not in _HOLD_DIGITS:
            event[key] = _masked(value)
    return event


def _masked(value: object) -> object:
    match value:
        case str():
            return _NUMBERS.sub(lambda found: masked(found[0]), value)
        case list() | tuple():
            return [_masked(item) for item in value]
        case dict():
            return {_masked(key): _masked(item) for key, item in value.items()}
    return value


def configure(stream: TextIO | None = None, *, console: bool | None = None) -> None:
    """JSON for machines, a readable form on a terminal."""
    stream = stream or sys.stderr
    console = stream.isatty() if console is None else console
    plain = structlog.dev.plain_traceback  # it comes formatted, so that numbers in it are masked too
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=plain)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_numbers,
            renderer,
        ],
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )


def logger(**bound: object) -> Any:
    """A logger with fields of its own."""
    return structlog.get_logger().bind(**bound)
