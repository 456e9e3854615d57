"""Requests about opt-outs, consents and templates, as they come; see `wire`."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gatewayd.policy.template_sets import Group
from gatewayd.upstream.wire_base import Operation

Told = Annotated[str, Meta(max_length=255)]
TemplateName = Annotated[str, Meta(pattern=r"^[\w.-]{1,64}\Z")]
Limit = Annotated[int, Meta(ge=1, le=1000)]


class OptoutCheck(Operation, frozen=True, kw_only=True, gc=False, tag="optout_check"):
    """brand None: any brand of this client (of an admin: any brand)."""

    to: str
    brand: str | None = None


class OptoutAdd(Operation, frozen=True, kw_only=True, gc=False, tag="optout_add"):
    to: str
    brand: str | None = None
    reason: Told | None = None


class OptoutList(Operation, frozen=True, kw_only=True, gc=False, tag="optout_list"):
    """One page of the list, by number. after: of the page before."""

    brand: str | None = None
    after: str | None = None
    limit: Limit = 500


class OptoutLoad(Operation, frozen=True, kw_only=True, gc=False, tag="optout_load"):
    """Many numbers at once."""

    numbers: Annotated[list[str], Meta(min_length=1, max_length=1000)]
    brand: str | None = None
    reason: Told | None = None


class OptoutRemove(Operation, frozen=True, kw_only=True, gc=False, tag="optout_remove"):
    to: str
    brand: str | None = None
    reason: Told | None = None


class _Said(Operation, frozen=True, kw_only=True, gc=False):
    """What a number said to a brand about marketing. at: RFC 3339; None: just now."""

    to: str
    brand: str | None = None
    channel: Told | None = None
    at: str | None = None
    wording: Told | None = None
    proof: Told | None = None


class ConsentAdd(_Said, frozen=True, kw_only=True, gc=False, tag="consent_add"):
    """Yes. brand None: the only one of this client."""


class ConsentRevoke(_Said, frozen=True, kw_only=True, gc=False, tag="consent_revoke"):
    """No, or no more. brand None: all brands of this client (of an admin: all brands)."""


class ConsentCheck(Operation, frozen=True, kw_only=True, gc=False, tag="consent_check"):
    """All that a number said. brand None: to any brand of this client (of an admin: to any brand)."""

    to: str
    brand: str | None = None


class ConsentRow(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """One line of a file of consents. granted false: taken back. at None: not known."""

    to: str
    brand: str | None = None
    granted: bool = True
    at: str | None = None
    channel: Told | None = None
    wording: Told | None = None
    proof: Told | None = None


class ConsentLoad(Operation, frozen=True, kw_only=True, gc=False, tag="consent_load"):
    """Many at once. brand: of rows that name none."""

    rows: Annotated[list[ConsentRow], Meta(min_length=1, max_length=1000)]
    brand: str | None = None


class ConsentList(Operation, frozen=True, kw_only=True, gc=False, tag="consent_list"):
    """One page of all that was said, in the order in which it was told. after: of the page before."""

    brand: str | None = None
    after: Annotated[int, Meta(ge=0)] = 0
    limit: Limit = 500


class TemplatePut(Operation, frozen=True, kw_only=True, gc=False, tag="template_put"):
    """A new version of a template."""

    name: TemplateName
    text: str
    class_: str = msgspec.field(name="class")
    brand: str | None = None
    group: Group | None = None
    state: Literal["draft", "submitted"] = "submitted"


class TemplateReview(Operation, frozen=True, kw_only=True, gc=False, tag="template_review"):
    """What became of a version, approved ones included (admin). version None: the newest."""

    name: TemplateName
    state: Literal["submitted", "approved", "rejected"]
    brand: str | None = None
    version: Annotated[int, Meta(ge=1)] | None = None
    reason: Told | None = None


class TemplateGet(Operation, frozen=True, kw_only=True, gc=False, tag="template_get"):
    """All versions of a template; name None: the newest of each."""

    name: TemplateName | None = None
    brand: str | None = None
