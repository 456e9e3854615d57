"""The configuration of what replies mean: words beside those that ship."""

from typing import Annotated, Literal

from pydantic import Field

from gatewayd.configtypes import Model, form


class ReplyWord(Model):
    text: Annotated[
        str,
        Field(max_length=32),
        form(r"(?s:.*[^\W_].*)", "must have a letter or digit; nothing else is compared"),
    ] = Field(description="compared without case, width, traditional forms, blanks and punctuation")
    match: Literal["exact", "prefix", "contains", "never"] = Field(
        default="exact",
        description="exact: all of the reply; prefix: its beginning; contains: anywhere, in Latin "
        "letters as a word of its own; never: no keyword, though it ships as one",
    )


class Replies(Model):
    opt_out: tuple[ReplyWord, ...] = Field(default=(), description="words that opt out beside those shipped")
    opt_in: tuple[ReplyWord, ...] = Field(default=(), description="words that take an opt-out back, likewise")
