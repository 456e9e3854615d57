"""Events: in order, at least once, until acknowledged; one connection for each consumer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

from gatewayd.ledger.tables import Tables
from gatewayd.store.sqlite import open_sqlite
from gatewayd.upstream import wire
from gatewayd.upstream.outbox import lags
from tests.upstream.gateway import NOW, Gateway, Upstream

FOREVER = NOW + 1
Until = Callable[[Callable[[], bool]], Any]


async def with_events(gateway: Gateway, client: Upstream, count: int) -> None:
    for start in range(0, count, 50):
        await client.submit(min(50, count - start))
    await gateway.make_events()


async def take(client: Upstream, count: int) -> list[dict[str, Any]]:
    return [await client.event() for _ in range(count)]


def forget(tables: Tables) -> None:
    tables.purge_events(FOREVER, 1_000_000)


def latest(tables: Tables) -> int:
    return tables.last_cursor()


async def test_events_come_in_the_order_of_their_cursors(gateway: Gateway) -> None:
    """The reply first, then what is kept, then what happens."""
    gateway.configure(event_window=1000)
    async with gateway.connect() as client:
        await with_events(gateway, client, 5)
        reply = await client.ask("subscribe", consumer="c", after=0)
        assert not client.events
        kept = await take(client, 5)
        await with_events(gateway, client, 5)
        fresh = await take(client, 5)

    cursors = [event["cursor"] for event in kept + fresh]
    assert cursors == sorted(set(cursors))
    assert reply["cursor"] < cursors[0]
    assert {(e["event"], e["state"], e["final"], e["tag"]) for e in kept} == {
        ("state", "cancelled", True, "t")
    }


async def test_many_events_lose_and_repeat_none(gateway: Gateway) -> None:
    """Several batches of 1,000, with more coming while they are sent."""
    gateway.configure(event_window=10_000)
    async with gateway.connect() as client, gateway.connect() as submitter:
        await with_events(gateway, submitter, 1500)
        await client.ask("subscribe", consumer="c")
        await with_events(gateway, submitter, 1500)
        cursors = [event["cursor"] for event in await take(client, 3000)]

    assert len(set(cursors)) == 3000
    assert cursors == sorted(cursors)


async def test_what_is_not_acknowledged_comes_again(gateway: Gateway) -> None:
    """To the next connection, from after the last acknowledged."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 5)
        await client.ask("subscribe", consumer="c", after=0)
        first = await take(client, 5)
        assert (await client.ask("ack", consumer="c", cursor=first[1]["cursor"]))["ok"]
    async with gateway.connect() as client:
        reply = await client.ask("subscribe", consumer="c")
        again = await take(client, 3)

    assert reply["cursor"] == first[1]["cursor"]
    assert again == first[2:]


async def test_a_consumer_may_start_after_any_cursor(gateway: Gateway) -> None:
    """As asked, whatever it had acknowledged; not after one that does not exist yet."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 5)
        await client.ask("subscribe", consumer="c", after=0)
        first = await take(client, 5)
        await client.ask("ack", consumer="c", cursor=first[4]["cursor"])
        await client.ask("unsubscribe", consumer="c")
        assert (await client.ask("subscribe", consumer="c", after=first[2]["cursor"]))["ok"]
        assert await take(client, 2) == first[3:]
        future = await client.ask("subscribe", consumer="d", after=first[4]["cursor"] + 1)

    assert (future["error"]["code"], future["error"]["field"]) == ("invalid_request", "after")


async def test_unacknowledged_events_under_way_are_bounded(gateway: Gateway) -> None:
    """The window is 10: ten, and then as many as are acknowledged."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 25)
        await client.ask("subscribe", consumer="c", after=0)
        first = await take(client, 10)
        await client.ask("ping")
        assert not client.events

        await client.ask("ack", consumer="c", cursor=first[3]["cursor"])
        await take(client, 4)
        await client.ask("ping")
        assert not client.events


