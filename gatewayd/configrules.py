"""What must hold between the values of a configuration, and what to warn of.

A rule is a function in a list: it takes what could be read of the file and gives findings, each a path and a
message. So a file with a mistake in one link still hears what is wrong with its routes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from gatewayd.calling_codes import area_of
from gatewayd.configdraft import Draft, Finding, Rule
from gatewayd.configlink import status_number
from gatewayd.configmodel import Listener, Refused, Route, RoutingTest
from gatewayd.configpolicy import SHIPPED_CLASSES, ClassSettings
from gatewayd.configpolicyrules import POLICY_RULES
from gatewayd.yamltext import Path

# Codes a routing test may expect of a submit, and those that routing alone decides (CONTRACT.md section 4).
JUDGED_CODES = frozenset(
    {"no_route", "unknown_class", "unknown_brand", "not_permitted", "invalid_destination"}
)
REFUSAL_CODES = JUDGED_CODES | {
    "opted_out",
    "no_consent",
    "frequency_cap",
    "otp_cap",
    "quiet_hours",
    "finance_marketing",
    "suspended",
}
FORCED_BY_MARKETING = ("opt_out", "opt_out_text", "quiet_hours", "consent", "frequency")


def merged_class(name: str, given: ClassSettings) -> ClassSettings:
    """A class of the file over the shipped one of that name; an own class stands over `notice`."""
    shipped = SHIPPED_CLASSES.get(name, SHIPPED_CLASSES["notice"])
    return shipped.model_copy(update=given.model_dump(exclude_none=True))


def expected_code(test: RoutingTest) -> str | None:
    return test.expect.refused if isinstance(test.expect, Refused) else None


def expected_links(test: RoutingTest) -> tuple[str, ...]:
    match test.expect:
        case str(link):
            return (link,)
        case Refused():
            return ()
    return test.expect


def _links_exist(draft: Draft) -> Iterator[Finding]:
    names = draft.names["links"]
    if names is not None and not names:
        yield Finding(("links",), "no link is configured: no message could leave")


def _routes_exist(draft: Draft) -> Iterator[Finding]:
    """Without routes everything goes to the only link, so there must be one that sends."""
    names, routes = draft.names["links"], draft.names["routes"]
    if names is None or routes is None or routes:
        return
    if len(names) > 1:
        yield Finding(("links",), "several links need routes: which message takes which link?")
    for name, link in draft.config.links.items():
        if len(names) == 1 and link.bind == "receiver":
            yield Finding(("links", name, "bind"), "the only link binds as receiver and cannot send")


def _one_form_of_hosts(draft: Draft) -> Iterator[Finding]:
    for name, link in draft.config.links.items():
        path: Path = ("links", name)
        if link.host is None and link.hosts is None:
            yield Finding(path, f"host, or hosts, is missing in links.{name}")
        if link.hosts is not None:
            if link.host is not None:
                yield Finding((*path, "hosts"), "host and hosts say the same: one of them is too many")
            elif "port" in link.model_fields_set:
                yield Finding((*path, "port"), "port goes with host only; each of hosts has its own")
        if link.receiver_hosts is not None and link.bind != "pair":
            yield Finding((*path, "receiver_hosts"), "receiver_hosts goes with bind pair only")
        for key in ("hosts", "receiver_hosts"):
            yield from _repeated(getattr(link, key) or (), (*path, key), "the host is in this list already")


def _reserve_fits(draft: Draft) -> Iterator[Finding]:
    for name, link in draft.config.links.items():
        if link.reserved >= link.window:
            message = f"must be less than the window ({link.window}): else only urgent messages leave"
            yield Finding(("links", name, "reserve"), message)


def _text_fits_together(draft: Draft) -> Iterator[Finding]:
    """Septets, national tables and flash are GSM 7-bit; what reads Latin-1 or ASCII packs by itself."""
    for name, link in draft.config.links.items():
        text = link.text
        for key in ("packed", "national_shift"):
            if getattr(text, key) and text.alphabet != "gsm7":
                yield Finding(("links", name, "text", key), f"{key} goes with alphabet gsm7 only")
        if text.flash != "no" and (text.alphabet, text.wide) != ("gsm7", "ucs2"):
            message = "flash goes with alphabet gsm7 and wide ucs2 only"
            yield Finding(("links", name, "text", "flash"), message)


def _listener_is_whole(draft: Draft) -> Iterator[Finding]:
    for index, listener in enumerate(draft.config.listeners):
        path = ("listeners", index)
        if listener.protocol == "stream":
            if not listener.path:
                yield Finding(path, "a stream listener needs a path")
            for key in ("address", "client"):
                if getattr(listener, key) is not None:
                    yield Finding((*path, key), f"{key} goes with protocol http only")
        elif (listener.path is None) == (listener.address is None):
            yield Finding(path, "an http listener needs a path or an address, not both")
        if listener.mode is not None and listener.path is None:
            yield Finding((*path, "mode"), "mode goes with a path only")


def _listener_client(draft: Draft) -> Iterator[Finding]:
    for index, listener in enumerate(draft.config.listeners):
        path = ("listeners", index, "client")
        if listener.client is not None:
            yield from draft.unknown("clients", "client", path, listener.client)
            if not listener.loopback:
                yield Finding(path, "a TCP listener with a client must be on loopback (127.0.0.1 or [::1])")


def _listener_once(draft: Draft) -> Iterator[Finding]:
    def key(listener: Listener) -> str | None:
        return listener.path or (None if (listener.address or "").endswith(":0") else listener.address)

    yield from _repeated(
        map(key, draft.config.listeners), ("listeners",), "another listener is there already"
    )


def _repeated(items: Iterable[str | None], path: Path, message: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item in seen:
            yield Finding((*path, index), message)
        elif item is not None:
            seen.add(item)


def _client_names(draft: Draft) -> Iterator[Finding]:
    for name, client in draft.config.clients.items():
        for index, brand in enumerate(client.brands):
            path: Path = ("clients", name, "brands", index)
            yield from draft.unknown("brands", "brand", path, brand, also="*")
        for index, class_ in enumerate(client.classes):
            path = ("clients", name, "classes", index)
            yield from draft.unknown("classes", "class", path, class_, also={"*", *SHIPPED_CLASSES})


def _tls_pair(draft: Draft) -> Iterator[Finding]:
    for name, link in draft.config.links.items():
        if link.tls and (link.tls.certificate is None) != (link.tls.key is None):
            yield Finding(("links", name, "tls"), "certificate and key go together")


def _back_off(draft: Draft) -> Iterator[Finding]:
    for name, link in draft.config.links.items():
        if link.reconnect_max < link.reconnect_min:
            path = (
                "links",
                name,
                "reconnect_max" if "reconnect_max" in link.model_fields_set else "reconnect_min",
            )
            yield Finding(path, "reconnect_max must not be less than reconnect_min")


def _retry_rules(draft: Draft) -> Iterator[Finding]:
    for name, link in draft.config.links.items():
        seen: dict[int | None, str] = {}
        for status, rule in link.retry.items():
            path: Path = ("links", name, "retry", status)
            for key in ("delay", "attempts"):
                if getattr(rule, key) is not None and rule.class_ != "temporary":
                    yield Finding((*path, key), f"{key} goes with class temporary only")
            if rule.failover and rule.class_ in ("throttled", "session"):
                yield Finding((*path, "failover"), "failover goes with temporary and permanent only")
            other = seen.setdefault(status_number(status), status)
            if other != status:
                yield Finding(path, f"{other} is the same command_status")


def _one_source(draft: Draft) -> Iterator[Finding]:
    for path, secret in draft.config.secrets():
        if len(secret.model_dump(exclude_none=True)) != 1:
            yield Finding(path, "needs exactly one of file, env, credential")


def _tls_key_is_a_file(draft: Draft) -> Iterator[Finding]:
    for name, link in draft.config.links.items():
        if link.tls and link.tls.key and link.tls.key.env is not None:
            yield Finding(("links", name, "tls", "key"), "a private key is read from a file or a credential")


def _marketing_forces(draft: Draft) -> Iterator[Finding]:
    for name, given in draft.config.classes.items():
        if merged_class(name, given).marketing:
            for key in FORCED_BY_MARKETING:
                if getattr(given, key) is False:
                    yield Finding(("classes", name, key), f"a marketing class cannot do without {key}")


def _route_names(draft: Draft) -> Iterator[Finding]:
    for index, route in enumerate(draft.config.routes):
        path = ("routes", index, "match")
        for class_ in route.match.class_ or ():
            yield from draft.unknown("classes", "class", (*path, "class"), class_, also=SHIPPED_CLASSES)
        for brand in route.match.brand or ():
            yield from draft.unknown("brands", "brand", (*path, "brand"), brand)
        for client in route.match.client or ():
            yield from draft.unknown("clients", "client", (*path, "client"), client)


def _carrier_files(draft: Draft) -> Iterator[Finding]:
    """The files that `carriers` names, read here once; before any rule that asks for carriers."""
    for key, message in draft.config.carriers.read(draft.config.policy.default_country):
        yield Finding(("carriers", key), message)


def _route_carriers(draft: Draft) -> Iterator[Finding]:
    carriers = draft.config.carriers
    names = draft.names["carriers"]
    if names is None or ("prefixes" in names and not carriers.complete):
        return
    known = sorted(carriers.table.names)
    for index, route in enumerate(draft.config.routes):
        for place, name in enumerate(route.match.carrier or ()):
            if name not in known:
                path = ("routes", index, "match", "carrier", place)
                close = get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(known)}"
                yield Finding(path, f"no such carrier {name!r}; {hint}")


def _default_country(draft: Draft) -> Iterator[Finding]:
    country = draft.config.policy.default_country
    area = area_of(country)
    if area is None or area.prefix != country:
        yield Finding(("policy", "default_country"), "no such country code is in use")


def _route_links(draft: Draft) -> Iterator[Finding]:
    for index, route in enumerate(draft.config.routes):
        path = ("routes", index, "links")
        for place, name in enumerate(route.links):
            step = name if isinstance(route.links, dict) else place
            yield from draft.unknown("links", "link", (*path, step), name)
            link = draft.config.links.get(name)
            if link is not None and link.bind == "receiver":
                yield Finding((*path, step), f"link {name!r} binds as receiver and cannot send")
        if not isinstance(route.links, dict):
            yield from _repeated(route.links, path, "the link is in this route already")


def _route_strategy(draft: Draft) -> Iterator[Finding]:
    for index, route in enumerate(draft.config.routes):
        path = ("routes", index, "strategy")
        if route.strategy == "weighted" and not isinstance(route.links, dict):
            yield Finding(path, "weighted needs weights: links: {NAME: WEIGHT, …}")
        if route.strategy == "failover" and isinstance(route.links, dict):
            yield Finding(path, "failover needs an order: links: [NAME, …]")


def _route_reached(draft: Draft) -> Iterator[Finding]:
    """A route after one that takes all, or with the match of an earlier one, is never reached."""
    seen: dict[object, int] = {}
    for index, route in enumerate(draft.config.routes):
        match = _match_key(route)
        blocker = min((seen[key] for key in (_TAKES_ALL, match) if key in seen), default=None)
        if blocker is not None:
            line = draft.line("routes", blocker)
            yield Finding(
                ("routes", index), f"never reached: the route in line {line} takes all of its messages"
            )
        else:
            seen[match] = index


def _match_key(route: Route) -> object:
    match = route.match
    given = (match.class_, match.brand, match.client, match.carrier)
    to = None if match.to is None or "*" in match.to else frozenset(match.to)
    return (*(None if names is None else frozenset(names) for names in given), to)


_TAKES_ALL = (None, None, None, None, None)


def _tests(draft: Draft) -> Iterator[Finding]:
    for index, test in enumerate(draft.config.tests):
        path = ("tests", index)
        refused = expected_code(test)
        if refused is not None and refused not in REFUSAL_CODES:
            known = ", ".join(sorted(REFUSAL_CODES))
            yield Finding(
                (*path, "expect", "refused"), f"no submit is refused with {refused!r}; there is: {known}"
            )
        if refused != "unknown_class":
            yield from draft.unknown("classes", "class", (*path, "class"), test.class_, also=SHIPPED_CLASSES)
        if test.brand is not None and refused != "unknown_brand":
            yield from draft.unknown("brands", "brand", (*path, "brand"), test.brand)
        if test.client is not None:
            yield from draft.unknown("clients", "client", (*path, "client"), test.client)
        if refused is None:
            for name in expected_links(test):
                yield from draft.unknown("links", "link", (*path, "expect"), name)


RULES: tuple[Rule, ...] = (
    _links_exist,
    _routes_exist,
    _one_form_of_hosts,
    _reserve_fits,
    _text_fits_together,
    _listener_is_whole,
    _listener_client,
    _listener_once,
    _client_names,
    _tls_pair,
    _back_off,
    _retry_rules,
    _one_source,
    _tls_key_is_a_file,
    _marketing_forces,
    _carrier_files,
    _route_names,
    _route_carriers,
    _route_links,
    _route_strategy,
    _route_reached,
    _default_country,
    _tests,
    *POLICY_RULES,
)


def _nobody_may_submit(draft: Draft) -> Iterator[Finding]:
    for section in ("clients", "brands"):
        if not draft.names[section]:
            yield Finding((section,), f"no {section} are configured: every submit will be refused")


def _client_without_peer(draft: Draft) -> Iterator[Finding]:
    named = {listener.client for listener in draft.config.listeners}
    for name, client in draft.config.clients.items():
        if not client.users and not client.groups and name not in named:
            yield Finding(("clients", name), "neither users nor groups: no peer is this client")


def _shared_sender(draft: Draft) -> Iterator[Finding]:
    count = Counter(brand.sender for brand in draft.config.brands.values())
    for name, brand in draft.config.brands.items():
        if count[brand.sender] > 1:
            message = "several brands have this sender: an opt-out to it counts for all of them"
            yield Finding(("brands", name, "sender"), message)


def _slows_nothing_down(draft: Draft) -> Iterator[Finding]:
    for name, brand in draft.config.brands.items():
        if "slow_down" in brand.model_fields_set and brand.slow_down and not brand.throughput:
            yield Finding(("brands", name, "slow_down"), "without throughput there is nothing to slow down")


def _idle_link(draft: Draft) -> Iterator[Finding]:
    routes = draft.config.routes
    used = {name for route in routes for name in route.links}
    for name, link in draft.config.links.items():
        if routes and name not in used and link.bind != "receiver":
            yield Finding(("links", name), "no route names this link: nothing leaves by it")


def _receiver_of_an_account(draft: Draft) -> Iterator[Finding]:
    """A receiver's receipts are those of the one transmitter with its system_id (`rules.account`)."""
    links = draft.config.links
    senders = Counter(link.system_id for link in links.values() if link.bind == "transmitter")
    for name, link in links.items():
        if link.bind != "receiver" or not senders[link.system_id]:
            continue
        if senders[link.system_id] > 1:
            message = "several transmitters have this system_id: receipts here are none of theirs; bind: pair"
            yield Finding(("links", name, "system_id"), message)
            continue
        for key in ("receipts", "receipt_timezone"):
            if key in link.model_fields_set:
                message = "the transmitter with this system_id says how receipts are read"
                yield Finding(("links", name, key), message)


