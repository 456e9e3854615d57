"""A paused tag: its messages wait until somebody resumes it."""

from typing import Final

from gatewayd.policy.book import Book
from gatewayd.policy.subject import Facts, Hold, Subject

PAUSED: Final = Hold("paused", None, "suspended", "its tag is paused")


def paused(subject: Subject, facts: Facts, book: Book) -> Subject | Hold:
    del book
    return PAUSED if facts.paused else subject
