"""The policy of one configuration, compiled: what the stages look things up in."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Final, Self

import msgspec

from gatewayd.calling_codes import zones_of
from gatewayd.configlimits import SHIPPED_WINDOWS, Brakes, Cap, SendWindow
from gatewayd.configmodel import Config
from gatewayd.configpolicy import Brand, Policy, Suspension
from gatewayd.configtypes import zone
from gatewayd.model import Millis
from gatewayd.numbers import canonical
from gatewayd.policy.hours import Clock, Window, quiet_clock, window
from gatewayd.policy.replies.book import ReplyBook
from gatewayd.policy.subject import ClassPolicy
from gatewayd.policy.texts import Texts
from gatewayd.policy.uses import Limit, by_class, limit

ANSWERED: Final[Millis] = 30 * 86_400_000
"""For so long a reply may answer a message; platforms take replies for 3 to 7 days."""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """One for each snapshot; a family of rules keeps a record of its own here.

    timezone: of rules with whole hours and days, and of recipients whose clock is not known.
    windows: by brand. limits: by class, those of `frequency` included. exempt: canonical numbers.
    holders: clients that hold consents themselves. suspended_clients, suspended_brands: by name.
    """

    brands: Mapping[str, Brand]
    texts: Texts
    timezone: tzinfo
    default_country: str
    quiet: Clock | None
    quiet_refuses: bool
    windows: Mapping[str, tuple[Window, ...]]
    limits: Mapping[str, tuple[Limit, ...]]
    exempt: frozenset[str]
    holders: frozenset[str]
    suspended_clients: Mapping[str, Suspension]
    suspended_brands: Mapping[str, Suspension]
    replies: ReplyBook
    brake: Brakes | None

    @classmethod
    def build(cls, config: Config, classes: Mapping[str, ClassPolicy]) -> Self:
        policy, timezone = config.policy, zone(config.policy.timezone)
        quiet = policy.quiet_hours
        counted = tuple(sorted(name for name, class_ in classes.items() if class_.frequency))
        return cls(
            brands=MappingProxyType(config.brands),
            texts=Texts.of(config),
            timezone=timezone,
            default_country=policy.default_country,
            quiet=None if quiet is None else quiet_clock(quiet),
            quiet_refuses=quiet is not None and quiet.action == "refuse",
            windows={name: _windows(brand, policy) for name, brand in config.brands.items()},
            limits=by_class(limit(cap, timezone) for cap in _caps(policy, counted)),
            brake=policy.brakes,
            exempt=frozenset(canonical(number, policy.default_country) for number in policy.exempt),
            holders=frozenset(name for name, client in config.clients.items() if client.holds_consent),
            suspended_clients={n: c.suspended for n, c in config.clients.items() if c.suspended},
            suspended_brands={n: b.suspended for n, b in config.brands.items() if b.suspended},
            replies=ReplyBook.of(config),
        )

    def counts(self, class_: str, number: str) -> bool:
        """Whether a cap speaks of a message of this class to this number."""
        return class_ in self.limits and number not in self.exempt

    def zones_of(self, number: str) -> tuple[tzinfo, ...]:
        """The clocks that may be the recipient's: at home that of the policy, else by the calling code."""
        at_home = number.startswith(self.default_country)
        return (self.timezone,) if at_home else zones_of(number) or (self.timezone,)

    def suspension(self, client: str, brand: str) -> Suspension | None:
        return self.suspended_clients.get(client) or self.suspended_brands.get(brand)

    def wants_templates(self, brand: str, class_: ClassPolicy) -> bool:
        """Whether texts of the class have to be of an approved template of the brand."""
        found = self.brands.get(brand)
        wanted = "none" if found is None else found.templates
        return wanted == "required" or (wanted == "required_for_marketing" and class_.marketing)

    @property
    def uses_kept(self) -> Millis:
        """How long a counted message matters to any limit, or to a reply."""
        return max((ANSWERED, *(one.period for several in self.limits.values() for one in several)))


def _caps(policy: Policy, counted: tuple[str, ...]) -> Iterator[Cap]:
    """All limits in one form. counted: the classes that `frequency` speaks of."""
    if counted:
        yield from (Cap(classes=counted, count=one.count, days=one.days) for one in policy.frequency)
    yield from policy.caps


def _windows(brand: Brand, policy: Policy) -> tuple[Window, ...]:
    named = {**SHIPPED_WINDOWS, **policy.send_windows}
    given: list[SendWindow] = []
    for one in brand.send_windows:
        given += [one] if isinstance(one, SendWindow) else named[one]
    return tuple(window(one) for one in given)
