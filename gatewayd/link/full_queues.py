"""Destinations whose queue at the SMSC is full: ESME_RMSGQFUL speaks of one number, not of the link.

Pure: the time is an argument, wall clock in milliseconds. In memory alone: after a start the SMSC tells it
again.
"""

from gatewayd.model import Millis


class FullQueues:
    """Numbers that one link leaves alone for a while.

    limit: numbers kept at a time; beyond it the one told of longest ago is forgotten, and merely asked again.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._until: dict[str, Millis] = {}  # in the order they were told

    def add(self, number: str, until: Millis, now: Millis) -> None:
        """No message to `number` leaves before `until`."""
        self._until.pop(number, None)
        if self.waiting(now) >= self._limit:
            del self._until[self._first()]
        self._until[number] = until

    def until(self, number: str, now: Millis) -> Millis:
        """When the wait of `number` ends; 0 if it has none."""
        until = self._until.get(number, 0)
        return until if until > now else 0

    def waiting(self, now: Millis) -> int:
        """How many numbers wait; those that were told first and wait no more are forgotten."""
        while self._until and self._until[self._first()] <= now:
            del self._until[self._first()]
        return len(self._until)

    def _first(self) -> str:
        return next(iter(self._until))
