"""Tables: the rows a store keeps, in batches; implemented in memory, on SQLite, on PostgreSQL."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

import msgspec

from gatewayd.model import Lane, LaneId, Message, MessageId, Millis, Segment, Stage
from gatewayd.policy.consents import Consent
from gatewayd.policy.template_sets import Review, Template, TemplateSets
from gatewayd.policy.uses import Use
from gatewayd.sender_pace import Reception


class Effects:
    """What one transaction changed, for those who wait outside: wake-ups and counters.

    Merged after the commit only, so that a metric never counts what was rolled back.
    lanes: new ones. clients: who has new events. stages: how many open messages more
    or fewer stand where. receptions: what became known of segments, by lane.
    unwanted: (number, brand) of new opt-outs.
    """

    def __init__(self) -> None:
        self.lanes: dict[LaneId, Lane] = {}
        self.clients: set[str] = set()
        self.stages: Counter[tuple[LaneId, Stage]] = Counter()
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.observations: list[tuple[str, float, str]] = []
        self.receptions: Counter[tuple[LaneId, Reception]] = Counter()
        self.unwanted: set[tuple[str, str]] = set()

    def merge(self, other: "Effects") -> None:
        self.lanes |= other.lanes
        self.clients |= other.clients
        self.stages.update(other.stages)
        self.counts.update(other.counts)
        self.observations += other.observations
        self.receptions.update(other.receptions)
        self.unwanted |= other.unwanted

    def count(self, *key: str) -> None:
        """One more of a metric's name and its label values."""
        self.counts[key] += 1

    def observe(self, metric: str, value: float, label: str) -> None:
        """One observation of a histogram."""
        self.observations.append((metric, value, label))


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event of one client; body is its JSON object, cursor included, without newline."""

    cursor: int
    client: str
    message: MessageId | None
    at: Millis
    body: bytes


class ParkedReceipt(msgspec.Struct, frozen=True, gc=False):
    """A receipt that is kept beside the segments: early, unmatched, late or not final.

    key: of its id (`receipt_ids.key`). number: whom it speaks of. message is set once it is known whose it
    is. body: the receipt as msgpack.
    """

    id: int
    link: str
    key: str
    number: str
    at: Millis
    message: MessageId | None
    body: bytes


class OptOut(msgspec.Struct, frozen=True, gc=False):
    """A number's wish for one brand."""

    number: str
    brand: str
    since: Millis
    source: str
    reason: str | None = None


TagKey: TypeAlias = tuple[str, str, str]
"""Client, tag, and the state that is counted, or one of those below."""

# counted beside the states, from the last resume on: what brakes look at
SINCE_FAILED: Final = "since_resume_failed"
SINCE_DELIVERED: Final = "since_resume_delivered"
SINCE_OPTED_OUT: Final = "since_resume_opted_out"


class PausedTag(msgspec.Struct, frozen=True, gc=False):
    """A tag of which nothing leaves. reason: who or what has paused it."""

    client: str
    tag: str
    since: Millis
    reason: str


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a long MO while the others are awaited.

    key: link, addresses, reference and total as one text. body: the deliver_sm's fields as msgpack.
    """

    key: str
    number: int
    at: Millis
    body: bytes


class Consumer(msgspec.Struct, frozen=True, gc=False):
    """A named reader of one client's events and how far it has acknowledged them."""

    client: str
    name: str
    acknowledged: int
    at: Millis


