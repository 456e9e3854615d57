"""Events as upstream reads them (CONTRACT section 4), made once, stored as octets."""

import msgspec

from gatewayd import rfc3339
from gatewayd.model import Failure, Lane, Message, MessageId, Stage, public_id

_encode = msgspec.json.Encoder().encode


class StateEvent(msgspec.Struct, frozen=True, gc=False, tag="state", tag_field="event"):
    """A message changed its state."""

    cursor: int
    id: str
    key: str | None
    tag: str | None
    to: str
    class_: str = msgspec.field(name="class")
    brand: str
    state: str
    final: bool
    segments: int
    link: str | None
    reason: str | None
    until: str | None
    error: Failure | None
    at: str


class ReceiptEvent(msgspec.Struct, frozen=True, gc=False, tag="receipt", tag_field="event"):
    """A receipt that came after the final state; it changes nothing (G4)."""

    cursor: int
    id: str
    key: str | None
    tag: str | None
    to: str
    segment: int
    stat: str
    err: str | None
    link: str
    at: str
    late: bool = True


class InboundEvent(msgspec.Struct, frozen=True, gc=False, tag="inbound", tag_field="event"):
    """An MO message. text is null for a binary one, whose octets are in data (hex).

    udh: user data header (hex, as a submit has it) without concatenation and national tables: ports; or null.
    ambiguous: speaks of stopping without asking for it. rule: what decided; null if nothing did.
    """

    cursor: int
    id: str
    from_: str = msgspec.field(name="from")
    to: str
    text: str | None
    data: str | None
    udh: str | None
    brand: str | None
    opt_out: bool
    opt_in: bool
    ambiguous: bool
    rule: str | None
    complete: bool
    link: str
    at: str


def state_event(cursor: int, message: Message, lane: Lane, at: str) -> bytes:
    """The event of the state `message` is in now."""
    content = message.content
    return _encode(
        StateEvent(
            cursor=cursor,
            id=public_id(message.id),
            key=content.key,
            tag=content.tag,
            to=content.to,
            class_=lane.class_,
            brand=lane.brand,
            state=message.state.value,
            final=message.final,
            segments=message.segments,
            link=message.link,
            reason=message.reason,
            until=None if message.until is None else rfc3339.write(message.until),
            error=message.error,
            at=at,
        )
    )


def late_receipt_event(  # noqa: PLR0913, PLR0917  one argument a field
    cursor: int, message: Message, segment: int, stat: str, err: str | None, link: str, at: str
) -> bytes:
    """The event of a receipt that came after the final state."""
    content = message.content
    return _encode(
        ReceiptEvent(
            cursor=cursor,
            id=public_id(message.id),
            key=content.key,
            tag=content.tag,
            to=content.to,
            segment=segment,
            stat=stat,
            err=err,
            link=link,
            at=at,
        )
    )


def inbound_event(event: InboundEvent) -> bytes:
    return _encode(event)


class View(msgspec.Struct, frozen=True, gc=False):
    """A message as `query` and `explain` show it."""

    id: str
    key: str | None
    tag: str | None
    to: str
    class_: str = msgspec.field(name="class")
    brand: str
    state: str
    final: bool
    segments: int
    link: str | None
    reason: str | None
    until: str | None
    error: Failure | None
    at: str


def view(message: Message, lane: Lane, waits: str | None) -> View:
    """What is known of a message now. waits: why what may leave by its route has not."""
    content = message.content
    return View(
        id=public_id(MessageId(message.id)),
        key=content.key,
        tag=content.tag,
        to=content.to,
        class_=lane.class_,
        brand=lane.brand,
        state=message.state.value,
        final=message.final,
        segments=message.segments,
        link=message.link,
        reason=waits if message.stage is Stage.READY else message.reason,
        until=None if message.until is None else rfc3339.write(message.until),
        error=message.error,
        at=rfc3339.write(message.changed_at),
    )
