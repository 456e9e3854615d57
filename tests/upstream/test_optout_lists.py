"""The operations optout_load and optout_list."""

from pathlib import Path

import pytest
import trio

from tests.upstream.gateway import Gateway, WatchedStore


@pytest.fixture
def admin(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path, WatchedStore()).configure(admin="true")


async def test_a_list_is_loaded_and_read_in_pages(admin: Gateway) -> None:
    """What is no number is told by its place; a second load adds nothing."""
    numbers = [f"1380013{n:04}" for n in range(5)]
    with trio.fail_after(10):
        async with admin.running(), admin.connect() as client:
            reply = await client.ask("optout_load", numbers=[*numbers, "12"], brand="mall", reason="moved")
            assert (reply["added"], [one["index"] for one in reply["wrong"]]) == (5, [5])
            assert (await client.ask("optout_load", numbers=numbers, brand="mall"))["added"] == 0
            assert (await client.ask("optout_load", numbers=numbers[:1]))["added"] == 1  # bank too
            found: list[dict[str, str]] = []
            after: str | None = ""
            while after is not None:
                page = await client.ask("optout_list", after=after, limit=2)
                found += page["optouts"]
                after = page["after"]
            assert [(one["to"], one["brand"]) for one in found] == [
                ("8613800130000", "bank"),
                *((f"86{number}", "mall") for number in numbers),
            ]
            assert {one["source"] for one in found} == {"import"}
            only = await client.ask("optout_list", brand="bank")
            assert (len(only["optouts"]), only["after"]) == (1, None)


async def test_loading_ends_what_waits(admin: Gateway) -> None:
    """As a single opt-out does (G6); another brand's stays."""
    with trio.fail_after(10):
        async with admin.running(), admin.connect() as client:
            marketing: dict[str, str] = {"class": "member", "brand": "mall"}
            (waiting,) = await client.submit(1, **marketing)
            await client.ask("optout_load", numbers=["13800138000"], brand="bank")
            assert (await client.ask("query", id=waiting["id"]))["message"]["state"] != "rejected"
            await client.ask("optout_load", numbers=["13800138000"], brand="mall")
            assert (await client.ask("query", id=waiting["id"]))["message"]["state"] == "rejected"


async def test_lists_are_for_admins(gateway: Gateway) -> None:
    """They hold other people's numbers."""
    async with gateway.connect() as client:
        for op, fields in (("optout_list", {}), ("optout_load", {"numbers": ["13800138000"]})):
            assert (await client.ask(op, **fields))["error"]["code"] == "not_permitted"
