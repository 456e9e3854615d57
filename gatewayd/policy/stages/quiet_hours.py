"""Marketing does not leave at night, and a brand's only when its customers read.

Source: trade practice in China (no marketing from 21:00 to 08:00); windows are a brand's own wish. Where both
speak, the ban wins.
"""

from datetime import datetime
from typing import Final

import msgspec

from gatewayd.model import Millis, Refusal
from gatewayd.policy import hours
from gatewayd.policy.book import Book
from gatewayd.policy.subject import Facts, Hold, Subject

QUIET: Final = "marketing does not leave in quiet hours"
ON_ITS_WAY: Final[Millis] = 1000
"""What is claimed reaches the wire a little later; it must not do so in quiet hours that begin meanwhile."""


def quiet_hours(subject: Subject, facts: Facts, book: Book) -> Subject | Hold | Refusal:
    """Held until its time, or refused, as `quiet_hours: action` says."""
    del facts
    at = subject.wanted_at
    if not subject.class_.quiet_hours or (opens := _opens(at, subject, book)) == at:
        return subject
    quiet = book.quiet is not None and hours.is_quiet(at, book.quiet, book.zones_of(subject.to))
    if opens is None or (quiet and book.quiet_refuses):
        return Refusal("quiet_hours", QUIET)
    why = QUIET if quiet else "marketing of the brand leaves in its windows only"
    told = f"{why}; it can leave from {_clock(opens, book)} on"
    return Hold("quiet_hours" if quiet else "send_window", opens, "quiet_hours", told)


def quiet_soon(subject: Subject, facts: Facts, book: Book) -> Subject | Hold | Refusal:
    """At sending: what would still be on its way when quiet hours begin does not leave either."""
    outcome, soon = quiet_hours(subject, facts, book), subject.wanted_at + ON_ITS_WAY
    if outcome is not subject or soon // hours.MINUTE == subject.wanted_at // hours.MINUTE:
        return outcome  # hours and windows begin and end on full minutes
    later = msgspec.structs.replace(subject, wanted_at=soon)
    outcome = quiet_hours(later, facts, book)
    return subject if outcome is later else outcome


def warning(subject: Subject, at: Millis, book: Book) -> str | None:
    """At submit, of what comes to its turn at `at` only: what is done then if it is in quiet hours."""
    outcome = quiet_hours(msgspec.structs.replace(subject, wanted_at=at), Facts(), book)
    if isinstance(outcome, Subject):
        return None
    told = f"quiet_hours: its turn would come at about {_clock(at, book)}, by what stands in front of it"
    if isinstance(outcome, Refusal) or outcome.until is None:
        return f"{told}; it is refused then"
    return f"{told}; it waits until {_clock(outcome.until, book)}"


def _clock(at: Millis, book: Book) -> str:
    return f"{datetime.fromtimestamp(at // 1000, book.timezone):%Y-%m-%d %H:%M}"


def _opens(at: Millis, subject: Subject, book: Book) -> Millis | None:
    """The first moment that is neither quiet nor outside the brand's windows."""
    windows, zones = book.windows.get(subject.brand, ()), book.zones_of(subject.to)
    if hours.is_open(at // hours.MINUTE, book.quiet, zones, windows):
        return at
    for _ in range(hours.WEEK):
        loud = at if book.quiet is None else hours.after_quiet(at, book.quiet, zones)
        if loud is None or not windows:
            return loud
        opens = hours.next_window(loud, windows, zones[0])
        if opens is None or opens == loud:
            return opens
        at = opens
    return None
