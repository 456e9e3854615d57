"""Search: messages of any client, for admins; each look is in the log."""

from collections.abc import Callable
from typing import Final

import msgspec

from gatewayd import rfc3339
from gatewayd.ledger.events import View
from gatewayd.ledger.lookup import Waits, shown
from gatewayd.ledger.tables import Tables, Wanted
from gatewayd.log import logger
from gatewayd.model import STATE_OF, Millis, Refusal, Stage, State, first_id
from gatewayd.numbers import masked
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.upstream import wire
from gatewayd.upstream.entitled import ADMIN_ONLY, is_admin, number_of

UNASKED: Final[Millis] = 86_400_000  # how far back is looked where neither a number nor a time is given


class Found(msgspec.Struct, frozen=True):
    messages: list[View]


class Search:
    """waits: why messages wait, by route. clock: wall time in milliseconds."""

    def __init__(
        self,
        store: Store,
        snapshot: Callable[[], Snapshot],
        waits: Callable[[], Waits],
        clock: Callable[[], Millis],
    ) -> None:
        self._store, self._snapshot, self._waits, self._clock = store, snapshot, waits, clock
        self._log = logger()

    async def answer(self, client: str, request: wire.Search) -> Found | Refusal:
        snapshot = self._snapshot()
        if not is_admin(snapshot, client):
            return ADMIN_ONLY
        wanted = _wanted(request, snapshot, self._clock())
        if isinstance(wanted, Refusal):
            return wanted
        about = None if wanted.number is None else masked(wanted.number)
        self._log.info("audit", client=client, op="search", about=about, state=request.state)
        return Found(await self._store.read(_search, wanted, request.limit, self._waits()))


def _wanted(request: wire.Search, snapshot: Snapshot, now: Millis) -> Wanted | Refusal:
    number = None if request.to is None else number_of(snapshot, request.to)
    if isinstance(number, Refusal):
        return number
    times = dict[str, Millis]()
    for name, text in (("from", request.from_), ("until", request.until)):
        if text is not None:
            at = rfc3339.parse(text)
            if at is None:
                return Refusal("invalid_request", "is no RFC 3339 time with offset", name)
            times[name] = at
    until = times.get("until", now + 1)
    since = times.get("from", 0 if number is not None else until - UNASKED)
    return Wanted(since=first_id(since), before=first_id(until), number=number, stages=_stages(request.state))


def _stages(state: State | None) -> list[Stage] | None:
    return None if state is None else [stage for stage in Stage if STATE_OF[stage] is state]


def _search(tables: Tables, wanted: Wanted, limit: int, waits: Waits) -> list[View]:
    return [shown(tables, message, waits) for message in tables.newest(wanted, limit)]
