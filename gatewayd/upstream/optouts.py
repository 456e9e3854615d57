"""Requests about the opt-out list: check one number, change it, read it in pages, load many."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

import msgspec

from gatewayd import rfc3339
from gatewayd.ledger import optouts
from gatewayd.ledger.tables import OptOut
from gatewayd.log import logger
from gatewayd.model import Millis, Refusal
from gatewayd.rules import SnapshotRules
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.upstream import wire_policy as wire
from gatewayd.upstream.entitled import ADMIN_ONLY, brands_of, is_admin, number_of

Request: TypeAlias = wire.OptoutCheck | wire.OptoutAdd | wire.OptoutRemove | wire.OptoutList | wire.OptoutLoad


class Checked(msgspec.Struct, frozen=True):
    opted_out: bool
    brand: str | None = None
    since: str | None = None
    source: str | None = None


class Added(msgspec.Struct, frozen=True):
    added: int


class Removed(msgspec.Struct, frozen=True):
    removed: int


class Entry(msgspec.Struct, frozen=True):
    """One opt-out. to: digits with country code. since: RFC 3339."""

    to: str
    brand: str
    since: str
    source: str
    reason: str | None


class Page(msgspec.Struct, frozen=True):
    """after: where the next page begins; None: this was the last."""

    optouts: list[Entry]
    after: str | None


class Wrong(msgspec.Struct, frozen=True):
    """index: which of the numbers, from 0."""

    index: int
    detail: str


class Loaded(msgspec.Struct, frozen=True):
    """added: lists that a number is new on."""

    added: int
    wrong: list[Wrong]


class Optouts:
    """clock: wall time in milliseconds."""

    def __init__(self, store: Store, snapshot: Callable[[], Snapshot], clock: Callable[[], Millis]) -> None:
        self._store, self._snapshot, self._clock = store, snapshot, clock
        self._log = logger()

    async def answer(self, client: str, request: Request) -> object:
        """What the request brings, or a Refusal. All but a check is for admin clients."""
        snapshot = self._snapshot()
        if not is_admin(snapshot, client) and not isinstance(request, wire.OptoutCheck):
            return ADMIN_ONLY
        brands = brands_of(snapshot, client, request.brand)
        if isinstance(brands, Refusal):
            return brands
        if not isinstance(request, wire.OptoutCheck):
            self._log.info("audit", client=client, op=request.__struct_config__.tag, brand=request.brand)
        if isinstance(request, wire.OptoutList):
            return await self._list(request, brands)
        if isinstance(request, wire.OptoutLoad):
            return await self._load(request, brands)
        return await self._one(request, brands)

    async def _one(
        self, request: wire.OptoutCheck | wire.OptoutAdd | wire.OptoutRemove, brands: Collection[str]
    ) -> Checked | Added | Removed | Refusal:
        number = number_of(self._snapshot(), request.to)
        if isinstance(number, Refusal):
            return number
        match request:
            case wire.OptoutCheck():
                return _checked(await self._store.read(optouts.check, number, brands))
            case wire.OptoutRemove():
                return Removed(await self._store.write(optouts.remove, number, brands))
            case wire.OptoutAdd(reason=reason):
                rows = self._rows([number], brands, "admin", reason)
                return Added(await self._add(rows))

    async def _load(self, request: wire.OptoutLoad, brands: Collection[str]) -> Loaded:
        """All that are numbers; what is none is told."""
        numbers, wrong = list[str](), list[Wrong]()
        snapshot = self._snapshot()
        for index, text in enumerate(request.numbers):
            number = number_of(snapshot, text)
            if isinstance(number, Refusal):
                wrong.append(Wrong(index, number.detail))
            else:
                numbers.append(number)
        rows = self._rows(dict.fromkeys(numbers), brands, "import", request.reason)
        return Loaded(await self._add(rows), wrong)

    async def _list(self, request: wire.OptoutList, brands: Collection[str]) -> Page:
        number, _, brand = (request.after or "").partition("/")
        rows = await self._store.read(optouts.page, brands, (number, brand), request.limit)
        full = len(rows) == request.limit
        return Page([_entry(row) for row in rows], f"{rows[-1].number}/{rows[-1].brand}" if full else None)

    def _rows(
        self, numbers: Collection[str], brands: Collection[str], source: str, reason: str | None
    ) -> list[OptOut]:
        now = self._clock()
        return [OptOut(number, brand, now, source, reason) for number in numbers for brand in sorted(brands)]

    async def _add(self, rows: Sequence[OptOut]) -> int:
        return await self._store.write(optouts.add, rows, SnapshotRules(self._snapshot()), self._clock())


def _checked(row: OptOut | None) -> Checked:
    if row is None:
        return Checked(opted_out=False)
    return Checked(opted_out=True, brand=row.brand, since=rfc3339.write(row.since), source=row.source)


def _entry(row: OptOut) -> Entry:
    return Entry(row.number, row.brand, rfc3339.write(row.since), row.source, row.reason)
