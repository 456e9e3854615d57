"""What a stage of policy sees: the message as far as it is judged, and the facts of this moment."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from gatewayd.model import Millis
from gatewayd.policy.consents import Consent
from gatewayd.policy.template_sets import TemplateSet
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
    consent_source: bool = False


class Asking(msgspec.Struct, frozen=True, gc=False):
    """Of whom facts are wanted before a message is judged.

    to: canonical digits. counted: caps speak of it. templates: those of the brand are wanted.
    """

    to: str
    class_: ClassPolicy
    brand: str
    client: str
    counted: bool = False
    tag: str | None = None
    templates: bool = False


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What the store knows of what was asked, read in the transaction that acts on it.

    paused: its tag is. uses: counted messages to the number, but for the one that is judged. consent: the
    newest that the number has said to the brand, yes or no. templates: the brand's approved ones.
    """

    opted_out: bool = False
    paused: bool = False
    uses: tuple[Use, ...] = ()
    consent: Consent | None = None
    templates: TemplateSet | None = None


class Filled(NamedTuple):
    """A template that a submit names, and what goes in."""

    name: str
    params: Mapping[str, str]


class Subject(msgspec.Struct, frozen=True, gc=False):
    """One message as it goes through the stages; a stage may change text, warnings and template.

    to: canonical digits. text: None for a binary message, and for one whose template is not yet filled in.
    wanted_at: when it leaves if nothing holds it. consent: what the submit itself tells of it.
    filled: at submit, where it names a template. template: the one its text is of: name and version.
    """

    to: str
    class_: ClassPolicy
    brand: str
    client: str
    text: str | None
    wanted_at: Millis
    warnings: tuple[str, ...] = ()
    consent: Consent | None = None
    filled: Filled | None = None
    template: tuple[str, int] | None = None


class Hold(msgspec.Struct, frozen=True, gc=False):
    """Allowed, but not yet. until None: until somebody changes something.

    code, detail: the refusal it becomes where the validity ends before the hold.
    """

    reason: Literal["quiet_hours", "send_window", "paused", "suspended"]
    until: Millis | None
    code: str
    detail: str

    @property
    def in_vain(self) -> str:
        """The detail of the refusal."""
        return f"{self.detail}, after its validity has ended"
