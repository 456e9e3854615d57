"""Caps over the socket: the last free place, counts over kill -9 and over days, what is given back."""

from collections.abc import Callable, Mapping
from itertools import count
from threading import Barrier, Thread
from typing import Any, Final

import pytest

from gatewayd.client import Client, Refused
from tests.daemon.clocks import Clock, rfc3339
from tests.daemon.harness import Consumer, Gateway, Object, Simulator, number
from tests.daemon.policing import JUDGE, SALE, brand, verdict

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]

BRANDS: Final = {"mall": brand("XX商城", "10690001"), "cafe": brand("XX咖啡", "10690002")}
WEEK: Final = {"count": 2, "seconds": 604_800}
CODE: Final = "您的验证码为{},5分钟内有效,请勿泄露"
TOKENS: Final = count(246_810)
CONTENDED: Final = range(1, 21)  # numbers with one free place each


def judged(**caps: int) -> Mapping[str, Any]:
    return {**JUDGE, "caps": [WEEK, {**caps, "texts": "验证码"}] if caps else [WEEK]}


def verdict_of(client: Client, request: Object) -> str:
    """`ok`, or the code of the refusal."""
    try:
        client.request("submit", **request)
    except Refused as refused:
        return refused.code
    return "ok"


def sale(daemon: Gateway, n: int, **more: Any) -> Object:
    """Fields of a submit to the n-th number; no two texts are the same."""
    fields = {"class_": "member", "brand": "mall", "text": f"#{next(TOKENS)}# {SALE}", "to": number(n)}
    return daemon.fields(**{**fields, **more})


def code(daemon: Gateway, n: int) -> Object:
    return daemon.fields(class_="otp", brand="mall", text=CODE.format(next(TOKENS)), to=number(n))


def accepted(daemon: Gateway, request: Object) -> str:
    """The id."""
    with daemon.client() as client:
        identifier: str = client.request("submit", **request)["id"]
        return identifier


