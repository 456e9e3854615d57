"""What an account's SMSC has against a submit_sm: the scenario's errors, its hidden limit, a full queue."""

import random
from collections import Counter, deque
from typing import Final

from gatewayd.smpp import consts
from gatewayd.smpp.pdu import SubmitSm
from simulator.settings import Fault, Responses
from simulator.throttle import Gate

FULL: Final = Fault(status=consts.ESME_RMSGQFUL)
THROTTLED: Final = Fault(status=consts.ESME_RTHROTTLED)


class Refusals:
    """Of one account. rng: draws the shares; seed: of the hidden limit."""

    def __init__(self, settings: Responses, rng: random.Random, seed: str) -> None:
        self._settings, self._rng, self._seed = settings, rng, seed
        self._gate = self._drawn_gate()
        self._met: Counter[int] = Counter()
        self._queues: dict[bytes, deque[float]] = {}

    def follow(self, settings: Responses) -> None:
        """From the next submit_sm on. A hidden limit is drawn anew, and errors counted anew, if told anew."""
        before, self._settings = self._settings, settings
        if settings.throttle != before.throttle:
            self._gate = self._drawn_gate()
        if settings.errors != before.errors:
            self._met.clear()

    def _drawn_gate(self) -> Gate:
        rng = random.Random(f"{self._seed}/throttle")  # noqa: S311  reproducible on purpose
        return Gate(self._settings.throttle, rng)

    @property
    def limit(self) -> int:
        """Submit_sm a second that pass; 0: no limit."""
        return self._gate.limit

    def load(self, now: float) -> int:
        """Percent of the limit that passed within the last second."""
        return self._gate.load(now)

    def against(self, submit: SubmitSm, now: float) -> Fault | None:
        """What speaks against it, if anything does."""
        settings = self._settings
        if settings.errors:
            for place, fault in enumerate(settings.errors):
                if fault.is_about(submit) and self._strikes(place, fault):
                    return fault
        if self._gate.limit and not self._gate.passes(now):
            return THROTTLED
        return FULL if settings.queue and self._is_full(submit.destination_addr, now) else None

    def _strikes(self, place: int, fault: Fault) -> bool:
        """Whether it is the turn of this one among those that the fault is about."""
        self._met[place] += 1
        if fault.first and self._met[place] > fault.first:
            return False
        if fault.every and self._met[place] % fault.every:
            return False
        return fault.share >= 1 or self._rng.random() < fault.share

    def under_way(self, number: bytes, until: float) -> None:
        """One more message to that number, until then."""
        self._queues.setdefault(number, deque()).append(until)

    def _is_full(self, number: bytes, now: float) -> bool:
        """Whether as many messages to that number are under way as the SMSC keeps for one."""
        queue = self._queues.setdefault(number, deque())
        while queue and queue[0] <= now:
            queue.popleft()
        return len(queue) >= self._settings.queue
