"""Each text carries exactly one signature 【…】, and it is that of the brand it is sent for.

Source: MIIT notices 信管局[2023]794 and 网安局[2021]798 (who may sign as whom is reported); carriers refuse a
second 【】 and close the code of who signs as somebody else.
"""

import re
from typing import Final

import msgspec

from gatewayd.configpolicy import Brand
from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.normal import fold
from gatewayd.policy.subject import Facts, Subject

_HEAD: Final = re.compile(r"\s*(【[^【】]*】)")
_TAIL: Final = re.compile(r"(【[^【】]*】)\s*\Z")
_ANY: Final = re.compile("【[^【】]*】")


def _refused(detail: str) -> Refusal:
    return Refusal("signature_mismatch", detail, field="text")


MISSING: Final = _refused("the text has no signature 【…】")
SECOND: Final = _refused("more than one signature: 【 and 】 may stand in a text once")
HALF: Final = _refused("a signature begins with 【 and ends with 】")
INSIDE: Final = _refused("the signature must stand at the head of the text, or at its end")
FOREIGN: Final = _refused("the signature is not this brand's")
WRITTEN: Final = "signature: spelled, and put where it stands, as the brand has it"


def signature(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    del facts
    text, brand = subject.text, book.brands.get(subject.brand)
    if text is None or brand is None:
        return subject
    if brand.signature is None:
        return FOREIGN if "【" in text and _borrowed(text, book.texts.signatures) else subject
    opened, closed = text.count("【"), text.count("】")
    if opened > 1 or closed > 1:
        return SECOND
    if opened != closed:
        return HALF
    return _signed(subject, text, brand, brand.signature) if opened else _unsigned(subject, text, brand)


def _borrowed(text: str, signatures: frozenset[str]) -> bool:
    """Whether a brand without signature uses that of another."""
    return any(fold(found) in signatures for found in _ANY.findall(text))


def _signed(subject: Subject, text: str, brand: Brand, own: str) -> Subject | Refusal:
    if text.endswith(own) if brand.signature_place == "tail" else text.startswith(own):
        return subject
    head = _HEAD.match(text)
    found = head or _TAIL.search(text)
    if found is None:
        return INSIDE
    if fold(found[1]) != fold(own):
        return FOREIGN
    body = text[found.end() :] if head else text[: found.start()]
    warnings = (*subject.warnings, WRITTEN)
    return msgspec.structs.replace(subject, text=_joined(body, brand, own), warnings=warnings)


def _unsigned(subject: Subject, text: str, brand: Brand) -> Subject | Refusal:
    if brand.signature_missing == "refuse":
        return MISSING
    return msgspec.structs.replace(subject, text=_joined(text, brand, brand.signature or ""))


def _joined(body: str, brand: Brand, own: str) -> str:
    return body + own if brand.signature_place == "tail" else own + body
