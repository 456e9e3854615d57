"""The record file and what is read from it."""

import os
from pathlib import Path
from typing import Any

import pytest

from gatewayd.smpp import text as texts
from simulator.messages import Message
from simulator.record import Record, Recorder, Start, Submit, join

LONG = "长短信要分成几段,每段都有自己的序号。" * 8 + "😀 #token-1"


def submit(**fields: Any) -> Submit:
    values: dict[str, Any] = {
        "at": 0.0,
        "account": "acme",
        "session": 1,
        "sequence_number": 1,
        "source": "1069",
        "destination": "86138",
        "esm_class": 0,
        "data_coding": 0,
        "short_message": b"hello".hex(),
        "registered_delivery": 1,
        "outstanding": 1,
        "message_id": "1",
        "command_status": 0,
    }
    return Submit(**{**values, **fields})


def segments(text: str, carry: texts.Carry, **fields: Any) -> list[Submit]:
    found = []
    for part in texts.split(text, texts.choose(text), carry, 7):
        tlvs = dict(part.tlvs)
        payload = tlvs.get(0x0424)
        sar = tuple(int.from_bytes(tlvs[tag]) for tag in (0x020C, 0x020E, 0x020F)) if 0x020C in tlvs else None
        found.append(
            submit(
                short_message=part.short_message.hex(),
                esm_class=0x40 if part.udhi else 0,
                data_coding=part.data_coding,
                message_payload=payload.hex() if payload is not None else None,
                sar=sar,
                **fields,
            )
        )
    return found


@pytest.mark.parametrize("carry", list(texts.Carry))
def test_long_texts_are_joined_whatever_carries_them(carry: texts.Carry) -> None:
    """UDH of both widths, SAR TLVs and message_payload give back the text, in whatever order they came."""
    sent = segments(LONG, carry)
    [message] = join(reversed(sent))
    assert message.text == LONG
    assert message.complete
    assert tuple(sent) == message.segments


def test_messages_of_two_numbers_do_not_mix_and_incomplete_ones_say_so() -> None:
    """The same reference to two destinations is two messages; a missing segment leaves a gap, told last."""
    one, two = segments(LONG, texts.Carry.UDH8), segments(LONG, texts.Carry.UDH8, destination="86139")
    messages = list(join([*one[:-1], *two, submit()]))
    assert [(message.destination, message.complete) for message in messages] == [
        ("86139", True),
        ("86138", True),
        ("86138", False),
    ]
    assert LONG.startswith(messages[-1].text)


def test_a_segment_sent_twice_is_joined_once() -> None:
    """A repeated segment of a waiting message changes nothing in its text."""
    sent = segments(LONG, texts.Carry.UDH8)
    [message] = join([sent[0], *sent])
    assert message.text == LONG


def test_tokens_are_counted_over_what_was_taken(tmp_path: Path) -> None:
    """A token counts once per message that was taken, over long ones too; what was refused does not count."""
    path = tmp_path / "record"
    recorder = Recorder(path)
    for event in [
        *segments(LONG, texts.Carry.UDH8),
        submit(short_message=b"#token-2 #token-2".hex()),
        submit(short_message=b"#token-2".hex(), command_status=None),
        submit(short_message=b"#token-3".hex(), command_status=0x58, message_id=""),
    ]:
        recorder.add(event)
    recorder.close()
    assert Record(path).count(r"#token-\d+") == {"#token-1": 1, "#token-2": 2}


def test_a_restart_appends_and_a_torn_line_is_skipped(tmp_path: Path) -> None:
    """A kill in the middle of a write leaves half a line; the next process and the readers get by."""
    path = tmp_path / "record"
    first = Recorder(path)
    first.add(submit(message_id="1"))
    first.close()
    with path.open("ab") as file:
        file.write(b'{"kind":"submit","at":1.0,"accou')
    second = Recorder(path)
    second.add(Start(at=2.0, pid=1))
    second.add(submit(message_id="2"))
    second.close()
    record = Record(path)
    assert [one.message_id for one in record.submits] == ["1", "2"]
    assert [start.pid for start in record.of(Start)] == [1]


def test_refresh_takes_whole_lines_only(tmp_path: Path) -> None:
    """A reader beside the writer sees each event once, and none before its line is whole."""
    path = tmp_path / "record"
    record = Record(path)
    assert record.events == []
    recorder = Recorder(path)
    recorder.add(submit(message_id="1"))
    recorder.flush()
    assert len(record.refresh().submits) == 1
    line = path.read_bytes()
    with path.open("ab") as file:
        file.write(line[:20])
        file.flush()
        assert len(record.refresh().submits) == 1
        file.write(line[20:])
    assert len(record.refresh().submits) == 2
    assert len(record.refresh().submits) == 2


def test_one_batch_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was added leaves in a single os.write; an empty flush writes nothing."""
    writes: list[int] = []
    recorder = Recorder(tmp_path / "record")
    write = os.write

    def counted(fd: int, octets: bytes) -> int:
        writes.append(len(octets))
        return write(fd, octets)

    monkeypatch.setattr(os, "write", counted)
    for number in range(100):
        recorder.add(submit(sequence_number=number))
    recorder.flush()
    recorder.flush()
    assert [(tmp_path / "record").stat().st_size] == writes
    assert isinstance(next(join(Record(tmp_path / "record").submits)), Message)
