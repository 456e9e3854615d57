"""Intake: one batch of submits, answered in order once durable; the gate that a drain closes."""

from typing import Any

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from gatewayd.intake import DRAINING, STORE_AWAY, Intake
from gatewayd.ledger.accept import Answer
from gatewayd.model import Refusal
from gatewayd.upstream.wire import Submit
from tests.upstream.gateway import NOW, WatchedStore, settings


@pytest.fixture
def store() -> WatchedStore:
    return WatchedStore()


@pytest.fixture
def intake(store: WatchedStore) -> Intake:
    return Intake(store, settings(), lambda: NOW)


def request(text: str = "hello", **fields: Any) -> Submit:
    return Submit(**{"seq": 1, "to": "13800138000", "class_": "notice", "text": text, **fields})


def codes(answers: list[Answer | Refusal]) -> list[str]:
    return [answer.code if isinstance(answer, Refusal) else answer.state for answer in answers]


async def test_a_batch_is_one_transaction(store: WatchedStore, intake: Intake) -> None:
    """However many it holds; the answers stand in its order, refused ones among them."""
    batch = [request("one"), request(class_="spam"), request("two"), request(to="1"), request("three")]
    answers = await intake.submit("shop", batch)

    assert codes(answers) == ["queued", "unknown_class", "queued", "invalid_destination", "queued"]
    assert store.writes == ["accept"]
    assert store.submitted == 3


async def test_what_is_refused_by_its_form_costs_no_transaction(store: WatchedStore, intake: Intake) -> None:
    """A flood of nonsense does not occupy the store's writer."""
    assert codes(await intake.submit("shop", [request(to="1")] * 3)) == ["invalid_destination"] * 3
    assert store.writes == []


async def test_a_known_key_answers_before_any_refusal(intake: Intake) -> None:
    """The same content again is a duplicate, other content a conflict, even if that is refused in itself."""
    first, again, other, wrong = await intake.submit(
        "shop",
        [request(key="k"), request(key="k", seq=2), request("other", key="k"), request(to="1", key="k")],
    )

    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert (again.id, again.duplicate, first.duplicate) == (first.id, True, False)
    assert codes([other, wrong]) == ["idempotency_conflict"] * 2


async def test_refusals_are_not_remembered(intake: Intake) -> None:
    """The key of a refused submit is free for a right one."""
    assert codes(await intake.submit("shop", [request(to="1", key="k")])) == ["invalid_destination"]
    assert codes(await intake.submit("shop", [request(key="k")])) == ["queued"]


async def test_a_client_has_its_rate_and_no_more(autojump_clock: MockClock, store: WatchedStore) -> None:
    """A second's worth at once, then as they come; what is beyond is told when to come, and not stored."""
    intake = Intake(store, settings(rate=5), lambda: NOW)
    answers = await intake.submit("shop", [request(str(n), to=f"1380013{n:04}") for n in range(8)])
    assert codes(answers) == ["queued"] * 5 + ["rate_limited"] * 3
    limited = answers[-1]
    assert isinstance(limited, Refusal)
    assert (limited.retryable, limited.retry_after) == (True, 0.2)
    assert store.submitted == 5

    await trio.sleep(0.1)
    assert codes(await intake.submit("shop", [request(to="1")])) == ["rate_limited"]
    await trio.sleep(0.1)
    assert codes(await intake.submit("shop", [request("more"), request("too much")])) == [
        "queued",
        "rate_limited",
    ]
    await trio.sleep(60)
    assert codes(await intake.submit("shop", [request(to="1")] * 6)) == ["invalid_destination"] * 5 + [
        "rate_limited"
    ]


async def test_a_flood_takes_its_turns(store: WatchedStore, intake: Intake) -> None:
    """A client's reads come to the store one after the other; its otp, and other clients, beside them."""
    await store.hold()
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(intake.submit, "shop", [request(str(n)) for n in range(250)])
        await trio.testing.wait_all_tasks_blocked()
        assert store.submitted == 250
        nursery.start_soon(intake.submit, "shop", [request(class_="otp")])
        await trio.testing.wait_all_tasks_blocked()
        assert store.submitted == 251
        await store.release()

    assert store.submitted == 751
    assert store.writes == ["accept"] * 4


async def test_a_drain_refuses_all_for_now(store: WatchedStore, intake: Intake) -> None:
    """Whatever their form; retryable, with the detail that the contract names."""
    intake.open = False

    assert await intake.submit("shop", [request(), request(to="1")]) == [DRAINING] * 2
    assert (DRAINING.code, DRAINING.detail, DRAINING.retryable) == ("overloaded", "draining", True)
    assert store.writes == []


async def test_a_store_that_is_away_is_retryable(store: WatchedStore, intake: Intake) -> None:
    """But what is wrong in itself is told so: to send that again would be in vain."""
    store.failing = True
    answers = await intake.submit("shop", [request("one"), request(to="1"), request(to="1", key="k")])

    assert codes(answers) == ["overloaded", "invalid_destination", "overloaded"]
    assert STORE_AWAY.retryable
    store.failing = False
    assert codes(await intake.submit("shop", [request("one")])) == ["queued"]
