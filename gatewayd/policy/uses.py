"""Caps: how many messages one number gets in a period. Pure: past and planned uses are arguments.

One row is kept for each counted message, whatever number of caps there is; a number's rows are few, because
the caps themselves bound them. So each judgement is one look-up by number.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from enum import IntEnum
from hashlib import blake2b
from typing import Final

import msgspec

from gatewayd.configlimits import Cap
from gatewayd.model import MessageId, Millis
from gatewayd.policy.hours import on_the_wall

_TEXT_BITS: Final = 63  # signed 64-bit columns hold it


class Counted(IntEnum):
    """Since when a message counts. RESERVED: it will leave. LEFT: it has. AT_SUBMIT: come what may."""

    RESERVED = 0
    LEFT = 1
    AT_SUBMIT = 2


class Use(msgspec.Struct, frozen=True, gc=False):
    """One counted message to a number.

    at: when it left, or is to leave. text: `text_mark` of its final text; 0: binary, like no other.
    """

    message: MessageId
    at: Millis
    brand: str
    class_: str
    text: int
    counted: Counted


class Limit(msgspec.Struct, frozen=True):
    """A cap, compiled. period: ms. clock: the zone of whole periods; None: rolling."""

    classes: frozenset[str]
    by_brand: bool
    by_text: bool
    count: int
    period: Millis
    clock: tzinfo | None
    code: str
    detail: str


def limit(cap: Cap, clock: tzinfo) -> Limit:
    return Limit(
        classes=frozenset(cap.classes),
        by_brand="brand" in cap.per,
        by_text="text" in cap.per,
        count=cap.count,
        period=cap.seconds * 1000,
        clock=clock if cap.window == "clock" else None,
        code=cap.code,
        detail=_told(cap),
    )


def _told(cap: Cap) -> str:
    unit = "minute" if cap.minutes else "hour" if cap.hours else "day"
    number = cap.minutes or cap.hours or cap.days or 0
    period = f"{number} {unit}" if number == 1 else f"{number} {unit}s"
    whose = " and ".join(name for name in ("brand", "text") if name in cap.per)
    return f"{cap.count} in {period} to one number{f' of one {whose}' if whose else ''}"


def by_class(limits: Iterable[Limit]) -> Mapping[str, tuple[Limit, ...]]:
    """The limits of each class."""
    found: dict[str, list[Limit]] = {}
    for one in limits:
        for class_ in one.classes:
            found.setdefault(class_, []).append(one)
    return {class_: tuple(several) for class_, several in found.items()}


def exceeded(limit: Limit, new: Use, uses: Sequence[Use], *, planned: bool) -> bool:
    """Whether one more message `new` would be too many.

    planned: what is reserved counts too, before and after it (at submit); else what has left (at sending).
    That is enough: each that leaves is judged against all that left before it, so no period ever has more.
    """
    at, period, rolls = new.at, limit.period, limit.clock is None
    times = [
        use.at
        for use in uses
        if (not rolls or -period < use.at - at < period)  # most are over, and need no closer look
        and (planned or use.counted)
        and _counts(limit, use, new)
    ]
    if len(times) < limit.count:
        return False
    if limit.clock is None:
        return _crowded(sorted([*times, at]), limit)
    whole = on_the_wall(at, limit.clock) // period
    return sum(on_the_wall(time, limit.clock) // period == whole for time in times) >= limit.count


def _crowded(times: Sequence[Millis], limit: Limit) -> bool:
    """More than `count` within some period; a period ends just before the same moment a period later."""
    spans = zip(times, times[limit.count :], strict=False)
    return any(last - first < limit.period for first, last in spans)


def _counts(limit: Limit, use: Use, new: Use) -> bool:
    return (
        use.class_ in limit.classes
        and (not limit.by_brand or use.brand == new.brand)
        and (not limit.by_text or (new.text != 0 and use.text == new.text))
    )


def text_mark(text: str) -> int:
    """A number that stands for a text; it tells nothing of it."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) & ((1 << _TEXT_BITS) - 1)
