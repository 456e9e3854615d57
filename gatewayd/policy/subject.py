"""What a stage of policy sees: the message as far as it is judged, and the facts of this moment."""

import msgspec

from gatewayd.snapshot import ClassPolicy


class Subject(msgspec.Struct, frozen=True, gc=False):
    """to: canonical digits. text: None for a binary message."""

    to: str
    class_: ClassPolicy
    brand: str
    client: str
    text: str | None


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What the store knows of a number and a brand, read in the transaction that acts on it."""

    opted_out: bool = False
