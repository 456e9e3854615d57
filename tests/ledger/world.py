"""A small world around the ledger: rules, submissions, links and handsets, on the tables of any store."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import msgspec

from gatewayd.configlimits import Brakes
from gatewayd.ledger import inbound, lookup, settle
from gatewayd.ledger.accept import Accepted, Answer, accept
from gatewayd.ledger.claim import Claimed, Claims, Picker, Want, claim
from gatewayd.ledger.rules import ClassRule
from gatewayd.ledger.settle import Kind, Outcome
from gatewayd.ledger.tables import Effects, Event, Tables
from gatewayd.ledger.timers import run_due
from gatewayd.model import (
    Content,
    Lane,
    LaneId,
    Message,
    MessageId,
    Millis,
    Refusal,
    Segment,
    Stage,
    message_reference,
    parse_id,
)
from gatewayd.policy.replies import Reply, Word, Words, judge_received
from gatewayd.policy.subject import Asking, ClassPolicy, Facts, Hold
from gatewayd.policy.uses import Counted, Use, text_mark
from gatewayd.retry import DEFAULT as DEFAULT_RETRY
from gatewayd.retry import Table
from gatewayd.smpp.reader import PLAIN_READER, Reader
from gatewayd.smpp.receipt import FINAL, Dialect, Receipt, ReceiptState
from gatewayd.smpp.text import Carry, Encoding, Part, choose, count, split
from gatewayd.smpp.udh import UserData

START = 1_795_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
NUMBER = "8613800138000"
SENDER = "10690001"
LONG = "0123456789" * 31  # three segments of GSM 7-bit
STATS = {
    ReceiptState.DELIVERED: "DELIVRD",
    ReceiptState.UNDELIVERABLE: "UNDELIV",
    ReceiptState.REJECTED: "REJECTD",
}


class PlainRules:
    """`ledger.rules.Rules` by plain means: two brands share the code 10690009."""

    def __init__(self) -> None:
        self.classes = {
            "otp": ClassRule(receipt_wait=HOUR, resend=True, marketing=False),
            "notice": ClassRule(receipt_wait=72 * HOUR, resend=False, marketing=False),
            "member": ClassRule(receipt_wait=72 * HOUR, resend=False, marketing=True),
            "push": ClassRule(receipt_wait=72 * HOUR, resend=True, marketing=True),
        }
        self.senders = {"shop": SENDER, "bank": "10690009", "club": "10690009"}
        self.carries: dict[str, Carry] = {}
        self.refused: dict[str, str] = {}
        self.held: dict[str, Hold] = {}
        self.brake: Brakes | None = None
        self.pause_all = False
        self.counted: set[str] = set()
        self.suspended: set[str] = set()
        self.seen: list[Facts] = []
        self.retries: dict[str, Table] = {}
        self.dialects: dict[str, Dialect] = {}
        self.words: dict[str, tuple[Word, ...]] = {}

    def class_rule(self, class_: str) -> ClassRule:
        return self.classes[class_]

    def asking(self, content: Content, lane: Lane) -> Asking:
        policy = _class_policy(lane.class_, self.classes[lane.class_])
        return Asking(content.to, policy, lane.brand, lane.client, lane.class_ in self.counted, content.tag)

    def judge(self, content: Content, lane: Lane, facts: Facts, now: Millis) -> Hold | Refusal | None:
        """refused: number -> the code it is refused with at sending. held: number -> its hold."""
        del lane, now
        self.seen.append(facts)
        if self.pause_all:
            return Hold("paused", None, "suspended", "its tag is paused")
        code = "opted_out" if facts.opted_out else self.refused.get(content.to)
        return self.held.get(content.to) if code is None else Refusal(code, "refused at sending")

    def carrier(self, number: str) -> str | None:
        del number
        return "cmcc"

    def holds(self, lane: Lane) -> bool:
        return lane.brand in self.suspended

    @property
    def uses_kept(self) -> Millis:
        return 30 * DAY

    def leaving(self, content: Content, lane: Lane, now: Millis) -> Use | None:
        counts = lane.class_ in self.counted and self.classes[lane.class_].marketing
        return _use(content, lane, now, Counted.LEFT) if counts else None

    def parts(self, content: Content, link: str, reference: int) -> tuple[Part, ...]:
        carry = self.carries.get(link, Carry.UDH8)
        return split(content.text or "", Encoding(content.encoding), carry, reference)

    def retry(self, link: str) -> Table:
        return self.retries.get(link, DEFAULT_RETRY)

    def reader(self, link: str) -> Reader:
        del link
        return PLAIN_READER

    def sends_reference(self, link: str) -> bool:
        return link != "plain"

    def dialect(self, link: str) -> Dialect:
        return self.dialects.get(link, Dialect())

    def account(self, link: str) -> str:
        return link

    def clients_of(self, brand: str | None) -> list[str]:
        return ["admin"] if brand is None else ["acme"]

    def brands_at(self, address: str) -> list[str]:
        return [brand for brand, sender in self.senders.items() if address.startswith(sender)]

    def all_brands(self) -> list[str]:
        return list(self.senders)

    def reply(self, text: str | None, octets: bytes, brands: Sequence[str], link: str) -> Reply:
        """`words`: brand -> words of its own."""
        del link
        own = [word for brand in brands for word in self.words.get(brand, ())]
        return judge_received(text, octets, Words(own))

    def number(self, address: str) -> str:
        return address.removeprefix("+")


def _use(content: Content, lane: Lane, at: Millis, counted: Counted) -> Use:
    return Use(MessageId(0), at, lane.brand, lane.class_, text_mark(content.text or ""), counted)


def _class_policy(name: str, rule: ClassRule) -> ClassPolicy:
    return ClassPolicy(
        name=name,
        priority=2,
        validity=DAY / 1000,
        receipt_wait=rule.receipt_wait / 1000,
        in_doubt="resend" if rule.resend else "report",
        marketing=rule.marketing,
        opt_out=rule.marketing,
        opt_out_text=False,
        quiet_hours=False,
        consent=False,
        frequency=False,
    )


class FreeLinks:
    """Gives each message the first link with room, and each lane one turn of `limit` segments."""

    def __init__(self, lanes: Iterable[LaneId], free: dict[str, int], limit: int = 100) -> None:
        self.wants = [Want((lane,), limit) for lane in sorted(lanes)]
        self.free = free

    def room(self, lane: LaneId) -> int:
        del lane
        return sum(max(0, free) for free in self.free.values())

    def pick(self, message: Message, bound: str | None) -> str | Millis | None:
        link = bound or next((name for name in self.free if self.free[name] > 0), None)
        if link is None or self.free.get(link, 0) <= 0:
            return None
        self.free[link] -= message.segments
        return link


class Unrefused(FreeLinks):
    """The same with one link, which does not take again what it has refused."""

    def pick(self, message: Message, bound: str | None) -> str | Millis | None:
        (link,) = self.free
        return bound or (None if link in message.refused else link)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One submit; see `ledger.accept.Submission`."""

    content: Content
    lane: Lane
    asking: Asking
    seen: list[Facts]

    @property
    def marketing(self) -> bool:
        return self.asking.class_.opt_out

    @property
    def key(self) -> str | None:
        return self.content.key

    @property
    def fingerprint(self) -> bytes:
        return self.content.fingerprint

    def judge(self, facts: Facts) -> Accepted | Refusal:
        self.seen.append(facts)
        if facts.opted_out and self.marketing:
            return Refusal("opted_out", "the number has opted out", field="to")
        content = self.content
        planned = Counted.RESERVED if self.marketing else Counted.AT_SUBMIT
        at = content.send_at or content.accepted_at
        use = _use(content, self.lane, at, planned) if self.asking.counted else None
        scheduled = content.state == "scheduled"
        stage, due = (Stage.SCHEDULED, at) if scheduled else (Stage.READY, content.expires_at)
        return Accepted(content, self.lane, stage, due, use=use)


