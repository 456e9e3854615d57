"""What the judge watches for beside counts: validity and the order of segments, for one account."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import msgspec

from gatewayd.smpp import udh
from simulator.record import Submit

_TIME: Final = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([-+R])")
_QUARTER: Final = 900  # seconds; unit of the offset from UTC


def valid_until(validity_period: str, arrived: float) -> float | None:
    """Unix time by which the SMSC may deliver (3.4 section 7.1.1); None if nothing usable is stated.

    In relative times a year has 365 days and a month 30.
    """
    found = _TIME.fullmatch(validity_period)
    if found is None:
        return None
    year, month, day, hour, minute, second, tenth, quarters = (int(digits) for digits in found.groups()[:8])
    if found[9] == "R":
        days = 365 * year + 30 * month + day
        return arrived + 86_400 * days + 3_600 * hour + 60 * minute + second
    offset = timedelta(seconds=_QUARTER * quarters * (-1 if found[9] == "-" else 1))
    try:
        zone = timezone(offset) if offset else UTC
        return datetime(2000 + year, month, day, hour, minute, second, tenth * 100_000, zone).timestamp()
    except ValueError:
        return None


class Lateness:
    """Submit_sm that came although their time was over, by their own word or that of an earlier try."""

    def __init__(self) -> None:
        self._until: dict[tuple[object, ...], float] = {}

    def is_late(self, content: tuple[object, ...], submit: Submit) -> bool:
        until = valid_until(submit.validity_period, submit.at)
        if until is None:
            return False
        earliest = min(until, self._until.pop(content, until))
        if submit.command_status != 0:  # it may be tried again
            self._until[content] = earliest
        return submit.at >= earliest


class _Long(msgspec.Struct):
    """A long message under way. session: 0 once the one it came by has ended."""

    session: int
    last: int = 0
    seen: set[int] = msgspec.field(default_factory=set)


class Order:
    """Segments of one message come in order, by one session."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, int, int], _Long] = {}

    def ended(self, session: int | None = None) -> None:
        """A session is over, or all: what is left of its messages has to come by another one."""
        for message in self._open.values():
            if session is None or message.session == session:
                message.session = 0

    def is_broken_by(self, submit: Submit) -> bool:
        """For segments that were taken. A repeated one breaks no order."""
        concat: udh.Concat | None = submit.user_data().concat
        if concat is None:
            return False
        key = (submit.source, submit.destination, concat.reference, concat.total)
        message = self._open.setdefault(key, _Long(submit.session))
        message.session = message.session or submit.session
        broken = submit.session != message.session or (
            concat.number < message.last and concat.number not in message.seen
        )
        message.last = max(message.last, concat.number)
        message.seen.add(concat.number)
        if len(message.seen) == concat.total:
            del self._open[key]
        return broken
