"""Every shipped scenario against the gateway's links, in virtual time: the state of each message is true."""

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

import simulator
from gatewayd.link.place import LinkState
from gatewayd.smpp import udh
from gatewayd.smpp.reader import Reader
from gatewayd.smpp.style import Style
from simulator.judge import judge
from simulator.record import Bind, Receipt, Record, Submit
from simulator.scenario import load
from tests.link.lab import Lab

FOLDER = Path(simulator.__file__).parent / "scenarios"
MESSAGES = 30
LINK = (
    "response_timeout: 5, enquire_link_interval: 10, bind_timeout: 10, reconnect_min: 0.1, reconnect_max: 2"
)
MORE = "classes: {notice: {receipt_wait: 250, validity: 450}}"
SAYS = {
    "DELIVRD": "delivered",
    "UNDELIV": "undeliverable",
    "EXPIRED": "expired",
    "REJECTD": "rejected",
    "DELETED": "cancelled",
}
LONG = 700  # seconds of virtual time: all waits are over
FINAL = frozenset({*SAYS.values(), "unknown"})


class Quirk(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario needs, and what must come of it beside the truth.

    name: of the link, and its system_id. link: settings of the link. text: behind each message's token.
    signature: that the handset sees in front of it.
    same_number: all go to one number.
    ends: how many messages end how; absent: not fixed.
    untold: the SMSC's receipts may name no message, so that one may stay unknown.
    faults: of sessions, at least. binds, connects: at least.
    """

    name: str = "a"
    password: str = ""
    link: str = "window: 10"
    text: str = ""
    signature: str = ""
    same_number: bool = False
    ends: dict[str, int] | None = msgspec.field(default_factory=lambda: {"delivered": MESSAGES})
    untold: bool = False
    faults: int = 0
    binds: int = 1
    connects: int = 1


BROKEN = Quirk(faults=1, binds=2)
QUIRKS: dict[str, Quirk] = {
    "accounts": Quirk(name="acme", password="secret", link="window: 10, throughput: 200"),
    "strict-bind": Quirk(password="a-password-of-24-letters", link="window: 10, system_type: VMA"),
    "pair": Quirk(link="window: 10, bind: pair", binds=2),
    "transmitter-receives": Quirk(link="window: 10, bind: transmitter"),
    "queue-full": Quirk(same_number=True),
    "window-of-one": Quirk(link="window: 1"),
    "hidden-bucket": Quirk(link="window: 10, throughput: 100"),
    "address-range": Quirk(link="window: 10, address_range: ^1069"),
    "receipts-elsewhere": Quirk(link="window: 10, binds: 2", binds=2),
    "receipt-echo": Quirk(text="@TD stat:UNDELIV"),
    "dates-beijing": Quirk(link="window: 10, receipt_timezone: Asia/Shanghai"),
    # texts, in the style of the link and of the SMSC
    "texts-packed": Quirk(link="window: 10, text: {packed: true}", text="Grüße {an} @lle £5 " * 9),
    "texts-latin1": Quirk(link="window: 10, text: {alphabet: latin1}", text="Grüße an alle £5 " * 9),
    "texts-ascii": Quirk(link="window: 10, text: {alphabet: ascii}", text="hello [you] " * 14),
    "texts-swapped": Quirk(link="window: 10, text: {byte_order: little}", text="您的订单已发货" * 12),
    "texts-marked": Quirk(link="window: 10, text: {byte_order_mark: true}", text="您的订单已发货" * 12),
    "texts-gbk": Quirk(link="window: 10, text: {wide: gbk}", text="您的订单已发货" * 12),
    "texts-national": Quirk(
        link="window: 10, text: {national_shift: [tr, pt, hi]}", text="Şölen ığdır'da, çağrı için " * 8
    ),
    "carrier-signature": Quirk(signature="【商城】"),
    # ends that are not all delivered
    "error-bodies": Quirk(ends={"delivered": MESSAGES - 4, "rejected": 4}),
    "failing": Quirk(ends=None),
    "stat-variants": Quirk(ends=None),
    "lost-receipts": Quirk(ends=None),
    "no-receipts": Quirk(ends={"unknown": MESSAGES}),
    "days-late": Quirk(ends={"unknown": MESSAGES}, untold=True),
    "carrier-codes": Quirk(ends=None),
    "blocked-sender": Quirk(ends=None),
    "odd-statuses": Quirk(ends={"delivered": MESSAGES - 3, "rejected": 3}),
    "slow": Quirk(ends=None, untold=True),  # some receipts come after the wait for them
    "first-segment-only": Quirk(text="x" * 300, link="window: 10, receipts: {segments: first}"),
    "last-segment-only": Quirk(text="x" * 300, link="window: 10, receipts: {segments: last}"),
    # sessions that end
    **dict.fromkeys(
        [
            "garbage",
            "torn",
            "length-zero",
            "length-short",
            "length-huge",
            "nack-zero",
            "half-open",
            "leaving",
            "stale-session",
        ],
        BROKEN,
    ),
    "full-window-cut": Quirk(ends=None, binds=2),
    "no-response": Quirk(binds=2),
    "throttled-binds": Quirk(binds=4),
    "silent-bind": Quirk(connects=3),
    "stalled": Quirk(faults=1),
    "unbind-unanswered": Quirk(faults=1),
    "noise": Quirk(faults=5),
    "odd-numbers": Quirk(faults=1),
}


def number(n: int) -> str:
    return f"86139{n:08d}"


def link_of(quirk: Quirk, folder: Path) -> str:
    """Settings of the link, as YAML."""
    password = f", password: {{file: {folder}/password}}" if quirk.password else ""
    return f"{LINK}, {quirk.link}{password}"


async def run(one: Lab, quirk: Quirk) -> dict[str, list[str]]:
    """Token -> states that were told of that message."""
    ids = {}
    for n in range(1, MESSAGES + 1):
        [identifier] = await one.submit(f"#{n}#{quirk.text}", to=number(1 if quirk.same_number else n))
        ids[identifier] = f"#{n}#"
    await one.bound()
    await trio.sleep(LONG)
    stories: dict[str, list[str]] = {token: [] for token in ids.values()}
    found = await one.store.read(lambda tables: tables.events_after("shop", 0, 1_000_000))
    for event in found:
        body = msgspec.json.decode(event.body, type=dict[str, Any])
        if body["event"] == "state":
            stories[ids[body["id"]]].append(body["state"])
    return stories


def token_of(text: str) -> str:
    """What tells the messages of a run apart; a later segment of a long one has none."""
    found = re.search("#[0-9]+#", text)
    return found[0] if found else ""


def text_of(submit: Submit, style: Style) -> str:
    """What one segment says."""
    data, reader = submit.user_data(), Reader(style)
    octets = reader.unpacked(data.octets, submit.data_coding, data.elements)
    return reader.text(octets, submit.data_coding, udh.shifts(data.elements)) or ""


def told(record: Record) -> dict[str, set[str]]:
    """Token -> the ends that the SMSC's receipts, as far as they got out, tell of its message."""
    stats = defaultdict(set)
    for receipt in record.of(Receipt):
        if receipt.stat in SAYS:
            stats[receipt.message_id].add(SAYS[receipt.stat])
    ends: dict[str, set[str]] = defaultdict(set)
    for message in record.messages():
        for segment in message.segments:
            ends[token_of(message.text)] |= stats[segment.message_id]
    return ends


def is_true(end: str, told: set[str], submits: list[Submit], quirk: Quirk) -> bool:
    """Whether the SMSC's record bears that end out."""
    taken = any(submit.taken for submit in submits)
    match end:
        case "unknown":
            return quirk.untold or not told
        case "rejected" | "expired" if not taken:
            return bool(submits)
        case _:
            return end in told


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.yaml")))
async def test_the_state_of_every_message_is_true(
    autojump_clock: MockClock,
    nursery: trio.Nursery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """One final state each, borne out by the record; nothing twice, and no window overrun."""
    quirk = QUIRKS.get(name, Quirk())
    if quirk.password:
        (tmp_path / "password").write_text(quirk.password)
    links, scenario = {quirk.name: link_of(quirk, tmp_path)}, load(FOLDER / f"{name}.yaml")
    one = Lab(nursery, tmp_path, monkeypatch, links, MORE, scenario=scenario)
    stories = await run(one, quirk)

    record, verdict = one.record, judge(one.record.events)
    submits = defaultdict(list)
    style = one.smsc.scenario.default.texts.reading.style
    for submit in record.submits:
        submits[token_of(text_of(submit, style))].append(submit)
    said = told(record)
    for token, states in stories.items():
        assert [state in FINAL for state in states].count(True) == 1, (token, states)
        assert states[-1] in FINAL, (token, states)
        assert is_true(states[-1], said[token], submits[token], quirk), (token, states, said[token])
    if quirk.ends is not None:
        assert Counter(states[-1] for states in stories.values()) == quirk.ends
    whole = {message.text for message in record.messages() if message.complete}
    assert whole <= {quirk.signature + token + quirk.text for token in stories}
    assert (verdict.faults, verdict.repeated_unanswered) == ({}, 0)
    assert one.smsc.status()["accounts"][quirk.name].get("faults", 0) >= quirk.faults
    assert len(record.of(Bind)) >= quirk.binds
    assert len(one.net.connects[quirk.name]) >= quirk.connects
    assert one.link(quirk.name).state is LinkState.BOUND


MOS = {
    "mo-carried": ("window: 10", 12),
    "mo-disordered": ("window: 10, binds: 3", 45),
    "mo-encodings": ("window: 10", 4),
    "mo-flood": ("window: 10", 1000),
    "opt-outs": ("window: 10", 20),
    "texts-ascii": ("text: {alphabet: ascii}", 3),
    "texts-gbk": ("text: {wide: gbk}", 3),
    "texts-latin1": ("text: {alphabet: latin1}", 3),
    "texts-marked": ("text: {byte_order_mark: true}", 3),
    "texts-national": ("text: {national_shift: [tr, pt, hi]}", 9),
    "texts-packed": ("text: {packed: true}", 3),
    "texts-swapped": ("text: {byte_order: little}", 3),
}


async def inbound(one: Lab, seconds: float) -> list[dict[str, Any]]:
    """Events of MO, once so much time has gone by."""
    await one.bound()
    await trio.sleep(seconds)
    found = await one.store.read(lambda tables: tables.events_after("shop", 0, 1_000_000))
    events = [msgspec.json.decode(event.body, type=dict[str, Any]) for event in found]
    return [event for event in events if event["event"] == "inbound"]


@pytest.mark.parametrize("name", MOS)
async def test_scripted_mo_arrive_each_once(
    autojump_clock: MockClock,
    nursery: trio.Nursery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """In any encoding; long ones in any order, over several sessions and with segments twice; a flood."""
    settings, count = MOS[name]
    links, scenario = {"a": f"{LINK}, {settings}"}, load(FOLDER / f"{name}.yaml")
    one = Lab(nursery, tmp_path, monkeypatch, links, scenario=scenario)
    events = await inbound(one, 60)
    assert len({event["from"] for event in events}) == len(events) == count
    assert {event["text"] for event in events} == {mo.text for mo in scenario.default.mos}


async def test_an_mo_that_lacks_a_segment_is_told_after_a_wait(
    autojump_clock: MockClock, nursery: trio.Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is there, marked as incomplete; the SMSC had its answer long before."""
    scenario = load(FOLDER / "mo-missing.yaml")
    one = Lab(nursery, tmp_path, monkeypatch, {"a": LINK}, scenario=scenario)
    events = await inbound(one, 400)
    assert len(events) == 5
    [whole] = {mo.text for mo in scenario.default.mos}
    assert all(whole.startswith(event["text"]) and event["text"] != whole for event in events)
    assert all(event["complete"] is False for event in events)


async def test_a_binary_mo_stays_binary(
    autojump_clock: MockClock, nursery: trio.Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its octets and its header with the ports, and no text."""
    one = Lab(nursery, tmp_path, monkeypatch, {"a": LINK}, scenario=load(FOLDER / "mo-binary.yaml"))
    events = await inbound(one, 10)
    assert len(events) == 3
    assert {(event["text"], event["data"], event["udh"]) for event in events} == {
        (None, "0102feff", "06050415810000")
    }


async def test_receipts_that_come_days_late_are_told(
    autojump_clock: MockClock, nursery: trio.Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message has ended as unknown, and stays so; the receipt is an event of its own, marked late.

    An hour stands for the days here: each second of them costs time.
    """
    scenario = load(FOLDER / "days-late.yaml").changed({"default": {"receipts": {"delay": 3600}}})
    one = Lab(nursery, tmp_path, monkeypatch, {"a": LINK}, MORE, scenario=scenario)
    [identifier] = await one.submit("#1#")
    await one.bound()
    await trio.sleep(3700)
    events = await one.events(identifier)
    assert [event["state"] for event in events if event["event"] == "state"][-1] == "unknown"
    assert [(event["stat"], event["late"]) for event in events if event["event"] == "receipt"] == [
        ("DELIVRD", True)
    ]
