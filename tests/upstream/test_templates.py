"""The operations template_put, template_review and template_get, and submits by template."""

from pathlib import Path
from typing import Any

import pytest

from tests.upstream.gateway import Gateway, WatchedStore

CODE: dict[str, Any] = {"name": "code", "class": "otp", "text": "您的验证码为{code:digits:4-8}"}
SUBMIT = {"to": "13800138000", "class": "otp", "template": "code", "params": {"code": "987654"}}


async def test_from_the_draft_to_the_message(tmp_path: Path) -> None:
    """Each put is a version; the newest approved one is used; the review says who and why."""
    gateway = Gateway(tmp_path, WatchedStore()).configure(admin="true")
    mall = {"brand": "mall"}
    async with gateway.running(), gateway.connect() as client:
        put = await client.ask("template_put", **CODE, **mall, state="draft")
        assert (put["version"], put["state"]) == (1, "draft")
        put = await client.ask("template_put", **{**CODE, **mall, "text": "校验码{code:digits:4-8}"})
        assert (put["version"], put["state"]) == (2, "submitted")
        assert (await client.ask("submit", **SUBMIT, **mall))["error"]["code"] == "unknown_template"
        review = {"name": "code", **mall}
        done = await client.ask("template_review", **review, version=1, state="approved", reason="good")
        assert (done["version"], done["state"]) == (1, "approved")
        assert (await client.ask("submit", **SUBMIT, **mall))["segments"] == 1
        versions = (await client.ask("template_get", **review))["templates"]
        assert [(one["version"], one["state"]) for one in versions] == [(2, "submitted"), (1, "approved")]
        assert versions[1] == {
            **CODE,
            **mall,
            "version": 1,
            "state": "approved",
            "group": None,
            "at": "2026-11-18T11:06:40.000Z",
            "by": "shop",
            "reason": "good",
            "reviewed_at": "2026-11-18T11:06:40.000Z",
            "reviewed_by": "shop",
        }
        await client.ask("template_put", **{**CODE, **mall, "name": "another"})
        newest = (await client.ask("template_get"))["templates"]
        assert [(one["name"], one["version"]) for one in newest] == [("another", 1), ("code", 2)]
        assert (await client.ask("template_review", **review, state="rejected"))["version"] == 2


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"text": "{code}"}, "invalid_request", "text"),
        ({"text": "【某某】{code}"}, "invalid_request", "text"),
        ({"class": "spam"}, "unknown_class", "class"),
        ({"brand": "bank"}, "not_permitted", "brand"),
        ({"brand": "none"}, "unknown_brand", "brand"),
        ({"name": "a b"}, "invalid_request", "name"),
        ({"state": "approved"}, "invalid_request", "state"),
        ({"group": "loans"}, "invalid_request", "group"),
        ({"class": "notice", "group": "risk_alert"}, "invalid_request", "class"),
    ],
)
async def test_what_is_no_template(gateway: Gateway, fields: dict[str, Any], code: str, field: str) -> None:
    """Its text, its class, its group, and whose it is."""
    async with gateway.connect() as client:
        refused = await client.ask("template_put", **{**CODE, **fields})
        assert (refused["error"]["code"], refused["error"]["field"]) == (code, field)


@pytest.mark.parametrize("class_", ["otp", "emergency"])
async def test_a_risk_alert_is_urgent(gateway: Gateway, class_: str) -> None:
    """Of a class as urgent as otp."""
    async with gateway.connect() as client:
        put = await client.ask("template_put", **{**CODE, "class": class_, "group": "risk_alert"})
        assert put["ok"]


async def test_only_an_admin_reviews(gateway: Gateway) -> None:
    """Clients put theirs and read them."""
    async with gateway.connect() as client:
        await client.ask("template_put", **CODE)
        refused = await client.ask("template_review", name="code", state="approved")
        assert refused["error"]["code"] == "not_permitted"
        assert (await client.ask("template_get", name="code"))["templates"][0]["state"] == "submitted"
        for op in ("template_get", "template_review"):
            refused = await client.ask(op, name="code", brand="bank", state="approved")
            assert refused["error"]["code"] in {"not_permitted", "invalid_request"}


async def test_what_is_not_there(tmp_path: Path) -> None:
    """A name, or a version of it."""
    gateway = Gateway(tmp_path, WatchedStore()).configure(admin="true")
    async with gateway.running(), gateway.connect() as client:
        refused = await client.ask("template_get", name="none")
        assert (refused["error"]["code"], refused["error"]["field"]) == ("unknown_template", "name")
        await client.ask("template_put", **CODE, brand="mall")
        refused = await client.ask("template_review", name="code", brand="mall", version=2, state="approved")
        assert (refused["error"]["code"], refused["error"]["field"]) == ("unknown_template", "name")
        assert (await client.ask("template_get", brand="bank"))["templates"] == []
