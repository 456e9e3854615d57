"""What a command_status in submit_sm_resp means for the message and the link, as data.

Sources: SMPP 3.4 section 5.1.3 for the names; the classes are field practice (Kannel, Jasmin and
carriers' own guides agree on throttling, queue full and system error as the ones that pass).
"""

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
    attempts: how often the SMSC may answer so before the message is refused for good.
    """

    class_: Class
    delay: float = 0.0
    attempts: int = 0


MAX_DELAY: Final = 300.0
PERMANENT: Final = Rule(Class.PERMANENT)

TABLE: Final[dict[int, Rule]] = {
    consts.ESME_RINVBNDSTS: Rule(Class.SESSION),
    consts.ESME_RSYSERR: Rule(Class.TEMPORARY, 30.0, 20),
    consts.ESME_RMSGQFUL: Rule(Class.TEMPORARY, 60.0, 20),
    consts.ESME_RTHROTTLED: Rule(Class.THROTTLED),
    consts.ESME_RSUBMITFAIL: Rule(Class.TEMPORARY, 30.0, 2),
    consts.ESME_RX_T_APPN: Rule(Class.TEMPORARY, 10.0, 20),
    consts.ESME_RUNKNOWNERR: Rule(Class.TEMPORARY, 30.0, 2),
    0x102: Rule(Class.TEMPORARY, 30.0, 20),  # 5.0: service type temporarily unavailable
}


def rule(command_status: int) -> Rule:
    """The rule of a status; unlisted ones are permanent."""
    return TABLE.get(command_status, PERMANENT)


def delay(command_status: int, attempts: int) -> float | None:
    """Seconds until the next try after the `attempts`-th refusal (from 1); None: no more tries."""
    found = rule(command_status)
    if found.class_ is not Class.TEMPORARY or attempts > found.attempts:
        return None
    return min(MAX_DELAY, found.delay * float(1 << (attempts - 1)))
