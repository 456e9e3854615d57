"""The ledger under anything that links, handsets, clients, crashes and time may do to it."""

from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from gatewayd.ledger.claim import Claimed
from gatewayd.ledger.settle import Kind
from gatewayd.model import ALLOWED, FINALS, MessageId, Segment, SegmentStage, Stage, State
from gatewayd.smpp import consts
from gatewayd.smpp.receipt import Receipt, ReceiptState
from gatewayd.store.memory import MemoryTables
from tests.ledger.world import DAY, HOUR, LONG, SENDER, World, at

NUMBERS = ("8613800138000", "8613900139000")
CLASSES = ("otp", "notice", "member", "push")
TEMPORARY = (consts.ESME_RMSGQFUL, consts.ESME_RSUBMITFAIL)
ANSWERS = (0, 0, 0, 0, consts.ESME_RINVDSTADR, consts.ESME_RTHROTTLED, *TEMPORARY)
SECOND = 1000
PLENTY = 12 * DAY  # longer than the longest validity, retry and wait together

Place = tuple[MessageId, int]


class LedgerMachine(RuleBasedStateMachine):
    """in_hand: segments whose outcome is still to come. named: (link, id) told by a response."""

    in_hand = Bundle("in_hand")
    doubted = Bundle("doubted")
    named = Bundle("named")

    def __init__(self) -> None:
        super().__init__()
        tables = MemoryTables()
        self.world = World(tables, tables.transaction)
        self.classes: dict[MessageId, str] = {}
        self.on_the_wire: Counter[Place] = Counter()
        self.opted_out: set[str] = set()
        self.lost: set[tuple[MessageId, int, int]] = set()

    # upstream

    @rule(
        class_=st.sampled_from(CLASSES),
        to=st.sampled_from(NUMBERS),
        text=st.sampled_from(("hello", LONG)),
        valid=st.sampled_from((5 * SECOND, HOUR, 7 * DAY)),
        later=st.booleans(),
    )
    def submit(self, *, class_: str, to: str, text: str, valid: int, later: bool) -> None:
        send_at = self.world.now + HOUR if later else None
        wish = self.world.wish(text, to=to, class_=class_, valid=valid, send_at=send_at)
        if wish.marketing and to in self.opted_out:
            assert getattr(self.world.accept(wish)[0], "code", "") == "opted_out"
            return
        identifier = self.world.submit(text, to=to, class_=class_, valid=valid, send_at=send_at)
        self.classes[identifier] = class_

    @rule(place=st.integers(0, 100))
    def cancel(self, place: int) -> None:
        if self.classes:
            identifier = list(self.classes)[place % len(self.classes)]
            touched = any(s.stage is not SegmentStage.WAITING for s in self.world.segments(identifier))
            done = self.world.cancel(identifier)
            assert not (done.cancelled and touched)

    # links

    @rule(
        target=in_hand,
        links=st.sampled_from((("a",), ("b",), ("a", "b"), ("b", "a"))),
        room=st.integers(1, 6),
        limit=st.integers(1, 4),
    )
    def claim(self, links: tuple[str, ...], room: int, limit: int) -> object:
        claimed = self.world.claim(*links, room=room, limit=limit)
        for one in claimed:
            self._check_claim(one)
        return multiple(*((segment, one.content.text) for one in claimed for segment, _ in one.segments))

    def _check_claim(self, one: Claimed) -> None:
        content, class_ = one.content, self.classes[one.message]
        resend = self.world.rules.classes[class_].resend
        assert content.expires_at > self.world.now
        assert not (self.world.rules.classes[class_].marketing and content.to in self.opted_out)
        numbers = [segment.number for segment, _ in one.segments]
        assert numbers == sorted(set(numbers))
        assert numbers
        for segment, _ in one.segments:
            assert self.on_the_wire[one.message, segment.number] < (2 if resend else 1)
            assert segment.attempt <= (2 if resend else 1)

    @rule(target=named, taken=consumes(in_hand), status=st.sampled_from(ANSWERS), told=st.booleans())
    def answer(self, *, taken: tuple[Segment, str], status: int, told: bool) -> object:
        """Accepted, with an id or without; refused for good, for a while, or throttled."""
        segment, text = taken
        if self._is_lost(segment):
            return multiple()
        name = self.world.new_smsc_id() if told and not status else ""
        self.world.settle([self.world.outcome(segment, Kind.ANSWERED, status, name)])
        if status == 0:
            self.on_the_wire[segment.message, segment.number] += 1
            return (segment, name, text)
        return multiple()

    @rule(target=named, taken=consumes(in_hand), states=st.lists(st.sampled_from(ReceiptState), max_size=2))
    def answer_with_receipts(self, taken: tuple[Segment, str], states: list[ReceiptState]) -> object:
        """The response and receipts in one batch."""
        segment, text = taken
        if self._is_lost(segment):
            return multiple()
        name = self.world.new_smsc_id()
        receipts = [(segment.link, self._receipt(segment, name, state, text)) for state in states]
        self.world.settle([self.world.outcome(segment, Kind.ANSWERED, 0, name)], receipts)
        self.on_the_wire[segment.message, segment.number] += 1
        return (segment, name, text)

    @rule(target=doubted, taken=consumes(in_hand))
    def time_out(self, taken: tuple[Segment, str]) -> object:
        if self._is_lost(taken[0]):
            return multiple()
        self._doubt([taken[0]])
        return taken

    @rule(target=doubted, taken=st.lists(consumes(in_hand), max_size=5), unsent=st.integers(0, 5))
    def lose_bind(self, taken: list[tuple[Segment, str]], unsent: int) -> object:
        """The bind ends: some of its segments surely never left, the others nobody knows of."""
        alive = [one for one in taken if not self._is_lost(one[0])]
        left, kept = alive[unsent:], alive[:unsent]
        for segment, _ in left:
            self.on_the_wire[segment.message, segment.number] += 1
        outcomes = [self.world.outcome(segment, Kind.DOUBTFUL) for segment, _ in left]
        outcomes += [self.world.outcome(segment, Kind.RELEASED) for segment, _ in kept]
        self.world.settle(outcomes)
        return multiple(*left)

    @rule(taken=consumes(in_hand))
    def expire_in_hand(self, taken: tuple[Segment, str]) -> None:
        segment, _ = taken
        if not self._is_lost(segment):
            message = self.world.message(segment.message)
            self.world.now = max(self.world.now, message.content.expires_at)
            self.world.settle([self.world.outcome(segment, Kind.EXPIRED)])

    def _doubt(self, segments: list[Segment]) -> None:
        for segment in segments:
            self.on_the_wire[segment.message, segment.number] += 1
        self.world.doubt(*segments)

    @rule(target=doubted)
    def crash(self) -> object:
        """All claims of this life are in doubt; whoever held them is gone."""
        claimed = self.world.tables.claimed_segments(1_000_000)
        for segment in claimed:
            self.on_the_wire[segment.message, segment.number] += 1
            self.lost.add((segment.message, segment.number, segment.attempt))
        self.world.recover()
        texts = [self.world.message(segment.message).content.text or "" for segment in claimed]
        return multiple(*zip(claimed, texts, strict=True))

    def _is_lost(self, segment: Segment) -> bool:
        return (segment.message, segment.number, segment.attempt) in self.lost

    @rule(target=named, taken=consumes(doubted), status=st.sampled_from(ANSWERS))
    def answer_late(self, taken: tuple[Segment, str], status: int) -> object:
        segment, text = taken
        name = "" if status else self.world.new_smsc_id()
        self.world.settle([self.world.outcome(segment, Kind.ANSWERED, status, name)])
        if status:
            self.on_the_wire[segment.message, segment.number] -= 1
            return multiple()
        return (segment, name, text)

    # handsets

    def _receipt(self, segment: Segment, name: str, state: ReceiptState, text: str) -> Receipt:
        fields: dict[str, Any] = {
            "source": segment.to.encode(),
            "destination": SENDER.encode(),
            "text_head": text[:10].encode() if segment.number == 1 else b"",
            "submit_at": at(segment.claimed_at),
        }
        return self.world.receipt(name, state, **fields)[1]

    @rule(one=named, state=st.sampled_from(ReceiptState), again=st.integers(1, 2))
    def deliver(self, one: tuple[Segment, str, str], state: ReceiptState, again: int) -> None:
        """A receipt, maybe repeated, maybe contradicting an earlier one, maybe after the end."""
        segment, name, text = one
        self.world.deliver(*[(segment.link, self._receipt(segment, name, state, text))] * again)

    @rule(one=doubted, state=st.sampled_from(ReceiptState), echo=st.booleans())
    def deliver_in_doubt(self, *, one: tuple[Segment, str], state: ReceiptState, echo: bool) -> None:
        """A receipt of a segment whose response never came; its id is news."""
        segment, text = one
        name = self.world.new_smsc_id()
        if echo:
            _, receipt = self.world.echo(segment, name, state=state, source=segment.to.encode())
        else:
            receipt = self._receipt(segment, name, state, text)
        self.world.deliver((segment.link, receipt))

    @rule(target=named, taken=consumes(in_hand), state=st.sampled_from(ReceiptState))
    def deliver_early(self, taken: tuple[Segment, str], state: ReceiptState) -> object:
        """The receipt, then the response that tells its id."""
        segment, text = taken
        if self._is_lost(segment):
            return multiple()
        name = self.world.new_smsc_id()
        self.world.deliver((segment.link, self._receipt(segment, name, state, text)))
        self.world.settle([self.world.outcome(segment, Kind.ANSWERED, 0, name)])
        self.on_the_wire[segment.message, segment.number] += 1
        return (segment, name, text)

    @rule(state=st.sampled_from(ReceiptState), name=st.sampled_from(("", "stray")))
    def deliver_to_nobody(self, state: ReceiptState, name: str) -> None:
        self.world.deliver(self.world.receipt(name, state))

    @rule(number=st.sampled_from(NUMBERS))
    def opt_out(self, number: str) -> None:
        self.world.receive(self.world.mo("TD", source=number))
        self.opted_out.add(number)

    # time

    @rule(millis=st.sampled_from((SECOND, 70 * SECOND, HOUR, DAY, 4 * DAY)))
    def let_time_pass(self, millis: int) -> None:
        self.world.wait(millis)

    # what must be true

    @invariant()
    def each_change_is_one_allowed_event(self) -> None:
        for identifier in self.classes:
            message = self.world.message(identifier)
            states = [State(told.state) for told in self.world.told(identifier) if told.state]
            here = State(message.content.state)
            for state in states:
                assert state in ALLOWED[here], (here, state)
                here = state
            assert here is message.state

    @invariant()
    def late_receipts_follow_the_end_only(self) -> None:
        for identifier in self.classes:
            told = self.world.told(identifier)
            ends = [place for place, one in enumerate(told) if one.final]
            assert len(ends) <= 1
            assert all(place > ends[0] for place, one in enumerate(told) if one.event == "receipt")

    @invariant()
    def the_counts_are_true(self) -> None:
        assert self.world.open_counts() == self.world.tables.stage_counts()
        finals = sum(n for key, n in self.world.announced.counts.items() if key[0] == "messages_final")
        assert len(self.classes) == finals + sum(self.world.open_counts().values())

    @invariant()
    def open_messages_are_due_or_claimed(self) -> None:
        for identifier in self.classes:
            message = self.world.message(identifier)
            stages = {segment.stage for segment in self.world.segments(identifier)}
            if message.final:
                assert message.due is None
                assert message.state in FINALS
            elif message.stage is Stage.CLAIMED:
                assert message.due is None
                assert SegmentStage.CLAIMED in stages
            else:
                assert message.due is not None
            assert not (message.stage in (Stage.READY, Stage.RESUME) and SegmentStage.CLAIMED in stages)

    @invariant()
    def nothing_was_sent_more_often_than_allowed(self) -> None:
        for (identifier, _), times in self.on_the_wire.items():
            assert times <= (2 if self.world.rules.classes[self.classes[identifier]].resend else 1)

    @invariant()
    def doubt_is_told_as_doubt(self) -> None:
        """An open message of a reporting class with a segment in doubt is in_doubt, and nothing else."""
        for identifier, class_ in self.classes.items():
            message = self.world.message(identifier)
            stages = {segment.stage for segment in self.world.segments(identifier)}
            if not message.final and not self.world.rules.classes[class_].resend:
                assert (SegmentStage.IN_DOUBT in stages) == (message.state is State.IN_DOUBT)

    def teardown(self) -> None:
        """Nothing is stuck: what is claimed is answered or lost, and in time everything is final."""
        self.crash()
        self.world.wait(PLENTY)
        assert all(self.world.message(identifier).final for identifier in self.classes)
        self.each_change_is_one_allowed_event()
        self.the_counts_are_true()


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