def test_the_last_free_place_is_taken_once(simulator: Smsc, gateway: Daemon) -> None:
    """Two connections submit at the same time, for each of many numbers: exactly one is accepted."""
    smsc = simulator(judge=judged())
    daemon = gateway(smsc.port, brands=BRANDS)
    pairs: dict[int, list[str]] = {n: [] for n in CONTENDED}
    together = Barrier(2)

    def race(client: Client) -> None:
        for n, verdicts in pairs.items():
            request = sale(daemon, n)
            together.wait()
            verdicts.append(verdict_of(client, request))

    with daemon.client() as one, daemon.client() as other:
        firsts = [reply for _, reply in one.pipeline({"op": "submit", **sale(daemon, n)} for n in CONTENDED)]
        racers = [Thread(target=race, args=(client,)) for client in (one, other)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
    assert all(first["ok"] for first in firsts)
    assert [sorted(verdicts) for verdicts in pairs.values()] == [["frequency_cap", "ok"]] * len(CONTENDED)
    smsc.until(submits=2 * len(CONTENDED))
    assert verdict(smsc).faults == {}


def test_what_was_counted_is_counted_after_a_kill(simulator: Smsc, gateway: Daemon) -> None:
    """Two sales, sent or waiting, and a code a minute ago at most: kill -9 in between changes nothing."""
    clock = Clock("12:00:05")
    smsc = simulator(clock=clock, judge=judged(count=1, seconds=30))
    daemon = gateway(smsc.port, clock=clock, brands=BRANDS)
    with daemon.client() as client:
        sent = [verdict_of(client, sale(daemon, 1)), verdict_of(client, code(daemon, 2))]
    smsc.until(submits=2)
    smsc.kill()
    with daemon.client() as client:
        waiting = verdict_of(client, sale(daemon, 1))
    daemon.restart()
    with daemon.client() as client:
        after = [verdict_of(client, sale(daemon, 1)), verdict_of(client, code(daemon, 2))]
        others = [
            verdict_of(client, sale(daemon, 1, brand="cafe")),
            verdict_of(client, code(daemon, 1)),
            verdict_of(client, sale(daemon, 3)),
        ]
    assert (sent, waiting) == (["ok", "ok"], "ok")
    assert after == ["frequency_cap", "otp_cap"]
    assert others == ["ok", "ok", "ok"], "another brand, another class, another number"
    smsc.start()
    smsc.until(submits=4)
    assert verdict(smsc).faults == {}


def test_what_never_leaves_is_given_back(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Refused by the SMSC, expired, cancelled: the place is free again. A code counts come what may."""
    barred = [{"status": "ESME_RINVDSTADR", "to": number(1)}]
    smsc = simulator(judge=judged(), responses={"errors": barred})
    one_a_day = {"classes": ["otp"], "count": 1, "days": 1, "code": "otp_cap"}  # no minute to fall between
    daemon = gateway(smsc.port, brands=BRANDS, policy={"quiet_hours": None, "caps": [one_a_day]})
    events = consume(daemon)
    refused = [accepted(daemon, sale(daemon, 1)) for _ in range(2)]
    events.until_final([*refused, accepted(daemon, code(daemon, 1))])
    smsc.kill()
    daemon.until_link("sim-1", "backoff")
    gone = [accepted(daemon, sale(daemon, 2, valid_for=1)) for _ in range(2)]
    gone += [accepted(daemon, sale(daemon, 3, tag="wrong")) for _ in range(2)]
    with daemon.client() as client:
        full = [verdict_of(client, sale(daemon, n)) for n in (2, 3)]
        client.request("cancel", tag="wrong")
    events.until_final(gone)
    with daemon.client() as client:
        free = [verdict_of(client, sale(daemon, n)) for n in (1, 2, 3)]
        again = verdict_of(client, code(daemon, 1))
    assert {e["state"] for e in events.finals().values()} == {"rejected", "expired", "cancelled"}
    assert full == ["frequency_cap", "frequency_cap"]
    assert free == ["ok", "ok", "ok"]
    assert again == "otp_cap"
    assert daemon.metrics()['policy_refusals_total{code="frequency_cap"}'] == 2


def test_days_go_by(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """Two in seven days and three in thirty; what was planned for later yields to what left meanwhile."""
    clock = Clock("09:00:00")
    smsc = simulator(clock=clock, judge={**JUDGE, "caps": [WEEK, {"count": 3, "seconds": 2_592_000}]})
    frequency = [{"count": 2, "days": 7}, {"count": 3, "days": 30}]
    daemon = gateway(smsc.port, clock=clock, brands=BRANDS, policy={"frequency": frequency})
    events = consume(daemon)
    smsc.kill()
    late = [accepted(daemon, sale(daemon, 2)) for _ in range(2)]
    planned = accepted(daemon, sale(daemon, 2, send_at=rfc3339(clock.at("09:30:00", days=7))))

    def at(time_of_day: str, days: int) -> list[str]:
        """What the first number's next three sales meet then."""
        events.close()
        clock.forward(time_of_day, days)
        _restart(smsc, daemon, clock)
        with daemon.client() as client:
            return [verdict_of(client, sale(daemon, 1)) for _ in range(3)]

    assert at("10:00:00", 0) == ["ok", "ok", "frequency_cap"]
    events.until_final(late)
    assert at("09:31:00", 7) == ["frequency_cap"] * 3
    assert events.until_final([planned])[planned]["error"]["code"] == "frequency_cap"
    assert at("10:05:00", 0) == ["ok", "frequency_cap", "frequency_cap"]
    smsc.until(submits=1)
    assert verdict(smsc).faults == {}


def _restart(smsc: Simulator, daemon: Gateway, clock: Clock) -> None:
    daemon.kill()
    smsc.kill()
    smsc.read(clock)
    daemon.read(clock)
    smsc.start()
    daemon.start()
