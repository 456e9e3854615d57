"""Banks, insurers and the like send no marketing by SMS, whatever route would take it.

Source: carriers and platforms in China refuse marketing of the financial trade.
"""

from typing import Final

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.subject import Facts, Subject

FINANCE: Final = "finance"
NO_MARKETING: Final = Refusal("finance_marketing", "a finance brand sends no marketing", field="class")


def finance(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    del facts
    brand = book.brands.get(subject.brand)
    return NO_MARKETING if subject.class_.marketing and brand and brand.industry == FINANCE else subject
