"""Templates: each put is a new version, each review says what became of one."""

from typing import Final

import msgspec

from gatewayd.ledger.tables import Tables
from gatewayd.model import Millis, Refusal
from gatewayd.policy.template_sets import Review, Template

MOST_VERSIONS: Final = 10_000  # of all templates of one brand
_UNKNOWN: Final = Refusal("unknown_template", "the brand has no such template, or no such version", "name")
_FULL: Final = Refusal(
    "invalid_request", f"the brand has {MOST_VERSIONS} versions of templates already", "name"
)


def put(tables: Tables, template: Template, now: Millis) -> Template | Refusal:
    """Keep `template` as the newest version of its name, whatever version it says."""
    known = tables.templates(template.brand)
    if len(known) >= MOST_VERSIONS:
        return _FULL
    version = max((one.version for one in known if one.name == template.name), default=0) + 1
    fresh = msgspec.structs.replace(template, version=version)
    tables.put_templates([fresh], _stamp(tables, template.brand, now))
    return fresh


class Verdict(msgspec.Struct, frozen=True):
    """version None: the newest."""

    brand: str
    name: str
    version: int | None
    review: Review
    reason: str | None
    by: str


def review(tables: Tables, verdict: Verdict, now: Millis) -> Template | Refusal:
    """From here on texts of this version may leave, or none of them does any more."""
    versions = tables.templates(verdict.brand, verdict.name)
    found = next((one for one in versions if verdict.version in (None, one.version)), None)
    if found is None:
        return _UNKNOWN
    judged = msgspec.structs.replace(
        found, review=verdict.review, reason=verdict.reason, reviewed_at=now, reviewed_by=verdict.by
    )
    tables.put_templates([judged], _stamp(tables, verdict.brand, now))
    return judged


def newest(tables: Tables, brand: str) -> list[Template]:
    """The newest version of each template of the brand, by name."""
    found: dict[str, Template] = {}
    for template in tables.templates(brand):
        found.setdefault(template.name, template)
    return list(found.values())


def _stamp(tables: Tables, brand: str, now: Millis) -> int:
    """Not used before, also by a transaction that was undone."""
    return max(tables.new_id(now), tables.template_stamp(brand) + 1)
