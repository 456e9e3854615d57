"""Opt-outs amid a bulk: behind the deliver_sm_resp nothing of the brand leaves for that number (G6)."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from simulator.record import Answer, AnyEvent, Mo, Submit
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, number
from tests.daemon.policing import JUDGE, SALE, brand, verdict

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]

OTHERS: Final = int(os.environ.get("GATEWAYD_BULK", "20000"))
OWN: Final = 200  # queued for the one who replies
HANDSETS, EACH = 400, 25
RATE: Final = 4000  # segments a second
QUITTER: Final = number(99_000_001)


SENT: Final = {"class_": "member", "brand": "mall", "text": SALE}


def test_an_opt_out_amid_a_bulk(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Of 200 queued for one number among many others not one leaves any more; all the others do."""
    smsc = simulator(judge=JUDGE, throughput=RATE)
    daemon = gateway(
        smsc.port,
        sim={"window": 500, "throughput": RATE},
        brands={"mall": brand("XX商城", "10690001"), "cafe": brand("XX咖啡", "10690002")},
        policy={"quiet_hours": None, "exempt": [QUITTER]},
    )
    smsc.kill()
    events = consume(daemon)
    bulk = _queued(daemon)
    elsewhere = daemon.submit(**{**SENT, "brand": "cafe", "to": QUITTER})["id"]

    smsc.start()
    smsc.until(submits=OTHERS // 4, patience=60)
    smsc.do("mo", **{"from": QUITTER, "to": "10690001", "text": "TD"})
    finals = events.until_final([*bulk.ids.values(), elsewhere], 180)
    ends = Counter((e["to"] == QUITTER, e["state"]) for i, e in finals.items() if i != elsewhere)
    before, after = _heard_of(smsc.record.events)
    assert 0 < before < OWN, "it came in the middle"
    assert after == 0
    assert ends == {
        (False, "delivered"): OTHERS,
        (True, "delivered"): before,
        (True, "rejected"): OWN - before,
    }
    assert finals[elsewhere]["state"] == "delivered", "the wish is for one brand"
    assert verdict(smsc).faults == {}
    assert daemon.metrics()['policy_refusals_total{code="opted_out"}'] == OWN - before


def test_many_opt_outs_amid_what_they_are_about(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Hundreds reply while the bulk to just them drains: no answer is on the wire before what it forbids."""
    numbers = [number(n) for n in range(1, HANDSETS + 1)]
    smsc = simulator(judge=JUDGE)
    daemon = gateway(
        smsc.port,
        sim={"window": 200, "throughput": RATE // 2},
        brands={"mall": brand("XX商城", "10690001")},
        policy={"quiet_hours": None, "exempt": numbers},
    )
    smsc.kill()
    events = consume(daemon)
    bulk = Bulk(daemon, 0)
    for n in range(HANDSETS * EACH):
        bulk.extend(Bulk(daemon, 1, first=1_000_000 + n, **{**SENT, "to": numbers[n % HANDSETS]}))
    assert bulk.submit()
    smsc.start()
    smsc.until(submits=HANDSETS // 2)
    for to in reversed(numbers):
        smsc.do("mo", **{"from": to, "to": "10690001", "text": "TD"})
    finals = events.until_final(bulk.ids.values(), 60)
    assert Counter(e["state"] for e in finals.values())["rejected"] > HANDSETS, "they came in the middle"
    assert verdict(smsc).faults == {}


def _queued(daemon: Gateway) -> Bulk:
    """One of each kind after the other, all accepted."""
    share, bulk = OTHERS // OWN, Bulk(daemon, 0)
    for n in range(OWN):
        bulk.extend(Bulk(daemon, share, first=1 + n * share, **SENT))
        bulk.extend(Bulk(daemon, 1, first=50_000_000 + n, **{**SENT, "to": QUITTER}))
    assert bulk.submit()
    return bulk


def _heard_of(events: Sequence[AnyEvent]) -> tuple[int, int]:
    """How often the one who replied was written to by the brand, before and after the reply was answered."""
    [mo] = [event for event in events if isinstance(event, Mo)]
    heard, answered = [0, 0], False
    for event in events:
        match event:
            case Answer():
                answered |= (event.session, event.sequence_number) == (mo.session, mo.sequence_number)
            case Submit() if event.destination == QUITTER and event.source == "10690001":
                heard[answered] += 1
            case _:
                pass
    return heard[0], heard[1]
