"""Quiet hours as they ship, by a clock that nears them while a bulk drains, and then their end."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

from gatewayd.model import accepted_millis, parse_id
from simulator.record import Submit
from tests.daemon.clocks import Clock, rfc3339
from tests.daemon.harness import Bulk, Consumer, Gateway, Simulator, number
from tests.daemon.policing import JUDGE, SALE, brand, verdict

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]

BULK: Final = 6000  # marketing messages; most of them are left when the hour comes
CODES: Final = range(700_001, 700_301)
EVENING_RATE, MORNING_RATE = 100, 1000  # segments a second
SLOWEST: Final = 1.0  # seconds from accept to the wire for 99 of 100 otp; some 50 ms where nothing else runs


class Day(NamedTuple):
    """Both processes under one clock."""

    clock: Clock
    smsc: Simulator
    daemon: Gateway

    def marketing(self) -> list[Submit]:
        bulk = range(1, BULK + 1)
        return [s for s in self.smsc.record.submits if int(s.destination[-8:]) in bulk]

    def sleep_until(self, time_of_day: str) -> None:
        """Both are stopped, and started again tomorrow, at another rate."""
        assert self.daemon.stop() == 0
        self.smsc.kill()
        self.clock.forward(time_of_day, days=1)
        self.smsc.read(self.clock)
        self.daemon.read(self.clock)
        self.smsc.start()
        self.smsc.set(throughput=MORNING_RATE)
        link = {**self.daemon.config["links"]["sim-1"], "throughput": MORNING_RATE}
        self.daemon.configure(links={"sim-1": link})
        self.daemon.start()


def test_an_evening_and_a_morning(simulator: Smsc, gateway: Daemon, consume: Consume) -> None:
    """None leaves from 21:00 on; what is left is held until 08:00 and leaves by the rate of the link.

    Codes pass at any hour, and do not queue behind what is let go.
    """
    clock = Clock("20:59:49")
    quiet = {"from": "21:00", "to": "08:00"}
    smsc = simulator(clock=clock, judge={**JUDGE, "quiet": quiet}, throughput=EVENING_RATE)
    day = Day(clock, smsc, gateway(smsc.port, clock=clock, **_mall()))
    events = consume(day.daemon)
    bulk = Bulk(day.daemon, BULK, class_="member", brand="mall", text=SALE)
    assert bulk.submit()
    nine, eight = clock.at("21:00:00"), clock.at("08:00:00", days=1)
    held = [e for e in _last_of_each(events, bulk, "delivered", "held") if e["state"] == "held"]
    assert {(e["reason"], e["until"]) for e in held} == {("quiet_hours", rfc3339(eight))}
    evening = day.marketing()
    assert len(evening) + len(held) == BULK
    assert nine.timestamp() - 3 < evening[-1].at < nine.timestamp(), "it drained until then"
    _code_seconds(day, events, CODES[:5])  # codes leave at night
    assert verdict(smsc).faults == {}

    events.close()
    day.sleep_until("07:59:56")
    smsc.until(submits=1)
    seconds = _code_seconds(day, events, CODES[5:])
    _last_of_each(events, bulk, "delivered")
    morning = [submit.at for submit in day.marketing()[len(evening) :]]
    assert 0 <= morning[0] - eight.timestamp() < 1
    assert morning[-1] - morning[0] < 3 * len(held) / MORNING_RATE
    assert seconds[len(seconds) * 99 // 100] < SLOWEST
    assert verdict(smsc).faults == {}


def _mall() -> dict[str, object]:
    """The shipped policy, one brand."""
    return {
        "sim": {"window": 200, "throughput": EVENING_RATE},
        "brands": {"mall": brand("XX商城", "10690001")},
        "policy": {},
    }


def _last_of_each(events: Consumer, bulk: Bulk, *states: str) -> list[dict[str, Any]]:
    """The newest event of each message, once all are in one of these states."""
    ids = list(bulk.ids.values())
    events.until(lambda _: all(life and life[-1]["state"] in states for life in map(events.life, ids)), 60)
    return [events.life(identifier)[-1] for identifier in ids]


def _code_seconds(day: Day, events: Consumer, numbers: range) -> list[float]:
    """Submit codes one after the other; the times from accept to the wire, in order of size."""
    ids = {
        day.daemon.submit(class_="otp", brand="mall", text="您的验证码为246810", to=number(n))["id"]: number(
            n
        )
        for n in numbers
    }
    events.until_final(ids)
    arrived = {submit.destination: submit.at for submit in day.smsc.record.submits}
    return sorted(arrived[to] - _accepted(identifier) for identifier, to in ids.items())


def _accepted(identifier: str) -> float:
    message = parse_id(identifier)
    assert message is not None
    return accepted_millis(message) / 1000
