"""What must hold between the values of `policy:`, `brands:` and `classes:`."""

from collections.abc import Iterator

from gatewayd.configdraft import Draft, Finding, Rule
from gatewayd.configlimits import SHIPPED_WINDOWS
from gatewayd.configpolicy import SHIPPED_CLASSES
from gatewayd.numbers import InvalidNumber, canonical


def _quiet_hours(draft: Draft) -> Iterator[Finding]:
    quiet = draft.config.policy.quiet_hours
    if quiet is not None and quiet.from_ == quiet.to:
        yield Finding(("policy", "quiet_hours"), "from and to are equal: are they never or always?")


def _windows(draft: Draft) -> Iterator[Finding]:
    known = {**SHIPPED_WINDOWS, **draft.config.policy.send_windows}
    for name, brand in draft.config.brands.items():
        for index, one in enumerate(brand.send_windows):
            if isinstance(one, str) and one not in known:
                there = ", ".join(sorted(known))
                yield Finding(("brands", name, "send_windows", index), f"no such window; there is: {there}")


def _caps(draft: Draft) -> Iterator[Finding]:
    for index, cap in enumerate(draft.config.policy.caps):
        path = ("policy", "caps", index)
        if sum(period is not None for period in (cap.minutes, cap.hours, cap.days)) != 1:
            yield Finding(path, "give exactly one of minutes, hours, days")
        elif cap.window == "clock" and (cap.minutes or cap.hours or cap.days) != 1:
            yield Finding(path, "a clock window is one whole minute, hour or day")
        for place, class_ in enumerate(cap.classes):
            yield from draft.unknown(
                "classes", "class", (*path, "classes", place), class_, also=SHIPPED_CLASSES
            )


def _exempt(draft: Draft) -> Iterator[Finding]:
    for index, number in enumerate(draft.config.policy.exempt):
        try:
            canonical(number, draft.config.policy.default_country)
        except InvalidNumber as error:
            yield Finding(("policy", "exempt", index), f"the number {error.reason}")


POLICY_RULES: tuple[Rule, ...] = (_quiet_hours, _windows, _caps, _exempt)
