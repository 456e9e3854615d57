"""Approved templates of brands, read once and kept: what a text is looked up in."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final, Literal

import msgspec

from gatewayd.model import Millis
from gatewayd.policy.template_text import TemplateText

MOST_KEPT: Final = 10_000  # templates; a hundred of usual length take some 200 KB
_HEADS: Final = (16, 8, 4, 0)  # characters; a text is compared with templates that begin as it does

Group = Literal["account_change", "risk_alert", "business_confirmation"]


class Review(StrEnum):
    """How far a version has come; only approved ones are used."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"


class Template(msgspec.Struct, frozen=True, gc=False):
    """One version of a template. put_at, put_by: when, and by which client. reviewed: the same of its review.

    group: what a finance brand may write of. reason: of the last review.
    """

    brand: str
    name: str
    version: int
    text: str
    class_: str
    group: Group | None
    review: Review
    put_at: Millis
    put_by: str
    reason: str | None = None
    reviewed_at: Millis | None = None
    reviewed_by: str | None = None


class Approved(msgspec.Struct, frozen=True, gc=False):
    """A version that may be used, read."""

    template: Template
    text: TemplateText

    @property
    def key(self) -> tuple[str, int]:
        return self.template.name, self.template.version


class TemplateSet:
    """The approved versions of one brand's templates. By name the newest is used; a text may be of any."""

    def __init__(self, approved: Iterable[Template]) -> None:
        self._versions: dict[tuple[str, int], Approved] = {}
        self._newest: dict[str, Approved] = {}
        self._by_head: dict[tuple[str, str], list[Approved]] = {}
        for template in sorted(approved, key=lambda one: one.version):
            self._add(Approved(template, TemplateText(template.text)))

    def _add(self, one: Approved) -> None:
        self._versions[one.key] = self._newest[one.template.name] = one
        head = one.text.head
        length = next(length for length in _HEADS if len(head) >= length)
        self._by_head.setdefault((one.template.class_, head[:length]), []).append(one)

    def __len__(self) -> int:
        return len(self._versions)

    def newest(self, name: str) -> Approved | None:
        return self._newest.get(name)

    def version(self, key: tuple[str, int]) -> Approved | None:
        return self._versions.get(key)

    def of_text(self, text: str, class_: str) -> Approved | None:
        """The template of this class that a text without its signature is of."""
        for length in _HEADS:
            for one in self._by_head.get((class_, text[:length]), ()):
                if one.text.matches(text):
                    return one
        return None


class TemplateSets:
    """Sets of the brands asked for last, as long as nothing of a brand's templates has changed.

    stamp: another one after each change. In all at most `MOST_KEPT` templates, but always the last set.
    """

    def __init__(self) -> None:
        self._sets: OrderedDict[str, tuple[int, TemplateSet]] = OrderedDict()
        self._kept = 0

    def of(self, brand: str, stamp: int, read: Callable[[], Iterable[Template]]) -> TemplateSet:
        found = self._sets.get(brand)
        if found is not None and found[0] == stamp:
            self._sets.move_to_end(brand)
            return found[1]
        if found is not None:
            self._forget(brand)
        fresh = TemplateSet(read())
        self._sets[brand] = stamp, fresh
        self._kept += len(fresh)
        while self._kept > MOST_KEPT and len(self._sets) > 1:
            self._forget(next(iter(self._sets)))
        return fresh

    def _forget(self, brand: str) -> None:
        self._kept -= len(self._sets.pop(brand)[1])
