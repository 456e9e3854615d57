"""Segments to texts, as a handset shows them, in the style of the account they belong to."""

from collections.abc import Iterator
from typing import Final, Generic, Protocol, TypeVar

import msgspec

from gatewayd.smpp import udh
from gatewayd.smpp.reader import Reader
from gatewayd.smpp.style import PLAIN, SignatureBy, Style


class Segment(Protocol):
    """What a record holds of a submit_sm, or of a deliver_sm that is an MO."""

    @property
    def account(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def destination(self) -> str: ...
    @property
    def data_coding(self) -> int: ...
    def user_data(self) -> udh.UserData:
        """Its octets without the UDH, and its place in a long message."""


S = TypeVar("S", bound=Segment)


class Message(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """segments: those that belong together, in order of their number, each as it came first.

    firsts: every time the first of them came. wanting: numbers of those that did not.
    """

    account: str
    source: str
    destination: str
    text: str
    segments: tuple[S, ...]
    firsts: tuple[S, ...]
    wanting: tuple[int, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.wanting


class Reading(msgspec.Struct, frozen=True, omit_defaults=True):
    """How an account's texts are to be read. signature: what the carrier writes, where the style says."""

    style: Style = PLAIN
    signature: str = ""

    def shown(self, text: str) -> str:
        """With what the carrier adds to it."""
        match self.style.signature:
            case SignatureBy.STRIP_HEAD:
                return self.signature + text
            case SignatureBy.STRIP_TAIL:
                return text + self.signature
            case _:
                return text


class _Waiting(Generic[S]):
    """A message whose segments are not all there. octets: of each, without header and unpacked."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.segments: dict[int, S] = {}
        self.octets: dict[int, bytes] = {}
        self.shifts = (0, 0)
        self.firsts: list[S] = []


class Joiner(Generic[S]):
    """Joins the segments of one account, in the order they came.

    One that comes again while its message waits for others is taken once.
    """

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self._waiting: dict[tuple[str, str, int, int], _Waiting[S]] = {}

    @property
    def reading(self) -> Reading:
        return self._reading

    @reading.setter
    def reading(self, reading: Reading) -> None:
        self._reading, self._reader = reading, Reader(reading.style)

    def add(self, segment: S, *, taken: bool = True) -> Message[S] | None:
        """The message, once all its segments were taken; one of a single segment is whole as it is."""
        data = segment.user_data()
        concat = data.concat or ALONE
        key = (segment.source, segment.destination, concat.reference, concat.total)
        message = self._waiting.setdefault(key, _Waiting(concat.total))
        if concat.number == 1:
            message.firsts.append(segment)
        if taken or concat is ALONE:
            octets = self._reader.unpacked(data.octets, segment.data_coding, data.elements)
            message.segments.setdefault(concat.number, segment)
            message.octets.setdefault(concat.number, octets)
            message.shifts = udh.shifts(data.elements)
        if len(message.segments) < concat.total:
            return None
        return self._read(self._waiting.pop(key))

    def rest(self) -> Iterator[Message[S]]:
        """Those of which a segment was taken, but not all; then they are forgotten."""
        waiting, self._waiting = self._waiting, {}
        for message in waiting.values():
            if message.segments:
                yield self._read(message)

    def _read(self, message: _Waiting[S]) -> Message[S]:
        numbers = sorted(message.segments)
        first = message.segments[numbers[0]]
        octets = b"".join(message.octets[number] for number in numbers)
        text = self._reader.text(octets, first.data_coding, message.shifts) or ""
        return Message(
            account=first.account,
            source=first.source,
            destination=first.destination,
            text=self._reading.shown(text),
            segments=tuple(message.segments[number] for number in numbers),
            firsts=tuple(message.firsts),
            wanting=tuple(number for number in range(1, message.total + 1) if number not in numbers),
        )


ALONE: Final = udh.Concat(reference=-1, total=1, number=1)
"""The place of what is no segment of several."""
