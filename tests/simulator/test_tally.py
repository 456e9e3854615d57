"""How the demo counts: each way to break a promise is noticed, and by the promise that speaks of it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from simulator.record import Answer, AnyEvent, Loss, Receipt, Record, Recorder, Submit
from simulator.tally import Bulk, Story, arrived, receipts_taken, tokens, unanswered

KEYS = [f"#{number:05d}" for number in range(40)]
IDS = {key: f"id{key}" for key in KEYS}


def event(cursor: int, identifier: str, state: str, **fields: Any) -> dict[str, Any]:
    final = state in ("delivered", "unknown")
    return {"event": "state", "cursor": cursor, "id": identifier, "state": state, "final": final, **fields}


def story(lives: Mapping[str, Iterable[str]]) -> Story:
    told, cursor = Story(), 0
    for identifier, states in lives.items():
        for state in states:
            cursor += 1
            told.take(event(cursor, identifier, state))
    return told


def submit(token: str, *, at: float = 0.0, session: int = 1, message_id: str = "m") -> Submit:
    text = f"order {token} sent"
    return Submit(
        at=at,
        account="demo",
        session=session,
        sequence_number=1,
        source="1069",
        destination="86139",
        esm_class=0,
        data_coding=8,
        short_message=text.encode("utf-16-be").hex(),
        registered_delivery=1,
        outstanding=1,
        message_id=message_id,
        command_status=0,
    )


def loss(at: float, session: int = 1) -> Loss:
    return Loss(at=at, account="demo", session=session, reason="closed", unanswered=0)


# events


def test_the_story_takes_each_cursor_once() -> None:
    """Events come at least once; what comes again after a restart changes nothing and is not counted."""
    told = story({"a": ["submitted", "delivered"]})
    told.take(event(1, "a", "submitted"))
    told.take(event(2, "a", "delivered"))
    assert told.states("a") == ["submitted", "delivered"]
    assert told.ended == {"a": "delivered"}
    assert (told.count, told.contradicted) == (2, set())


@pytest.mark.parametrize("after", ["delivered", "unknown", "submitted"])
def test_nothing_may_be_told_after_the_end(after: str) -> None:
    """A second end, even the same, and a state after the end contradict it; the first end stays."""
    told = story({"a": ["unknown", after]})
    assert told.contradicted == {"a"}
    assert told.ended == {"a": "unknown"}


def test_inbound_and_late_receipts_are_no_states() -> None:
    """An MO is kept apart, a late receipt changes nothing."""
    told = story({"a": ["unknown"]})
    told.take({"event": "receipt", "cursor": 10, "id": "a", "stat": "DELIVRD"})
    told.take({"event": "inbound", "cursor": 11, "id": "b", "text": "TD"})
    assert told.states("a") == ["unknown"]
    assert [mo["text"] for mo in told.inbound] == ["TD"]
    assert told.contradicted == set()


def test_ends_are_counted_by_when_they_came_true() -> None:
    """What ended before a restart and was read after it belongs to the life before."""
    told = Story()
    for number in range(6):
        told.take(event(number + 1, f"id{number}", "delivered", at=f"1970-01-01T00:00:0{number}.500Z"))
    told.take(event(10, "open", "submitted", at="1970-01-01T00:00:09.000Z"))
    assert told.ended_since(3.5) == 3


# the record


def test_in_flight_is_what_was_not_due_when_the_session_ended() -> None:
    """An answer due after the end had not left; one due by the end may have; other sessions do not count."""
    events: list[AnyEvent] = [
        submit("#00001", at=9.7),
        submit("#00002", at=9.8),
        submit("#00003", at=9.9),
        submit("#00004", at=10.0),
        loss(10.0),
        submit("#00005", at=10.1, session=2),
    ]
    assert tokens(unanswered(events, 0.2)) == {"#00003", "#00004"}
    assert unanswered(events[:3], 0.2) == []


def test_the_last_loss_decides() -> None:
    """After a second kill the segments of the second session are meant."""
    events: list[AnyEvent] = [
        submit("#00001", at=1.0),
        loss(1.1),
        submit("#00002", at=2.0, session=2),
        loss(2.1, session=2),
    ]
    assert tokens(unanswered(events, 0.2)) == {"#00002"}


def receipt(message_id: str, number: int) -> Receipt:
    return Receipt(
        at=1.0,
        account="demo",
        session=1,
        sequence_number=number,
        message_id=message_id,
        stat="DELIVRD",
        attempt=1,
    )


def test_receipts_taken_are_those_answered_with_rok() -> None:
    """Neither an unanswered receipt counts, nor a refused one, nor the answer to an MO."""
    answers = [
        Answer(at=2.0, account="demo", session=1, sequence_number=number, command_status=status)
        for number, status in ((1, 0), (2, 0x14), (9, 0))
    ]
    assert receipts_taken([receipt("a", 1), receipt("b", 2), receipt("c", 3), *answers]) == 1


def test_what_arrived_and_what_had_a_receipt(tmp_path: Path) -> None:
    """A token is counted each time it was taken; a receipt is matched by the id it names."""
    recorder = Recorder(tmp_path / "record")
    for one in (
        submit("#00001", message_id="a"),
        submit("#00001", message_id="b"),
        submit("#00002", message_id="c"),
        submit("#00003", message_id=""),
        receipt("b", 1),
    ):
        recorder.add(one)
    recorder.close()
    assert arrived(Record(tmp_path / "record")) == (
        Counter({"#00001": 2, "#00002": 1}),
        frozenset({"#00001"}),
    )


# the bulk


def good() -> tuple[Bulk, dict[str, list[str]]]:
    """40 messages: 30 in flight at the kill, of which one has no receipt; 25 answered before the kill."""
    doubted, silent = KEYS[:30], KEYS[0]
    lives = {IDS[key]: ["in_doubt" if key in doubted else "submitted", "delivered"] for key in KEYS}
    lives[IDS[silent]][-1] = "unknown"
    bulk = Bulk(
        before={key: IDS[key] for key in KEYS[:25]},
        after=IDS,
        in_flight=frozenset(doubted),
        sent=Counter(KEYS),
        receipted=frozenset(KEYS) - {silent},
    )
    return bulk, lives


def broken(bulk: Bulk, lives: Mapping[str, Iterable[str]]) -> list[str]:
    """The first word of each promise that did not hold."""
    return [promise.expected.split()[0] for promise in bulk.promises(story(lives)) if not promise.held]


def test_a_bulk_that_went_well() -> None:
    """All promises hold; counts are shown."""
    bulk, lives = good()
    promises = bulk.promises(story(lives))
    assert all(promise.held for promise in promises)
    seen = " | ".join(promise.seen for promise in promises)
    for shown in ("30 segments", "0 lost, 40 ended", "39, 29 of them settled", "1, 1 of them", "0 twice, 40"):
        assert shown in seen


@pytest.mark.parametrize(
    ("changes", "lives", "named"),
    [
        ({"in_flight": frozenset(KEYS[:19])}, {}, ["at"]),
        ({"before": {**IDS, KEYS[0]: "another"}}, {}, ["all"]),
        ({"before": {**IDS, "#99999": "gone"}}, {}, ["all"]),
        ({}, {IDS[KEYS[39]]: ["submitted"]}, ["lost:", "delivered:"]),
        ({}, {IDS[KEYS[39]]: []}, ["lost:", "delivered:"]),
        ({}, {IDS[KEYS[39]]: ["delivered", "delivered"]}, ["the"]),
        ({}, {IDS[KEYS[5]]: ["delivered"]}, ["what"]),
        ({}, {IDS[KEYS[39]]: ["unknown"]}, ["delivered:", "unknown:"]),
        ({}, {IDS[KEYS[0]]: ["in_doubt", "delivered"]}, ["delivered:", "unknown:"]),
        ({"sent": Counter([*KEYS, KEYS[7]])}, {}, ["duplicates:"]),
    ],
    ids=[
        "too few in flight",
        "another id after the restart",
        "answered and then gone",
        "never ended",
        "never told of",
        "ended twice",
        "in doubt and silent about it",
        "given up in spite of its receipt",
        "delivered without a receipt",
        "sent twice",
    ],
)
def test_what_goes_wrong_is_named(
    changes: Mapping[str, Any], lives: Mapping[str, list[str]], named: list[str]
) -> None:
    """Each fault breaks the promise that speaks of it, and no other."""
    bulk, whole = good()
    assert broken(msgspec.structs.replace(bulk, **changes), {**whole, **lives}) == named
