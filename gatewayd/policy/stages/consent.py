"""Marketing goes only to those who agreed to it, and no longer than they do.

Source: 通信短信息服务管理规定 (no commercial message without consent or request), 广告法 article 43.
"""

from typing import Final

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.consents import Consent
from gatewayd.policy.subject import Facts, Subject


def _refused(detail: str) -> Refusal:
    return Refusal("no_consent", detail, field="to")


NONE: Final = _refused("no consent of the number to this brand's marketing is on record")
REVOKED: Final = _refused("the number has revoked its consent")
NO_SOURCE: Final = _refused("this class demands that the consent tells its channel and time")


def consent(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """A withdrawal binds also clients that hold the consents themselves; else these need no record."""
    if not subject.class_.consent:
        return subject
    said = newest(facts.consent, subject.consent)
    if said is not None and not said.granted:
        return REVOKED
    if subject.client in book.holders:
        return subject
    if said is None:
        return NONE
    told = said.channel and said.at
    return NO_SOURCE if subject.class_.consent_source and not told else subject


def newest(one: Consent | None, other: Consent | None) -> Consent | None:
    """The later one counts, of one moment the withdrawal; what tells no time is older than any other."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda said: (said.at, not said.granted))
