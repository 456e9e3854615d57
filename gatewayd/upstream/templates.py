"""Requests about templates: new versions, reviews, what there is."""

from collections.abc import Callable
from typing import TypeAlias, assert_never

import msgspec

from gatewayd import rfc3339
from gatewayd.ledger import templates
from gatewayd.ledger.tables import Tables
from gatewayd.log import logger
from gatewayd.model import Millis, Refusal
from gatewayd.policy.template_sets import Review, Template
from gatewayd.policy.template_text import BadTemplate, TemplateText
from gatewayd.snapshot import Snapshot
from gatewayd.store.base import Store
from gatewayd.upstream import wire_policy as wire
from gatewayd.upstream.entitled import ADMIN_ONLY, brands_of, is_admin, one_brand

_SLOW_ALERT = Refusal(
    "invalid_request", "a risk_alert needs a class whose priority is that of otp, or above", "class"
)

Request: TypeAlias = wire.TemplatePut | wire.TemplateReview | wire.TemplateGet


class Version(msgspec.Struct, frozen=True):
    """One version as clients see it. at, reviewed_at: RFC 3339. reason: of its review."""

    name: str
    brand: str
    version: int
    state: str
    class_: str = msgspec.field(name="class")
    group: str | None
    text: str
    at: str
    by: str
    reason: str | None
    reviewed_at: str | None
    reviewed_by: str | None


class Found(msgspec.Struct, frozen=True):
    templates: list[Version]


class Done(msgspec.Struct, frozen=True):
    name: str
    brand: str
    version: int
    state: str


class Templates:
    """For the brands of a client; reviews are for admins. clock: wall time in milliseconds."""

    def __init__(self, store: Store, snapshot: Callable[[], Snapshot], clock: Callable[[], Millis]) -> None:
        self._store, self._snapshot, self._clock = store, snapshot, clock
        self._log = logger()

    async def answer(self, client: str, request: Request) -> object:
        """What the request brings, or a Refusal."""
        match request:
            case wire.TemplatePut():
                return self._told(client, request, await self._put(client, request))
            case wire.TemplateReview():
                return self._told(client, request, await self._review(client, request))
            case wire.TemplateGet():
                return await self._get(client, request)
            case _:
                assert_never(request)

    def _told(
        self, client: str, request: wire.TemplatePut | wire.TemplateReview, done: Template | Refusal
    ) -> Done | Refusal:
        if isinstance(done, Refusal):
            return done
        op, name = request.__struct_config__.tag, done.name
        self._log.info(
            "audit", client=client, op=op, brand=done.brand, template=name, version=done.version,
            state=done.review.value,
        )  # fmt: skip
        return Done(name, done.brand, done.version, done.review.value)

    async def _put(self, client: str, request: wire.TemplatePut) -> Template | Refusal:
        brand = one_brand(self._snapshot(), client, request.brand)
        if isinstance(brand, Refusal):
            return brand
        if (refusal := self._unfit(client, request)) is not None:
            return refusal
        draft = Template(
            brand=brand,
            name=request.name,
            version=0,
            text=request.text,
            class_=request.class_,
            group=request.group,
            review=Review(request.state),
            put_at=self._clock(),
            put_by=client,
        )
        return await self._store.write(templates.put, draft, self._clock())

    def _unfit(self, client: str, request: wire.TemplatePut) -> Refusal | None:
        """Why the class or the text will not do."""
        snapshot = self._snapshot()
        class_, rights = snapshot.classes.get(request.class_), snapshot.clients[client]
        if class_ is None:
            return Refusal("unknown_class", "no such class", "class")
        if class_.name not in rights.classes and not rights.admin:
            return Refusal("not_permitted", "this client may not send this class", "class")
        if request.group == "risk_alert" and class_.priority > snapshot.classes["otp"].priority:
            return _SLOW_ALERT
        try:
            TemplateText(request.text)
        except BadTemplate as error:
            return Refusal("invalid_request", str(error), "text")
        return None

    async def _review(self, client: str, request: wire.TemplateReview) -> Template | Refusal:
        snapshot = self._snapshot()
        if not is_admin(snapshot, client):
            return ADMIN_ONLY
        brand = one_brand(snapshot, client, request.brand)
        if isinstance(brand, Refusal):
            return brand
        verdict = templates.Verdict(
            brand, request.name, request.version, Review(request.state), request.reason, client
        )
        return await self._store.write(templates.review, verdict, self._clock())

    async def _get(self, client: str, request: wire.TemplateGet) -> Found | Refusal:
        brands = brands_of(self._snapshot(), client, request.brand)
        if isinstance(brands, Refusal):
            return brands
        found = await self._store.read(_read, sorted(brands), request.name)
        if request.name is not None and not found:
            return Refusal("unknown_template", "there is no template of this name", "name")
        return Found([_version(template) for template in found])


def _read(tables: Tables, brands: list[str], name: str | None) -> list[Template]:
    found = list[Template]()
    for brand in brands:
        found += templates.newest(tables, brand) if name is None else tables.templates(brand, name)
    return found


def _version(template: Template) -> Version:
    reviewed_at = None if template.reviewed_at is None else rfc3339.write(template.reviewed_at)
    return Version(
        name=template.name,
        brand=template.brand,
        version=template.version,
        state=template.review.value,
        class_=template.class_,
        group=template.group,
        text=template.text,
        at=rfc3339.write(template.put_at),
        by=template.put_by,
        reason=template.reason,
        reviewed_at=reviewed_at,
        reviewed_by=template.reviewed_by,
    )
