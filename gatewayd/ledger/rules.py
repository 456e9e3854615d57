"""What operations need to know of the configuration in force; `gatewayd.rules` answers from a snapshot."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from gatewayd.configlimits import Brakes
from gatewayd.model import Content, Lane, Millis, Refusal
from gatewayd.policy.replies import Reply
from gatewayd.policy.subject import Asking, Facts, Hold
from gatewayd.policy.uses import Use
from gatewayd.retry import Table
from gatewayd.smpp.reader import Reader
from gatewayd.smpp.receipt import Dialect
from gatewayd.smpp.text import Part


class ClassRule(msgspec.Struct, frozen=True):
    """receipt_wait: how long after the last submit_sm a final receipt is awaited.

    resend: in doubt, the message is sent once more. marketing: opt-outs bind it.
    """

    receipt_wait: Millis
    resend: bool
    marketing: bool


class Rules(Protocol):
    """Pure questions, asked inside a transaction."""

    @property
    def uses_kept(self) -> Millis:
        """How long a counted message matters to any cap."""

    @property
    def brake(self) -> Brakes | None:
        """When a tag is paused by itself."""

    def carrier(self, number: str) -> str | None:
        """The carrier of a number, as far as prefixes and lists tell."""

    def class_rule(self, class_: str) -> ClassRule: ...
    def asking(self, content: Content, lane: Lane) -> Asking:
        """What has to be known to judge it at the moment of sending."""

    def judge(self, content: Content, lane: Lane, facts: Facts, now: Millis) -> Hold | Refusal | None:
        """May it leave now? Asked when it is claimed (G7)."""

    def holds(self, lane: Lane) -> bool:
        """Whether its client or its brand is, so that what is held for it stays so."""

    def leaving(self, content: Content, lane: Lane, now: Millis) -> Use | None:
        """What caps count of a message that leaves now; None for what they do not count then."""

    def parts(self, content: Content, link: str, reference: int) -> tuple[Part, ...]:
        """The segments of a message as `link` sends them; the same again for the same reference."""

    def retry(self, link: str) -> Table:
        """What a command_status of the link's SMSC means."""

    def reader(self, link: str) -> Reader:
        """How to read MOs of `link`."""

    def sends_reference(self, link: str) -> bool:
        """Whether the link's submit_sm carry user_message_reference, so that receipts may echo it."""

    def dialect(self, link: str) -> Dialect:
        """How the link's SMSC writes receipts."""

    def account(self, link: str) -> str:
        """The link whose messages the receipts speak of that come to `link`."""

    def clients_of(self, brand: str | None) -> list[str]:
        """Who is told of an MO: clients entitled to the brand; without a brand, admin clients."""

    def brands_at(self, address: str) -> list[str]:
        """Brands whose sender is the longest beginning of an MO's destination.

        Without one those whose sender the destination begins; none for a code that nobody knows.
        """

    def all_brands(self) -> list[str]: ...

    def reply(self, text: str | None, octets: bytes, brands: Sequence[str], link: str) -> Reply:
        """What an MO to a code of `brands` means. text: None if it is binary. octets: without headers."""

    def number(self, address: str) -> str:
        """An MO's source address in the canonical form of numbers; as it came if it is none."""
