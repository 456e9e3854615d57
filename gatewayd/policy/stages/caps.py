"""How often one number is written to: marketing per brand, verification codes against abuse.

Source: trade practice (2 a week, 4 a month of one brand), and what platforms allow of verification codes.
"""

import msgspec

from gatewayd.model import MessageId, Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.stages.quiet_hours import quiet_hours
from gatewayd.policy.subject import Facts, Hold, Subject
from gatewayd.policy.uses import Counted, Use, exceeded, text_mark

_NEW = MessageId(0)


def caps_at_submit(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """One more message would be too many when it leaves, with all that is reserved already."""
    hold = quiet_hours(subject, facts, book)
    if not isinstance(hold, Hold) or hold.until is None:
        return _judged(subject, facts, book, planned=True)
    later = msgspec.structs.replace(subject, wanted_at=hold.until)
    outcome = _judged(later, facts, book, planned=True)
    return subject if outcome is later else outcome


def caps_at_sending(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """What counts when it leaves is judged again then; what counted at submit is not."""
    return _judged(subject, facts, book, planned=False) if subject.class_.opt_out else subject


def _judged(subject: Subject, facts: Facts, book: Book, *, planned: bool) -> Subject | Refusal:
    limits = book.limits.get(subject.class_.name)
    if not limits or not facts.uses:
        return subject
    for limit in limits:
        if len(facts.uses) < limit.count:
            continue
        new = _use(subject, Counted.LEFT, marked=limit.by_text)
        if exceeded(limit, new, facts.uses, planned=planned):
            return Refusal(limit.code, f"more than {limit.detail}", "to")
    return subject


def counted(subject: Subject, book: Book) -> Use | None:
    """What to keep of an accepted message; None if nothing asks for it.

    What opt-outs bind is kept always, since replies answer it, and reserved for the time it is to leave; the
    rest if a cap speaks of it, and counts from the submit on, come what may.
    """
    if subject.class_.opt_out:
        return use(subject, Counted.RESERVED)
    return use(subject, Counted.AT_SUBMIT) if book.counts(subject.class_.name, subject.to) else None


def use(subject: Subject, counted: Counted) -> Use:
    """The row of a message; who keeps it puts the id in."""
    return _use(subject, counted, marked=True)


def _use(subject: Subject, counted: Counted, *, marked: bool) -> Use:
    mark = text_mark(subject.text) if marked and subject.text is not None else 0
    return Use(_NEW, subject.wanted_at, subject.brand, subject.class_.name, mark, counted)
