"""Which way a message would go, from a configuration alone: number, each route, policy of its time.

No store is at hand: what would need one (opt-outs, consents, caps) is said to be unknown.
"""

from typing import Final, NamedTuple

from gatewayd import routing
from gatewayd.model import Millis, Refusal
from gatewayd.numbers import InvalidNumber
from gatewayd.policy.pipeline import AT_SUBMIT
from gatewayd.policy.stages.finance import finance
from gatewayd.policy.stages.suspended import refused
from gatewayd.policy.subject import Subject
from gatewayd.policy.trace import Verdict, trace_offline
from gatewayd.snapshot import Snapshot, not_entitled

ABOUT_NO_TEXT: Final = AT_SUBMIT[AT_SUBMIT.index(finance) :]


class Asked(NamedTuple):
    """A message without its text. brand, client: "" for none in particular."""

    to: str
    class_: str
    brand: str
    client: str
    at: Millis


class RouteReport(NamedTuple):
    """number: canonical, None if it is none. routes: what each says, in order.

    links: of the one that takes it. verdicts: of policy. refused: the code it is refused with, as far as that
    is known here.
    """

    number: str | None
    carrier: str | None
    routes: tuple[routing.Verdict, ...]
    links: tuple[str, ...]
    verdicts: list[Verdict]
    refused: str | None


def report(snapshot: Snapshot, asked: Asked) -> RouteReport:
    """Judged in the order of a submit; what is refused before it has a route has none."""
    code = not_entitled(snapshot, asked.class_, asked.brand, asked.client)
    if code is not None:
        return RouteReport(None, None, (), (), [Verdict("rights", "refused", code)], code)
    try:
        number = snapshot.destination(asked.to)
    except InvalidNumber as error:
        told = Verdict("number", "refused", "invalid_destination", f"the number {error.reason}")
        return RouteReport(None, None, (), (), [told], told.code)
    verdicts = list(_policy(snapshot, asked, number))
    match = (asked.class_, asked.brand, asked.client, number)
    route, routes = snapshot.route(*match), snapshot.explain_route(*match)
    links = () if route is None else routing.parse_spec(route.spec).links
    codes = [one.code for one in verdicts if one.verdict == "refused"]
    refused_with = next(iter(codes), None if links else "no_route")
    return RouteReport(number, snapshot.carriers.of(number), routes, links, verdicts, refused_with)


def _policy(snapshot: Snapshot, asked: Asked, number: str) -> list[Verdict]:
    suspended = refused(asked.client, asked.brand, snapshot.book)
    class_ = snapshot.classes[asked.class_]
    subject = Subject(number, class_, asked.brand, asked.client, None, asked.at)
    return [_first(suspended), *trace_offline(ABOUT_NO_TEXT, subject, snapshot.book)]


def _first(found: Refusal | None) -> Verdict:
    if found is None:
        return Verdict("suspended", "passed")
    return Verdict("suspended", "refused", found.code, found.detail)
