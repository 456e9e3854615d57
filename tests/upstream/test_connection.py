"""Requests over a real socket: each gets one reply; nobody can hurt anybody else."""

import socket
from collections.abc import Callable
from typing import Any

from gatewayd.ledger.accept import Answer
from gatewayd.upstream import wire
from tests.upstream.gateway import Gateway, Upstream

SUBMIT = {"op": "submit", "to": "13800138000", "class": "notice", "text": "hi"}
Until = Callable[[Callable[[], bool]], Any]


async def test_submits_of_one_read_are_one_transaction(gateway: Gateway) -> None:
    """What arrives together is stored together, and each is answered by its own seq."""
    async with gateway.connect() as client:
        await client.send(*({**SUBMIT, "seq": seq} for seq in range(20)))
        replies = [await client.reply() for _ in range(20)]

    assert sorted(reply["seq"] for reply in replies) == list(range(20))
    assert len({reply["id"] for reply in replies}) == 20
    assert all((r["state"], r["segments"], r["encoding"]) == ("queued", 1, "gsm7") for r in replies)
    assert gateway.store.writes == ["accept"]


async def test_a_refused_submit_does_not_touch_its_neighbours(gateway: Gateway) -> None:
    """Good, refused by its form, refused by policy of numbers, good: in one read."""
    async with gateway.connect() as client:
        await client.send(
            {**SUBMIT, "seq": 1},
            {**SUBMIT, "seq": 2, "class": 7},
            {**SUBMIT, "seq": 3, "to": "12"},
            {**SUBMIT, "seq": 4},
        )
        replies = {reply["seq"]: reply for reply in [await client.reply() for _ in range(4)]}

    assert [replies[seq]["ok"] for seq in (1, 2, 3, 4)] == [True, False, False, True]
    assert replies[2]["error"]["field"] == "class"
    assert replies[3]["error"]["code"] == "invalid_destination"


async def test_a_known_key_gets_the_first_answer(gateway: Gateway) -> None:
    """The same content: the same id and `duplicate`; another content: a conflict."""
    async with gateway.connect() as client:
        first = await client.ask(**SUBMIT, key="k")
        again = await client.ask(**SUBMIT, key="k")
        other = await client.ask(**{**SUBMIT, "text": "ho"}, key="k")

    assert (again["id"], again["duplicate"]) == (first["id"], True)
    assert "duplicate" not in first
    assert (other["error"]["code"], other["error"]["field"]) == ("idempotency_conflict", "key")


async def test_a_message_is_found_by_id_and_by_key(gateway: Gateway) -> None:
    """Query tells the fields of the contract; explain adds the story."""
    async with gateway.connect() as client:
        identifier = (await client.ask(**SUBMIT, key="k", tag="t"))["id"]
        by_id = (await client.ask("query", id=identifier))["message"]
        by_key = (await client.ask("query", key="k"))["message"]
        story = await client.ask("explain", key="k")

    assert by_id == by_key == story["message"]
    assert {"id", "key", "tag", "to", "class", "brand", "state", "final", "segments"} <= by_id.keys()
    assert {"link", "reason", "error", "at"} <= by_id.keys()
    assert (by_id["state"], by_id["final"], by_id["to"]) == ("queued", False, "8613800138000")
    assert story["timeline"][0]["what"] == "accepted"


async def test_messages_of_another_client_are_not_found(gateway: Gateway) -> None:
    """Neither seen nor cancelled; an admin finds them by id."""
    request = wire.Submit(seq=1, to="13800138000", class_="notice", text="hi", key="k", tag="t")
    (answer,) = await gateway.intake.submit("other", [request])
    assert isinstance(answer, Answer)
    identifier = answer.id
    async with gateway.connect() as client:
        for op in ("query", "explain", "cancel"):
            assert (await client.ask(op, id=identifier))["error"]["code"] == "not_found"
            assert (await client.ask(op, key="k"))["error"]["code"] == "not_found"
        assert (await client.ask("cancel", tag="t"))["cancelled"] == 0

        gateway.configure(admin="true")
        assert (await client.ask("query", id=identifier))["message"]["state"] == "queued"
        assert (await client.ask("query", key="k"))["error"]["code"] == "not_found"


