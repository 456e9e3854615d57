"""Requests about tags: pause, resume, progress."""

from collections.abc import Callable
from typing import assert_never

import msgspec

from gatewayd import rfc3339
from gatewayd.ledger import tags
from gatewayd.model import MessageId, Millis, Refusal, State
from gatewayd.outlook import Outlook
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.upstream import wire
from gatewayd.upstream.entitled import is_admin

_STEP = 500
_WAITING = (State.SCHEDULED, State.HELD, State.QUEUED)
_NOT_FOUND = Refusal("not_found", "this client has no messages with this tag", "tag")
_TOO_MANY = Refusal("invalid_request", f"{tags.MOST_PAUSED} tags are paused already", "tag")
_NOT_YOURS = Refusal("not_permitted", "only an admin client may name another client", "client")


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """counts: messages by state. opted_out: replies to them since the last resume.

    since: RFC 3339. reason: by whom it was paused, or why by itself. finishes_at: about when the last of what
    waits leaves, by what stands in front and the rates of links; absent where nobody can say.
    """

    counts: dict[str, int]
    opted_out: int
    paused: bool
    since: str | None = None
    reason: str | None = None
    finishes_at: str | None = None


class Resumed(msgspec.Struct, frozen=True):
    """How many messages were held."""

    resumed: int


class Tags:
    """outlook: what stands in front of whom. clock: wall time in milliseconds."""

    def __init__(
        self,
        store: Store,
        snapshot: Callable[[], Snapshot],
        outlook: Callable[[], Outlook],
        clock: Callable[[], Millis],
    ) -> None:
        self._store, self._snapshot, self._outlook, self._clock = store, snapshot, outlook, clock

    async def answer(
        self, client: str, request: wire.TagPause | wire.TagResume | wire.TagProgress
    ) -> Progress | Resumed | Refusal:
        whose = request.client or client
        if whose != client and not is_admin(self._snapshot(), client):
            return _NOT_YOURS
        match request:
            case wire.TagPause():
                done = await self._store.write(tags.pause, whose, request.tag, f"by {client}", self._clock())
                return await self._progress(whose, request.tag) if done else _TOO_MANY
            case wire.TagResume():
                return Resumed(await self._resume(whose, request.tag))
            case wire.TagProgress():
                return await self._progress(whose, request.tag)
            case _:
                assert_never(request)

    async def _progress(self, client: str, tag: str) -> Progress | Refusal:
        found = await self._store.read(tags.progress, client, tag)
        if found is None:
            return _NOT_FOUND
        since = None if found.since is None else rfc3339.write(found.since)
        finish = await self._finish(client, tag, found)
        return Progress(found.counts, found.opted_out, found.paused, since, found.reason, finish)

    async def _finish(self, client: str, tag: str, found: tags.TagProgress) -> str | None:
        if found.paused or not any(state in found.counts for state in _WAITING):
            return None
        at = await self._store.read(tags.finish, client, tag, self._outlook(), self._clock())
        return None if at is None else rfc3339.write(at)

    async def _resume(self, client: str, tag: str) -> int:
        """In steps, so that a large tag does not keep others from the store."""
        total, after = 0, MessageId(0)
        while True:
            resumed, on = await self._store.write(tags.resume, client, tag, after, _STEP, self._clock())
            total += resumed
            if on is None:
                return total
            after = on
