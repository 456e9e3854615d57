"""Who leaves first by a link that is busy, in virtual time: no otp waits for a response or for the bulk."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from gatewayd.model import Refusal
from gatewayd.upstream.wire import Submit
from simulator.judge import judge
from tests.link.lab import NOW, Lab

LabOf = Callable[..., Lab]


def moments(one: Lab) -> list[float]:
    """When submit_sm arrived, as trio's clock counts."""
    return [submit.at - NOW / 1000 for submit in one.record.submits]


def waits(one: Lab, word: str, sent: dict[str, float]) -> list[float]:
    """Seconds from submit to the wire of texts with `word` in them."""
    return [at - sent[text] for text, at in zip(one.texts(), moments(one), strict=True) if word in text]


async def codes(one: Lab, count: int, *, every: float) -> dict[str, float]:
    """Submit otp one by one, `every` seconds; text -> when it was submitted."""
    sent: dict[str, float] = {}
    for n in range(count):
        await trio.sleep(every)
        sent[f"otp{n}"] = trio.current_time()
        await one.submit(f"otp{n}", class_="otp", to=f"1380013{n:04d}")
    return sent


async def fill(one: Lab, count: int, class_: str = "notice") -> None:
    """Bulk in front."""
    for first in range(0, count, 500):
        await one.submit(*(f"bulk{n}" for n in range(first, min(count, first + 500))), class_=class_)


@pytest.mark.parametrize(
    ("settings", "throughput"),
    [
        ("window: 200, throughput: 2000", 2000),
        ("window: 100, binds: 2, throughput: 2000", 2000),
        ("window: 10, throughput: 100", 100),
        ("window: 8", 0),
    ],
)
async def test_an_otp_waits_neither_for_a_response_nor_for_the_rate(
    autojump_clock: MockClock, lab: LabOf, settings: str, throughput: int
) -> None:
    """The bulk in front fills window and rate; what is kept lets each otp leave at the moment it came."""
    account = {"responses": {"delay": 0.05}, "throughput": throughput or 1e6}
    one = lab({"a": settings}, accounts={"a": account})
    await one.bound()
    await fill(one, 4000)
    await trio.sleep(0.5)
    sent = await codes(one, 20, every=0.0437)
    await trio.sleep(0.2)

    assert len(waits(one, "otp", sent)) == 20
    assert max(waits(one, "otp", sent)) < 1e-3
    assert judge(one.record.events).accounts["a"].rate_violations == 0
    assert len([at for at in one.times() if at <= 1]) >= 0.95 * (throughput or 6 / 0.05)


async def test_below_the_least_rate_an_otp_waits_for_one_segment_only(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """With ten a second nothing can be kept back: the next of the rate is the otp's, whatever was claimed."""
    one = lab({"a": "window: 10, throughput: 10"})
    await one.bound()
    await fill(one, 100)
    sent = await codes(one, 10, every=0.737)
    await trio.sleep(1)

    assert len(waits(one, "otp", sent)) == 10
    assert max(waits(one, "otp", sent)) <= 0.1 + 1e-3


async def test_without_a_reserve_the_window_is_the_bulks(autojump_clock: MockClock, lab: LabOf) -> None:
    """reserve: 0, for links that carry no otp: all slots are used, and an otp waits for a response."""
    one = lab({"a": "window: 8, reserve: 0"}, accounts={"a": {"responses": {"delay": 0.05}}})
    await one.bound()
    await fill(one, 200)
    await trio.sleep(0.01)
    sent = {"otp": trio.current_time()}
    await one.submit("otp", class_="otp")
    await trio.sleep(1)

    assert judge(one.record.events).accounts["a"].max_outstanding == 8
    assert waits(one, "otp", sent) == [pytest.approx(0.04, abs=0.005)]
    assert one.metric("link_window_reserved", link="a") == 0


@pytest.mark.parametrize(("window", "reserved"), [(1, 0), (3, 0), (4, 1), (7, 1), (8, 2), (500, 2)])
async def test_how_much_is_kept_by_default(
    autojump_clock: MockClock, lab: LabOf, window: int, reserved: int
) -> None:
    """Two slots of each bind; a small window keeps fewer, and none where it would lose a third."""
    one = lab({"a": f"window: {window}, binds: 2"}, accounts={"a": {"responses": {"delay": 1}}})
    await one.bound()
    await fill(one, window * 3)
    await trio.sleep(0.5)

    assert one.metric("link_window_reserved", link="a") == 2 * reserved
    assert len(one.texts()) == 2 * (window - reserved)


async def test_an_otp_is_claimed_with_its_accept(autojump_clock: MockClock, lab: LabOf) -> None:
    """The claim stands behind it with the store's writer, so that one commit serves both; unlike bulk."""
    one = lab()
    await one.bound(timers=False)
    await one.submit("first", class_="otp")
    await trio.sleep(1)
    for class_, writes in (("otp", ["accept", "claim"]), ("notice", ["accept"])):
        await one.store.hold()
        one.store.writes.clear()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(one.submit, class_, class_=class_, to="13800138009"))
            await trio.testing.wait_all_tasks_blocked()
            assert one.store.writes == writes
            await one.store.release()
        await trio.sleep(1)

    assert one.texts() == ["first", "otp", "notice"]


