"""Tags: the messages of a campaign counted together, paused together, braked where they go wrong."""

from collections.abc import Iterable
from typing import Final

import msgspec

from gatewayd.ledger.journal import Journal
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import (
    SINCE_DELIVERED,
    SINCE_FAILED,
    SINCE_OPTED_OUT,
    PausedTag,
    Tables,
    Wanted,
)
from gatewayd.model import Lane, Message, MessageId, Millis, Stage, State
from gatewayd.outlook import Outlook

MOST_PAUSED: Final = 1000  # tags of one client; all paused ones are looked through with each batch
_STATES: Final = frozenset(State)
_WAITING: Final = (Stage.SCHEDULED, Stage.HELD, Stage.READY, Stage.RETRY)
_SAMPLE: Final = 100  # of the newest: enough to meet each lane of a campaign
_LAST: Final = MessageId((1 << 63) - 1)


class TagProgress(msgspec.Struct, frozen=True, omit_defaults=True):
    """counts: messages by state, final ones included. opted_out: replies to them since the last resume.

    reason: why it is paused; None: it is not.
    """

    tag: str
    counts: dict[str, int]
    opted_out: int
    paused: bool
    since: Millis | None = None
    reason: str | None = None


def progress(tables: Tables, client: str, tag: str) -> TagProgress | None:
    """How far the messages of a client's tag have come; None: the client has used no such tag."""
    found = tables.tag_counts(client, tag)
    counts = {state: n for state, n in found.items() if state in _STATES and n}
    gone, paused = found.get(SINCE_OPTED_OUT, 0), tables.paused_tags().get((client, tag))
    if paused is None:
        return TagProgress(tag, counts, gone, paused=False) if counts else None
    return TagProgress(tag, counts, gone, paused=True, since=paused.since, reason=paused.reason)


def finish(tables: Tables, client: str, tag: str, outlook: Outlook, now: Millis) -> Millis | None:
    """When the last of it is about to leave; None: nothing of it waits, or nobody can say.

    By the newest of those that wait, which stand behind all others of their lanes.
    """
    lanes = {i: lane for i, lane in tables.lanes().items() if lane.client == client}
    wanted = Wanted(since=MessageId(0), before=_LAST, tag=tag, lanes=list(lanes), stages=_WAITING)
    ends = [_end(message, lanes[message.lane], outlook, now) for message in tables.newest(wanted, _SAMPLE)]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _end(message: Message, lane: Lane, outlook: Outlook, now: Millis) -> Millis | None:
    held = message.stage in (Stage.HELD, Stage.SCHEDULED)
    begins = message.until if message.stage is Stage.HELD else message.due if held else now
    seconds = outlook.seconds(lane, message.segments, held=held)
    return None if begins is None or seconds is None else max(begins, now) + int(seconds * 1000)


def pause(tables: Tables, client: str, tag: str, reason: str, now: Millis) -> bool:
    """From now on nothing of it leaves; False: the client has too many paused already."""
    paused = tables.paused_tags()
    if (client, tag) in paused:
        return True
    if sum(whose == client for whose, _ in paused) >= MOST_PAUSED:
        return False
    tables.put_paused_tag(PausedTag(client, tag, now, reason))
    return True


def resume(
    tables: Tables, client: str, tag: str, after: MessageId, limit: int, now: Millis
) -> tuple[int, MessageId | None]:
    """One step of letting go on; gives how many were held, and where to go on, or None at the end.

    Brakes count anew from here.
    """
    if not after:
        tables.delete_paused_tag(client, tag)
        tables.reset_tag(client, tag, (SINCE_FAILED, SINCE_DELIVERED, SINCE_OPTED_OUT))
    lanes = [i for i, lane in tables.lanes().items() if lane.client == client]
    messages = tables.tagged(tag, lanes, after, limit)
    journal = Journal(tables, now)
    held = [m for m in messages if m.stage is Stage.HELD and m.reason == "paused"]
    for message in held:
        journal.move(message, Stage.READY, message.content.expires_at)
    journal.close()
    return len(held), messages[-1].id if len(messages) == limit else None


def brake(tables: Tables, rules: Rules, touched: Iterable[tuple[str, str]], now: Millis) -> None:
    """Pause those of `touched` (client, tag) that fail too often, or that too many opt out after."""
    limit = rules.brake
    if limit is None:
        return
    for client, tag in touched:
        counts = tables.tag_counts(client, tag)
        failed, arrived = counts.get(SINCE_FAILED, 0), counts.get(SINCE_DELIVERED, 0)
        if failed + arrived < limit.after:
            continue
        if failed > limit.failed * (failed + arrived):
            _brake(tables, client, tag, "failures", now)
        elif counts.get(SINCE_OPTED_OUT, 0) > limit.opted_out * (failed + arrived):
            _brake(tables, client, tag, "opt_outs", now)


def _brake(tables: Tables, client: str, tag: str, reason: str, now: Millis) -> None:
    if (client, tag) not in tables.paused_tags() and pause(tables, client, tag, reason, now):
        tables.effects.count("tags_braked", reason)
