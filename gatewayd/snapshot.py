"""Config -> Snapshot: what the daemon judges by, compiled once so that a message pays only for a look-up.

A reload builds a new one and swaps it in; nothing of it ever changes.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Self

import msgspec

from gatewayd import routing
from gatewayd.carriers import Carriers
from gatewayd.configlink import Link
from gatewayd.configmodel import Client, Config, Limits, Route, RoutingTest
from gatewayd.configpolicy import SHIPPED_CLASSES, Brand
from gatewayd.configrules import (
    FORCED_BY_MARKETING,
    JUDGED_CODES,
    expected_code,
    expected_links,
    merged_class,
)
from gatewayd.errors import Problem
from gatewayd.numbers import InvalidNumber, canonical
from gatewayd.policy.book import Book
from gatewayd.policy.subject import ClassPolicy
from gatewayd.smpp.text import Carry
from gatewayd.smpp.writer import Writer

_ALL = "*"


class Rights(msgspec.Struct, frozen=True, kw_only=True):
    """What one client may do; `*` of brands and classes is spelled out.

    window: requests outstanding on one connection. rate: submits a second, 0: no limit. weight: its share of
    links beside other clients.
    """

    name: str
    users: frozenset[str]
    groups: frozenset[str]
    brands: frozenset[str]
    classes: frozenset[str]
    window: int
    rate: float
    weight: int
    admin: bool
    holds_consent: bool

    def is_peer(self, users: Collection[str], groups: Collection[str]) -> bool:
        return (
            _ALL in self.users
            or _ALL in self.groups
            or not self.users.isdisjoint(users)
            or not self.groups.isdisjoint(groups)
        )


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of the configuration.

    clients are in the order of the file, which decides who a peer is. urgent: classes up to the priority of
    otp. routed_by_carrier: any route asks for
    the carrier. refuses_things: numbers of kind iot get no messages.
    """

    clients: Mapping[str, Rights]
    classes: Mapping[str, ClassPolicy]
    urgent: frozenset[str]
    brands: Mapping[str, Brand]
    links: Mapping[str, Link]
    writers: Mapping[str, Writer]
    routes: tuple[routing.Route, ...]
    carriers: Carriers
    routed_by_carrier: bool
    refuses_things: bool
    book: Book
    default_country: str
    limits: Limits

    @classmethod
    def build(cls, config: Config) -> Self:
        names = {**SHIPPED_CLASSES, **config.classes}
        classes = {name: _class_policy(name, config) for name in names}
        return cls(
            clients=MappingProxyType(
                {name: _rights(name, client, config.brands, names) for name, client in config.clients.items()}
            ),
            classes=MappingProxyType(classes),
            urgent=_urgent(classes),
            brands=MappingProxyType(config.brands),
            links=MappingProxyType(config.links),
            writers=MappingProxyType({name: _writer(link) for name, link in config.links.items()}),
            routes=_routes(config),
            carriers=config.carriers.table,
            routed_by_carrier=any(route.match.carrier for route in config.routes),
            refuses_things=config.carriers.iot == "refuse",
            book=Book.build(config, classes),
            default_country=config.policy.default_country,
            limits=config.limits,
        )

    def client_of(self, users: Collection[str], groups: Collection[str]) -> str | None:
        """The client that a peer is: the first whose users or groups hold; None: nobody.

        users: the peer's user name and its uid as text. groups: names and gids as text, of its primary and
        supplementary groups.
        """
        return next((name for name, rights in self.clients.items() if rights.is_peer(users, groups)), None)

    def without_admins(self) -> Self:
        """The same where nobody is an admin: for listeners that anybody on this machine can reach."""
        clients = {
            name: msgspec.structs.replace(rights, admin=False) for name, rights in self.clients.items()
        }
        return msgspec.structs.replace(self, clients=MappingProxyType(clients))

    def route(self, class_: str, brand: str, client: str, to: str) -> routing.Route | None:
        """The first route that takes a message. to: canonical."""
        carrier = self.carriers.of(to) if self.routed_by_carrier else None
        return routing.match(self.routes, class_, brand, client, to, carrier)

    def explain_route(self, class_: str, brand: str, client: str, to: str) -> tuple[routing.Verdict, ...]:
        """What each route says to a message, in order."""
        return routing.explain(self.routes, class_, brand, client, to, self.carriers.of(to))

    def destination(self, text: str) -> str:
        """The canonical form of a number that messages may go to. Raises InvalidNumber."""
        number = canonical(text, self.default_country)
        if self.refuses_things and self.carriers.kind(number) == "iot":
            raise InvalidNumber("is of a range for things (IoT), which get no messages")
        return number

    def brands_at(self, address: str) -> tuple[str, ...]:
        """The brands an MO to `address` may speak to.

        Those with the longest sender that begins the address (a handset may answer to an extended sender). If
        none does, those whose sender begins with it (carriers may cut extension digits off).
        """
        senders = {brand.sender for brand in self.brands.values() if address.startswith(brand.sender)}
        if senders:
            longest = max(senders, key=len)
            return tuple(name for name, brand in self.brands.items() if brand.sender == longest)
        return tuple(
            name for name, brand in self.brands.items() if address and brand.sender.startswith(address)
        )

    def signature_by(self, writer: Writer, sender: str, text: str) -> str:
        """The signature that the carrier writes in place of ours; empty if it writes none.

        Where brands share a sender: the one the text has, else the longest, so that there is room for any.
        """
        if not writer.strips:
            return ""
        signatures = [self.brands[name].signature or "" for name in self.brands_at(sender)]
        signatures.sort(key=len, reverse=True)
        carried = (s for s in signatures if s and (text.startswith(s) or text.endswith(s)))
        return next(carried, signatures[0] if signatures else "")


