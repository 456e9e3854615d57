"""Previews: a submit judged with the facts and the queues of this moment, and forgotten."""

from collections.abc import Callable

from gatewayd.ledger.facts import Known
from gatewayd.ledger.tables import Tables
from gatewayd.model import Millis
from gatewayd.outlook import Outlook
from gatewayd.preview import Preview, preview
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.submission import Submission
from gatewayd.upstream import wire


class Previews:
    """clock: wall time in milliseconds. outlook: what stands in front of whom."""

    def __init__(
        self,
        store: Store,
        snapshot: Callable[[], Snapshot],
        outlook: Callable[[], Outlook],
        clock: Callable[[], Millis],
    ) -> None:
        self._store, self._snapshot, self._outlook, self._clock = store, snapshot, outlook, clock

    async def answer(self, client: str, request: wire.Preview) -> Preview:
        """Reads, and writes nothing."""
        snapshot, outlook, now = self._snapshot(), self._outlook(), self._clock()
        submission = Submission(request, snapshot.clients[client], snapshot, now, outlook)
        return await self._store.read(_judge, submission, outlook, now)


def _judge(tables: Tables, submission: Submission, outlook: Outlook, now: Millis) -> Preview:
    known = Known(tables)
    if submission.asking is not None:
        known.load([submission.asking])
    return preview(submission, known.facts(submission.asking), outlook, now)
