"""Requests in flight: sequence_number -> request, deadline, slot.

The response timeout is one constant, so the order of asking is the order of deadlines: the oldest request
holds the next deadline, and adding, answering and asking for the deadline take constant time.
"""

import math
from collections import OrderedDict
from typing import Final

import msgspec

from gatewayd.smpp.pdu import Pdu

MAX_SEQUENCE_NUMBER: Final = 0x7FFF_FFFF  # 3.4 section 5.1.4


class InFlight(msgspec.Struct, kw_only=True, eq=False):
    """One request of ours without an answer.

    context: what the asker wants back with the answer.
    requested_at: seconds.
    counted: it takes a slot of the window.
    unsent: its octets until they are handed to the stream, b"" from then on.
    expired: its response timeout has passed; it only keeps its slot.
    """

    request: Pdu
    context: object
    sequence_number: int
    requested_at: float
    counted: bool
    unsent: bytes
    expired: bool = False

    def __repr__(self) -> str:
        """Without the octets: they hold texts and numbers."""
        return f"InFlight({type(self.request).__name__}, sequence_number={self.sequence_number})"


class Window:
    """At most `size` counted requests in flight, each answered within `timeout` seconds or expired.

    An expired counted request keeps its slot until its late response: the SMSC may still be working on it.
    An expired request without a slot is forgotten, so what is kept is bounded.
    """

    def __init__(self, size: int, timeout: float) -> None:
        self.size = size
        self.timeout = timeout
        self.in_use = 0
        self._sequence_number = 0
        # A plain dict walks over the holes its answered entries left before it finds the oldest.
        self._waiting: OrderedDict[int, InFlight] = OrderedDict()
        self._expired: dict[int, InFlight] = {}

    @property
    def free(self) -> int:
        """Slots left."""
        return self.size - self.in_use

    @property
    def stuck(self) -> bool:
        """Whether every slot is kept by a request that has expired."""
        return len(self._expired) >= self.size

    @property
    def waiting(self) -> tuple[InFlight, ...]:
        """Requests that are neither answered nor expired, oldest first."""
        return tuple(self._waiting.values())

    def __contains__(self, sequence_number: int) -> bool:
        return sequence_number in self._waiting or sequence_number in self._expired

    def __len__(self) -> int:
        """Requests that are neither answered nor expired, counted or not."""
        return len(self._waiting)

    def next_sequence_number(self) -> int:
        """From 1 to 0x7FFFFFFF and round again, but never one whose answer may still come."""
        number = self._sequence_number % MAX_SEQUENCE_NUMBER + 1
        while number in self:
            number = number % MAX_SEQUENCE_NUMBER + 1
        self._sequence_number = number
        return number

    def add(self, entry: InFlight) -> None:
        """Take in a request; requested_at may not be before that of an earlier one."""
        self._waiting[entry.sequence_number] = entry
        self.in_use += entry.counted

    def get(self, sequence_number: int) -> InFlight | None:
        """The request of that number, waiting or expired."""
        return self._waiting.get(sequence_number) or self._expired.get(sequence_number)

    def remove(self, entry: InFlight) -> None:
        """The answer is here: the slot is free again."""
        del (self._expired if entry.expired else self._waiting)[entry.sequence_number]
        self.in_use -= entry.counted

    def next_deadline(self) -> float:
        """When the oldest request expires; inf if none waits."""
        for entry in self._waiting.values():
            return entry.requested_at + self.timeout
        return math.inf

    def expire(self, now: float) -> list[InFlight]:
        """The requests whose time is over, oldest first; each is told once.

        Stops at the first that was never handed to the stream: nobody can have failed to answer that one.
        """
        expired: list[InFlight] = []
        for entry in self._waiting.values():
            if entry.requested_at + self.timeout > now or entry.unsent:
                break
            expired.append(entry)
        for entry in expired:
            del self._waiting[entry.sequence_number]
            entry.expired = True
            if entry.counted:
                self._expired[entry.sequence_number] = entry
        return expired
