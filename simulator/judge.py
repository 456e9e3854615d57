"""The judge: what an ESME did, counted from the record alone.

Content is source, destination, esm_class, data_coding, short_message (with its UDH), message_payload and SAR
TLVs: two segments of one text differ by their place in it, a repeated segment does not. So texts that are
meant to differ must say so, e.g. by a token. A submit_sm that was not taken may come again.

Rates: G9 tolerates 10 % in one second and 1 % over ten, since time is read where the octets arrive.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterable
from pathlib import Path

import msgspec

from simulator.conduct import Lateness, OptOuts, Order
from simulator.record import Answer, AnyEvent, Bind, Loss, Mo, Record, Start, Submit

_TOLERANCE = {1.0: 1.10, 10.0: 1.01}  # seconds -> share of the stated throughput


class AccountVerdict(msgspec.Struct, kw_only=True):
    """submits = taken + refused (silently or not); taken = distinct + duplicates + repeated_unanswered.

    duplicates: taken again although an earlier one had been accepted.
    repeated_unanswered: taken again where no earlier one had been answered (an in-doubt resend).
    window, throughput: as stated to the account (0: not stated).
    max_outstanding: most submit_sm without an answer on one session; a lower bound of what the ESME had open.
    window_violations: submit_sm that arrived while the window was full already.
    max_per_second: most submit_sm in any second; rate_violations: those above the tolerated rate.
    expired: arrived after the validity that they, or an earlier submit_sm of the same content, stated.
    marketing_after_opt_out: hold the stated mark, to a number whose opt-out to that sender had been answered.
    order_violations: segments behind a later one of their message, or on another session while the first
        one lived.
    """

    submits: int = 0
    taken: int = 0
    refused: int = 0
    distinct: int = 0
    duplicates: int = 0
    repeated_unanswered: int = 0
    window: int = 0
    max_outstanding: int = 0
    window_violations: int = 0
    throughput: float = 0
    max_per_second: int = 0
    rate_violations: int = 0
    expired: int = 0
    marketing_after_opt_out: int = 0
    order_violations: int = 0


class Verdict(msgspec.Struct, kw_only=True):
    """What the whole record shows: the counts over all accounts, and each account's own."""

    submits: int
    taken: int
    refused: int
    distinct: int
    duplicates: int
    repeated_unanswered: int
    window_violations: int
    rate_violations: int
    expired: int
    marketing_after_opt_out: int
    order_violations: int
    accounts: dict[str, AccountVerdict]


_SUMMED = tuple(name for name in Verdict.__struct_fields__ if name != "accounts")
_FAULTS = (
    "duplicates",
    "window_violations",
    "rate_violations",
    "expired",
    "marketing_after_opt_out",
    "order_violations",
)


def judge_file(path: Path) -> Verdict:
    """Raises OSError if the file cannot be read; a missing one is an empty record."""
    return judge(Record(path).events)


def judge(events: Iterable[AnyEvent]) -> Verdict:
    """Events in the order of the record."""
    accounts: defaultdict[str, _Account] = defaultdict(_Account)
    for event in events:
        match event:
            case Bind():
                accounts[event.account].bind(event)
            case Submit():
                accounts[event.account].submit(event)
            case Mo():
                accounts[event.account].opt_outs.sent(event)
            case Answer():
                accounts[event.account].opt_outs.answered(event)
            case Loss():
                accounts[event.account].order.ended(event.session)
            case Start():
                for account in accounts.values():
                    account.start()
            case _:
                pass
    verdicts = {name: account.verdict for name, account in accounts.items()}
    sums = {name: sum(getattr(one, name) for one in verdicts.values()) for name in _SUMMED}
    return Verdict(**sums, accounts=verdicts)


def readable(verdict: Verdict) -> str:
    """The same for people: a line for all and one for each account, faults marked."""
    lines = [_line("all accounts", verdict)]
    if len(verdict.accounts) > 1:
        lines += [_line(name, account) for name, account in sorted(verdict.accounts.items())]
    return "\n".join(lines)


def _line(name: str, counts: Verdict | AccountVerdict) -> str:
    seen = f"{counts.submits} submit_sm, {counts.taken} taken: {counts.distinct} distinct"
    if counts.repeated_unanswered:
        seen += f", {counts.repeated_unanswered} repeated unanswered"
    faults = [
        f"{getattr(counts, fault)} {fault.replace('_', ' ')}" for fault in _FAULTS if getattr(counts, fault)
    ]
    return f"{name}: {seen}; " + ("FAULTS: " + ", ".join(faults) if faults else "no fault")


class _Account:
    def __init__(self) -> None:
        self.verdict = AccountVerdict()
        self.opt_outs = OptOuts()
        self.order = Order()
        self._lateness = Lateness()
        self._answered: dict[tuple[object, ...], bool] = {}
        self.start()

    def start(self) -> None:
        """A new process has its own clock of arrival: no rate spans two of them; sessions begin anew."""
        self._arrivals = {seconds: deque[float]() for seconds in _TOLERANCE}
        self.order.ended()

    def bind(self, bind: Bind) -> None:
        if bind.command_status == 0:
            self.verdict.window = bind.window
            self.verdict.throughput = bind.throughput
            self.opt_outs.stated(bind)

    def submit(self, submit: Submit) -> None:
        verdict = self.verdict
        content = _content(submit)
        verdict.submits += 1
        verdict.max_outstanding = max(verdict.max_outstanding, submit.outstanding)
        verdict.window_violations += bool(verdict.window) and submit.outstanding > verdict.window
        verdict.expired += self._lateness.is_late(content, submit)
        verdict.marketing_after_opt_out += self.opt_outs.are_broken_by(submit)
        verdict.order_violations += submit.taken and self.order.is_broken_by(submit)
        self._count_content(content, submit)
        self._count_rate(submit.at)

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