async def test_an_ack_from_another_connection_counts(gateway: Gateway) -> None:
    """Acknowledging belongs to the consumer, not to the connection."""
    async with gateway.connect() as client, gateway.connect() as other:
        await with_events(gateway, client, 20)
        await client.ask("subscribe", consumer="c", after=0)
        first = await take(client, 10)
        await other.ask("ack", consumer="c", cursor=first[-1]["cursor"])
        await take(client, 10)


async def test_a_second_subscription_takes_over(gateway: Gateway) -> None:
    """The first is told; the second gets what is not acknowledged, and all that comes."""
    async with gateway.connect() as first, gateway.connect() as second:
        await with_events(gateway, first, 2)
        await first.ask("subscribe", consumer="c", after=0)
        seen = await take(first, 2)
        await second.ask("subscribe", consumer="c", after=0)
        assert await first.event() == {"event": "closed", "consumer": "c", "reason": "taken_over"}
        assert await take(second, 2) == seen
        await with_events(gateway, first, 3)
        await take(second, 3)
        assert not first.events
        assert (await first.ask("unsubscribe", consumer="c"))["error"]["code"] == "not_found"


async def test_a_take_over_does_not_wait_for_a_client_that_does_not_read(gateway: Gateway) -> None:
    """The former connection is stuck with events it does not take; the new one gets them."""
    gateway.configure(event_window=10_000)
    async with gateway.connect() as deaf, gateway.connect() as client:
        await with_events(gateway, client, 3000)
        await deaf.ask("subscribe", consumer="c", after=0)
        await client.ask("subscribe", consumer="c", after=0)
        assert len(await take(client, 3000)) == 3000


async def test_two_consumers_do_not_disturb_each_other(gateway: Gateway) -> None:
    """Each gets everything and acknowledges for itself; one connection may have both."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 4)
        await client.ask("subscribe", consumer="a", after=0)
        first = await take(client, 4)
        await client.ask("ack", consumer="a", cursor=first[-1]["cursor"])
        await client.ask("subscribe", consumer="b", after=0)
        assert await take(client, 4) == first


async def test_events_of_another_client_are_not_seen(gateway: Gateway) -> None:
    """They share the counter of cursors, and nothing else."""
    request = wire.Submit(seq=1, to="13800138000", class_="notice", text="hi", tag="t")
    async with gateway.connect() as client:
        await client.ask("subscribe", consumer="c")
        await gateway.intake.submit("other", [request])
        await gateway.make_events("other")
        await with_events(gateway, client, 1)
        (event,) = await take(client, 1)
        await client.ask("ping")

    assert not client.events
    assert await gateway.store.read(latest) == event["cursor"] == 2


async def test_after_unsubscribe_no_event_comes(gateway: Gateway) -> None:
    """Its reply tells where a new subscription would begin."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 3)
        await client.ask("subscribe", consumer="c", after=0)
        events = await take(client, 3)
        await client.ask("ack", consumer="c", cursor=events[1]["cursor"])
        reply = await client.ask("unsubscribe", consumer="c")
        await with_events(gateway, client, 3)
        await client.ask("ping")

    assert reply["cursor"] == events[1]["cursor"]
    assert not client.events


async def test_a_subscriber_that_leaves_leaves_nothing_behind(gateway: Gateway, until: Until) -> None:
    """Neither its connection nor its outbox, whether it waited for events or was stuck with them."""
    gateway.configure(event_window=10_000)
    async with gateway.connect() as waiting, gateway.connect() as deaf:
        await with_events(gateway, waiting, 3000)
        await waiting.ask("subscribe", consumer="a", after=await gateway.store.read(latest))
        await deaf.ask("subscribe", consumer="b", after=0)
        assert gateway.connections() == 2

    await until(lambda: gateway.connections() == 0)
    assert gateway.server._outboxes._open == {"shop": {}}


