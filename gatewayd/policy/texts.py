"""The rules about texts of one configuration, compiled."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Literal, Self

import msgspec

from gatewayd.configcontent import WordList
from gatewayd.configmodel import Config
from gatewayd.configpolicy import Brand
from gatewayd.policy.marks import MARKETING
from gatewayd.policy.normal import fold
from gatewayd.policy.signed import Signed, take_apart
from gatewayd.policy.weblinks import Domains
from gatewayd.policy.wordlist import WordLists, WordRule


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """signatures: of all brands, folded. domains: where links may lead; a brand without may link to any.

    opt_out_missing, service_marks: what happens then. core: words of which a marketing text has one early.
    """

    brands: Mapping[str, Brand]
    signatures: frozenset[str]
    words: WordLists
    domains: Mapping[str, Domains]
    service_marks: Literal["warn", "refuse"]
    opt_out_missing: Literal["add", "refuse"]
    lints_off: frozenset[str]
    core: tuple[str, ...]

    @classmethod
    def of(cls, config: Config) -> Self:
        policy = config.policy
        signatures = (brand.signature for brand in config.brands.values())
        return cls(
            brands=MappingProxyType(config.brands),
            signatures=frozenset(fold(signature) for signature in signatures if signature),
            words=WordLists([*_word_rules(config)]),
            domains=MappingProxyType(dict(_domains(config))),
            service_marks=policy.service_marks,
            opt_out_missing=policy.opt_out_text.missing,
            lints_off=frozenset(policy.lints.off),
            core=policy.lints.core,
        )

    def take_apart(self, text: str, brand: str) -> Signed:
        """A text into the brand's signature and the rest."""
        found = self.brands.get(brand)
        return take_apart(text, found.signature, found.signature_place) if found else Signed("", text, "")


def _word_rules(config: Config) -> Iterator[WordRule]:
    yield from map(_word_rule, config.policy.words)
    action = config.policy.service_marks
    yield WordRule(words=MARKETING, action=action, category="service_marks", marketing=False)


def _word_rule(entry: WordList) -> WordRule:
    return WordRule(
        words=entry.all_words,
        action=entry.action,
        replacement=entry.with_ or "",
        excepted=entry.except_,
        category=entry.category,
        classes=None if entry.classes is None else frozenset(entry.classes),
        marketing=entry.marketing,
    )


def _domains(config: Config) -> Iterator[tuple[str, Domains]]:
    common = config.policy.links
    for name, brand in config.brands.items():
        if common is not None or brand.links is not None:
            yield name, Domains.of((*(common.allow if common else ()), *(brand.links or ())))
