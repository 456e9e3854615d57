"""One submit, judged: each refusal with code and field, times, senders, encodings; the order of judgement."""

from typing import Any

import pytest

from gatewayd.config import parse_config
from gatewayd.ledger.accept import Accepted
from gatewayd.model import Refusal, Stage
from gatewayd.policy.subject import Facts
from gatewayd.snapshot import Snapshot
from gatewayd.submission import Submission
from gatewayd.upstream.wire import Submit

NOW = 1_795_000_000_000  # 2026-11-18T11:06:40Z
MINUTE, DAY = 60_000, 86_400_000
SNAPSHOT = Snapshot.build(
    parse_config(
        b"""
links:
  a: {host: a, system_id: a}
  b: {host: b, system_id: b, long_messages: udh16}
brands:
  mall: {signature: null, sender: "10690001"}
  shop: {signature: null, sender: SHOP}
  bank: {signature: null, sender: "10690002"}
clients:
  one: {users: [one], brands: [mall], classes: [otp, notice, member], holds_consent: true}
  two: {users: [two], brands: [mall, shop], classes: ["*"], holds_consent: true}
routes:
  - {match: {class: notice, to: ["86*"]}, links: [a, b]}
  - {match: {class: member, brand: mall, to: ["86*"]}, links: [a, b]}
  - {match: {class: otp, to: ["86*"]}, links: [b]}
limits: {max_segments: 3}
""",
        "test.yml",
    )
)


def submission(client: str = "one", **fields: Any) -> Submission:
    given = {"to": "13800138000", "class_": "notice", "text": "hello"} | fields
    request = Submit(seq=1, **{name: value for name, value in given.items() if value is not None})
    return Submission(request, SNAPSHOT.clients[client], SNAPSHOT, NOW)


def judged(client: str = "one", *, opted_out: bool = False, **fields: Any) -> Accepted | Refusal:
    return submission(client, **fields).judge(Facts(opted_out))


def accepted(client: str = "one", **fields: Any) -> Accepted:
    outcome = judged(client, **fields)
    assert isinstance(outcome, Accepted), outcome
    return outcome


IN_A_WEEK = "2026-11-25T11:06:40Z"
BINARY = {"text": None, "data": "0a0b"}
REFUSALS: list[tuple[str, str | None, dict[str, Any]]] = [
    # form
    ("invalid_request", "text", {"template": "code"}),
    ("invalid_request", "text", {"text": None, "data": "0a", "template": "code"}),
    ("invalid_request", "params", {"params": {"a": "b"}}),
    ("invalid_request", "encoding", {"text": None, "template": "code", "encoding": "binary"}),
    ("invalid_request", "udh", {"text": None, "template": "code", "udh": "0605040b8423f0"}),
    ("invalid_request", "text", {"text": None}),
    ("invalid_request", "text", {"data": "0a"}),
    ("invalid_request", "text", {"text": ""}),
    ("invalid_request", "data", {"text": None, "data": ""}),
    ("invalid_request", "data", {"text": None, "data": "  "}),
    ("invalid_request", "data", {"text": None, "data": "0x"}),
    ("invalid_request", "udh", {**BINARY, "udh": "xx"}),
    ("invalid_request", "udh", {**BINARY, "udh": "0605"}),
    ("invalid_request", "udh", {"udh": "0605040b8423f0"}),
    ("invalid_request", "encoding", {**BINARY, "encoding": "ucs2"}),
    ("invalid_request", "encoding", {"encoding": "binary"}),
    ("invalid_request", "tag", {"tag": "标" * 43}),
    ("invalid_request", "sender", {"sender": "1069000100000000000000"}),
    # times
    ("invalid_request", "valid_until", {"valid_until": IN_A_WEEK, "valid_for": 60}),
    ("invalid_request", "valid_until", {"valid_until": "2026-11-25T11:06:41Z"}),
    (
        "invalid_request",
        "valid_until",
        {"send_at": "2026-11-20T00:00:00Z", "valid_until": "2026-11-19T00:00:00Z"},
    ),
    ("invalid_request", "send_at", {"send_at": "2027-11-19T11:06:41Z"}),
    ("expired", "valid_until", {"valid_until": "2026-11-18T11:06:40Z"}),
    ("expired", "valid_until", {"valid_until": "2026-11-18T19:06:39+08:00"}),
    # rights
    ("unknown_class", "class", {"class_": "spam"}),
    ("not_permitted", "class", {"class_": "emergency"}),
    ("unknown_brand", "brand", {"brand": "nobody"}),
    ("not_permitted", "brand", {"brand": "bank"}),
    ("invalid_request", "brand", {"client": "two"}),
    ("not_permitted", "sender", {"sender": "10690002"}),
    ("not_permitted", "sender", {"sender": "1069000"}),
    ("not_permitted", "sender", {"sender": "10690001x"}),
    ("not_permitted", "sender", {"sender": "10690001１"}),
    ("not_permitted", "sender", {"sender": ""}),
    ("not_permitted", "sender", {"client": "two", "brand": "shop", "sender": "SHOP1"}),
    # number
    ("invalid_destination", "to", {"to": "12345"}),
    ("invalid_destination", "to", {"to": "+8610123456789"}),
    ("invalid_destination", "to", {"to": ""}),
    # policy
    ("opted_out", "to", {"class_": "member", "opted_out": True}),
    # route
    ("no_route", None, {"to": "+14155550123"}),
    ("no_route", None, {"client": "two", "brand": "mall", "class_": "traffic"}),
    # length
    ("unencodable", "text", {"text": "你好", "encoding": "gsm7"}),
    ("unencodable", "text", {"text": "你好", "encoding": "latin1"}),
    ("text_too_long", "text", {"text": "x" * 460}),
    ("text_too_long", "text", {"text": None, "data": "00" * 500}),
    ("invalid_request", "udh", {"text": None, "data": "00" * 200, "udh": "0500030b0201"}),
]


