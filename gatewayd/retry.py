"""What a command_status in submit_sm_resp means for the message and the link, as data.

Sources: SMPP 3.4 section 5.1.3 and 5.0 section 4.7.6 for the names; the classes are field practice (Kannel,
Jasmin and carriers' own guides agree on throttling, queue full and system error as the ones that pass).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from gatewayd.smpp import consts


class Class(Enum):
    """PERMANENT ends the message. TEMPORARY is tried again later, within its validity. THROTTLED
    goes back to the front uncounted and pauses the link. SESSION: the bind is at fault, the
    message was not taken and is not counted.
    """

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    THROTTLED = "throttled"
    SESSION = "session"


class Rule(NamedTuple):
    """delay: seconds before the first repetition, doubled each time up to `MAX_DELAY`.
    attempts: how often SMSCs may answer so before the message is refused for good.
    failover: the next link of the route is asked first, at once.
    """

    class_: Class
    delay: float = 0.0
    attempts: int = 0
    failover: bool = False


MAX_DELAY: Final = 300.0
QUEUE_FULL_IN_A_ROW: Final = 10  # ESME_RMSGQFUL speaks of one destination; so many in a row, of the link


def temporary(delay: float = 30.0, attempts: int = 20) -> Rule:
    return Rule(Class.TEMPORARY, delay, attempts, failover=True)


class Table(NamedTuple):
    """The rules of one link. unknown: of statuses without a rule."""

    rules: Mapping[int, Rule]
    unknown: Rule

    def rule(self, command_status: int) -> Rule:
        return self.rules.get(command_status, self.unknown)

    def delay(self, command_status: int, attempts: int) -> float | None:
        """Seconds until the next try after the `attempts`-th refusal (from 1); None: no more tries."""
        found = self.rule(command_status)
        if found.class_ is not Class.TEMPORARY or attempts > found.attempts:
            return None
        return min(MAX_DELAY, found.delay * float(1 << (attempts - 1)))


_PASSING: Final[dict[int, Rule]] = {
    consts.ESME_RINVBNDSTS: Rule(Class.SESSION),
    consts.ESME_RSYSERR: temporary(30.0),
    consts.ESME_RMSGQFUL: temporary(60.0),
    consts.ESME_RTHROTTLED: Rule(Class.THROTTLED),
    consts.ESME_RSUBMITFAIL: temporary(30.0, 2),
    consts.ESME_RX_T_APPN: temporary(10.0),
    consts.ESME_RUNKNOWNERR: temporary(30.0, 2),
    consts.STATUS_NUMBERS["ESME_RSERTYPUNAVAIL"]: temporary(30.0),
}
_PERMANENT: Final = Rule(Class.PERMANENT)

DEFAULT: Final = Table(
    {status: _PASSING.get(status, _PERMANENT) for status in consts.STATUS_NAMES}, unknown=_PERMANENT
)
"""Every status that has a name; vendors' own and reserved ones are unknown and permanent."""
