"""What becomes true between accept and sending counts when a message would leave (G7): one case a stage."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pytest

from tests.daemon.harness import Consumer, Gateway, Simulator, number
from tests.daemon.policing import JUDGE, ONE_AT_A_TIME, SALE, Stopped, brand, texts, verdict

pytestmark = pytest.mark.daemon

Smsc = Callable[..., Simulator]
Daemon = Callable[..., Gateway]
Consume = Callable[..., Consumer]
Fields = dict[str, Any]


class Case(NamedTuple):
    """One message, and what it ends as: a state, its reason or the code of its error.

    change: op and fields that make the difference while it waits.
    """

    fields: Fields
    ends: tuple[str, str | None]
    change: tuple[str, Fields] | None = None


MARKETING: Final = {"class_": "member", "brand": "mall", "text": SALE}
TEMPLATE: Final = "会员日{rate:digits}折,今晚24点截止,门店凭短信入场"
NAMES: Final = ("xxmall", "mall", "cafe", "tea", "bank", "renamed", "books")
BRANDS: Final = {
    "xxmall": brand("XX客服", "10690009"),
    "mall": brand("XX商城", "10690001"),
    "books": brand("XX书店", "10690002", templates="required_for_marketing"),
    "cafe": brand("XX咖啡", "10690003"),
}
TO_OF_REPLY, TO_OF_LIST, TO_OF_CONSENT = number(1), number(2), number(3)

BY_REQUEST: Final = {
    "nothing changes": Case({**MARKETING, "to": number(11)}, ("delivered", None)),
    "a list of opt-outs": Case(
        {**MARKETING, "to": TO_OF_LIST},
        ("rejected", "opted_out"),
        ("optout_add", {"to": TO_OF_LIST, "brand": "mall", "reason": "by telephone"}),
    ),
    "consent revoked": Case(
        {**MARKETING, "to": TO_OF_CONSENT},
        ("rejected", "no_consent"),
        ("consent_revoke", {"to": TO_OF_CONSENT, "brand": "mall"}),
    ),
    "a template rejected": Case(
        {"class_": "member", "brand": "books", "template": "sale", "params": {"rate": "8"}, "to": number(12)},
        ("rejected", "template_mismatch"),
        ("template_review", {"name": "sale", "brand": "books", "state": "rejected", "reason": "no date"}),
    ),
    "a tag paused": Case(
        {**MARKETING, "to": number(13), "tag": "sale-7"}, ("held", "paused"), ("tag_pause", {"tag": "sale-7"})
    ),
    "no time left": Case({**MARKETING, "to": number(14), "valid_for": 1}, ("expired", "expired")),
    "a notice to those who are out": Case({"text": "您的包裹已到", "to": TO_OF_LIST}, ("delivered", None)),
    "another brand to those who are out": Case(
        {**MARKETING, "brand": "cafe", "to": TO_OF_LIST}, ("delivered", None)
    ),
}


def test_what_requests_and_replies_change_counts_when_it_would_leave(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Opt-out by MO and by request, consent, template, pause, expiry: accepted before, judged after."""
    smsc = simulator(judge=JUDGE)
    daemon = gateway(smsc.port, sim=ONE_AT_A_TIME, brands=BRANDS)
    daemon.until_link("sim-1", "bound")
    events = consume(daemon)
    with daemon.client() as client:
        new = {"name": "sale", "class": "member", "brand": "books", "text": TEMPLATE}
        client.request("template_put", **new)
        client.request("template_review", name="sale", brand="books", state="approved")
    stopped = Stopped(smsc, daemon)
    reply = daemon.submit(**MARKETING, to=TO_OF_REPLY)
    ids = {name: daemon.submit(**case.fields)["id"] for name, case in BY_REQUEST.items()}
    smsc.do("mo", **{"from": TO_OF_REPLY, "to": "10690001", "text": "TD"})
    with daemon.client() as client:
        for case in BY_REQUEST.values():
            if case.change is not None:
                client.request(case.change[0], **case.change[1])
    events.until_final([reply["id"], ids["no time left"]])
    stopped.go()
    assert ended(events, ids, BY_REQUEST) == {name: case.ends for name, case in BY_REQUEST.items()}
    assert ends(events, reply["id"]) == ("rejected", "opted_out")
    assert verdict(smsc).faults == {}
    with daemon.client() as client:
        client.request("tag_resume", tag="sale-7")
    events.until_state(ids["a tag paused"], "delivered")
    assert events.states(ids["a tag paused"]) == ["held", "queued", "submitted", "delivered"]
    assert [len(texts(smsc, n)) for n in (1, 2, 3, 12, 13, 14)] == [0, 2, 0, 0, 1, 0]
    assert verdict(smsc).faults == {}


