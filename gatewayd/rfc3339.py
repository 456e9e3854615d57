"""Times as the protocol writes them: RFC 3339 with seconds and offset, nothing else that Python reads."""

import re
from datetime import UTC, datetime
from typing import Final

from gatewayd.model import Millis

_FORM: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def parse(text: str) -> Millis | None:
    """None for what is no such time."""
    if not _FORM.fullmatch(text):
        return None
    try:
        return int(datetime.fromisoformat(text.upper()).timestamp() * 1000)
    except (ValueError, OverflowError):  # a month 13, for instance
        return None


def write(at: Millis) -> str:
    """`2026-11-22T08:00:00.123Z`."""
    stamp = datetime.fromtimestamp(at / 1000, UTC)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"
