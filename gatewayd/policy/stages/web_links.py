"""Links lead only to domains that are allowed, and are written as what they are.

Source: carriers block texts whose links were not reported to them (in force with all three since 2025).
"""

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.subject import Facts, Subject
from gatewayd.policy.weblinks import SHORTENERS, hosts

_DISGUISED = "a link is disguised: other letters, dots or blanks than it is opened with"


def web_links(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """At submit: the client reads in the reply which link it was."""
    del facts
    outcome = _forbidden(subject, book)
    if isinstance(outcome, str):
        kind = "a shortener, which may lead anywhere" if outcome in SHORTENERS else "not allowed"
        return _refusal(f"the link to {outcome} is {kind}")
    return outcome


def web_links_again(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """At sending: the reason is stored, so it does not name the link."""
    del facts
    outcome = _forbidden(subject, book)
    return _refusal("a link is not allowed") if isinstance(outcome, str) else outcome


def _forbidden(subject: Subject, book: Book) -> Subject | Refusal | str:
    """The first host that may not be linked to."""
    domains = book.texts.domains.get(subject.brand)
    if domains is None or subject.text is None:
        return subject
    for host in hosts(subject.text):
        if host is None:
            return _refusal(_DISGUISED)
        if not domains.allow(host):
            return host
    return subject


def _refusal(detail: str) -> Refusal:
    return Refusal("sensitive_word", detail, field="text")
