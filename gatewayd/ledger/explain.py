"""The whole life of a message as one timeline, put together from what is kept of it anyway.

Kept as long as the message: what was accepted and what rules wrote, its segments with their responses and
receipts, refusals that passed (not of those who sent too fast), receipts that changed nothing, its state.
Kept as long as events are: the states in between, with the reasons of holds.
"""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

import msgspec

from gatewayd import rfc3339
from gatewayd.ledger.events import View
from gatewayd.ledger.fold import best_attempts, partly_delivered
from gatewayd.ledger.lookup import Waits, find, shown
from gatewayd.ledger.receipts import kept_receipt
from gatewayd.ledger.tables import ParkedReceipt, Tables
from gatewayd.model import (
    Content,
    Failure,
    Message,
    Millis,
    Segment,
    SegmentStage,
    Stage,
    State,
    accepted_millis,
)
from gatewayd.policy.uses import Counted
from gatewayd.smpp.consts import status_name
from gatewayd.smpp.receipt import Receipt
from gatewayd.smpp.text import Encoding, forced_by

_COUNTED: Final = {
    Counted.RESERVED: "reserved for",
    Counted.LEFT: "as left at",
    Counted.AT_SUBMIT: "from the submit on,",
}
_LATE: Final = ", late: nothing changes any more"
_EARLY: Final = ", early: before its response, or before its id could be read"
_OPEN: Final = (SegmentStage.WAITING, SegmentStage.CLAIMED, SegmentStage.ACCEPTED, SegmentStage.IN_DOUBT)


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a message's story. at: RFC 3339."""

    at: str
    what: str
    detail: str
    segment: int | None = None


class Story(msgspec.Struct, frozen=True):
    """What `explain` answers."""

    message: View
    timeline: list[Step]


class _Line(NamedTuple):
    """A step with what it is sorted by. rank: of what has the same time, what comes first."""

    at: Millis
    rank: int
    what: str
    detail: str
    segment: int | None = None


# ranks
_ACCEPTED, _RULE, _COUNT, _MOVED, _CLAIMED, _ANSWERED, _RECEIPT, _TOLD, _NOW = range(9)


def explain(
    tables: Tables, client: str | None, identifier: str | None, key: str | None, waits: Waits
) -> Story | None:
    """The life of one message in order of time; None if the client has no such message."""
    message = find(tables, client, identifier, key)
    if message is None:
        return None
    view = shown(tables, message, waits)
    lines = sorted(_lines(tables, message, view), key=itemgetter(0, 1))
    return Story(view, [Step(rfc3339.write(one.at), one.what, one.detail, one.segment) for one in lines])


def _lines(tables: Tables, message: Message, view: View) -> Iterator[_Line]:
    segments = tables.segments([message.id]).get(message.id, [])
    yield from _accepted(message, tables.lane(message.lane).route)
    yield from _counted(tables, message)
    yield from _tried(tables, segments, message)
    for segment in segments:
        yield from _sent(segment)
    yield from _received(segments, message)
    decided = {(s.receipt_at, s.stat) for s in segments}
    for parked in tables.receipts_of(message.id):
        receipt = kept_receipt(parked)
        if not receipt.final or (parked.at, _stat_of(receipt)) not in decided:
            yield _kept(parked, receipt, message)
    told = list(_states(tables, message))
    yield from told
    yield from _stands(message, view, segments, told)


# at submit


def _accepted(message: Message, route: str) -> Iterator[_Line]:
    at, content = accepted_millis(message.id), message.content
    parts = (
        _size(content),
        f"route {route}",
        f"valid until {rfc3339.write(content.expires_at)}",
        content.state,
    )
    yield _Line(at, _ACCEPTED, "accepted", ", ".join(parts))
    if content.template is not None:
        yield _Line(at, _RULE, "rule", "template: {} version {}".format(*content.template))
    for stage in content.changed:
        yield _Line(at, _RULE, "rule", f"{stage}: wrote the text")
    for told in content.warnings:
        yield _Line(at, _RULE, "rule", told)


def _size(content: Content) -> str:
    forced = why_ucs2(content)
    by = "" if forced is None else f" (forced by {forced} U+{ord(forced):04X})"
    return f"{content.encoding}{by}, segments {content.segments}"


def why_ucs2(content: Content) -> str | None:
    """The first character that forces UCS-2, where the gateway chose it."""
    if content.encoding != Encoding.UCS2 or content.asked or content.text is None:
        return None
    return forced_by(content.text)


def _counted(tables: Tables, message: Message) -> Iterator[_Line]:
    to, at = message.content.to, accepted_millis(message.id)
    for use in tables.uses([to]).get(to, ()):
        if use.message == message.id:
            since = use.at if use.counted is Counted.LEFT else at
            yield _Line(since, _COUNT, "counted", f"by caps, {_COUNTED[use.counted]} {rfc3339.write(use.at)}")


# on the wire


