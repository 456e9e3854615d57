"""How the demo counts: what the gateway's events told on one side, the SMSC's record on the other.

Nothing here waits or asks the gateway. A token stands in the text of each message of the bulk and is its key.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from simulator.record import Answer, AnyEvent, Loss, Receipt, Record, Submit, join
from simulator.report import Promise

TOKEN: Final = "#[0-9]{5}"  # noqa: S105  no password
ENOUGH_IN_FLIGHT: Final = 20  # segments; a kill with fewer shows little


class Story:
    """Events folded by message. They come at least once: a cursor that was seen already tells nothing new.

    changes: id -> its events of state, in order. ended: id -> final state. inbound: events of MO.
    contradicted: ids told of after their end. count: different events.
    """

    def __init__(self) -> None:
        self.changes: dict[str, list[Mapping[str, Any]]] = {}
        self.ended: dict[str, str] = {}
        self.inbound: list[Mapping[str, Any]] = []
        self.contradicted: set[str] = set()
        self.count = 0
        self._cursor = 0

    def take(self, event: Mapping[str, Any]) -> None:
        """The next event as it came."""
        if event["cursor"] <= self._cursor:
            return
        self.count += 1
        self._cursor = event["cursor"]
        match event["event"]:
            case "state":
                self._change(event)
            case "inbound":
                self.inbound.append(event)
            case _:
                pass  # a receipt after the final state changes nothing

    def _change(self, event: Mapping[str, Any]) -> None:
        identifier = event["id"]
        self.changes.setdefault(identifier, []).append(event)
        if identifier in self.ended:
            self.contradicted.add(identifier)
        elif event["final"]:
            self.ended[identifier] = event["state"]

    def states(self, identifier: str) -> list[str]:
        return [event["state"] for event in self.changes.get(identifier, ())]

    def ended_since(self, began: float) -> int:
        """How many messages ended from then on, by the gateway's clock; Unix time in seconds."""
        return sum(unix_time(self.changes[identifier][-1]["at"]) >= began for identifier in self.ended)


def unix_time(at: str) -> float:
    """An event's `at` in seconds."""
    return datetime.fromisoformat(at).timestamp()


class Bulk(msgspec.Struct, frozen=True):
    """What is known of the bulk; messages are named by their tokens.

    before: token -> id told before the gateway was killed; after: the same when it was asked again.
    in_flight: those the SMSC had and had not answered when the gateway died.
    sent: how many times the SMSC took each; receipted: those it sent a receipt for.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    in_flight: frozenset[str]
    sent: Counter[str]
    receipted: frozenset[str]

    def promises(self, story: Story) -> list[Promise]:
        """All that is said of the bulk, each with what was seen."""
        return [self._counted(), self._durable(), *self._told(story), *self._settled(story), self._once()]

    def _counted(self) -> Promise:
        seen = f"{len(self.in_flight)} segments"
        return Promise(
            f"at least {ENOUGH_IN_FLIGHT} segments in flight at the kill, else it does not count",
            seen,
            held=len(self.in_flight) >= ENOUGH_IN_FLIGHT,
        )

    def _durable(self) -> Promise:
        """G1."""
        kept = sum(self.after.get(token) == identifier for token, identifier in self.before.items())
        return Promise(
            f"all {len(self.before)} messages answered before the kill are still there, under the same id",
            f"{kept} are",
            held=kept == len(self.before),
        )

    def _told(self, story: Story) -> list[Promise]:
        """G2 and G4."""
        accepted = set(self.after.values())
        ended = len(accepted & story.ended.keys())
        doubted = self._doubted(story)
        return [
            Promise(
                f"lost: 0; each of the {len(accepted)} accepted messages ends",
                f"{len(accepted) - ended} lost, {ended} ended",
                held=ended == len(accepted),
            ),
            Promise(
                "the durable consumer reads one end of each, and nothing after it",
                f"{len(story.contradicted)} told of after their end; {story.count} events from all lives",
                held=not story.contradicted,
            ),
            Promise(
                "what was in flight is reported in doubt, none of it is resent blindly",
                f"{len(doubted)} in doubt, {len(self.in_flight - doubted)} kept silent about",
                held=self.in_flight <= doubted,
            ),
        ]

    def _settled(self, story: Story) -> list[Promise]:
        """By receipts, and by nothing else."""
        doubted = self._doubted(story)
        delivered, unknown = self._ended(story, "delivered"), self._ended(story, "unknown")
        silent = self.after.keys() - self.receipted
        return [
            Promise(
                f"delivered: the {len(self.receipted)} whose receipt the SMSC sent",
                f"{len(delivered)}, {len(delivered & doubted)} of them settled by it after being in doubt",
                held=delivered == self.receipted,
            ),
            Promise(
                f"unknown: the {len(silent)} without a receipt",
                f"{len(unknown)}, {len(unknown & doubted)} of them after being in doubt",
                held=unknown == silent,
            ),
        ]

    def _ended(self, story: Story, state: str) -> set[str]:
        return {token for token, identifier in self.after.items() if story.ended.get(identifier) == state}

    def _doubted(self, story: Story) -> set[str]:
        return {token for token, identifier in self.after.items() if "in_doubt" in story.states(identifier)}

    def _once(self) -> Promise:
        twice = sum(count > 1 for count in self.sent.values())
        return Promise(
            "duplicates: 0; no token reaches the SMSC twice",
            f"{twice} twice, {len(self.sent)} different tokens",
            held=not twice,
        )


def unanswered(events: Sequence[AnyEvent], delay: float) -> list[Submit]:
    """What the SMSC took on the session that ended last and had not answered when it ended.

    delay: seconds it takes for every answer. An answer that was not due at the end had not left; one that was
    due may be lost too, so the true number can only be larger.
    """
    losses = [event for event in events if isinstance(event, Loss)]
    if not losses:
        return []
    return [
        event
        for event in events
        if isinstance(event, Submit)
        and event.session == losses[-1].session
        and event.at + delay > losses[-1].at
    ]


def tokens(submits: Iterable[Submit]) -> frozenset[str]:
    """The tokens in the texts of these submit_sm."""
    return frozenset(token for message in join(submits) for token in re.findall(TOKEN, message.text))


def arrived(record: Record) -> tuple[Counter[str], frozenset[str]]:
    """`sent` and `receipted` of a Bulk."""
    ids = {receipt.message_id for receipt in record.of(Receipt)}
    return record.count(TOKEN), tokens(submit for submit in record.taken if submit.message_id in ids)


def receipts_taken(events: Sequence[AnyEvent]) -> int:
    """Receipts that the gateway answered with ESME_ROK."""
    sent = {(event.session, event.sequence_number) for event in events if isinstance(event, Receipt)}
    answers = (event for event in events if isinstance(event, Answer) and event.command_status == 0)
    return sum((answer.session, answer.sequence_number) in sent for answer in answers)
