"""What must hold between the values of a configuration that speak of texts."""

import unicodedata
from collections.abc import Iterator

from gatewayd.configcontent import WordList
from gatewayd.configdraft import Draft, Finding, Rule
from gatewayd.configpolicy import SHIPPED_CLASSES, Brand
from gatewayd.opt_out_forms import told
from gatewayd.yamltext import Path


def _word_lists(draft: Draft) -> Iterator[Finding]:
    """The files that lists name are read here."""
    for index, entry in enumerate(draft.config.policy.words):
        path: Path = ("policy", "words", index)
        for problem in entry.read():
            yield Finding((*path, "file"), problem)
        if not entry.words and entry.file is None:
            yield Finding(path, "needs words, or a file of them")
        if (entry.with_ is not None) != (entry.action == "replace"):
            yield Finding(path, "with and action replace go together")
        for class_ in entry.classes or ():
            yield from draft.unknown("classes", "class", (*path, "classes"), class_, also=SHIPPED_CLASSES)
        yield from _replaced_again(path, entry)


def _replaced_again(path: Path, entry: WordList) -> Iterator[Finding]:
    if entry.with_ is not None and any(word in entry.with_ for word in entry.all_words):
        yield Finding((*path, "with"), "has a word of this list, and would be replaced again")


def _opt_out_texts(draft: Draft) -> Iterator[Finding]:
    forbidden = {brand.opt_out_text: _forbidden(draft, brand) for brand in draft.config.brands.values()}
    for name, brand in draft.config.brands.items():
        if (word := forbidden[brand.opt_out_text]) is not None:
            message = f"has the word {word}, which policy.words refuses"
            yield Finding(("brands", name, "opt_out_text"), message)
        if told(unicodedata.normalize("NFKC", brand.opt_out_text).lower()) != 1:
            message = "must tell how to opt out, once, in a known form, as 回复TD退订 or 拒收请回复R"
            yield Finding(("brands", name, "opt_out_text"), message)
        if any(bracket in brand.opt_out_text for bracket in "【】"):
            yield Finding(("brands", name, "opt_out_text"), "【 and 】 belong to the signature")


def _forbidden(draft: Draft, brand: Brand) -> str | None:
    """A word of the brand's way out that no marketing text may have."""
    lists = [
        one for one in draft.config.policy.words if one.action == "refuse" and one.marketing is not False
    ]
    words = (word for one in lists if one.classes is None for word in one.all_words)
    return next((word for word in words if word in brand.opt_out_text), None)


RULES: tuple[Rule, ...] = (_word_lists, _opt_out_texts)
