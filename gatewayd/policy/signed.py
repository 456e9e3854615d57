"""A text, taken apart into its signature 【…】 and what it says."""

from functools import lru_cache
from typing import Literal, NamedTuple


class Signed(NamedTuple):
    """head, tail: the brand's signature where the text has it, else empty."""

    head: str
    body: str
    tail: str

    @property
    def text(self) -> str:
        return self.head + self.body + self.tail


@lru_cache(maxsize=4)  # several stages ask
def take_apart(text: str, signature: str | None, place: Literal["head", "tail"]) -> Signed:
    """signature: 【…】 as the brand has it; None: the text is all body.

    place: which end it is at where the text is nothing else.
    """
    if signature is None:
        return Signed("", text, "")
    if text.startswith(signature) and (place == "head" or text != signature):
        return Signed(signature, text[len(signature) :], "")
    if text.endswith(signature):
        return Signed("", text[: -len(signature)], signature)
    return Signed("", text, "")
