"""Questions and requests of upstream about messages it has submitted: query, cancel, tag."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from gatewayd.ledger.events import View, rfc3339, view
from gatewayd.ledger.fold import best_attempts, partly_delivered
from gatewayd.ledger.journal import Journal
from gatewayd.ledger.tables import Tables
from gatewayd.model import (
    CANCELLABLE,
    LaneId,
    Message,
    MessageId,
    Millis,
    Segment,
    SegmentStage,
    Stage,
    accepted_millis,
    parse_id,
)


def find(tables: Tables, client: str | None, identifier: str | None, key: str | None) -> Message | None:
    """A message by id or key, if it belongs to `client` (None: an admin, who sees all by id)."""
    wanted = parse_id(identifier) if identifier is not None else None
    if wanted is None and key is not None and client is not None:
        wanted = tables.keyed(client, [key]).get(key)
    message = tables.messages([wanted]).get(wanted) if wanted is not None else None
    if message is None or (client is not None and tables.lane(message.lane).client != client):
        return None
    return message


Waits = Mapping[str, str]
"""Route of a lane -> why what may leave by it has not."""


def query(
    tables: Tables, client: str | None, identifier: str | None, key: str | None, waits: Waits
) -> View | None:
    """The state of one message, or None if there is none of that client."""
    message = find(tables, client, identifier, key)
    return None if message is None else _view(tables, message, waits)


def _view(tables: Tables, message: Message, waits: Waits) -> View:
    lane = tables.lane(message.lane)
    return view(message, lane, waits.get(lane.route))


class Cancelled(msgspec.Struct, frozen=True):
    """How many were cancelled, and how many could not be any more."""

    cancelled: int
    too_late: int


def cancel(tables: Tables, messages: Iterable[Message], now: Millis) -> Cancelled:
    """Cancel what nothing of has been claimed; final messages count as too late. No cancel_sm is sent."""
    journal, cancelled, too_late = Journal(tables, now), 0, 0
    for message in messages:
        if _unclaimed(tables, message):
            journal.give_back(message)
            journal.move(message, Stage.CANCELLED, None)
            cancelled += 1
        else:
            too_late += 1
    journal.close()
    return Cancelled(cancelled, too_late)


def _unclaimed(tables: Tables, message: Message) -> bool:
    """Never claimed, or given back unsent: every segment still waits for its first sending."""
    if message.stage not in CANCELLABLE:
        return False
    if message.link is None:
        return True
    segments = tables.segments([message.id]).get(message.id, [])
    return all(s.stage is SegmentStage.WAITING and s.attempt == 1 for s in segments)


def cancel_one(
    tables: Tables, client: str | None, identifier: str | None, key: str | None, now: Millis
) -> Cancelled | None:
    """None: no such message."""
    message = find(tables, client, identifier, key)
    return None if message is None else cancel(tables, [message], now)


def lanes_of(tables: Tables, client: str | None) -> list[LaneId]:
    return [i for i, lane in tables.lanes().items() if client is None or lane.client == client]


def cancel_tag(
    tables: Tables, client: str | None, tag: str, after: MessageId, limit: int, now: Millis
) -> tuple[Cancelled, MessageId | None]:
    """One step through a tag's messages; gives where to go on, or None at the end."""
    messages = tables.tagged(tag, lanes_of(tables, client), after, limit)
    done = cancel(tables, messages, now)
    return done, messages[-1].id if len(messages) == limit else None


# explain


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a message's story."""

    at: str
    what: str
    detail: str
    segment: int | None = None


class Story(msgspec.Struct, frozen=True):
    """What `explain` answers."""

    message: View
    timeline: list[Step]


def explain(
    tables: Tables, client: str | None, identifier: str | None, key: str | None, waits: Waits
) -> Story | None:
    """The life of one message in order of time; None if the client has no such message."""
    message = find(tables, client, identifier, key)
    if message is None:
        return None
    route = tables.lane(message.lane).route
    segments = tables.segments([message.id]).get(message.id, [])
    steps = [_accepted(message, route), *_events(tables, message.id), *_segments(segments)]
    steps += [*_receipts(tables, message.id), *_partly(segments)]
    return Story(_view(tables, message, waits), sorted(steps, key=lambda step: step.at))


def _accepted(message: Message, route: str) -> Step:
    content = message.content
    detail = f"state {content.state}, {content.segments} segments, {content.encoding}, route {route}"
    return Step(rfc3339(accepted_millis(message.id)), "accepted", detail)


class _Told(msgspec.Struct):
    event: str
    at: str
    state: str | None = None
    reason: str | None = None
    stat: str | None = None


def _events(tables: Tables, message: MessageId) -> list[Step]:
    told = [msgspec.json.decode(event.body, type=_Told) for event in tables.events_of(message)]
    return [
        Step(e.at, e.event, " ".join(part for part in (e.state or e.stat, e.reason) if part)) for e in told
    ]


def _segments(segments: Sequence[Segment]) -> list[Step]:
    best = best_attempts(segments)
    steps = []
    for s in segments:
        name = f"attempt {s.attempt} on {s.link}"
        if s.owner:
            steps.append(Step(rfc3339(s.claimed_at), "claimed", name, s.number))
        if s.answered_at is not None:
            answer = f"{name}: command_status 0x{s.status or 0:08X}, message_id {s.smsc_id or 'none'}"
            steps.append(Step(rfc3339(s.answered_at), "response", answer, s.number))
        if s.receipt_at is not None:
            steps.append(Step(rfc3339(s.receipt_at), "receipt", f"stat {s.stat} err {s.err}", s.number))
        elif s is best[s.number]:
            steps.append(
                Step(rfc3339(s.answered_at or s.claimed_at), "stands", s.stage.name.lower(), s.number)
            )
    return steps


def _partly(segments: Sequence[Segment]) -> list[Step]:
    """How much of a long message has arrived, while or since nothing is known of the rest."""
    told = partly_delivered(segments)
    at = max((s.receipt_at for s in segments if s.receipt_at is not None), default=None)
    return [] if told is None or at is None else [Step(rfc3339(at), "receipts", told)]


class _Kept(msgspec.Struct):
    stat: str = ""
    state: str = ""


def _receipts(tables: Tables, message: MessageId) -> list[Step]:
    kept = [(r, msgspec.msgpack.decode(r.body, type=_Kept)) for r in tables.receipts_of(message)]
    return [Step(rfc3339(r.at), "receipt kept", f"stat {body.stat or body.state}") for r, body in kept]