async def test_cancel_tells_how_many(gateway: Gateway) -> None:
    """By tag: those that wait; what has ended is too late."""
    async with gateway.connect() as client:
        first, *_ = await client.submit(3)
        by_tag = await client.ask("cancel", tag="t")
        again = await client.ask("cancel", id=first["id"])

    assert (by_tag["cancelled"], by_tag["too_late"]) == (3, 0)
    assert (again["cancelled"], again["too_late"]) == (0, 1)


async def test_status_is_told(gateway: Gateway) -> None:
    """Its two parts stand beside `ok`."""
    async with gateway.connect() as client:
        reply = await client.ask("status")

    assert (reply["links"], reply["queues"]) == ({}, {})


async def test_while_draining_submits_are_overloaded(gateway: Gateway) -> None:
    """Retryable, detail `draining`; other requests are answered."""
    gateway.intake.open = False
    async with gateway.connect() as client:
        error = (await client.ask(**SUBMIT))["error"]
        assert (await client.ask("ping"))["ok"]

    assert (error["code"], error["detail"], error["retryable"]) == ("overloaded", "draining", True)


async def test_a_store_that_cannot_commit_is_overloaded(gateway: Gateway) -> None:
    """For every kind of request; and when it can again, it does."""
    async with gateway.connect() as client:
        gateway.store.failing = True
        for reply in (
            await client.ask(**SUBMIT),
            await client.ask("cancel", tag="t"),
            await client.ask("subscribe", consumer="c"),
            await client.ask("ack", consumer="c", cursor=1),
        ):
            assert (reply["error"]["code"], reply["error"]["retryable"]) == ("overloaded", True)
        gateway.store.failing = False
        assert (await client.ask(**SUBMIT))["ok"]


async def test_a_fault_of_ours_is_answered_and_the_connection_lives(gateway: Gateway) -> None:
    """`internal`, only for the request that met it."""
    gateway.queues = {"a": object()}  # cannot be encoded
    async with gateway.connect() as client:
        assert (await client.ask("status"))["error"]["code"] == "internal"
        assert (await client.ask("ping"))["ok"]


async def test_replies_may_overtake(gateway: Gateway) -> None:
    """A submit that waits for the store does not keep a ping from its answer."""
    await gateway.store.hold()
    async with gateway.connect() as client:
        await client.send({**SUBMIT, "seq": 1}, {"op": "ping", "seq": 2})
        assert (await client.reply())["seq"] == 2
        await gateway.store.release()
        assert (await client.reply())["seq"] == 1


async def test_beyond_the_window_nothing_is_read(gateway: Gateway) -> None:
    """50 are in the hands of the gateway, 70 wait in the socket until there are answers."""
    await gateway.store.hold()
    async with gateway.connect() as client, gateway.connect() as other:
        await client.send(*({**SUBMIT, "seq": seq} for seq in range(120)))
        for _ in range(20):
            assert (await other.ask("ping"))["ok"]
        assert gateway.store.submitted == 50

        await gateway.store.release()
        replies = [await client.reply() for _ in range(120)]

    assert {reply["seq"] for reply in replies} == set(range(120))
    assert gateway.store.submitted == 120


async def test_a_client_that_never_reads_is_no_longer_read(gateway: Gateway, until: Until) -> None:
    """At most a window of requests is answered for it; others do not notice; it leaves no trace."""
    gateway.queues = {"filler": "x" * 60_000}
    async with gateway.connect() as other:
        async with gateway.connect() as deaf:
            await deaf.send(*({"op": "status", "seq": seq} for seq in range(1000)))
            for _ in range(50):
                assert (await other.ask("ping"))["ok"]
            assert gateway.connections() == 2
            assert 1 <= gateway.statuses <= 50
        await until(lambda: gateway.connections() == 1)
        assert gateway.statuses <= 50


async def test_a_client_that_vanishes_mid_line_harms_nobody(gateway: Gateway, until: Until) -> None:
    """What it had begun to say is forgotten."""
    async with gateway.connect() as other:
        async with gateway.connect() as client:
            await client.stream.send_all(b'{"op":"submit","seq":1,"to":"138')
        await until(lambda: gateway.connections() == 1)
        assert (await other.ask("ping"))["ok"]

    assert gateway.store.submitted == 0


async def test_a_client_that_vanishes_before_its_reply_harms_nobody(gateway: Gateway, until: Until) -> None:
    """Its message is accepted all the same; it asks again with its key."""
    await gateway.store.hold()
    async with gateway.connect() as client:
        await client.send({**SUBMIT, "seq": 1, "key": "k"}, {"op": "ping", "seq": 2})
        await client.reply()
    await gateway.store.release()
    await until(lambda: gateway.connections() == 0)

    async with gateway.connect() as client:
        assert (await client.ask(**SUBMIT, key="k"))["duplicate"]