@pytest.mark.parametrize(("code", "field", "fields"), REFUSALS)
def test_refusals(code: str, field: str | None, fields: dict[str, Any]) -> None:
    """Code and field; the detail quotes neither text nor number (G11)."""
    outcome = judged(**fields)

    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.field, outcome.retryable) == (code, field, False)
    for secret in (fields.get("text"), fields.get("to"), fields.get("data")):
        assert not secret or secret not in outcome.detail


ORDER: list[tuple[str, dict[str, Any]]] = [
    ("form", {"tag": "x" * 129}),
    ("form: times", {"send_at": "tomorrow"}),
    ("rights: class", {"class_": "spam"}),
    ("rights: brand", {"brand": "nobody"}),
    ("rights: sender", {"sender": "10690002"}),
    ("number", {"to": "12345"}),
    ("opt-out", {"opted_out": True}),
    ("route", {"brand": "shop"}),
    ("length", {"text": "x" * 1000}),
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_the_first_failure_answers(first: int) -> None:
    """Everything from here on is wrong, and what comes first in the contract's order is told."""
    right: dict[str, Any] = {"class_": "member", "brand": "mall"}
    wrong: dict[str, Any] = dict(right)
    for _, fields in reversed(ORDER[first:]):
        wrong |= fields

    outcome = judged("two", **wrong)
    assert isinstance(outcome, Refusal)
    assert outcome == judged("two", **{**right, **ORDER[first][1]})


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-19",
        "2026-11-19T08:00:00",
        "2026-11-19 08:00:00Z",
        "2026-11-19T08Z",
        "2026-W47-4T08:00:00Z",
        "20261119T080000Z",
        "2026-13-19T08:00:00Z",
        "2026-11-19T08:00:00,5Z",
        "2026-11-19T08:00:00+08",
        "1795000000",
        "",
    ],
)
def test_only_rfc_3339_is_a_time(text: str) -> None:
    """With seconds and offset; what Python would read beyond that is refused."""
    for name in ("send_at", "valid_until"):
        times: dict[str, Any] = {name: text}
        outcome = judged(**times)
        assert isinstance(outcome, Refusal)
        assert (outcome.code, outcome.field) == ("invalid_request", name)


