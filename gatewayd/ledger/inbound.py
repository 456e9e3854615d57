"""MO messages: known again, put together, judged for an opt-out, and told, in one transaction (G3, G6)."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from gatewayd import concat, rfc3339
from gatewayd.ledger import optouts, placing
from gatewayd.ledger.events import InboundEvent, inbound_event
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import SINCE_OPTED_OUT, OptOut, Part, Tables
from gatewayd.ledger.tags import brake
from gatewayd.model import Message, Millis, public_id
from gatewayd.policy.replies import Kind, Reply
from gatewayd.smpp.udh import UserData, own_header

REPEAT_WINDOW: Final[Millis] = 600_000
"""How long a deliver_sm can be known again; SMSCs repeat one soon after the bind is back."""


class Mo(msgspec.Struct, frozen=True, gc=False):
    """One deliver_sm or data_sm that is no receipt.

    fingerprint: of everything that its repetition would repeat. session: the bind it came by.
    """

    link: str
    source: str
    destination: str
    data_coding: int
    user_data: UserData
    fingerprint: bytes
    session: int


def receive(tables: Tables, mos: Sequence[Mo], rules: Rules, live: Collection[int], now: Millis) -> None:
    """Keep what is new among `mos`; `live`: the sessions that are bound now."""
    inbox = _Inbox(tables, rules, now)
    segments: set[bytes] = set()
    for mo in mos:
        if mo.fingerprint not in segments and not _repeated(tables, mo, live, now):
            inbox.receive(mo)
        if mo.user_data.concat is not None:
            segments.add(mo.fingerprint)
    tables.note_deliveries([(mo.fingerprint, mo.session, now) for mo in mos])
    inbox.close()


def release_stale(tables: Tables, rules: Rules, now: Millis, limit: int = 100) -> int:
    """Deliver long MOs whose missing parts have been waited for; marked as not complete."""
    inbox = _Inbox(tables, rules, now)
    keys = tables.stale_parts(now - concat.WAIT, limit)
    for key in keys:
        inbox.try_whole(key)
    inbox.close()
    return len(keys)


def _repeated(tables: Tables, mo: Mo, live: Collection[int], now: Millis) -> bool:
    """The same octets again: after the bind has gone on which our response was awaited, or part of a long MO.

    On a bind that lives, two equal messages are two: people do reply "1" twice. Segments bear a reference,
    so that equal ones are one for as long as those of one reference are put together.
    """
    seen = tables.seen_delivery(mo.fingerprint)
    if seen is None:
        return False
    session, at = seen
    alive = 0 if mo.user_data.concat is None else concat.WAIT
    return max(0, now - at) < (alive if session in live else REPEAT_WINDOW)


class _Inbox:
    """tags: (client, tag) of what opt-outs have answered."""

    def __init__(self, tables: Tables, rules: Rules, now: Millis) -> None:
        self._tables, self._rules, self._now = tables, rules, now
        self._progress = Progress(tables, rules, now)
        self.journal = self._progress.journal
        self.tags: set[tuple[str, str]] = set()

    def close(self) -> None:
        self.journal.close()
        brake(self._tables, self._rules, self.tags, self._now)

    def receive(self, mo: Mo) -> None:
        data, place = mo.user_data, mo.user_data.concat
        if place is None:
            segment = concat.Inbound(1, mo.data_coding, data.octets, self._now, data.elements)
            whole = concat.assemble(1, [segment], self._now, reader=self._rules.reader(mo.link))
            assert whole is not None
            self._deliver(concat.Key(mo.link, mo.source, mo.destination, 0, 1), whole)
            return
        segment = concat.Inbound(place.number, mo.data_coding, data.octets, self._now, data.elements)
        key = _encode_key(concat.Key(mo.link, mo.source, mo.destination, place.reference, place.total))
        self._tables.put_part(Part(key, place.number, self._now, msgspec.msgpack.encode(segment)))
        self.try_whole(key)

    def try_whole(self, key: str) -> None:
        """Deliver a long MO if all of it is there, or has been waited for."""
        parts = [
            msgspec.msgpack.decode(part.body, type=concat.Inbound)
            for part in sorted(self._tables.parts(key), key=lambda part: part.at)
        ]
        whose = msgspec.json.decode(key, type=concat.Key)
        whole = concat.assemble(whose.total, parts, self._now, reader=self._rules.reader(whose.link))
        if whole is not None:
            self._tables.delete_parts(key)
            self._deliver(whose, whole)

    def _deliver(self, whose: concat.Key, whole: concat.Whole) -> None:
        number = self._rules.number(whose.source)
        brands, answered = placing.place(self._tables, self._rules, number, whose.destination)
        reply = self._rules.reply(whole.text, whole.octets, brands, whose.link)
        if reply.kind is Kind.OPT_OUT:
            self._opt_out(number, brands, whose.link, answered)
        elif reply.kind is Kind.OPT_IN:
            optouts.restore(self._tables, number, brands)
        brand = brands[0] if len(brands) == 1 else None
        self._tables.effects.count("inbound", whose.link)
        self._tell(whose, whole, number, brand, reply)

    def _opt_out(self, number: str, brands: Sequence[str], link: str, answered: Message | None) -> None:
        source = "reply" if len(brands) == 1 else optouts.UNPLACED
        rows = [OptOut(number, brand, self._now, source, f"MO on {link}") for brand in brands]
        optouts.put(self._tables, rows, self._rules, self._progress)
        if answered is not None and answered.content.tag is not None:
            self.journal.count_tag(answered, SINCE_OPTED_OUT)
            self.tags.add((self._tables.lane(answered.lane).client, answered.content.tag))

    def _tell(
        self, whose: concat.Key, whole: concat.Whole, number: str, brand: str | None, reply: Reply
    ) -> None:
        identifier = self._tables.new_id(self._now)
        event = InboundEvent(
            cursor=0,
            id=public_id(identifier),
            from_=number,
            to=whose.destination,
            text=whole.text,
            data=whole.octets.hex() if whole.text is None else None,
            udh=own_header(whole.elements).hex() or None,
            brand=brand,
            opt_out=reply.kind is Kind.OPT_OUT,
            opt_in=reply.kind is Kind.OPT_IN,
            ambiguous=reply.kind is Kind.AMBIGUOUS,
            rule=reply.rule,
            complete=whole.complete,
            link=whose.link,
            at=rfc3339.write(self._now),
        )
        self._tables.insert_inbound(identifier, self._now, inbound_event(event))
        for client in self._rules.clients_of(brand):
            cursor = self._tables.next_cursor()
            body = inbound_event(msgspec.structs.replace(event, cursor=cursor))
            self.journal.event(cursor, client, None, body)


def _encode_key(key: concat.Key) -> str:
    return msgspec.json.encode(key).decode()
