"""Receipts: what they change, and where they are kept when they change nothing.

What belongs to nobody is kept, since the response that tells its id may still be on its way, and since
the configuration may learn to read its id.
"""

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from gatewayd.ledger.fold import SETTLED
from gatewayd.ledger.progress import Progress
from gatewayd.ledger.receipt_owner import Owners, written
from gatewayd.ledger.rules import Rules
from gatewayd.ledger.tables import ParkedReceipt, Tables
from gatewayd.model import Message, MessageId, Millis, Segment, SegmentStage
from gatewayd.sender_pace import reception
from gatewayd.smpp.receipt import Receipt, ReceiptState, read_again
from gatewayd.smpp.receipt_ids import Notation, key, other_keys

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Receipt).decode

_STAGE: Final[Mapping[ReceiptState, SegmentStage]] = {
    ReceiptState.DELIVERED: SegmentStage.DELIVERED,
    ReceiptState.ACCEPTED: SegmentStage.DELIVERED,  # only where the link calls ACCEPTD final
    ReceiptState.UNDELIVERABLE: SegmentStage.UNDELIVERABLE,
    ReceiptState.EXPIRED: SegmentStage.EXPIRED,
    ReceiptState.REJECTED: SegmentStage.REJECTED,
    ReceiptState.DELETED: SegmentStage.DELETED,
}
_RACE: Final = 600_000  # ms for which a receipt may be ahead of its response


def kept_receipt(row: ParkedReceipt) -> Receipt:
    """As it was parsed when it came."""
    return _decode(row.body)