@pytest.mark.parametrize(
    ("fields", "send_at", "expires_at"),
    [
        ({}, None, NOW + DAY),
        ({"class_": "otp"}, None, NOW + 5 * MINUTE),
        ({"valid_for": 60}, None, NOW + MINUTE),
        ({"valid_for": 604_800}, None, NOW + 7 * DAY),
        ({"valid_until": IN_A_WEEK}, None, NOW + 7 * DAY),
        ({"valid_until": "2026-11-18T19:07:40.5+08:00"}, None, NOW + MINUTE + 500),
        ({"send_at": "2026-11-18t11:07:40z"}, NOW + MINUTE, NOW + MINUTE + DAY),
        ({"send_at": "2026-11-18T11:07:40Z", "valid_for": 60}, NOW + MINUTE, NOW + 2 * MINUTE),
        ({"send_at": "2026-11-18T11:07:40Z", "valid_until": IN_A_WEEK}, NOW + MINUTE, NOW + 7 * DAY),
        ({"send_at": "2026-11-18T11:05:40Z", "valid_for": 60}, NOW - MINUTE, NOW + MINUTE),
    ],
)
def test_times(fields: dict[str, Any], send_at: int | None, expires_at: int) -> None:
    """Validity counts from accept, or from send_at where that lies ahead."""
    found = accepted(**fields)

    assert (found.content.send_at, found.content.expires_at) == (send_at, expires_at)
    scheduled = send_at is not None and send_at > NOW
    assert found.stage is (Stage.SCHEDULED if scheduled else Stage.READY)
    assert found.content.state == ("scheduled" if scheduled else "queued")
    assert found.due == (send_at if scheduled else expires_at)


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        ({}, "10690001"),
        ({"sender": "10690001"}, "10690001"),
        ({"sender": "1069000188"}, "1069000188"),
        ({"sender": "10690001" + "9" * 12}, "10690001" + "9" * 12),
        ({"client": "two", "brand": "shop"}, "SHOP"),
        ({"client": "two", "brand": "shop", "sender": "SHOP"}, "SHOP"),
    ],
)
def test_senders(fields: dict[str, Any], sender: str) -> None:
    """The brand's, or that extended by digits up to 20."""
    assert accepted(**fields).content.sender == sender


@pytest.mark.parametrize(
    ("fields", "encoding", "segments"),
    [
        ({"text": "x" * 160}, "gsm7", 1),
        ({"text": "x" * 161}, "gsm7", 2),
        ({"text": "€" * 80}, "gsm7", 1),
        ({"text": "你" * 70}, "ucs2", 1),
        ({"text": "你" * 71}, "ucs2", 2),
        ({"text": "é" * 140, "encoding": "latin1"}, "latin1", 1),
        ({"text": "abc", "encoding": "ucs2"}, "ucs2", 1),
        ({"text": "x" * 459}, "gsm7", 3),
        ({"text": "x" * 306, "class_": "otp"}, "gsm7", 3),  # its first link cuts with 16-bit references: 152
        ({"text": None, "data": "00" * 140}, "binary", 1),
        ({"text": None, "data": "00" * 134, "udh": "0605040b8423f0"}, "binary", 2),
        ({"text": None, "data": "00", "encoding": "binary"}, "binary", 1),
    ],
)
def test_encodings_and_segments(fields: dict[str, Any], encoding: str, segments: int) -> None:
    """The count is that of the first link of the route."""
    content = accepted(**fields).content

    assert (content.encoding, content.segments) == (encoding, segments)


def test_binary_is_kept_as_octets() -> None:
    """Both are kept as they leave, and there is no text."""
    content = accepted(text=None, data="DE ad", udh="0605040b8423f0").content

    assert (content.data, content.udh, content.text) == (b"\xde\xad", bytes.fromhex("0605040b8423f0"), None)


def test_the_lane_is_route_class_client_and_brand() -> None:
    """What queues together."""
    lane = accepted().lane

    assert (lane.route, lane.class_, lane.client, lane.brand) == ("failover:a,b", "notice", "one", "mall")


def test_opt_outs_bind_marketing_only() -> None:
    """A notice reaches a number that opted out."""
    assert isinstance(judged(opted_out=True), Accepted)


def test_the_number_is_canonical() -> None:
    """However it was written."""
    assert {accepted(to=to).content.to for to in ("+8613800138000", "0086 138-0013-8000", "13800138000")} == {
        "8613800138000"
    }


def test_the_fingerprint_is_of_the_content() -> None:
    """The same for the same request under another seq; another for any other field; none without a key."""
    request = Submit(seq=1, to="13800138000", class_="notice", text="hello", key="k")
    rights = SNAPSHOT.clients["one"]

    def fingerprint(**changed: Any) -> bytes:
        fields = {name: getattr(request, name) for name in request.__struct_fields__}
        return Submission(Submit(**{**fields, **changed}), rights, SNAPSHOT, NOW).fingerprint

    others: list[dict[str, Any]] = [
        {"text": "hello!"},
        {"to": "13800138001"},
        {"class_": "otp"},
        {"tag": "t"},
        {"valid_for": 60},
    ]
    assert fingerprint(seq=2) == fingerprint() != b""
    assert len({fingerprint(**other) for other in others} | {fingerprint()}) == len(others) + 1
    assert fingerprint(key=None) == b""