def _short_wait(draft: Draft) -> Iterator[Finding]:
    for name, given in draft.config.classes.items():
        merged = merged_class(name, given)
        if (merged.receipt_wait or 0) < (merged.validity or 0):
            message = "receipt_wait is shorter than validity: late receipts will find the message unknown"
            yield Finding(("classes", name), message)


def _untested_code(draft: Draft) -> Iterator[Finding]:
    for index, test in enumerate(draft.config.tests):
        code = expected_code(test)
        if code is not None and code not in JUDGED_CODES:
            message = f"{code} is not judged by routing tests in this version"
            yield Finding(("tests", index, "expect"), message)


# Keys that are accepted although what they ask for comes with a later version; "*" is any name or number.
_LATER: tuple[Path, ...] = (("encryption",),)


def in_later_version(data: object) -> Iterator[Finding]:
    """A warning for each key of the file that is accepted but not in force."""
    for pattern in _LATER:
        for path, value in _matching(data, pattern):
            if value is not None and value is not False:
                yield Finding(
                    path, f"{'.'.join(map(str, path))} is accepted but not in force in this version"
                )
    store = data.get("store") if isinstance(data, dict) else None
    if isinstance(store, str) and store.startswith("postgres"):
        yield Finding(("store",), "a PostgreSQL store is accepted but cannot be opened by this version")


def _matching(data: object, pattern: Path) -> Iterator[tuple[Path, object]]:
    if not pattern:
        yield (), data
        return
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, tuple) else ()
    for key, value in items:
        if pattern[0] in ("*", key):
            yield from (((key, *path), found) for path, found in _matching(value, pattern[1:]))


WARNINGS: tuple[Rule, ...] = (
    _nobody_may_submit,
    _client_without_peer,
    _shared_sender,
    _slows_nothing_down,
    _idle_link,
    _receiver_of_an_account,
    _short_wait,
    _untested_code,
)
