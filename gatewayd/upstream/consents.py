"""Requests about consents: what one number said, and many of them in and out."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias, assert_never

import msgspec

from gatewayd import rfc3339
from gatewayd.ledger.tables import Tables
from gatewayd.log import logger
from gatewayd.model import Millis, Refusal
from gatewayd.policy.consents import AHEAD, Consent
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.upstream import wire_policy as wire
from gatewayd.upstream.entitled import brands_of, number_of, one_brand

Request: TypeAlias = (
    wire.ConsentAdd | wire.ConsentRevoke | wire.ConsentCheck | wire.ConsentLoad | wire.ConsentList
)


class Entry(msgspec.Struct, frozen=True):
    """One thing said. to: digits with country code. at, recorded_at: RFC 3339; at null: not told."""

    to: str
    brand: str
    granted: bool
    at: str | None
    channel: str | None
    wording: str | None
    proof: str | None
    recorded_at: str
    by: str


class Standing(msgspec.Struct, frozen=True):
    """granted: to which brands the number agrees now. records: all that it said, the newest first."""

    granted: list[str]
    records: list[Entry]


class Added(msgspec.Struct, frozen=True):
    """in_force: whether marketing may go now; not where the number has said no since."""

    added: int
    in_force: bool


class Revoked(msgspec.Struct, frozen=True):
    """How many brands are new to that."""

    revoked: int


class Wrong(msgspec.Struct, frozen=True):
    """index: which of the rows, from 0."""

    index: int
    detail: str
    field: str | None


class Loaded(msgspec.Struct, frozen=True):
    """added: rows that are new."""

    added: int
    wrong: list[Wrong]


class Page(msgspec.Struct, frozen=True):
    """after: where the next page begins; None: this was the last."""

    consents: list[Entry]
    after: int | None


class Consents:
    """For the brands of a client; an admin for all. clock: wall time in milliseconds."""

    def __init__(self, store: Store, snapshot: Callable[[], Snapshot], clock: Callable[[], Millis]) -> None:
        self._store, self._snapshot, self._clock = store, snapshot, clock
        self._log = logger()

    async def answer(self, client: str, request: Request) -> object:
        """What the request brings, or a Refusal. What is told is on record; who read all, in the log."""
        if isinstance(request, wire.ConsentList):
            self._log.info("audit", client=client, op=request.__struct_config__.tag, brand=request.brand)
        match request:
            case wire.ConsentAdd():
                return await self._add(client, request)
            case wire.ConsentRevoke():
                return await self._revoke(client, request)
            case wire.ConsentCheck():
                return await self._check(client, request)
            case wire.ConsentLoad():
                return await self._load(client, request)
            case wire.ConsentList():
                return await self._list(client, request)
            case _:
                assert_never(request)

    async def _add(self, client: str, request: wire.ConsentAdd) -> Added | Refusal:
        row = self._row(client, _row_of(request, granted=True), request.brand, self._clock())
        if isinstance(row, Refusal):
            return row
        added = await self._store.write(_put, [row])
        now = await self._store.read(_now, (row.number, row.brand))
        return Added(added, now is not None and now.granted)

    async def _revoke(self, client: str, request: wire.ConsentRevoke) -> Revoked | Refusal:
        brands = brands_of(self._snapshot(), client, request.brand)
        if isinstance(brands, Refusal):
            return brands
        said, rows = _row_of(request, granted=False), list[Consent]()
        for brand in sorted(brands):
            row = self._row(client, said, brand, self._clock())
            if isinstance(row, Refusal):
                return row
            rows.append(row)
        return Revoked(await self._store.write(_put, rows))

    async def _check(self, client: str, request: wire.ConsentCheck) -> Standing | Refusal:
        snapshot = self._snapshot()
        brands = brands_of(snapshot, client, request.brand)
        number = number_of(snapshot, request.to)
        if isinstance(brands, Refusal):
            return brands
        if isinstance(number, Refusal):
            return number
        rows = await self._store.read(_history, number, brands)
        newest = {row.brand: row for row in reversed(rows)}
        return Standing(sorted(b for b, row in newest.items() if row.granted), [_entry(row) for row in rows])

    async def _load(self, client: str, request: wire.ConsentLoad) -> Loaded:
        """All that can be read; what cannot is told."""
        rows, wrong = list[Consent](), list[Wrong]()
        for index, said in enumerate(request.rows):
            row = self._row(client, said, request.brand, at=0)
            if isinstance(row, Refusal):
                wrong.append(Wrong(index, row.detail, row.field))
            else:
                rows.append(row)
        return Loaded(await self._store.write(_put, rows), wrong)

    async def _list(self, client: str, request: wire.ConsentList) -> Page | Refusal:
        brands = brands_of(self._snapshot(), client, request.brand)
        if isinstance(brands, Refusal):
            return brands
        found = await self._store.read(_page, brands, request.after, request.limit)
        last = found[-1][0] if len(found) == request.limit else None
        return Page([_entry(row) for _, row in found], last)

    def _row(self, client: str, said: wire.ConsentRow, brand: str | None, at: Millis) -> Consent | Refusal:
        """What is kept of it. brand, at: where it names none."""
        snapshot, now = self._snapshot(), self._clock()
        whose = one_brand(snapshot, client, said.brand or brand)
        number = number_of(snapshot, said.to)
        when = at if said.at is None else rfc3339.parse(said.at)
        if isinstance(whose, Refusal):
            return whose
        if isinstance(number, Refusal):
            return number
        if when is None or not 0 <= when <= now + AHEAD:
            return Refusal("invalid_request", "is no RFC 3339 time with offset, or lies ahead", "at")
        told = (said.channel or "", said.wording or "", said.proof or "")
        return Consent(number, whose, min(when, now), said.granted, *told, now, client)


def _row_of(request: wire.ConsentAdd | wire.ConsentRevoke, *, granted: bool) -> wire.ConsentRow:
    return wire.ConsentRow(
        to=request.to,
        granted=granted,
        at=request.at,
        channel=request.channel,
        wording=request.wording,
        proof=request.proof,
    )


def _put(tables: Tables, rows: Sequence[Consent]) -> int:
    return tables.put_consents(rows)


def _now(tables: Tables, pair: tuple[str, str]) -> Consent | None:
    return tables.consents([pair]).get(pair)


def _history(tables: Tables, number: str, brands: Collection[str]) -> list[Consent]:
    return tables.consents_of(number, brands)


def _page(tables: Tables, brands: Collection[str], after: int, limit: int) -> list[tuple[int, Consent]]:
    return tables.consents_after(brands, after, limit)


def _entry(row: Consent) -> Entry:
    return Entry(
        to=row.number,
        brand=row.brand,
        granted=row.granted,
        at=rfc3339.write(row.at) if row.at else None,
        channel=row.channel or None,
        wording=row.wording or None,
        proof=row.proof or None,
        recorded_at=rfc3339.write(row.recorded_at),
        by=row.by,
    )