async def test_the_earliest_deadline_leaves_first(autojump_clock: MockClock, lab: LabOf) -> None:
    """Among otp of all lanes, as they come to stand in front."""
    one = lab({"a": "window: 1, throughput: 10"})
    await one.bound()
    for client, text, valid, to in [
        ("shop", "late", 300, "13800138001"),
        ("bank", "soon", 20, "13800138002"),
        ("shop", "later", 310, "13800138003"),
        ("bank", "next", 60, "13800138004"),
    ]:
        submit = Submit(seq=1, to=to, class_="otp", text=text, valid_for=valid)
        (answer,) = await one.intake.submit(client, [submit])
        assert not isinstance(answer, Refusal)
    await trio.sleep(2)

    assert one.texts() == ["soon", "next", "late", "later"]


async def test_an_emergency_pre_empts_all_and_then_the_bulk_resumes(
    autojump_clock: MockClock, lab: LabOf
) -> None:
    """Over two links, 3 segments each: in the time its segments need; the bulk before and behind it."""
    one = lab(
        {"a": "window: 50, throughput: 100", "b": "window: 50, throughput: 100"},
        more="routes: [{match: {}, links: {a: 1, b: 1}}]",
        accounts={"a": {"responses": {"delay": 0.05}}, "b": {"responses": {"delay": 0.05}}},
    )
    await one.bound()
    await fill(one, 2000)
    await trio.sleep(1)
    began = trio.current_time()
    await one.submit(*["e" * 459] * 300, class_="emergency")
    await trio.sleep(8)

    long = [at for at, submit in zip(moments(one), one.record.submits, strict=True) if submit.esm_class]
    assert len(long) == 900
    assert max(long) - began <= 1.1 * 900 / 200
    assert sum(at > max(long) for at in moments(one)) >= 200 * 2
    assert Counter(judge(one.record.events).accounts[name].rate_violations for name in "ab") == {0: 2}


async def test_a_clients_flood_does_not_hold_up_another_client(autojump_clock: MockClock, lab: LabOf) -> None:
    """Fair turns: half of the link for each while both wait, though one has twenty times as much."""
    one = lab({"a": "window: 50, throughput: 100"})
    await one.bound()
    await fill(one, 2000)
    await trio.sleep(3)
    began = trio.current_time()
    submits = [Submit(seq=n, to="13800138000", class_="notice", text=f"bank{n}") for n in range(100)]
    await one.intake.submit("bank", submits)
    await trio.sleep(3)

    done = [at - began for at, text in zip(moments(one), one.texts(), strict=True) if "bank" in text]
    assert len(done) == 100
    assert max(done) == pytest.approx(2, abs=0.2)


async def test_segments_of_a_long_otp_stay_in_order(autojump_clock: MockClock, lab: LabOf) -> None:
    """An otp passes the bulk that was claimed before it, and its own segments follow each other."""
    one = lab({"a": "window: 4, throughput: 20"}, accounts={"a": {"responses": {"delay": 0.3}}})
    await one.bound()
    await one.submit("b" * 900, class_="notice")
    await trio.sleep(0.2)
    await one.submit("o" * 400, class_="otp")
    await trio.sleep(5)

    bodies = [bytes.fromhex(submit.short_message) for submit in one.record.submits]
    seen = [(body[6:7], body[5]) for body in bodies]
    assert [number for kind, number in seen if kind == b"o"] == [1, 2, 3]
    assert [number for kind, number in seen if kind == b"b"] == [1, 2, 3, 4, 5, 6]
    assert seen.index((b"o", 3)) < seen.index((b"b", 6))
