"""Texts of templates: filled in, or compared with what was approved where the brand demands that.

Source: carriers and platforms review templates before anything of them is sent; what a finance brand may
write of are changes of an account, warnings of risk and confirmations.
"""

from typing import Final

import msgspec

from gatewayd.configpolicy import Brand
from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.stages.finance import FINANCE
from gatewayd.policy.subject import Facts, Filled, Subject
from gatewayd.policy.template_sets import Approved, TemplateSet
from gatewayd.policy.template_text import BadParams

UNKNOWN: Final = Refusal("unknown_template", "the brand has no approved template of this name", "template")
OTHER_CLASS: Final = Refusal("template_mismatch", "the template is of another class", "class")
NO_MATCH: Final = Refusal("template_mismatch", "the text is of no approved template of this class", "text")
NO_GROUP: Final = Refusal(
    "template_mismatch",
    "a finance brand sends account_change, risk_alert and business_confirmation only",
    "template",
)
WITHDRAWN: Final = Refusal("template_mismatch", "its template is not approved any more", "template")


def template(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """At submit, where a template is named or must be matched; what it found goes with the message."""
    brand, known = book.brands.get(subject.brand), facts.templates
    if known is None or brand is None:
        return subject
    found = _named(subject, subject.filled, known) if subject.filled else _of_text(subject, brand, known)
    if isinstance(found, Refusal):
        return found
    if _is_lacking_group(subject, found, brand, book):
        return NO_GROUP
    if subject.filled is None:
        return msgspec.structs.replace(subject, template=found.key)
    return _filled(subject, subject.filled, found, brand)


def template_again(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """At sending: approved still; and what was accepted before templates were demanded is of one."""
    brand, known = book.brands.get(subject.brand), facts.templates
    if known is None or brand is None:
        return subject
    if subject.template is not None:
        return subject if known.version(subject.template) else WITHDRAWN
    found = _of_text(subject, brand, known)
    return found if isinstance(found, Refusal) else subject


def _is_lacking_group(subject: Subject, found: Approved, brand: Brand, book: Book) -> bool:
    may_lack = brand.industry != FINANCE or found.template.group is not None
    return not may_lack and book.wants_templates(subject.brand, subject.class_)


def _named(subject: Subject, filled: Filled, known: TemplateSet) -> Approved | Refusal:
    found = known.newest(filled.name)
    if found is None:
        return UNKNOWN
    return found if found.template.class_ == subject.class_.name else OTHER_CLASS


def _of_text(subject: Subject, brand: Brand, known: TemplateSet) -> Approved | Refusal:
    if subject.text is None:
        return NO_MATCH
    own = brand.signature or ""
    body = subject.text.removeprefix(own).removesuffix(own)
    class_ = subject.class_.name
    if found := known.of_text(body, class_):
        return found
    return known.of_text(body.removesuffix(brand.opt_out_text).rstrip(" ，"), class_) or NO_MATCH


def _filled(subject: Subject, filled: Filled, found: Approved, brand: Brand) -> Subject | Refusal:
    try:
        body = found.text.fill(filled.params)
    except BadParams as error:
        return Refusal("invalid_request", str(error), "params")
    own = brand.signature or ""
    text = body + own if brand.signature_place == "tail" else own + body
    return msgspec.structs.replace(subject, text=text, template=found.key)