BY_FILE: Final = {
    "nothing changes": Case({**MARKETING, "to": number(21)}, ("delivered", None)),
    "its brand is suspended": Case({**MARKETING, "brand": "cafe", "to": number(22)}, ("held", "suspended")),
    "its brand is suspended, what waits is dropped": Case(
        {**MARKETING, "brand": "tea", "to": number(23)}, ("rejected", "suspended")
    ),
    "its brand is a bank now": Case(
        {**MARKETING, "brand": "bank", "to": number(24)}, ("rejected", "finance_marketing")
    ),
    "its brand signs otherwise": Case(
        {"brand": "renamed", "text": "您的包裹已到", "to": number(25)}, ("rejected", "signature_mismatch")
    ),
    "its brand writes by templates only": Case(
        {**MARKETING, "brand": "books", "to": number(26)}, ("rejected", "template_mismatch")
    ),
    "a word is forbidden": Case(
        {**MARKETING, "text": f"{SALE},扫码进群", "to": number(27)}, ("rejected", "sensitive_word")
    ),
    "a link is not allowed any more": Case(
        {**MARKETING, "text": f"{SALE},见 mall.example.cn/a", "to": number(28)},
        ("rejected", "sensitive_word"),
    ),
    "fewer are allowed, and one has left": Case(
        {**MARKETING, "to": number(29)}, ("rejected", "frequency_cap")
    ),
    "the client vouches no more": Case(
        {**MARKETING, "consent": None, "to": number(30)}, ("rejected", "no_consent")
    ),
    "its class heeds opt-outs now": Case(
        {"class_": "hint", "text": "您的包裹已到", "to": number(31)}, ("rejected", "opted_out")
    ),
}
CONSENT: Final = {"channel": "web", "at": "2026-01-01T00:00:00Z"}


def other_file(daemon: Gateway) -> Fields:
    """What the operator has changed while messages waited."""
    client, brands = daemon.config["clients"]["local"], daemon.config["brands"]
    suspended = {"reason": "its code is abused"}
    return {
        "clients": {"local": {**client, "holds_consent": False}},
        "classes": {"hint": {"opt_out": True}},
        "brands": {
            **brands,
            "cafe": {**brands["cafe"], "suspended": {**suspended, "action": "hold"}},
            "tea": {**brands["tea"], "suspended": {**suspended, "action": "drop"}},
            "bank": {**brands["bank"], "industry": "finance"},
            "renamed": {**brands["renamed"], "signature": "【新名】"},
            "books": {**brands["books"], "templates": "required"},
        },
        "policy": {
            **daemon.config["policy"],
            "words": [{"words": ["进群"], "action": "refuse", "category": "groups"}],
            "links": {"allow": ["mall.example.com"]},
            "frequency": [{"count": 1, "days": 7}],
        },
    }


def test_what_another_file_changes_counts_when_it_would_leave(
    simulator: Smsc, gateway: Daemon, consume: Consume
) -> None:
    """Accepted under one file, judged under the next; what only waits leaves under the one after."""
    smsc = simulator(judge=JUDGE)
    brands = {name: brand(f"XX{name}", f"1069000{n}") for n, name in enumerate(NAMES)}
    daemon = gateway(smsc.port, brands=brands, classes={"hint": {}})
    events = consume(daemon)
    events.until_final([daemon.submit(**MARKETING, to=number(29), consent=CONSENT)["id"]])
    with daemon.client() as client:
        client.request("optout_add", to=number(31), brand="xxmall")
    smsc.kill()
    daemon.until_link("sim-1", "backoff")
    ids = {name: daemon.submit(**{"consent": CONSENT, **c.fields})["id"] for name, c in BY_FILE.items()}
    before = daemon.config
    under(daemon, events, other_file(daemon))
    smsc.start()
    assert ended(events, ids, BY_FILE) == {name: case.ends for name, case in BY_FILE.items()}
    under(daemon, events, before)
    events.until_final([ids["its brand is suspended"]])
    assert events.states(ids["its brand is suspended"]) == ["held", "queued", "submitted", "delivered"]
    assert [len(texts(smsc, n)) for n in range(21, 32)] == [1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert verdict(smsc).faults == {}


def under(daemon: Gateway, events: Consumer, changes: Fields) -> None:
    """Killed, and started with another file."""
    events.close()
    daemon.kill()
    daemon.configure(**changes)
    daemon.start()


def ended(events: Consumer, ids: dict[str, str], cases: dict[str, Case]) -> dict[str, tuple[str, str | None]]:
    """What became of each message, once it is where its case says that it stays, or final."""

    def stays(name: str) -> bool:
        states = events.states(ids[name])
        return bool(states) and (states[-1] == cases[name].ends[0] or ids[name] in events.finals())

    events.until(lambda _: all(map(stays, ids)))
    return {name: ends(events, identifier) for name, identifier in ids.items()}


def ends(events: Consumer, identifier: str) -> tuple[str, str | None]:
    """The state of a message, and its reason or the code of its error."""
    last = events.life(identifier)[-1]
    return last["state"], last["reason"] or (last["error"] or {}).get("code")
