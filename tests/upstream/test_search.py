"""The operation search: by number, time and state, for admins."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs

from gatewayd.numbers import masked
from tests.upstream.gateway import NOW, Gateway, Upstream, WatchedStore

DAY = 86_400_000
AT = "2026-11-18T11:06:40Z"  # NOW


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[Upstream]:
    """With a message of today to each of two numbers, and one of the day before yesterday."""
    gateway = Gateway(tmp_path, WatchedStore()).configure(admin="true")
    async with gateway.running(), gateway.connect() as client:
        gateway.intake._millis = lambda: NOW - 2 * DAY
        await client.submit(key="old")
        gateway.intake._millis = lambda: NOW
        await client.submit(key="one")
        await client.submit(key="two", to="13800138001")
        yield client


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        pytest.param({}, ["two", "one"], id="of one day"),
        pytest.param({"to": "+86 138 0013 8000"}, ["one", "old"], id="a number, since ever"),
        pytest.param({"from": "2026-11-16T00:00:00Z"}, ["two", "one", "old"], id="from a time on"),
        pytest.param({"until": AT}, [], id="until a time, without it, and the day before"),
        pytest.param({"until": "2026-11-17T00:00:00Z"}, ["old"], id="until another"),
        pytest.param({"state": "delivered"}, [], id="a state"),
        pytest.param({"state": "queued", "limit": 1}, ["two"], id="the newest of a state"),
    ],
)
async def test_what_is_found(admin: Upstream, asked: dict[str, Any], keys: list[str]) -> None:
    """The newest first, as query shows them."""
    with trio.fail_after(10):
        found = await admin.ask("search", **asked)
    assert [one["key"] for one in found["messages"]] == keys
    assert all(one["to"].startswith("8613800138") for one in found["messages"])


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"to": "12"}, "invalid_destination", "to"),
        ({"from": "yesterday"}, "invalid_request", "from"),
        ({"until": "2026-11-18"}, "invalid_request", "until"),
        ({"state": "lost"}, "invalid_request", "state"),
        ({"limit": 0}, "invalid_request", "limit"),
    ],
)
async def test_what_cannot_be_looked_for(
    admin: Upstream, asked: dict[str, Any], code: str, field: str
) -> None:
    """The field at fault is named."""
    refused = await admin.ask("search", **asked)
    assert (refused["error"]["code"], refused["error"]["field"]) == (code, field)


async def test_a_search_is_in_the_log(admin: Upstream) -> None:
    """One audit event that names the client and what was asked, but no whole number (G11)."""
    with capture_logs() as logs:
        await admin.ask("search", to="13800138000")
    (told,) = [entry for entry in logs if entry["event"] == "audit"]
    assert (told["client"], told["op"], told["about"]) == ("shop", "search", masked("8613800138000"))
    assert "13800138000" not in str(logs)


async def test_a_search_is_for_admins(gateway: Gateway) -> None:
    """Others learn nothing, not even of their own messages."""
    async with gateway.connect() as client:
        await client.submit()
        refused = await client.ask("search", to="13800138000")
    assert refused["error"]["code"] == "not_permitted"
