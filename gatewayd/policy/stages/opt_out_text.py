"""Marketing tells in the text itself how to opt out, once; other texts do not.

Source: 通信短信息服务管理规定 (a convenient way to refuse, told in the message); platforms refuse two.
"""

from typing import Final

import msgspec

from gatewayd.model import Refusal
from gatewayd.opt_out_forms import DECISIVE, REACH, told
from gatewayd.policy.book import Book
from gatewayd.policy.normal import fold
from gatewayd.policy.subject import Facts, Subject

MISSING: Final = Refusal(
    "sensitive_word", "the text does not tell how to opt out, as 回复TD退订", field="text"
)
TWICE: Final = Refusal("sensitive_word", "the text tells how to opt out more than once", field="text")
IN_SERVICE: Final = Refusal(
    "sensitive_word", "a way to opt out marks marketing, and the class is none", field="text"
)
WARNING: Final = f"service_marks: {IN_SERVICE.detail}"


def opt_out_text(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    del facts
    if subject.text is None or not (subject.class_.opt_out_text or DECISIVE.search(subject.text)):
        return subject
    signed = book.texts.take_apart(subject.text, subject.brand)
    ways = ways_out(signed.body)
    if not subject.class_.opt_out_text:
        return _in_service(subject, book) if ways else subject
    if ways:
        return TWICE if ways > 1 else subject
    if book.texts.opt_out_missing == "refuse":
        return MISSING
    brand = book.brands.get(subject.brand)
    if brand is None:
        return subject
    body = signed.body + _gap(signed.body) + brand.opt_out_text
    return msgspec.structs.replace(subject, text=signed.head + body + signed.tail)


def ways_out(text: str) -> int:
    """How many ways to opt out the text tells."""
    near = [found.start() for found in DECISIVE.finditer(text)]
    return told(fold(text[max(near[0] - REACH, 0) : near[-1] + REACH])) if near else 0


def _in_service(subject: Subject, book: Book) -> Subject | Refusal:
    if book.texts.service_marks == "refuse":
        return IN_SERVICE
    return msgspec.structs.replace(subject, warnings=(*subject.warnings, WARNING))


def _gap(body: str) -> str:
    """What goes between a text and the way out: a comma, a blank after Latin letters, or nothing."""
    last = next((sign for sign in reversed(body) if sign.isalnum() or fold(sign)), "")  # that shows
    if not last or last.isspace():
        return ""
    if last.isascii():
        return " "
    return "，" if last.isalnum() else ""
