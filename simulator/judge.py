"""The judge: what an ESME did, counted from the record alone.

Content is source, destination, esm_class, data_coding, short_message (with its UDH), message_payload and SAR
TLVs: two segments of one text differ by their place in it, a repeated segment does not. So texts that are
meant to differ must say so, e.g. by a token. A submit_sm that was not taken may come again.

Rates: G9 tolerates 10 % in one second and 1 % over ten, since time is read where the octets arrive.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from simulator.compliance import Compliance
from simulator.conduct import Lateness, Order
from simulator.expectations import Judge
from simulator.messages import Joiner, Message, Reading
from simulator.record import Answer, AnyEvent, Loss, Mo, Record, Start, Submit, Terms

_TOLERANCE = {1.0: 1.10, 10.0: 1.01}  # seconds -> share of the stated throughput


class Counts(msgspec.Struct, kw_only=True):
    """What is counted of each account, and summed over all.

    submits = taken + refused (silently or not); taken = distinct + duplicates + repeated_unanswered.

    duplicates: taken again although an earlier one had been accepted.
    repeated_unanswered: taken again where no earlier one had been answered (an in-doubt resend).
    texts: messages that were taken, each with all its segments; incomplete: those with some of them.
    repeated_texts: taken again, in whatever segments and encoding and by whichever account, although an
        earlier one between the same addresses had been accepted.
    window_violations: submit_sm that arrived while the window was full already.
    rate_violations: submit_sm above the tolerated rate.
    expired: arrived after the validity that they, or an earlier submit_sm of the same content, stated.
    order_violations: segments behind a later one of their message, or on another session while the first
        one lived.
    What follows is about texts, by the section `judge` of the scenario. Each time a text's first segment came
    to a number that was out, or in quiet hours; each text that was taken one too many, or not in the form.
    """

    submits: int = 0
    taken: int = 0
    refused: int = 0
    distinct: int = 0
    duplicates: int = 0
    repeated_unanswered: int = 0
    texts: int = 0
    incomplete: int = 0
    repeated_texts: int = 0
    window_violations: int = 0
    rate_violations: int = 0
    expired: int = 0
    order_violations: int = 0
    marketing_after_opt_out: int = 0
    marketing_in_quiet_hours: int = 0
    above_cap: int = 0
    unsigned_marketing: int = 0
    signed_twice: int = 0
    marketing_without_opt_out_text: int = 0
    too_long_with_signature: int = 0

    def raise_by(self, counted: Mapping[str, int]) -> None:
        """Add what was counted, by name."""
        for name, count in counted.items():
            setattr(self, name, getattr(self, name) + count)

    @property
    def faults(self) -> dict[str, int]:
        """Those that should be zero and are not."""
        found = {name: getattr(self, name) for name in Counts.__struct_fields__ if name not in _NO_FAULTS}
        return {name: count for name, count in found.items() if count}


_NO_FAULTS: Final = frozenset(
    ["submits", "taken", "refused", "distinct", "repeated_unanswered", "texts", "incomplete"]
)


class AccountVerdict(Counts, kw_only=True):
    """window, throughput: as stated to the account last (0: not stated).

    max_outstanding: most submit_sm without an answer on one session; a lower bound of what the ESME had open.
    max_per_second: most submit_sm in any second.
    """

    window: int = 0
    max_outstanding: int = 0
    throughput: float = 0
    max_per_second: int = 0


class Verdict(Counts, kw_only=True):
    """What the whole record shows: the counts over all accounts, and each account's own."""

    accounts: dict[str, AccountVerdict]


def judge_file(path: Path) -> Verdict:
    """Raises OSError if the file cannot be read; a missing one is an empty record."""
    return judge(Record(path).events)


def judge(events: Iterable[AnyEvent]) -> Verdict:
    """Events in the order of the record."""
    told: dict[tuple[str, str, str], bool] = {}
    accounts: defaultdict[str, _Account] = defaultdict(lambda: _Account(told))
    for event in events:
        if not isinstance(event, Start):
            accounts[event.account].see(event)
            continue
        for account in accounts.values():
            account.start()
    for account in accounts.values():
        account.finish()
    verdict = Verdict(accounts={name: account.verdict for name, account in accounts.items()})
    for one in verdict.accounts.values():
        verdict.raise_by({name: getattr(one, name) for name in Counts.__struct_fields__})
    return verdict


def readable(verdict: Verdict) -> str:
    """The same for people: a line for all and one for each account, faults marked."""
    lines = [_line("all accounts", verdict)]
    if len(verdict.accounts) > 1:
        lines += [_line(name, account) for name, account in sorted(verdict.accounts.items())]
    return "\n".join(lines)