class Try(msgspec.Struct, frozen=True, gc=False):
    """A submit_sm that was refused for now: the segment's row will tell of the one after it."""

    message: MessageId
    segment: int
    claimed_at: Millis
    link: str
    answered_at: Millis
    status: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are looked for; None: any. since, before: of ids, which sort like the time of accept."""

    since: MessageId
    before: MessageId
    number: str | None = None
    tag: str | None = None
    lanes: Sequence[LaneId] | None = None
    stages: Sequence[Stage] | None = None


class Tables(Protocol):
    """Row operations inside one transaction. Sequences in, sequences or dicts out.

    template_sets: kept from one transaction to the next.
    """

    effects: Effects
    template_sets: TemplateSets

    def touch(self) -> None:
        """Write something that changes nothing: the proof that writing works."""

    # lanes
    def lane_id(self, lane: Lane) -> LaneId: ...
    def lane(self, lane_id: LaneId) -> Lane: ...
    def lanes(self) -> dict[LaneId, Lane]: ...

    # messages; update writes every mutable column
    def new_id(self, now: Millis) -> MessageId: ...
    def insert_messages(self, messages: Sequence[Message]) -> None: ...
    def update_messages(self, messages: Sequence[Message]) -> None: ...
    def messages(self, ids: Iterable[MessageId]) -> dict[MessageId, Message]: ...
    def claimable(self, lane: LaneId, after: MessageId, limit: int) -> list[Message]: ...
    def due(self, now: Millis, limit: int) -> list[Message]: ...
    def queued_after(self, after: MessageId, limit: int) -> list[Message]: ...
    def held_for(self, reason: str, after: MessageId, limit: int) -> list[Message]:
        """Those that wait until somebody changes something."""

    def tagged(self, tag: str, lanes: Sequence[LaneId], after: MessageId, limit: int) -> list[Message]: ...
    def waiting_for(self, number: str, lanes: Sequence[LaneId]) -> list[Message]: ...
    def first_in_line(self, client: str, number: str, order_key: str) -> Message | None:
        """The client's earliest message to `number` with this order_key of which something may yet leave."""

    def newest(self, wanted: Wanted, limit: int) -> list[Message]:
        """The newest first."""

    def oldest_ready(self, lane: LaneId) -> MessageId | None: ...
    def stage_counts(self) -> dict[tuple[LaneId, Stage], int]:
        """Open messages by lane and stage; counts all of them."""

    # idempotency keys
    def keyed(self, client: str, keys: Iterable[str]) -> dict[str, MessageId]: ...
    def insert_keys(self, rows: Sequence[tuple[str, str, MessageId]]) -> None: ...

    # segments
    def insert_segments(self, segments: Sequence[Segment]) -> None: ...
    def update_segments(self, segments: Sequence[Segment]) -> None: ...
    def settle_segments(self, segments: Sequence[Segment]) -> None:
        """Write what a receipt changes: stage, stat, err, receipt_at; spare the id, which has an index."""

    def delete_segments(self, message: MessageId) -> None: ...
    def segments(self, messages: Iterable[MessageId]) -> dict[MessageId, list[Segment]]: ...
    def segments_by_key(self, link: str, keys: Iterable[str]) -> list[Segment]:
        """Those whose id has one of these keys (`receipt_ids.key`)."""

    def unnamed_segments(self, link: str, number: str) -> list[Segment]:
        """Open ones to `number` without an id: claimed, in doubt, or accepted by an SMSC that told none."""

    def named_segments(self, link: str, number: str, newest: int) -> list[Segment]:
        """Open ones with an id, of the newest so many messages to `number`."""

    def claimed_segments(self, limit: int) -> list[Segment]: ...
    def next_reference(self, sender: str, number: str, start: int) -> int: ...

    # sendings that were refused for now
    def put_tries(self, rows: Sequence[Try]) -> None: ...
    def tries_of(self, message: MessageId) -> list[Try]:
        """By segment and time."""

    # receipts beside the segments
    def park(self, receipts: Sequence[ParkedReceipt]) -> None: ...
    def parked(self, link: str, keys: Iterable[str]) -> list[ParkedReceipt]: ...
    def parked_from(self, link: str, numbers: Iterable[str]) -> list[ParkedReceipt]: ...
    def adopt(self, receipt: int, message: MessageId) -> None: ...
    def receipts_of(self, message: MessageId) -> list[ParkedReceipt]: ...
    def parked_after(self, link: str, after: int, limit: int) -> list[ParkedReceipt]: ...
    def parked_count(self, link: str) -> int: ...
    def newest_parked(self, link: str) -> Millis | None: ...
    def add_id_pairs(self, rows: Sequence[tuple[str, str, int]]) -> None:
        """(link, notation, so many more): how ids of receipts were written beside those of responses."""

    def id_pairs(self, link: str) -> dict[str, int]: ...

    # events and their consumers
    def next_cursor(self) -> int: ...
    def last_cursor(self) -> int: ...
    def append_events(self, events: Sequence[Event]) -> None: ...
    def events_after(self, client: str, cursor: int, limit: int) -> list[Event]: ...
    def events_of(self, message: MessageId) -> list[Event]: ...
    def oldest_cursor(self, client: str) -> int:
        """The lowest cursor after which all of the client's events are kept."""

    def purge_events(self, before: Millis, limit: int) -> int: ...
    def consumer(self, client: str, name: str) -> Consumer | None: ...
    def put_consumer(self, consumer: Consumer) -> None: ...
    def consumers(self) -> list[Consumer]: ...

    # opt-outs
    def opted_out(self, pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]: ...
    def optouts(self, number: str) -> list[OptOut]: ...
    def optouts_after(self, brands: Sequence[str], after: tuple[str, str], limit: int) -> list[OptOut]: ...
    def put_optouts(self, rows: Sequence[OptOut]) -> None: ...
    def delete_optouts(self, number: str, brands: Sequence[str]) -> int: ...

    # counted messages, by number
    def uses(self, numbers: Iterable[str]) -> dict[str, list[Use]]: ...
    def put_uses(self, rows: Sequence[tuple[str, Use]]) -> None:
        """Keep, or put in place of what is kept of the same message."""

    def give_back_uses(self, rows: Sequence[tuple[str, MessageId]]) -> None:
        """Forget them, but for what counted at submit."""

    def purge_uses(self, before: Millis, limit: int) -> int: ...

    # what numbers said of marketing; never changed, never forgotten
    def consents(self, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Consent]:
        """(number, brand) -> what counts now: the newest; of one moment the withdrawal."""

    def consents_of(self, number: str, brands: Iterable[str]) -> list[Consent]:
        """All that a number said, the newest first."""

    def put_consents(self, rows: Sequence[Consent]) -> int:
        """Keep what is not kept yet; returns how many were new."""

    def consents_after(self, brands: Iterable[str], after: int, limit: int) -> list[tuple[int, Consent]]:
        """In the order in which they were told, each with the place to go on after."""

    # templates, by brand, name and version
    def template_stamp(self, brand: str) -> int:
        """Another, greater one after each change to a template of the brand; 0: there is none."""

    def templates(self, brand: str, name: str | None = None, review: Review | None = None) -> list[Template]:
        """By name, the newest version first."""

    def put_templates(self, rows: Sequence[Template], stamp: int) -> None:
        """New versions, or what became of known ones."""

    # tags
    def count_tags(self, changes: Mapping[TagKey, int]) -> None: ...
    def tag_counts(self, client: str, tag: str) -> dict[str, int]: ...
    def reset_tag(self, client: str, tag: str, states: Sequence[str]) -> None: ...
    def paused_tags(self) -> dict[tuple[str, str], PausedTag]:
        """(client, tag) -> its pause; few at any time."""

    def put_paused_tag(self, tag: PausedTag) -> None: ...
    def delete_paused_tag(self, client: str, tag: str) -> None: ...

    # inbound
    def insert_inbound(self, message_id: MessageId, at: Millis, body: bytes) -> None: ...
    def seen_delivery(self, fingerprint: bytes) -> tuple[int, Millis] | None: ...
    def note_deliveries(self, rows: Sequence[tuple[bytes, int, Millis]]) -> None: ...
    def purge_deliveries(self, before: Millis) -> None: ...
    def put_part(self, part: Part) -> None: ...
    def parts(self, key: str) -> list[Part]: ...
    def delete_parts(self, key: str) -> None: ...
    def stale_parts(self, before: Millis, limit: int) -> list[str]: ...
