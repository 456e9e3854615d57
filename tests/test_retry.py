"""The shipped retry table: practice of the field for each command_status of submit_sm_resp."""

import pytest

from gatewayd.retry import DEFAULT, MAX_DELAY, Class
from gatewayd.smpp import consts

PASSING = {
    consts.ESME_RSYSERR: 30,
    consts.ESME_RMSGQFUL: 60,
    consts.ESME_RSUBMITFAIL: 30,
    consts.ESME_RX_T_APPN: 10,
    consts.ESME_RUNKNOWNERR: 30,
    0x102: 30,
}


@pytest.mark.parametrize("status", sorted({*consts.STATUS_NAMES, 0x22, 0x400, 0x4FF, 0xFFFFFFFF} - {0}))
def test_every_status_has_its_class(status: int) -> None:
    """What passes is listed here; reserved, vendors' and all others are permanent."""
    rule = DEFAULT.rule(status)
    if status in PASSING:
        assert (rule.class_, rule.delay, rule.failover) == (Class.TEMPORARY, PASSING[status], True)
    elif status == consts.ESME_RTHROTTLED:
        assert rule.class_ is Class.THROTTLED
    elif status == consts.ESME_RINVBNDSTS:
        assert rule.class_ is Class.SESSION
    else:
        assert (rule.class_, rule.failover) == (Class.PERMANENT, False)
        assert DEFAULT.delay(status, 1) is None


def test_delays_double_up_to_five_minutes_and_end() -> None:
    """Twenty tries of a message whose destination's queue is full."""
    delays = [DEFAULT.delay(consts.ESME_RMSGQFUL, attempts) for attempts in range(1, 22)]

    assert delays == [60, 120, 240, *[MAX_DELAY] * 17, None]
