"""What a stage of policy sees: the message as far as it is judged, and the facts of this moment."""

from typing import Literal

import msgspec

from gatewayd.model import Millis
from gatewayd.policy.uses import Use


class ClassPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How messages of one class are treated. validity, receipt_wait: seconds."""

    name: str
    priority: int
    validity: float
    receipt_wait: float
    in_doubt: Literal["report", "resend"]
    marketing: bool
    opt_out: bool
    opt_out_text: bool
    quiet_hours: bool
    consent: bool
    frequency: bool


class Asking(msgspec.Struct, frozen=True, gc=False):
    """Of whom facts are wanted before a message is judged.

    to: canonical digits. counted: caps speak of it.
    """

    to: str
    class_: ClassPolicy
    brand: str
    client: str
    counted: bool = False
    tag: str | None = None


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What the store knows of what was asked, read in the transaction that acts on it.

    paused: its tag is. uses: counted messages to the number, but for the one that is judged.
    """

    opted_out: bool = False
    paused: bool = False
    uses: tuple[Use, ...] = ()


class Subject(msgspec.Struct, frozen=True, gc=False):
    """One message as it goes through the stages; a stage may change text and warnings.

    to: canonical digits. text: None for a binary message. wanted_at: when it leaves if nothing holds it.
    """

    to: str
    class_: ClassPolicy
    brand: str
    client: str
    text: str | None
    wanted_at: Millis
    warnings: tuple[str, ...] = ()


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Allowed, but not yet. until None: until somebody changes something.

    code, detail: the refusal it becomes where the validity ends before the hold.
    """

    reason: Literal["quiet_hours", "send_window", "paused", "suspended"]
    until: Millis | None
    code: str
    detail: str
