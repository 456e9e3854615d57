"""The answers of one snapshot to the questions of the ledger (`ledger.rules.Rules`)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from gatewayd.configlimits import Brakes
from gatewayd.configlink import Link
from gatewayd.configtypes import zone
from gatewayd.ledger.rules import ClassRule
from gatewayd.model import Content, Lane, Millis, Refusal
from gatewayd.numbers import InvalidNumber, canonical
from gatewayd.policy import pipeline
from gatewayd.policy.replies import Reply, judge_received
from gatewayd.policy.stages import caps
from gatewayd.policy.subject import Asking, ClassPolicy, Facts, Hold, Subject
from gatewayd.policy.uses import Counted, Use
from gatewayd.retry import DEFAULT as DEFAULT_RETRY
from gatewayd.retry import Table
from gatewayd.smpp.reader import PLAIN_READER, Reader
from gatewayd.smpp.receipt import Dialect, ReceiptState
from gatewayd.smpp.receipt_ids import Notation
from gatewayd.smpp.text import Encoding, Part, split_binary
from gatewayd.smpp.writer import Writer
from gatewayd.snapshot import Snapshot

_FALLBACK_CLASS: Final = "notice"
_USUAL: Final = Dialect()
_PLAIN: Final = Writer()


class SnapshotRules:
    """Pure; one for each generation of the configuration.

    A class that is gone from the configuration is treated as notice that opt-outs and quiet hours bind, as it
    may have been marketing; a link that is gone as one with the default form of texts and of receipts: what
    was accepted is carried through.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        gone = msgspec.structs.replace(snapshot.classes[_FALLBACK_CLASS], opt_out=True, quiet_hours=True)
        self._gone, self._gone_rule = gone, _class_rule(gone)
        self._class_rules = {name: _class_rule(policy) for name, policy in snapshot.classes.items()}
        self._readers = {name: Reader(link.text.style) for name, link in snapshot.links.items()}
        self._retries = {name: link.retry_table for name, link in snapshot.links.items()}
        self._dialects = {name: _dialect(link) for name, link in snapshot.links.items()}
        self._accounts = dict(_accounts(snapshot.links))

    @property
    def uses_kept(self) -> Millis:
        return self._snapshot.book.uses_kept

    @property
    def brake(self) -> Brakes | None:
        return self._snapshot.book.brake

    def carrier(self, number: str) -> str | None:
        return self._snapshot.carriers.of(number)

    def class_rule(self, class_: str) -> ClassRule:
        return self._class_rules.get(class_) or self._gone_rule

    def _class(self, lane: Lane) -> ClassPolicy:
        return self._snapshot.classes.get(lane.class_) or self._gone

    def asking(self, content: Content, lane: Lane) -> Asking:
        book, class_ = self._snapshot.book, self._class(lane)
        counted = book.counts(lane.class_, content.to)
        templates = content.template is not None or book.wants_templates(lane.brand, class_)
        return Asking(content.to, class_, lane.brand, lane.client, counted, content.tag, templates)

    def judge(self, content: Content, lane: Lane, facts: Facts, now: Millis) -> Hold | Refusal | None:
        subject = self._subject(content, lane, now)
        outcome = pipeline.run(pipeline.AT_SENDING, subject, facts, self._snapshot.book)
        return outcome if isinstance(outcome, Refusal) else outcome.hold

    def holds(self, lane: Lane) -> bool:
        found = self._snapshot.book.suspension(lane.client, lane.brand)
        return found is not None and found.action == "hold"

    def leaving(self, content: Content, lane: Lane, now: Millis) -> Use | None:
        if not self._class(lane).opt_out:
            return None
        return caps.use(self._subject(content, lane, now), Counted.LEFT)

    def _subject(self, content: Content, lane: Lane, now: Millis) -> Subject:
        class_, template = self._class(lane), content.template
        return Subject(content.to, class_, lane.brand, lane.client, content.text, now, template=template)

    def parts(self, content: Content, link: str, reference: int) -> tuple[Part, ...]:
        writer, text = self._snapshot.writers.get(link, _PLAIN), content.text
        if text is None:
            return split_binary(content.data or b"", content.udh, writer.carry, reference)
        asked = Encoding(content.encoding) if content.asked else None
        return writer.split(text, asked, reference, self._snapshot.signature_by(writer, content.sender, text))

    def retry(self, link: str) -> Table:
        return self._retries.get(link, DEFAULT_RETRY)

    def reader(self, link: str) -> Reader:
        return self._readers.get(link, PLAIN_READER)

    def sends_reference(self, link: str) -> bool:
        settings = self._snapshot.links.get(link)
        return settings is not None and settings.reference_tlv

    def dialect(self, link: str) -> Dialect:
        return self._dialects.get(link) or _USUAL

    def account(self, link: str) -> str:
        return self._accounts.get(link, link)

    def clients_of(self, brand: str | None) -> list[str]:
        clients = self._snapshot.clients.values()
        return [c.name for c in clients if (c.admin if brand is None else brand in c.brands)]

    def brands_at(self, address: str) -> list[str]:
        return list(self._snapshot.brands_at(address))

    def all_brands(self) -> list[str]:
        return list(self._snapshot.brands)

    def reply(self, text: str | None, octets: bytes, brands: Sequence[str], link: str) -> Reply:
        return judge_received(text, octets, self._snapshot.book.replies.words(brands, link))

    def number(self, address: str) -> str:
        try:
            return canonical(address, self._snapshot.default_country)
        except InvalidNumber:
            return address


def _class_rule(policy: ClassPolicy) -> ClassRule:
    return ClassRule(
        receipt_wait=int(policy.receipt_wait * 1000),
        resend=policy.in_doubt == "resend",
        marketing=policy.opt_out,
    )


def _dialect(link: Link) -> Dialect:
    told = link.receipts
    return Dialect(
        receipt_timezone=zone(link.receipt_timezone),
        accepted_is_final=told.accepted_is_final,
        stats={word.upper().encode(): ReceiptState(state) for word, state in told.stat.items()},
        errs={code.upper(): ReceiptState(state) for code, state in told.err.items()},
        unknown_stat=told.unknown_stat,
        notation=Notation(told.id),
        segments=told.segments,
    )


def _accounts(links: Mapping[str, Link]) -> Iterator[tuple[str, str]]:
    """Receiver -> the one transmitter with its system_id: two links that are the pair of one account."""
    transmitters = [(name, link.system_id) for name, link in links.items() if link.bind == "transmitter"]
    for name, link in links.items():
        if link.bind == "receiver":
            senders = [sender for sender, system_id in transmitters if system_id == link.system_id]
            if len(senders) == 1:
                yield name, senders[0]
