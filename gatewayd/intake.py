"""Intake: submits of one read -> one transaction -> answers, in order. The gate that drain closes."""

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

from gatewayd.errors import StoreUnavailable
from gatewayd.ledger.accept import Answer, accept
from gatewayd.model import Millis, Refusal
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.submission import Submission
from gatewayd.upstream.wire import Submit

DRAINING = Refusal("overloaded", "draining", retryable=True)
STORE_AWAY = Refusal("overloaded", "the store cannot take it now", retryable=True)


class Intake:
    """`open` until a drain begins."""

    def __init__(self, store: Store, snapshot: Snapshot, millis: Callable[[], Millis]) -> None:
        self.open = True
        self._store, self._snapshot, self._millis = store, snapshot, millis

    async def submit(self, client: str, requests: Sequence[Submit]) -> list[Answer | Refusal]:
        """Answered once durable (G1). What is refused by its form, and has no key, costs no transaction."""
        if not self.open:
            return [DRAINING] * len(requests)
        now, rights = self._millis(), self._snapshot.clients[client]
        submissions = [Submission(request, rights, self._snapshot, now) for request in requests]
        judged = [s for s in submissions if s.refusal is None or s.key is not None]
        if not judged:
            return [s.refusal for s in submissions if s.refusal is not None]
        try:
            answers: Iterator[Answer | Refusal] = iter(await self._store.write(accept, client, judged, now))
        except StoreUnavailable:
            answers = repeat(STORE_AWAY)
        return [s.refusal if s.refusal is not None and s.key is None else next(answers) for s in submissions]
