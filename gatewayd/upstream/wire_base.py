"""What all requests of the stream protocol have."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

LARGEST_SEQ: Final = 2**53  # what a double, and so any JSON library, keeps exactly

Seq = Annotated[int, Meta(ge=0, le=LARGEST_SEQ)]


class Operation(
    msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, tag_field="op"
):
    seq: Seq