async def test_after_the_last_request_the_replies_still_come(gateway: Gateway) -> None:
    """A client may close its sending side at once, as a shell pipeline does."""
    async with gateway.connect() as client:
        await client.send(*({**SUBMIT, "seq": seq} for seq in range(80)))
        client.stream.socket.shutdown(socket.SHUT_WR)
        replies = [await client.reply() for _ in range(80)]
        assert await client.line() is None

    assert all(reply["ok"] for reply in replies)


async def test_an_over_long_line_is_skipped(gateway: Gateway) -> None:
    """One reply without seq; the next line is read."""
    async with gateway.connect() as client:
        await client.stream.send_all(b"x" * 10_000 + b'\n{"op":"ping","seq":1}\n')
        refusal, pong = await client.reply(), await client.reply()

    assert (refusal["seq"], refusal["error"]["code"]) == (None, "invalid_request")
    assert pong == {"seq": 1, "ok": True}
    count = gateway.metrics.registry.get_sample_value(
        "gatewayd_stream_errors_total", {"code": "invalid_request"}
    )
    assert count == 1


async def test_ten_bad_lines_in_a_row_close_the_connection(gateway: Gateway, until: Until) -> None:
    """Each is answered, then it is the end; nobody else notices."""
    async with gateway.connect() as other:
        async with gateway.connect() as client:
            await client.stream.send_all(b"GET / HTTP/1.1\n" * 12)
            replies = [await client.reply() for _ in range(10)]
            assert await client.line() is None
            assert [reply["seq"] for reply in replies] == [None] * 10
        await until(lambda: gateway.connections() == 1)
        assert (await other.ask("ping"))["ok"]


async def optouts(client: Upstream, **fields: str) -> dict[str, Any]:
    return await client.ask("optout_check", to="138 0013 8000", **fields)


async def test_an_admin_keeps_the_opt_out_list(gateway: Gateway) -> None:
    """Added for a brand, it binds its marketing; removed, it does not."""
    gateway.configure(admin="true")
    marketing = {**SUBMIT, "class": "member"}
    async with gateway.connect() as client:
        assert not (await optouts(client))["opted_out"]
        added = await client.ask("optout_add", to="+8613800138000", brand="mall", reason="phone")
        found = await optouts(client)
        refused = await client.ask(**marketing)
        assert (await client.ask(**SUBMIT))["ok"]
        removed = await client.ask("optout_remove", to="13800138000")
        assert (await client.ask(**marketing))["ok"]

    assert (added["added"], removed["removed"]) == (1, 1)
    assert (found["opted_out"], found["brand"], found["source"]) == (True, "mall", "admin")
    assert found["since"].startswith("2026-11-1")
    assert refused["error"]["code"] == "opted_out"


async def test_an_opt_out_ends_what_waits(gateway: Gateway) -> None:
    """Marketing of that brand to that number is rejected at once, all else goes on (G6)."""
    gateway.configure(admin="true")
    async with gateway.connect() as client:
        (marketing,) = await client.submit(1, **{"class": "member"})
        (notice,) = await client.submit(1)
        (elsewhere,) = await client.submit(1, to="13800138001", **{"class": "member"})
        await client.ask("optout_add", to="13800138000", brand="mall")
        states = [
            (await client.ask("query", id=one["id"]))["message"] for one in (marketing, notice, elsewhere)
        ]

    assert [message["state"] for message in states] == ["rejected", "queued", "queued"]
    assert states[0]["error"]["code"] == "opted_out"


async def test_opt_outs_are_guarded(gateway: Gateway) -> None:
    """Only an admin changes the list; others ask about their own brands only."""
    async with gateway.connect() as client:
        codes = [
            (await client.ask("optout_add", to="13800138000"))["error"]["code"],
            (await client.ask("optout_remove", to="13800138000"))["error"]["code"],
            (await optouts(client, brand="bank"))["error"]["code"],
            (await optouts(client, brand="nosuch"))["error"]["code"],
            (await client.ask("optout_check", to="12"))["error"]["code"],
        ]

    assert codes == [
        "not_permitted",
        "not_permitted",
        "not_permitted",
        "unknown_brand",
        "invalid_destination",
    ]