def _line(name: str, counts: Counts) -> str:
    seen = f"{counts.submits} submit_sm, {counts.taken} taken: {counts.distinct} distinct"
    if counts.repeated_unanswered:
        seen += f", {counts.repeated_unanswered} repeated unanswered"
    if counts.incomplete:
        seen += f", {counts.incomplete} texts incomplete"
    faults = [f"{count} {fault.replace('_', ' ')}" for fault, count in counts.faults.items()]
    return f"{name}: {seen}; " + ("FAULTS: " + ", ".join(faults) if faults else "no fault")


class _Account:
    """told: of all accounts, texts by their addresses, and whether one of each had been accepted."""

    def __init__(self, told: dict[tuple[str, str, str], bool]) -> None:
        self.verdict = AccountVerdict()
        self._order = Order()
        self._told = told
        self._lateness = Lateness()
        self._answered: dict[tuple[object, ...], bool] = {}
        self._joiner = Joiner[Submit](Reading())
        self._compliance = Compliance()
        self.start()

    def see(self, event: AnyEvent) -> None:
        """One of its events, in the order of the record."""
        match event:
            case Submit():
                self._count(event)
            case Answer():
                self._compliance.opt_outs.answered(event)
            case Mo():
                self._compliance.opt_outs.sent(event)
            case Terms():
                self._follow(event)
            case Loss():
                self._order.ended(event.session)
            case _:
                pass

    def start(self) -> None:
        """A new process has its own clock of arrival: no rate spans two of them; sessions begin anew."""
        self._arrivals = {seconds: deque[float]() for seconds in _TOLERANCE}
        self._order.ended()

    def _follow(self, terms: Terms) -> None:
        """From here on."""
        self.verdict.window, self.verdict.throughput = terms.window, terms.throughput
        self._joiner.reading = terms.reading
        self._compliance.follow(Judge.model_validate_json(msgspec.json.encode(terms.judge)), terms.reading)

    def _count(self, submit: Submit) -> None:
        verdict = self.verdict
        content = _content(submit)
        verdict.submits += 1
        verdict.max_outstanding = max(verdict.max_outstanding, submit.outstanding)
        verdict.window_violations += bool(verdict.window) and submit.outstanding > verdict.window
        verdict.expired += self._lateness.is_late(content, submit)
        verdict.order_violations += submit.taken and self._order.is_broken_by(submit)
        self._count_content(content, submit)
        self._count_rate(submit.at)
        message = self._joiner.add(submit, taken=submit.taken)
        if message is not None:
            self._count_text(message)

    def finish(self) -> None:
        """What never became whole is judged by what there is of it."""
        for message in self._joiner.rest():
            self._count_text(message)

    def _count_content(self, content: tuple[object, ...], submit: Submit) -> None:
        verdict = self.verdict
        if not submit.taken:
            verdict.refused += 1
            return
        verdict.taken += 1
        match self._answered.get(content):
            case None:
                verdict.distinct += 1
            case True:
                verdict.duplicates += 1
            case False:
                verdict.repeated_unanswered += 1
        self._answered[content] = submit.command_status is not None or self._answered.get(content, False)

    def _count_text(self, message: Message[Submit]) -> None:
        verdict = self.verdict
        verdict.raise_by(self._compliance.faults_of(message))
        if not message.segments[0].taken:
            return
        if not message.complete:
            verdict.incomplete += 1
            return
        verdict.texts += 1
        if not message.text:  # binary
            return
        key = (message.source, message.destination, message.text)
        accepted = self._told.get(key, False)
        verdict.repeated_texts += accepted
        self._told[key] = accepted or all(one.command_status is not None for one in message.segments)

    def _count_rate(self, at: float) -> None:
        verdict = self.verdict
        above = False
        for seconds, arrivals in self._arrivals.items():
            arrivals.append(at)
            while arrivals[0] <= at - seconds:
                arrivals.popleft()
            if verdict.throughput:
                above |= len(arrivals) > math.ceil(verdict.throughput * seconds * _TOLERANCE[seconds])
        verdict.max_per_second = max(verdict.max_per_second, len(self._arrivals[1.0]))
        verdict.rate_violations += above


def _content(submit: Submit) -> tuple[object, ...]:
    return (
        submit.source,
        submit.destination,
        submit.esm_class,
        submit.data_coding,
        submit.short_message,
        submit.message_payload,
        submit.sar,
    )
