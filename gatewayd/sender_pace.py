"""The rate a brand may send at now over all links, learnt from how its messages are received.

Carriers watch each sender: one that is often refused, or blocked by recipients and filters, is soon blocked
altogether, and going on at full speed makes it worse. So the rate is halved when the share of such outcomes
rises over a limit, and comes back in small equal steps.

Pure: the time is an argument, float seconds of one monotonic clock. Counted in segments.
"""

from collections import deque
from collections.abc import Mapping
from enum import Enum
from typing import Final

from gatewayd.pacing import Bucket
from gatewayd.smpp.receipt import Receipt, ReceiptState

LAST: Final = 200  # outcomes that the share is of
FEWEST: Final = 50  # below so many there is no share
APART: Final = 60.0  # seconds between two cuts, and between two steps back
STEP: Final = 0.05  # of the contract, in each step back
LOWEST: Final = 1 / 16  # of the contract


class Reception(Enum):
    """How the network received one segment: what the SMSC answered, then what the last receipt said."""

    TAKEN = "taken"
    REFUSED = "refused"
    RECEIVED = "received"
    BLOCKED = "blocked"


BLOCKED_CODES: Final = frozenset(
    {
        *("BLACK", "BLOCKED", "MBBLACK", "DBBLACK", "PUBLOKD", "BWLISTS", "DB:0144"),  # lists of numbers
        *("SIGNBLOCKED", "SIGFAIL", "QM_FAIL"),  # the signature
        *("KEYWORD", "MK:0014", "MK:0115", "ID:0076"),  # the text
    }
)
"""Of stat or err, as Chinese carriers and platforms write them."""

_BAD: Final = (Reception.REFUSED, Reception.BLOCKED)
_OF_ANSWERS: Final = (Reception.TAKEN, Reception.REFUSED)


def reception(receipt: Receipt) -> Reception:
    """Of a final receipt. REJECTD is a verdict on the message, UNDELIV only with a code that says so."""
    if receipt.state is ReceiptState.REJECTED or not BLOCKED_CODES.isdisjoint(_words(receipt)):
        return Reception.BLOCKED
    return Reception.RECEIVED


def _words(receipt: Receipt) -> tuple[str, str]:
    return receipt.stat.upper(), receipt.err.upper()


class SenderPace:
    """throughput: segments a second at most. limit: the share that is too much; 0: any share is borne."""

    def __init__(self, throughput: float, limit: float, now: float) -> None:
        self.bucket = Bucket(throughput, now)
        self.reason: Reception | None = None  # what lowered the rate; None: it is the contract
        self._contract, self._limit = throughput, limit
        self._cut_at = self._step_at = now - APART
        self._answers, self._receipts = _Shares(), _Shares()

    def told(self, outcomes: Mapping[Reception, int], now: float) -> bool:
        """So many outcomes of each kind have become known. True if the rate is cut."""
        for outcome, n in outcomes.items():
            (self._answers if outcome in _OF_ANSWERS else self._receipts).add(n, bad=outcome in _BAD)
        if not self._limit or now - self._cut_at < APART:
            return False
        for reason, shares in ((Reception.REFUSED, self._answers), (Reception.BLOCKED, self._receipts)):
            if shares.share > self._limit:
                self._cut(reason, now)
                return True
        return False

    def _cut(self, reason: Reception, now: float) -> None:
        """What is known so far has had its effect: the next cut is for what comes from now on."""
        self.reason = reason
        self._cut_at = self._step_at = now
        self.bucket.change(max(self.bucket.rate / 2, self._contract * LOWEST), now)
        self._answers, self._receipts = _Shares(), _Shares()

    def recover(self, now: float) -> bool:
        """Take the steps back that are due. True if the rate is the contract again by them."""
        steps = int((now - self._step_at) / APART) if self.reason is not None else 0
        if not steps:
            return False
        self._step_at += steps * APART
        self.bucket.change(min(self._contract, self.bucket.rate + steps * STEP * self._contract), now)
        if self.bucket.rate < self._contract:
            return False
        self.reason = None
        return True


class _Shares:
    """The share of bad ones among the last outcomes."""

    def __init__(self) -> None:
        self._last: deque[bool] = deque(maxlen=LAST)

    def add(self, n: int, *, bad: bool) -> None:
        self._last.extend([bad] * min(n, LAST))

    @property
    def share(self) -> float:
        return sum(self._last) / len(self._last) if len(self._last) >= FEWEST else 0.0