def _urgent(classes: Mapping[str, ClassPolicy]) -> frozenset[str]:
    return frozenset(name for name, one in classes.items() if one.priority <= classes["otp"].priority)


def _writer(link: Link) -> Writer:
    return Writer(Carry(link.long_messages), link.text.style)


def routing_tests(config: Config, snapshot: Snapshot) -> list[Problem]:
    """Run the file's own tests with all links up; one problem for each that fails.

    A refusal that routing does not decide is not judged (the configuration warns of it).
    """
    judged = ((index, test) for index, test in enumerate(config.tests) if _is_judged(test))
    failures = ((index, _failure(snapshot, test)) for index, test in judged)
    return [config.problem(("tests", index), text) for index, text in failures if text is not None]


def _is_judged(test: RoutingTest) -> bool:
    code = expected_code(test)
    return code is None or code in JUDGED_CODES


def _failure(snapshot: Snapshot, test: RoutingTest) -> str | None:
    """What a routing test expected and what came, if they differ."""
    outcome = _outcome(snapshot, test)
    code = expected_code(test)
    wanted = expected_links(test)
    if isinstance(outcome, str):
        return (
            None if outcome == code else f"expected {code or ', '.join(wanted)}, but it is refused: {outcome}"
        )
    first = routing.Chooser(str(outcome)).choose(outcome.links)
    if code is not None:
        return f"expected to be refused: {code}, but it takes {first}"
    if isinstance(test.expect, str):
        return None if first == test.expect else f"expected {test.expect}, but it takes {first}"
    came = outcome.links
    same = wanted == came if outcome.strategy == "failover" else set(wanted) == set(came)
    return None if same else f"expected {', '.join(wanted)}, but it takes {', '.join(came)}"


def _outcome(snapshot: Snapshot, test: RoutingTest) -> routing.Spec | str:
    """The links of the test's message, or the code it is refused with, judged in the order of a submit."""
    brand, client = test.brand or "", test.client or ""
    if (code := not_entitled(snapshot, test.class_, brand, client)) is not None:
        return code
    try:
        to = snapshot.destination(test.to)
    except InvalidNumber:
        return "invalid_destination"
    route = snapshot.route(test.class_, brand, client, to)
    return "no_route" if route is None else routing.parse_spec(route.spec)


def not_entitled(snapshot: Snapshot, class_: str, brand: str, client: str) -> str | None:
    """The code that a message is refused with before its number is looked at. brand, client: "" for any."""
    if class_ not in snapshot.classes:
        return "unknown_class"
    if brand and brand not in snapshot.brands:
        return "unknown_brand"
    if not client:
        return None
    rights = snapshot.clients.get(client)
    permitted = rights is not None and class_ in rights.classes and (not brand or brand in rights.brands)
    return None if permitted else "not_permitted"


def _rights(name: str, client: Client, brands: Collection[str], classes: Collection[str]) -> Rights:
    return Rights(
        name=name,
        users=frozenset(client.users),
        groups=frozenset(client.groups),
        brands=frozenset(brands if _ALL in client.brands else client.brands),
        classes=frozenset(classes if _ALL in client.classes else client.classes),
        window=client.window,
        rate=client.rate,
        weight=client.weight,
        admin=client.admin,
        holds_consent=client.holds_consent,
    )


def _class_policy(name: str, config: Config) -> ClassPolicy:
    given = config.classes.get(name)
    values = (SHIPPED_CLASSES[name] if given is None else merged_class(name, given)).model_dump()
    rules = {key: values["marketing"] or bool(values[key]) for key in FORCED_BY_MARKETING}
    return msgspec.convert({"name": name, **values, **rules}, ClassPolicy)


def _routes(config: Config) -> tuple[routing.Route, ...]:
    """The compiled routes; with one link and no routes everything goes there."""
    if not config.routes:
        return (routing.Route(index=0, spec=routing.failover(tuple(config.links))),)
    return tuple(_route(index, route) for index, route in enumerate(config.routes))


def _route(index: int, route: Route) -> routing.Route:
    match = route.match
    links = route.links
    return routing.Route(
        index=index,
        spec=routing.weighted(links.items()) if isinstance(links, dict) else routing.failover(links),
        classes=_any_of(match.class_),
        brands=_any_of(match.brand),
        clients=_any_of(match.client),
        destinations=None if match.to is None else routing.Destinations.of(match.to),
        carriers=_any_of(match.carrier),
    )


def _any_of(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
