"""Clients and brands that were suspended: nothing more is taken, and what waits stays, or ends.

Source: carriers close the codes of those who abuse them; an operator must be faster.
"""

from gatewayd.configpolicy import Suspension
from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.subject import Facts, Hold, Subject


def refused(client: str, brand: str, book: Book) -> Refusal | None:
    """At submit, before anything else is looked at but rights."""
    found = book.suspension(client, brand)
    return None if found is None else Refusal("suspended", _told(found))


def suspended(subject: Subject, facts: Facts, book: Book) -> Subject | Hold | Refusal:
    """At sending: held until the suspension ends, or rejected."""
    del facts
    found = book.suspension(subject.client, subject.brand)
    if found is None:
        return subject
    if found.action == "drop":
        return Refusal("suspended", _told(found))
    return Hold("suspended", None, "suspended", _told(found))


def _told(found: Suspension) -> str:
    return f"suspended: {found.reason}"
