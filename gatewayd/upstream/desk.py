"""Desk: what each request of upstream does, whatever connection it came by."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import msgspec

from gatewayd.ledger import consumers, lookup, reconcile
from gatewayd.ledger.accept import Answer
from gatewayd.ledger.consumers import Gone
from gatewayd.ledger.events import View
from gatewayd.ledger.explain import explain
from gatewayd.ledger.tables import Tables
from gatewayd.model import MessageId, Millis, Refusal
from gatewayd.outlook import Outlook
from gatewayd.rules import SnapshotRules
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store, T
from gatewayd.upstream import replies, wire
from gatewayd.upstream.consents import Consents
from gatewayd.upstream.consents import Request as ConsentRequest
from gatewayd.upstream.entitled import ADMIN_ONLY, is_admin
from gatewayd.upstream.optouts import Optouts
from gatewayd.upstream.optouts import Request as OptoutRequest
from gatewayd.upstream.previews import Previews
from gatewayd.upstream.search import Search
from gatewayd.upstream.tags import Tags
from gatewayd.upstream.templates import Request as TemplateRequest
from gatewayd.upstream.templates import Templates

_CANCEL_STEP = 500
_REPLAY_STEP = 500
_NOT_FOUND = Refusal("not_found", "this client has no such message")

Question: TypeAlias = (
    wire.Preview
    | wire.Query
    | wire.Explain
    | wire.Search
    | wire.Cancel
    | OptoutRequest
    | wire.TagPause
    | wire.TagResume
    | wire.TagProgress
    | ConsentRequest
    | TemplateRequest
    | wire.LinkReceipts
    | wire.Status
    | wire.Ping
)


class Intake(Protocol):
    """Where submits go; answers come in the order of the requests. Raises StoreUnavailable."""

    async def submit(self, client: str, requests: Sequence[wire.Submit]) -> list[Answer | Refusal]: ...


class Standing(Protocol):
    """How links and queues stand now."""

    async def report(self) -> object:
        """What the op `status` tells."""

    def waits(self) -> lookup.Waits:
        """Why messages wait, by route."""

    def outlook(self) -> Outlook:
        """What stands in front of whom."""


class Found(msgspec.Struct, frozen=True):
    message: View


class Replayed(msgspec.Struct, frozen=True):
    """matched: how many of the parked receipts found their segment just now; 0 if that was not asked."""

    matched: int
    receipts: reconcile.Learnt


class Desk:
    """One for the daemon. clock: wall time in milliseconds."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        snapshot: Callable[[], Snapshot],
        standing: Standing,
        clock: Callable[[], Millis],
    ) -> None:
        self._store = store
        self._intake = intake
        self._snapshot = snapshot
        self._standing = standing
        self._clock = clock
        self._optouts = Optouts(store, snapshot, clock)
        self._search = Search(store, snapshot, standing.waits, clock)
        self._previews = Previews(store, snapshot, standing.outlook, clock)
        self._tags = Tags(store, snapshot, standing.outlook, clock)
        self._consents = Consents(store, snapshot, clock)
        self._templates = Templates(store, snapshot, clock)

    async def submit(self, client: str, requests: Sequence[wire.Submit]) -> bytes:
        """Reply lines, in the order of the requests."""
        return b"".join(map(_reply, requests, await self.take(client, requests)))

    async def take(self, client: str, requests: Sequence[wire.Submit]) -> list[Answer | Refusal]:
        """What became of each submit."""
        return await self._intake.submit(client, requests)

    async def acknowledge(self, client: str, acks: Sequence[wire.Ack]) -> tuple[bytes, dict[str, int]]:
        """Reply lines, and how far each consumer has come by them."""
        refusals = await self.note(client, acks)
        reached: dict[str, int] = {}
        for ack, refusal in zip(acks, refusals, strict=True):
            if refusal is None:
                reached[ack.consumer] = max(ack.cursor, reached.get(ack.consumer, 0))
        return b"".join(map(_reply, acks, [refusal or {} for refusal in refusals])), reached

    async def note(self, client: str, acks: Sequence[wire.Ack]) -> list[Refusal | None]:
        """How far consumers are done, once that is durable; why not, for each ack."""
        return await self._store.write(_acknowledge, client, acks, self._clock())

    async def subscribe(self, client: str, request: wire.Subscribe) -> int | Gone | Refusal:
        """The cursor that the subscription starts after."""
        return await self._store.write(_subscribe, client, request.consumer, request.after, self._clock())

    async def position(self, client: str, consumer: str) -> int:
        """How far a consumer has acknowledged."""
        return await self._store.read(_position, client, consumer)

    async def answer(self, client: str, request: Question) -> bytes:
        """The reply line of any other request."""
        return _reply(request, await self.perform(client, request))

    async def perform(self, client: str, request: Question) -> object:
        match request:
            case wire.Ping() | wire.Status():
                return await self._standing.report() if isinstance(request, wire.Status) else {}
            case wire.Preview() | wire.Query() | wire.Explain() | wire.Search():
                return await self._tell(client, request)
            case wire.Cancel():
                return await self._cancel(client, request)
            case wire.TagPause() | wire.TagResume() | wire.TagProgress():
                return await self._tags.answer(client, request)
            case wire.LinkReceipts():
                return await self._link_receipts(client, request)
            case _:
                return await self._about_policy(client, request)

    async def _about_policy(
        self, client: str, request: OptoutRequest | ConsentRequest | TemplateRequest
    ) -> object:
        if isinstance(request, OptoutRequest):
            return await self._optouts.answer(client, request)
        if isinstance(request, ConsentRequest):
            return await self._consents.answer(client, request)
        return await self._templates.answer(client, request)

    async def _tell(
        self, client: str, request: wire.Preview | wire.Query | wire.Explain | wire.Search
    ) -> object:
        if isinstance(request, wire.Preview):
            return await self._previews.answer(client, request)
        if isinstance(request, wire.Search):
            return await self._search.answer(client, request)
        if isinstance(request, wire.Explain):
            return await self._look_up(explain, client, request) or _NOT_FOUND
        found = await self._look_up(lookup.query, client, request)
        return _NOT_FOUND if found is None else Found(found)

    async def _look_up(self, find: Callable[..., T], client: str, request: wire.Query | wire.Explain) -> T:
        owner = self._owner(client, request.id)
        return await self._store.read(find, owner, request.id, request.key, self._standing.waits())

    def _owner(self, client: str, identifier: str | None) -> str | None:
        """Whose a message must be: by id an admin finds all, a key is always of the client's own."""
        return None if identifier is not None and is_admin(self._snapshot(), client) else client

    async def _cancel(self, client: str, request: wire.Cancel) -> lookup.Cancelled | Refusal:
        if request.tag is not None:
            return await self._cancel_tag(client, request.tag)
        owner = self._owner(client, request.id)
        done = await self._store.write(lookup.cancel_one, owner, request.id, request.key, self._clock())
        return _NOT_FOUND if done is None else done

    async def _cancel_tag(self, client: str, tag: str) -> lookup.Cancelled:
        """In steps, so that a large tag does not keep others from the store."""
        cancelled = too_late = 0
        after: MessageId | None = MessageId(0)
        while after is not None:
            step, after = await self._store.write(
                lookup.cancel_tag, client, tag, after, _CANCEL_STEP, self._clock()
            )
            cancelled, too_late = cancelled + step.cancelled, too_late + step.too_late
        return lookup.Cancelled(cancelled, too_late)

    async def _link_receipts(self, client: str, request: wire.LinkReceipts) -> Replayed | Refusal:
        snapshot, rules = self._snapshot(), SnapshotRules(self._snapshot())
        if request.link not in snapshot.links:
            return Refusal("not_found", "there is no such link", "link")
        if request.replay and not is_admin(self._snapshot(), client):
            return ADMIN_ONLY
        matched = await self._replay(rules, request.link) if request.replay else 0
        return Replayed(matched, await self._store.read(reconcile.learnt, rules, request.link))

    async def _replay(self, rules: SnapshotRules, link: str) -> int:
        """In steps, so that many receipts do not keep others from the store."""
        total, after = await self._store.write(reconcile.replay, rules, link, 0, _REPLAY_STEP, self._clock())
        while after:
            matched, after = await self._store.write(
                reconcile.replay, rules, link, after, _REPLAY_STEP, self._clock()
            )
            total += matched
        return total


def _reply(request: wire.Request, result: object) -> bytes:
    if isinstance(result, Refusal):
        return replies.failed(request.seq, result)
    return replies.done(request.seq, result)


def _subscribe(
    tables: Tables, client: str, name: str, after: int | None, now: Millis
) -> int | Gone | Refusal:
    if after is not None and after > tables.last_cursor():
        return Refusal("invalid_request", "there is no such cursor yet", "after")
    return consumers.subscribe(tables, client, name, after, now)


def _position(tables: Tables, client: str, name: str) -> int:
    consumer = tables.consumer(client, name)
    return 0 if consumer is None else consumer.acknowledged


def _acknowledge(tables: Tables, client: str, acks: Sequence[wire.Ack], now: Millis) -> list[Refusal | None]:
    return [_acknowledged(tables, client, ack, now) for ack in acks]


def _acknowledged(tables: Tables, client: str, ack: wire.Ack, now: Millis) -> Refusal | None:
    if tables.consumer(client, ack.consumer) is None:
        return Refusal("not_found", "this client has no such consumer", "consumer")
    if not consumers.acknowledge(tables, client, ack.consumer, ack.cursor, now):
        return Refusal("invalid_request", "there is no such cursor yet", "cursor")
    return None