class Told(msgspec.Struct):
    """What the tests read of an event."""

    event: str
    cursor: int
    id: str
    state: str | None = None
    final: bool | None = None
    reason: str | None = None
    error: dict[str, Any] | None = None
    stat: str | None = None
    late: bool = False


class World:
    """now: of the wall clock, moved by hand. announced: what all commits added up to."""

    def __init__(self, tables: Tables, transaction: Callable[[], AbstractContextManager[None]]) -> None:
        self.tables, self.rules, self.now = tables, PlainRules(), START
        self.announced = Effects()
        self.owner = 1
        self.usable: frozenset[str] = frozenset()
        self._transaction = transaction
        self._ids = 0

    def run(self, operation: Callable[..., Any], *args: Any) -> Any:
        """One operation in one transaction."""
        with self._transaction():
            result = operation(self.tables, *args)
        self.announced.merge(self.tables.effects)
        return result

    # upstream

    def wish(
        self,
        text: str = "hello",
        *,
        to: str = NUMBER,
        class_: str = "notice",
        brand: str = "shop",
        valid: Millis = DAY,
        send_at: Millis | None = None,
        key: str | None = None,
        tag: str | None = None,
        order_key: str | None = None,
        client: str = "acme",
    ) -> Wish:
        encoding = choose(text)
        content = Content(
            to=to,
            sender=self.rules.senders[brand],
            text=text,
            data=None,
            udh=b"",
            encoding=encoding,
            segments=count(text, encoding, Carry.UDH8),
            state="queued" if send_at is None else "scheduled",
            accepted_at=self.now,
            expires_at=(send_at or self.now) + valid,
            send_at=send_at,
            key=key,
            tag=tag,
            order_key=order_key,
            fingerprint=text.encode(),
        )
        lane = Lane("failover:a,b", class_, client, brand)
        return Wish(content=content, lane=lane, asking=self.rules.asking(content, lane), seen=self.rules.seen)

    def accept(self, *wishes: Wish) -> list[Answer | Refusal]:
        answers: list[Answer | Refusal] = self.run(accept, "acme", wishes, self.now)
        return answers

    def submit(self, text: str = "hello", **fields: Any) -> MessageId:
        (answer,) = self.accept(self.wish(text, **fields))
        assert isinstance(answer, Answer), answer
        identifier = parse_id(answer.id)
        assert identifier is not None
        return identifier

    # links

    def claim(self, *links: str, room: int = 1000, limit: int = 100) -> list[Claimed]:
        """Let the links (default: a) take what they can, in the order given."""
        return self.claim_by(FreeLinks(self.tables.lanes(), dict.fromkeys(links or ("a",), room), limit))

    def claim_unless_refused(self, link: str) -> list[Claimed]:
        """Let one link take what it has not refused."""
        return self.claim_by(Unrefused(self.tables.lanes(), {link: 1000}))

    def claim_by(self, picker: Picker) -> list[Claimed]:
        claims: Claims = self.run(claim, picker, self.rules, self.owner, 7, self.now)
        return claims.claimed

    def new_smsc_id(self) -> str:
        self._ids += 1
        return f"id-{self._ids}"

    def outcome(self, segment: Segment, kind: Kind, status: int = 0, smsc_id: str = "") -> Outcome:
        s = segment
        return Outcome(s.link, s.message, s.number, s.attempt, kind, self.now, status, smsc_id)

    def settle(self, outcomes: Sequence[Outcome] = (), receipts: Sequence[tuple[str, Receipt]] = ()) -> None:
        self.run(settle.settle, outcomes, receipts, self.rules, self.now, self.usable)

    def answer(self, *segments: Segment, status: int = 0, smsc_id: str | None = None) -> list[str]:
        """submit_sm_resp of each; gives the ids told."""
        ids = ["" if status else smsc_id or self.new_smsc_id() for _ in segments]
        told = zip(segments, ids, strict=True)
        self.settle([self.outcome(segment, Kind.ANSWERED, status, name) for segment, name in told])
        return ids

    def doubt(self, *segments: Segment) -> None:
        self.settle([self.outcome(segment, Kind.DOUBTFUL) for segment in segments])

    def release(self, *segments: Segment) -> None:
        self.settle([self.outcome(segment, Kind.RELEASED) for segment in segments])

    def send(self, text: str = "hello", **fields: Any) -> tuple[MessageId, list[Segment]]:
        """Submit and claim on link a."""
        message = self.submit(text, **fields)
        return message, claimed_segments(self.claim())

    def recover(self) -> int:
        self.owner += 1
        found: int = self.run(settle.recover, self.rules, self.now)
        return found

    # handsets

    def receipt(
        self, smsc_id: str, state: ReceiptState = ReceiptState.DELIVERED, **fields: Any
    ) -> tuple[str, Receipt]:
        """A receipt on link a, from the usual number."""
        plain = {"source": NUMBER.encode(), "destination": SENDER.encode(), "final": state in FINAL}
        stat = STATS.get(state, state.upper())
        return "a", Receipt(smsc_message_id=smsc_id, state=state, **{"stat": stat, **plain, **fields})

    def echo(self, segment: Segment, smsc_id: str = "", **fields: Any) -> tuple[str, Receipt]:
        """A receipt that echoes user_message_reference."""
        reference = message_reference(segment.message, segment.number)
        return self.receipt(smsc_id, reference=reference, **fields)

    def deliver(self, *receipts: tuple[str, Receipt]) -> None:
        self.settle((), receipts)

    def mo(self, text: str, **fields: Any) -> inbound.Mo:
        """An MO on link a, from the usual number to the usual sender."""
        plain = {
            "link": "a",
            "source": NUMBER,
            "destination": SENDER,
            "data_coding": 8,
            "user_data": UserData(text.encode("utf-16-be")),
            "fingerprint": text.encode(),
            "session": 1,
        }
        return inbound.Mo(**{**plain, **fields})

    def receive(self, *mos: inbound.Mo, live: Iterable[int] = (1,)) -> None:
        self.run(inbound.receive, mos, self.rules, set(live), self.now)

    # time

    def tick(self) -> int:
        handled: int = self.run(run_due, self.rules, self.now, 100)
        return handled

    def wait(self, millis: Millis) -> None:
        """Let time pass, and what is due happen at its time."""
        end = self.now + millis
        while (due := self._next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            assert self.tick()
        self.now = end

    def _next_due(self) -> Millis | None:
        waiting = self.tables.due(1 << 62, 1)
        return waiting[0].due if waiting else None

    # what is there

    def message(self, identifier: MessageId) -> Message:
        return self.tables.messages([identifier])[identifier]

    def segments(self, identifier: MessageId) -> list[Segment]:
        return self.tables.segments([identifier]).get(identifier, [])

    def events(self, client: str = "acme") -> list[Event]:
        return self.tables.events_after(client, 0, 1_000_000)

    def told(self, identifier: MessageId) -> list[Told]:
        return [msgspec.json.decode(event.body, type=Told) for event in self.tables.events_of(identifier)]

    def story(self, identifier: MessageId) -> str:
        """The states that were told, and `late STAT` for receipts after the end."""
        return " ".join(t.state or f"late-{t.stat}" for t in self.told(identifier))

    def counted(self, *key: str) -> int:
        return self.announced.counts[key]

    def open_counts(self) -> dict[tuple[LaneId, Stage], int]:
        """What the commits added up to, as `Store.counts` does."""
        return {place: n for place, n in self.announced.stages.items() if n}

    def cancel(self, identifier: MessageId) -> lookup.Cancelled:
        done: lookup.Cancelled = self.run(lookup.cancel, [self.message(identifier)], self.now)
        return done


def claimed_segments(claimed: Iterable[Claimed]) -> list[Segment]:
    return [segment for one in claimed for segment, _ in one.segments]


def at(millis: Millis) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)