class Receipts:
    """The receipts of one operation."""

    def __init__(self, tables: Tables, rules: Rules, progress: Progress, now: Millis) -> None:
        self._tables, self._rules, self._progress, self._now = tables, rules, progress, now
        self._journal = progress.journal
        self._owners = Owners(tables, rules, progress)
        self._pairs: Counter[tuple[str, Notation]] = Counter()

    def receive(self, receipts: Sequence[tuple[str, Receipt]]) -> None:
        """Receipts as they came, each with its link."""
        self._owners.load(receipts)
        for link, receipt in receipts:
            self._tables.effects.count("receipts", link, receipt.state.value)
            segment = self._owners.find(link, receipt)
            if segment is None:
                self._park(link, receipt)
            else:
                self._apply(segment, link, receipt)

    def early(
        self,
        named: Mapping[str, Sequence[str]],
        answered: Iterable[MessageId],
        unnamed: Collection[MessageId],
    ) -> None:
        """Receipts that came before the response.

        named: link -> ids that responses told. answered: messages of which anything has become known;
        unnamed: those of them with segments that got no id.
        """
        racing = {link for link in named if self._is_racing(link)}
        parked = [r for link, ids in named.items() for r in self._parked(link, ids, racing)]
        numbers: dict[str, set[str]] = {}
        for message in map(self._progress.messages.__getitem__, answered):
            if message.link in racing or message.id in unnamed:
                numbers.setdefault(message.link or "", set()).add(message.content.to)
        parked += [r for link, those in numbers.items() for r in self._tables.parked_from(link, those)]
        receipts = {row.id: (row.link, kept_receipt(row)) for row in parked}
        self._owners.load(receipts.values())
        for identifier, (link, receipt) in receipts.items():
            segment = self._owners.find(link, receipt)
            if segment is not None:
                self._tables.adopt(identifier, segment.message)
                if segment.answered_at is not None:
                    self._tables.effects.count("receipts_early", link)
                self._apply(segment, link, receipt, kept=True)

    def _is_racing(self, link: str) -> bool:
        """Whether anything came of late that may have been ahead of its response."""
        newest = self._tables.newest_parked(link)
        return newest is not None and newest > self._now - _RACE

    def _parked(self, link: str, ids: Sequence[str], racing: Container[str]) -> list[ParkedReceipt]:
        """What is parked under the ids of responses; converted too, if anything came of late."""
        keys = set(map(key, ids))
        if link in racing:
            keys.update(*map(other_keys, ids))
        return self._tables.parked(link, keys)

    def replay(self, parked: Sequence[ParkedReceipt]) -> int:
        """Match parked receipts anew, under the settings in force; gives how many found their segment."""
        read = [(r.link, read_again(kept_receipt(r), self._rules.dialect(r.link))) for r in parked]
        self._owners.load(read)
        matched = 0
        for row, (link, receipt) in zip(parked, read, strict=True):
            segment = self._owners.find(link, receipt)
            if segment is not None:
                self._tables.adopt(row.id, segment.message)
                self._apply(segment, link, receipt, kept=True)
                matched += 1
        return matched

    # what it changes

    def _apply(self, segment: Segment, link: str, receipt: Receipt, *, kept: bool = False) -> None:
        message, settled = self._progress.messages[segment.message], segment.stage in SETTLED
        self._learn(segment, link, receipt)
        if receipt.final and segment.stage is _STAGE[receipt.state]:
            self._tables.effects.count("receipts_repeated", link)
            return
        if message.final or settled or not receipt.final:
            if not kept and not self._keep(link, receipt, message.id):
                return
            if message.final or receipt.final:
                self._late(message, segment, link, receipt)
        if not settled:
            self._advance(segment, link, receipt)
            self._progress.fold(message.id)

    def _learn(self, segment: Segment, link: str, receipt: Receipt) -> None:
        """Count how the receipt writes the id that submit_sm_resp told: the nearest of its notations."""
        if segment.smsc_id == receipt.smsc_message_id:
            self._pairs[link, Notation.AS_IS] += 1
        elif segment.smsc_id is not None and (notation := written(segment, receipt)) is not None:
            self._pairs[link, notation] += 1

    def close(self) -> None:
        """Write what was learnt."""
        if self._pairs:
            self._tables.add_id_pairs([(*place, more) for place, more in self._pairs.items()])

    def _late(self, message: Message, segment: Segment, link: str, receipt: Receipt) -> None:
        self._tables.effects.count("receipts_late", link)
        if message.final:
            stat = receipt.stat or receipt.state.value
            self._journal.late_receipt(message, segment.number, stat, receipt.err or None, link)

    def _advance(self, segment: Segment, link: str, receipt: Receipt) -> None:
        """A final receipt settles the segment; any other at least proves that the SMSC has it."""
        if receipt.final:
            segment.stage, segment.receipt_at = _STAGE[receipt.state], self._now
            lane = self._progress.messages[segment.message].lane
            self._tables.effects.receptions[lane, reception(receipt)] += 1
            if segment.answered_at is not None:
                waited = (self._now - segment.answered_at) / 1000
                self._tables.effects.observe("submit_to_receipt", waited, link)
        elif segment.stage is SegmentStage.IN_DOUBT:
            segment.stage = SegmentStage.ACCEPTED
        segment.stat, segment.err = receipt.stat or receipt.state.value, receipt.err or None
        if segment.smsc_id is None and receipt.smsc_message_id:
            segment.smsc_id = receipt.smsc_message_id
            self._owners.name(segment)
            self._journal.segment(segment)
        else:
            self._journal.settled(segment)

    # where it is kept

    def _park(self, link: str, receipt: Receipt) -> None:
        if self._keep(link, receipt, None):
            self._tables.effects.count("receipts_unmatched", link)

    def _keep(self, link: str, receipt: Receipt, message: MessageId | None) -> bool:
        """Keep it beside the segments; False if it is there already."""
        tables, body, name = self._tables, _encode(receipt), key(receipt.smsc_message_id)
        number = self._rules.number(receipt.source.decode("latin-1"))
        if message is not None:
            twins = tables.receipts_of(message)
        else:
            twins = (
                tables.parked(link, [name]) if receipt.smsc_message_id else tables.parked_from(link, [number])
            )
        if any(twin.body == body and twin.link == link for twin in twins):
            tables.effects.count("receipts_repeated", link)
            return False
        tables.park([ParkedReceipt(0, link, name, number, self._now, message, body)])
        return True
