"""Every shipped scenario against the gateway's links, in virtual time: the state of each message is true."""

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio
from trio.testing import MockClock

import simulator
from gatewayd.link.place import LinkState
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
    same_number: all go to one number.
    ends: how many messages end how; absent: not fixed.
    untold: the SMSC's receipts may name no message, so that one may stay unknown.
    faults: of sessions, at least. binds: at least.
    """

    name: str = "a"
    password: str = ""
    link: str = "window: 10"
    text: str = ""
    same_number: bool = False
    ends: dict[str, int] | None = msgspec.field(default_factory=lambda: {"delivered": MESSAGES})
    untold: bool = False
    faults: int = 0
    binds: int = 1


BROKEN = Quirk(faults=1, binds=2)
QUIRKS: dict[str, Quirk] = {
    "accounts": Quirk(name="acme", password="secret", link="window: 10, throughput: 200"),
    "strict-bind": Quirk(password="a-password-of-24-letters", link="window: 10, system_type: VMA"),
    "pair": Quirk(link="window: 10, bind: pair", binds=2),
    "transmitter-receives": Quirk(link="window: 10, bind: transmitter"),
    "queue-full": Quirk(same_number=True),
    "window-of-one": Quirk(link="window: 1"),
    "hidden-bucket": Quirk(link="window: 10, throughput: 100"),
    # ends that are not all delivered
    "error-bodies": Quirk(ends={"delivered": MESSAGES - 4, "rejected": 4}),
    "failing": Quirk(ends=None),
    "stat-variants": Quirk(ends=None),
    "lost-receipts": Quirk(ends=None),
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
    return text[: text.index("#", 1) + 1] if text.startswith("#") else ""


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
    for submit in record.submits:
        submits[token_of(submit.user_data().octets.decode("latin-1"))].append(submit)
    said = told(record)
    for token, states in stories.items():
        assert [state in FINAL for state in states].count(True) == 1, (token, states)
        assert states[-1] in FINAL, (token, states)
        assert is_true(states[-1], said[token], submits[token], quirk), (token, states, said[token])
    if quirk.ends is not None:
        assert Counter(states[-1] for states in stories.values()) == quirk.ends
    assert (verdict.duplicates, verdict.repeated_unanswered, verdict.window_violations) == (0, 0, 0)
    assert one.smsc.status()["accounts"][quirk.name].get("faults", 0) >= quirk.faults
    assert len(record.of(Bind)) >= quirk.binds
    assert one.link(quirk.name).state is LinkState.BOUND


@pytest.mark.parametrize(("name", "count"), [("mo-disordered", 45), ("mo-flood", 1000)])
async def test_scripted_mo_arrive_each_once(
    autojump_clock: MockClock,
    nursery: trio.Nursery,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    count: int,
) -> None:
    """Long ones in any order and with segments twice are joined; a flood loses none."""
    one = Lab(nursery, tmp_path, monkeypatch, {"a": LINK}, scenario=load(FOLDER / f"{name}.yaml"))
    await one.bound()
    await trio.sleep(60)
    found = await one.store.read(lambda tables: tables.events_after("shop", 0, 1_000_000))
    events = [msgspec.json.decode(event.body, type=dict[str, Any]) for event in found]
    inbound = [event for event in events if event["event"] == "inbound"]
    assert len({event["from"] for event in inbound}) == len(inbound) == count
    assert {event["text"] for event in inbound} == {mo.text for mo in one.smsc.scenario.default.mos}