async def test_what_is_no_longer_kept_is_gone(gateway: Gateway) -> None:
    """With the oldest cursor that misses nothing; 0 starts there without complaint."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 3)
        await gateway.store.write(forget)
        await with_events(gateway, client, 2)
        gone = (await client.ask("subscribe", consumer="c", after=1))["error"]
        reply = await client.ask("subscribe", consumer="c", after=0)
        events = await take(client, 2)

    assert gone["code"] == "gone"
    assert gone["oldest"] == reply["cursor"] < events[0]["cursor"]
    assert not gone["retryable"]


async def test_a_subscription_that_falls_behind_what_is_kept_is_closed(gateway: Gateway) -> None:
    """Never a silent gap: it is told where to begin again."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 25)
        await client.ask("subscribe", consumer="c", after=0)
        events = await take(client, 10)
        await gateway.store.write(forget)
        await client.ask("ack", consumer="c", cursor=events[-1]["cursor"])
        closed = await client.event()
        begun = await client.ask("subscribe", consumer="c", after=closed["oldest"])

    assert (closed["event"], closed["reason"]) == ("closed", "gone")
    assert begun["cursor"] == closed["oldest"]


async def test_acks_of_one_read_are_one_transaction(gateway: Gateway) -> None:
    """A client that acknowledges each event costs no commit each."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 10)
        await client.ask("subscribe", consumer="c", after=0)
        events = await take(client, 10)
        gateway.store.writes.clear()
        await client.send(
            *({"op": "ack", "seq": n, "consumer": "c", "cursor": e["cursor"]} for n, e in enumerate(events))
        )
        assert all([(await client.reply())["ok"] for _ in events])

    assert len(gateway.store.writes) == 1


async def test_a_wrong_ack_is_refused(gateway: Gateway) -> None:
    """Of an unknown consumer, of a cursor that is not there yet; going back is allowed and does nothing."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 2)
        await client.ask("subscribe", consumer="c", after=0)
        events = await take(client, 2)
        last = events[-1]["cursor"]
        unknown = await client.ask("ack", consumer="nobody", cursor=last)
        future = await client.ask("ack", consumer="c", cursor=last + 1)
        assert (await client.ask("ack", consumer="c", cursor=last))["ok"]
        assert (await client.ask("ack", consumer="c", cursor=events[0]["cursor"]))["ok"]
        again = await client.ask("subscribe", consumer="c")

    assert (unknown["error"]["code"], unknown["error"]["field"]) == ("not_found", "consumer")
    assert (future["error"]["code"], future["error"]["field"]) == ("invalid_request", "cursor")
    assert again["cursor"] == last


async def test_the_lag_is_zero_exactly_when_all_is_acknowledged(gateway: Gateway) -> None:
    """Whatever other clients' events do to the cursor."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 4)
        await client.ask("subscribe", consumer="c", after=0)
        events = await take(client, 4)
        await client.ask("ack", consumer="c", cursor=events[1]["cursor"])
        assert await gateway.store.read(lags) == {("shop", "c"): 2}
        await client.ask("ack", consumer="c", cursor=events[3]["cursor"])
        assert await gateway.store.read(lags) == {("shop", "c"): 0}


async def test_before_a_stop_the_last_events_are_sent(gateway: Gateway) -> None:
    """Flush returns when every subscription has sent what there is, or what its window takes."""
    async with gateway.connect() as client:
        await with_events(gateway, client, 30)
        await client.ask("subscribe", consumer="c", after=0)
        await gateway.server.flush()
        assert len(await take(client, 10)) == 10


async def test_events_survive_a_restart(tmp_path: Path) -> None:
    """On a real file: accepted, ended, told; a second life tells it again until it is acknowledged (G5)."""
    with trio.fail_after(10):
        seen: list[list[dict[str, Any]]] = []
        for _ in range(2):
            async with open_sqlite(str(tmp_path / "store.db")) as store:
                gateway = Gateway(tmp_path, store)  # type: ignore[arg-type]  # nothing of it is watched here
                async with gateway.running(), gateway.connect() as client:
                    if not seen:
                        await with_events(gateway, client, 3)
                    await client.ask("subscribe", consumer="c")
                    seen.append(await take(client, 3))

    assert seen[0] == seen[1]
