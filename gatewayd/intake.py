"""Intake: submits of one read -> one transaction -> answers, in order. The gate that drain closes."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Final

import trio

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.accept import Answer, accept
from gatewayd.model import Millis, Refusal
from gatewayd.outlook import NOTHING_KNOWN, Outlook
from gatewayd.pacing import Allowance
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.submission import Submission
from gatewayd.upstream.wire import Submit

DRAINING = Refusal("overloaded", "draining", retryable=True)
FRESH: Final[Millis] = 1000
STORE_AWAY = Refusal("overloaded", "the store cannot take it now", retryable=True)


def rate_limited(seconds: float) -> Refusal:
    """seconds: until one more is allowed."""
    return Refusal(
        "rate_limited", "more submits a second than allowed", retryable=True, retry_after=round(seconds, 3)
    )


class Intake:
    """`open` until a drain begins. outlook: what stands in front of whom.

    expect: told of a client that something urgent of it is about to be stored.
    """

    def __init__(
        self,
        store: Store,
        snapshot: Snapshot,
        millis: Callable[[], Millis],
        outlook: Callable[[], Outlook] = lambda: NOTHING_KNOWN,
        expect: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.open = True
        self._expect = expect
        self._store, self._snapshot, self._millis = store, snapshot, millis
        self._outlook, self._lately, self._looked_at = outlook, NOTHING_KNOWN, 0
        self._allowances: dict[str, Allowance] = {}
        self._turns: defaultdict[tuple[str, bool], trio.Lock] = defaultdict(trio.Lock)

    async def submit(self, client: str, requests: Sequence[Submit]) -> list[Answer | Refusal]:
        """Answered once durable (G1). Beyond the client's rate refused, whatever else is to be said of it."""
        if not self.open:
            return [DRAINING] * len(requests)
        rate = self._snapshot.clients[client].rate
        if not rate:
            return await self._in_turns(client, requests)
        now = trio.current_time()
        allowance = self._allowances.setdefault(client, Allowance(rate, now))
        within = allowance.take(len(requests), now)
        beyond = [rate_limited(allowance.wait(now))] * (len(requests) - within)
        return [*await self._in_turns(client, requests[:within]), *beyond]

    async def _in_turns(self, client: str, requests: Sequence[Submit]) -> list[Answer | Refusal]:
        """Of one client one read at a time is with the store, and one with something urgent in it.

        So nobody waits for all that another client floods the store with, nor an otp for its client's bulk.
        """
        urgent = any(request.class_ in self._snapshot.urgent for request in requests)
        async with self._turns[client, urgent]:
            if urgent:
                self._expect(client)
            return await self._judge(client, requests)

    def _current(self, now: Millis) -> Outlook:
        """As things stood a second ago at most: to look for each submit would cost more than it tells."""
        if not 0 <= now - self._looked_at < FRESH:
            self._lately, self._looked_at = self._outlook(), now
        return self._lately

    async def _judge(self, client: str, requests: Sequence[Submit]) -> list[Answer | Refusal]:
        """What is refused by its form, and has no key, costs no transaction."""
        now, rights = self._millis(), self._snapshot.clients[client]
        outlook = self._current(now)
        submissions = [Submission(request, rights, self._snapshot, now, outlook) for request in requests]
        judged = [s for s in submissions if s.refusal is None or s.key is not None]
        if not judged:
            return [s.refusal for s in submissions if s.refusal is not None]
        try:
            answers: Iterator[Answer | Refusal] = iter(await self._store.write(accept, client, judged, now))
        except StoreUnavailable:
            answers = repeat(STORE_AWAY)
        return [s.refusal if s.refusal is not None and s.key is None else next(answers) for s in submissions]
