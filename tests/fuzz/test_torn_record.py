"""The simulator may be killed at any octet of its record: what was whole is read and judged."""

from pathlib import Path

from simulator.judge import judge
from simulator.record import Answer, AnyEvent, Loss, Receipt, Record, Recorder, Start

EVENTS: tuple[AnyEvent, ...] = (
    Start(at=1.0, pid=7),
    Receipt(at=2.0, account="acme", session=1, sequence_number=9, message_id="17", stat="DELIVRD", attempt=1),
    Answer(at=3.0, account="acme", session=1, sequence_number=9, command_status=0),
    Loss(at=4.0, account="acme", session=1, reason="dropped", unanswered=0),
)


def test_a_record_cut_at_each_octet(tmp_path: Path) -> None:
    """The torn event is missing, those before it and those of the next process are there."""
    path = tmp_path / "record"
    recorder = Recorder(path)
    for event in EVENTS:
        recorder.add(event)
    recorder.close()
    octets = path.read_bytes()
    for size in range(len(octets) + 1):
        path.write_bytes(octets[:size])
        whole = octets[:size].count(b"}")
        again = Recorder(path)
        again.add(EVENTS[0])
        again.close()
        record = Record(path)
        assert tuple(record.events) == (*EVENTS[:whole], EVENTS[0])
        assert judge(record.events).submits == 0
