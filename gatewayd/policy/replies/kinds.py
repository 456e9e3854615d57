"""What a reply can mean."""

from enum import StrEnum
from typing import Final

import msgspec


class Kind(StrEnum):
    """OPT_IN asks for messages again. AMBIGUOUS speaks of stopping, as a question, or of another matter."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    AMBIGUOUS = "ambiguous"
    OTHER = "other"


class Reply(msgspec.Struct, frozen=True, gc=False):
    """rule: the name of what decided; None if nothing in it speaks of stopping or of going on."""

    kind: Kind
    rule: str | None = None


OTHER: Final = Reply(Kind.OTHER)
