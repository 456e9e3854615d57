"""Words that are refused, replaced or warned of; and marks of marketing where no marketing belongs.

Carriers filter by words, and platforms close the accounts of those who send them all the same. Places count
from 1 in the final text, with its signature.
"""

from collections.abc import Iterable, Iterator

import msgspec

from gatewayd.model import Refusal
from gatewayd.policy.book import Book
from gatewayd.policy.signed import Signed
from gatewayd.policy.subject import Facts, Subject
from gatewayd.policy.wordlist import CLAUSE_ENDS, Hit


def words(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """At submit: the client reads in the reply which word it was."""
    del facts
    if subject.text is None:
        return subject
    signed = book.texts.take_apart(subject.text, subject.brand)
    hits = book.texts.words.hits(signed.body, subject.class_)
    if not hits:
        return subject
    body, replaced = _replaced(signed, hits)
    written = signed._replace(body=body)
    refusal = _forbidden(signed, hits)
    if refusal is None and replaced:  # what was put in may be part of another word
        refusal = _forbidden(written, book.texts.words.hits(body, subject.class_))
    if refusal is not None:
        return refusal
    told = (*replaced, *_warnings(signed, hits, len(signed.head) + 1))
    return msgspec.structs.replace(subject, text=written.text, warnings=(*subject.warnings, *told))


def words_again(subject: Subject, facts: Facts, book: Book) -> Subject | Refusal:
    """At sending: what is forbidden now is refused; the reason is stored, so it does not name the word."""
    del facts
    if subject.text is None:
        return subject
    signed = book.texts.take_apart(subject.text, subject.brand)
    for hit in book.texts.words.hits(signed.body, subject.class_):
        if hit.rule.action == "refuse":
            return _refusal(hit, "a word", len(signed.head) + 1)
    return subject


def _forbidden(signed: Signed, hits: Iterable[Hit]) -> Refusal | None:
    """For the first word that is; it is named."""
    refused = (hit for hit in hits if hit.rule.action == "refuse")
    hit = next(refused, None)
    return None if hit is None else _refusal(hit, f"the word {_quoted(signed, hit)}", len(signed.head) + 1)


def _refusal(hit: Hit, named: str, offset: int) -> Refusal:
    category = f" (category {hit.rule.category})" if hit.rule.category else ""
    return Refusal(
        "sensitive_word", f"{named} at character {hit.start + offset} is forbidden{category}", field="text"
    )


def _quoted(signed: Signed, hit: Hit) -> str:
    return signed.body[hit.start : hit.end]


def _replaced(signed: Signed, hits: Iterable[Hit]) -> tuple[str, list[str]]:
    """The body with its words replaced, and what is told of it; once for each word."""
    body, pieces, done = signed.body, [], 0
    told: dict[str, None] = {}
    for hit in hits:
        if hit.rule.action == "replace" and hit.start >= done and _is_one_word(_quoted(signed, hit)):
            pieces += [body[done : hit.start], hit.rule.replacement]
            done = hit.end
            told[f"words: {_quoted(signed, hit)} became {hit.rule.replacement}"] = None
    return "".join([*pieces, body[done:]]), list(told)


def _is_one_word(spelling: str) -> bool:
    """手续全免，费用透明 does not speak of 免费; a word that is refused may not be hidden so, though."""
    return CLAUSE_ENDS.isdisjoint(spelling)


def _warnings(signed: Signed, hits: Iterable[Hit], offset: int) -> Iterator[str]:
    for hit in hits:
        if hit.rule.action == "warn":
            yield f"{hit.rule.category or 'words'}: {_quoted(signed, hit)} at character {hit.start + offset}"
