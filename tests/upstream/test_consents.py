"""The operations consent_add, consent_revoke, consent_check, consent_load and consent_list."""

from pathlib import Path
from typing import Any

import trio

from tests.upstream.gateway import Gateway, Upstream, WatchedStore

NUMBER = "13800138000"
BEFORE, AFTER = "2026-11-01T08:00:00+08:00", "2026-11-02T08:00:00Z"


async def said(client: Upstream, **fields: Any) -> list[tuple[str, bool, str | None]]:
    reply = await client.ask("consent_check", to=NUMBER, **fields)
    return [(record["brand"], record["granted"], record["at"]) for record in reply["records"]]


async def test_consent_is_told_and_taken_back(tmp_path: Path) -> None:
    """Marketing goes between the two; both stay on record with their proof."""
    gateway = Gateway(tmp_path, WatchedStore()).configure(holds="false")
    submit = {"to": NUMBER, "class": "member", "text": "hi"}
    proof = {"channel": "web", "at": BEFORE, "wording": "v3", "proof": "order-42"}
    async with gateway.running(), gateway.connect() as client:
        assert (await client.ask("submit", **submit))["error"]["code"] == "no_consent"
        added = await client.ask("consent_add", to=NUMBER, **proof)
        assert (added["added"], added["in_force"]) == (1, True)
        assert (await client.ask("consent_add", to=NUMBER, **proof))["added"] == 0
        assert (await client.ask("submit", **submit))["ok"]
        told = await client.ask("consent_check", to=NUMBER)
        assert told["granted"] == ["mall"]
        assert told["records"] == [
            {
                **proof,
                "to": "8613800138000",
                "brand": "mall",
                "granted": True,
                "at": "2026-11-01T00:00:00.000Z",
                "recorded_at": "2026-11-18T11:06:40.000Z",
                "by": "shop",
            }
        ]
        assert (await client.ask("consent_revoke", to=NUMBER, channel="phone", at=AFTER))["revoked"] == 1
        told = await client.ask("consent_check", to=NUMBER)
        assert told["granted"] == []
        assert [record["granted"] for record in told["records"]] == [False, True]
        assert (await client.ask("submit", **submit))["error"]["code"] == "no_consent"


async def test_an_old_consent_does_not_undo_a_withdrawal(gateway: Gateway) -> None:
    """It is kept, and the reply says that it is not in force."""
    async with gateway.connect() as client:
        assert (await client.ask("consent_revoke", to=NUMBER, at=AFTER))["revoked"] == 1
        added = await client.ask("consent_add", to=NUMBER, at=BEFORE)
        assert (added["added"], added["in_force"]) == (1, False)
        now = await client.ask("consent_add", to=NUMBER)
        assert (now["added"], now["in_force"]) == (1, True)
        times = ["2026-11-18T11:06:40.000Z", "2026-11-02T08:00:00.000Z", "2026-11-01T00:00:00.000Z"]
        assert await said(client) == [
            ("mall", True, times[0]),
            ("mall", False, times[1]),
            ("mall", True, times[2]),
        ]


async def test_consents_are_of_ones_own_brands(gateway: Gateway) -> None:
    """Also where none is named."""
    async with gateway.connect() as client:
        for op in ("consent_add", "consent_revoke", "consent_check"):
            assert (await client.ask(op, to=NUMBER, brand="bank"))["error"]["code"] == "not_permitted"
            assert (await client.ask(op, to=NUMBER, brand="none"))["error"]["code"] == "unknown_brand"
            assert (await client.ask(op, to="1"))["error"]["code"] == "invalid_destination"
        assert (await client.ask("consent_list", brand="bank"))["error"]["code"] == "not_permitted"
        wrong = await client.ask("consent_load", rows=[{"to": NUMBER, "brand": "bank"}])
        assert (wrong["added"], wrong["wrong"][0]["field"]) == (0, "brand")


async def test_an_admin_speaks_for_all_brands(tmp_path: Path) -> None:
    """A withdrawal without a brand is from all; an agreement names its brand."""
    gateway = Gateway(tmp_path, WatchedStore()).configure(admin="true")
    async with gateway.running(), gateway.connect() as client:
        refused = await client.ask("consent_add", to=NUMBER)
        assert (refused["error"]["code"], refused["error"]["field"]) == ("invalid_request", "brand")
        assert (await client.ask("consent_add", to=NUMBER, brand="bank", at=BEFORE))["added"] == 1
        assert (await client.ask("consent_revoke", to=NUMBER, at=AFTER))["revoked"] == 2
        assert [brand for brand, *_ in await said(client, brand="bank")] == ["bank", "bank"]
        assert (await client.ask("consent_check", to=NUMBER))["granted"] == []


async def test_a_time_is_one_that_was(gateway: Gateway) -> None:
    """RFC 3339, and not ahead of the clock."""
    async with gateway.connect() as client:
        for at in ("today", "2026-11-18T12:00:00Z", "2026-13-01T00:00:00Z"):
            refused = await client.ask("consent_add", to=NUMBER, at=at)
            assert (refused["error"]["code"], refused["error"]["field"]) == ("invalid_request", "at")


async def test_many_are_loaded_and_listed(gateway: Gateway) -> None:
    """What cannot be read is told by its place; pages hold all that was said."""
    rows: list[dict[str, Any]] = [
        {"to": f"138001380{n:02}", "at": BEFORE, "channel": "shop"} for n in range(5)
    ]
    rows[1:1] = [{"to": "12"}, {"to": NUMBER, "at": "soon"}]
    rows += [{"to": "13800138004", "granted": False, "at": AFTER}, {"to": "13800138005"}]
    async with gateway.connect() as client:
        loaded = await client.ask("consent_load", rows=rows)
        assert loaded["added"] == 7
        assert [(one["index"], one["field"]) for one in loaded["wrong"]] == [(1, "to"), (2, "at")]
        assert (await client.ask("consent_load", rows=rows))["added"] == 0
        pages = list[dict[str, Any]]()
        after: int | None = 0
        while after is not None:
            page = await client.ask("consent_list", after=after, limit=3)
            pages, after = pages + page["consents"], page["after"]
        assert [record["to"][-2:] for record in pages] == ["00", "01", "02", "03", "04", "04", "05"]
        assert [record["granted"] for record in pages] == [True] * 5 + [False, True]
        assert pages[-1]["at"] is None


async def test_a_store_that_fails_is_no_yes(gateway: Gateway) -> None:
    """What is not durable is not answered as done."""
    async with gateway.connect() as client:
        gateway.store.failing = True
        with trio.fail_after(5):
            refused = await client.ask("consent_add", to=NUMBER)
        assert (refused["error"]["code"], refused["error"]["retryable"]) == ("overloaded", True)
