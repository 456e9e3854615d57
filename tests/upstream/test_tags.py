"""The operations tag_pause, tag_resume and tag_progress."""

from pathlib import Path

import trio

from tests.upstream.gateway import Gateway, WatchedStore


async def test_a_tag_is_counted_paused_and_resumed(gateway: Gateway) -> None:
    """From the submit to the resume, over the socket."""
    async with gateway.connect() as client:
        await client.submit(3)
        told = await client.ask("tag_progress", tag="t")
        assert (told["counts"], told["paused"]) == ({"queued": 3}, False)
        paused = await client.ask("tag_pause", tag="t")
        assert (paused["paused"], paused["reason"]) == (True, "by shop")
        (late,) = await client.submit()
        assert late["state"] == "held"
        assert (await client.ask("tag_resume", tag="t"))["resumed"] == 1
        told = await client.ask("tag_progress", tag="t")
        assert (told["counts"], told["paused"]) == ({"queued": 4}, False)


async def test_progress_estimates_the_end(gateway: Gateway) -> None:
    """Three that wait at 0.1 a second leave in 30 seconds; not told without a link, nor while paused."""
    async with gateway.connect() as client:
        await client.submit(3)
        assert "finishes_at" not in await client.ask("tag_progress", tag="t")
        gateway.speeds["smsc"] = 0.1
        told = await client.ask("tag_progress", tag="t")
        assert told["finishes_at"] == "2026-11-18T11:07:10.000Z"
        await client.submit(send_at="2026-11-18T12:00:00Z")
        told = await client.ask("tag_progress", tag="t")
        assert told["finishes_at"] == "2026-11-18T12:00:40.000Z"
        assert "finishes_at" not in await client.ask("tag_pause", tag="t")


async def test_an_unknown_tag_is_not_found(gateway: Gateway) -> None:
    """Also one that another client has used."""
    async with gateway.connect() as client:
        refused = await client.ask("tag_progress", tag="none")
        assert refused["error"]["code"] == "not_found"
        refused = await client.ask("tag_pause", tag="t", client="other")
        assert refused["error"]["code"] == "not_permitted"


async def test_an_admin_may_pause_another_clients_tag(tmp_path: Path) -> None:
    """Named by `client`."""
    gateway = Gateway(tmp_path, WatchedStore()).configure(admin="true")
    with trio.fail_after(10):
        async with gateway.running(), gateway.connect() as client:
            paused = await client.ask("tag_pause", tag="t", client="other")
            assert paused["paused"]