def _sent(segment: Segment) -> Iterator[_Line]:
    """A claim, which is the submit_sm unless it is released or expires, and its response."""
    again = ", the one resend" if segment.attempt > 1 else ""
    if segment.owner:
        yield _Line(segment.claimed_at, _CLAIMED, "submit_sm", f"{segment.link}{again}", segment.number)
    if segment.answered_at is not None:
        told = _response(segment.link, segment.status or 0, segment.smsc_id)
        yield _Line(segment.answered_at, _ANSWERED, "submit_sm_resp", told, segment.number)


def _tried(tables: Tables, segments: Sequence[Segment], message: Message) -> Iterator[_Line]:
    """What was refused for now, but for what a segment's own row still tells."""
    known = {(s.number, s.claimed_at, s.link) for s in segments}
    for one in tables.tries_of(message.id):
        if (one.segment, one.claimed_at, one.link) not in known:
            yield _Line(one.claimed_at, _CLAIMED, "submit_sm", one.link, one.segment)
            told = _response(one.link, one.status, None)
            yield _Line(one.answered_at, _ANSWERED, "submit_sm_resp", told, one.segment)


def _response(link: str, status: int, smsc_id: str | None) -> str:
    named = f", message_id {smsc_id}" if smsc_id else ""
    return f"{link}: {status_name(status)}{named}"


def _received(segments: Sequence[Segment], message: Message) -> Iterator[_Line]:
    """The receipt that each segment ended with, and how far a long message has come."""
    for s in segments:
        if s.receipt_at is not None:
            late = _LATE if message.final and s.receipt_at > message.changed_at else ""
            told = f"{s.link}: {_stat(s.stat, s.err)}{late}"
            yield _Line(s.receipt_at, _RECEIPT, "receipt", told, s.number)
    partly, at = partly_delivered(segments), [s.receipt_at for s in segments if s.receipt_at is not None]
    if partly is not None and at and any(s.stage in _OPEN for s in best_attempts(segments).values()):
        yield _Line(max(at), _NOW, "receipts", partly)


def _kept(parked: ParkedReceipt, receipt: Receipt, message: Message) -> _Line:
    """A receipt that did not decide: not final, after the end, or ahead of its response."""
    if message.final and parked.at >= message.changed_at:
        why = _LATE
    else:
        why = _EARLY if receipt.final else ", not final"
    told = f"{parked.link}: {_stat(_stat_of(receipt), receipt.err)}{why}"
    return _Line(parked.at, _RECEIPT, "receipt", told)


def _stat_of(receipt: Receipt) -> str:
    return receipt.stat or receipt.state.value


def _stat(stat: str | None, err: str | None) -> str:
    return f"{stat} err {err}" if err else str(stat)


# states


class _Told(msgspec.Struct):
    event: str
    state: str | None = None
    link: str | None = None
    reason: str | None = None
    until: str | None = None
    error: Failure | None = None


def _states(tables: Tables, message: Message) -> Iterator[_Line]:
    """As upstream was told. A release goes before a claim of the same moment, the rest after it."""
    last, rank = 0, _MOVED
    for event in tables.events_of(message.id):
        told = msgspec.json.decode(event.body, type=_Told)
        if told.event != "state" or told.state is None:
            continue
        own = _MOVED if told.state in (State.QUEUED, State.HELD) else _TOLD
        last, rank = event.at, max(own, rank) if event.at == last else own
        yield _Line(event.at, rank, "state", _state(told.state, told.reason, told.until, told.error))


def _state(state: str, reason: str | None, until: str | None, error: Failure | None) -> str:
    because = "" if reason is None else f": {reason}"
    ends = "" if until is None else f" until {until}"
    failed = "" if error is None else _failure(error, state)
    return f"{state}{because}{ends}{failed and f': {failed}'}"


def _failure(error: Failure, state: str) -> str:
    code, stat = "" if error.code == state else error.code, error.stat and _stat(error.stat, error.err)
    whole = ", ".join(part for part in (code, error.detail, error.command_status, stat) if part)
    return whole if error.segment is None else f"{whole} (segment {error.segment})"


def _stands(
    message: Message, view: View, segments: Sequence[Segment], told: Sequence[_Line]
) -> Iterator[_Line]:
    """What is so now: why it waits, what is in doubt, and a state whose event is no longer kept."""
    if message.stage is Stage.READY or message.stage is Stage.RETRY:
        reason = view.reason or "its turn"
        until = "" if view.until is None else f" until {view.until}"
        yield _Line(message.changed_at if not told else told[-1].at, _NOW, "waits", f"{reason}{until}")
    for s in best_attempts(segments).values():
        if s.stage is SegmentStage.IN_DOUBT:
            yield _Line(s.claimed_at, _NOW, "in doubt", f"{s.link}: no response came", s.number)
    if not told and message.state.value != message.content.state:
        told_now = _state(message.state, message.reason, view.until, message.error)
        yield _Line(message.changed_at, _NOW, "state", told_now)
