"""The words in force for a brand on a link: shipped, then of the file's policy, the link, and the brand."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Self

from gatewayd.configmodel import Config
from gatewayd.configpolicy import Brand
from gatewayd.configreplies import Replies, ReplyWord
from gatewayd.policy.normal import fold
from gatewayd.policy.replies.words import Match, Word, Words

_LATIN: Final = re.compile("[a-z0-9]+")
_CHINESE: Final = re.compile("[\u3400-\u9fff]")


class ReplyBook:
    """Compiles each combination of words when it is first asked for."""

    def __init__(self, policy: Replies, links: Mapping[str, Replies], brands: Mapping[str, Brand]) -> None:
        self._policy, self._links = policy, links
        self._brands = {name: _with_told(brand) for name, brand in brands.items()}
        self._compiled: dict[tuple[Replies, ...], Words] = {}

    @classmethod
    def of(cls, config: Config) -> Self:
        links = {name: link.replies for name, link in config.links.items()}
        return cls(config.policy.replies, links, config.brands)

    def words(self, brands: Sequence[str], link: str) -> Words:
        """brands: those that the code may speak for; of several, no one's `never` binds the others."""
        told = [self._brands[brand] for brand in brands if brand in self._brands]
        if len(told) > 1:
            told = [_without_never(replies) for replies in told]
        layers = (self._policy, self._links.get(link, _NONE), *dict.fromkeys(told))
        if layers not in self._compiled:
            self._compiled[layers] = Words(
                [_word(word) for layer in layers for word in layer.opt_out],
                [_word(word) for layer in layers for word in layer.opt_in],
            )
        return self._compiled[layers]


_NONE: Final = Replies()


def _with_told(brand: Brand) -> Replies:
    """The brand's words, and the one that its own texts ask for."""
    codes = _LATIN.findall(fold(brand.opt_out_text))
    told = (ReplyWord(text=codes[0]),) if len(codes) == 1 and _CHINESE.search(brand.opt_out_text) else ()
    return brand.replies.model_copy(update={"opt_out": (*told, *brand.replies.opt_out)})


def _without_never(replies: Replies) -> Replies:
    kept = tuple(word for word in replies.opt_out if word.match != "never")
    return replies.model_copy(update={"opt_out": kept})


def _word(word: ReplyWord) -> Word:
    return Word(word.text, Match(word.match))
