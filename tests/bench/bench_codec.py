"""Codec against smpplib in one run; as a script it prints a table and fails below a threshold.

Both sides do the same work: encoding builds the object first, a receipt is decoded with its two TLVs typed.
"""

import gc
import sys
import timeit
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from smpplib import smpp

from gatewayd.smpp import tlv
from gatewayd.smpp.codec import decode, encode
from gatewayd.smpp.pdu import DeliverSm, EnquireLink, SubmitSm, SubmitSmResp

ROUNDS = 7  # the best of these is taken: whatever else runs on the machine only ever adds
SECONDS_A_ROUND = 0.05

TEXT = "您的验证码为987654,5分钟内有效,请勿泄露。".encode("utf-16-be")
RECEIPT_TEXT = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2611220800 done date:2611220801 stat:DELIVRD err:000 text:"
)
RECEIPT = encode(
    DeliverSm(
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=b"8613800138000",
        destination_addr=b"10690001",
        esm_class=0x04,
        short_message=RECEIPT_TEXT,
        tlvs=(tlv.RECEIPTED_MESSAGE_ID.tlv(b"0123456789"), tlv.MESSAGE_STATE.tlv(2)),
    ),
    7,
)
SUBMIT_RESP = encode(SubmitSmResp(message_id=b"0123456789"), 7)
ENQUIRE_LINK = encode(EnquireLink(), 7)


class Client:
    """What smpplib asks of its client: sequence numbers."""

    sequence = 7

    def next_sequence(self) -> int:
        return self.sequence


CLIENT = Client()


def our_submit() -> bytes:
    pdu = SubmitSm(
        source_addr_ton=5,
        source_addr=b"10690001",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=b"8613800138000",
        registered_delivery=1,
        data_coding=8,
        short_message=TEXT,
    )
    return encode(pdu, 7)


def their_submit() -> bytes:
    pdu = smpp.make_pdu(
        "submit_sm",
        client=CLIENT,
        source_addr_ton=5,
        source_addr="10690001",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="8613800138000",
        registered_delivery=1,
        data_coding=8,
        short_message=TEXT,
    )
    pdu.sequence = 7
    octets: bytes = pdu.generate()
    return octets


def our_receipt() -> tuple[object, ...]:
    pdu = decode(RECEIPT)
    return tlv.RECEIPTED_MESSAGE_ID.find(pdu.tlvs), tlv.MESSAGE_STATE.find(pdu.tlvs)


def their_receipt() -> tuple[object, ...]:
    pdu = smpp.parse_pdu(RECEIPT, client=CLIENT, allow_unknown_opt_params=True)
    return pdu.receipted_message_id, pdu.message_state


def their_decode(octets: bytes) -> Any:
    return smpp.parse_pdu(octets, client=CLIENT, allow_unknown_opt_params=True)


class Case(NamedTuple):
    """One operation on both sides; at_least: how many times as fast as smpplib it must be."""

    name: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    at_least: float


CASES = (
    Case("encode submit_sm", our_submit, their_submit, 9),
    Case("decode deliver_sm receipt, 2 TLVs", our_receipt, their_receipt, 7),
    Case("decode submit_sm_resp", lambda: decode(SUBMIT_RESP), lambda: their_decode(SUBMIT_RESP), 5),
    Case("decode enquire_link", lambda: decode(ENQUIRE_LINK), lambda: their_decode(ENQUIRE_LINK), 5),
)


def best_seconds(operations: list[Callable[[], object]]) -> list[float]:
    """Seconds per call of each, measured in turns so that a busy moment hits all alike."""
    timers = [timeit.Timer(operation) for operation in operations]
    counts = [max(1, int(SECONDS_A_ROUND / (timer.timeit(200) / 200))) for timer in timers]
    rounds = [[timer.timeit(n) / n for timer, n in zip(timers, counts, strict=True)] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*rounds, strict=True)]


def measure(case: Case) -> tuple[float, float]:
    """Seconds per call: ours, smpplib's."""
    gc.collect()
    ours, theirs = best_seconds([case.ours, case.theirs])
    return ours, theirs


@pytest.mark.bench
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_codec_beats_smpplib(case: Case) -> None:
    """Each operation is at least as many times as fast as smpplib as promised."""
    ours, theirs = measure(case)
    assert theirs / ours >= case.at_least


def test_both_sides_do_the_same_work() -> None:
    """The comparison is fair: equal octets, equal typed values."""
    assert our_submit() == their_submit()
    assert our_receipt() == their_receipt() == (b"0123456789", 2)


def main() -> int:
    missed = 0
    print(f"{'operation':34} {'ours µs':>8} {'smpplib µs':>11} {'ratio':>6} {'at least':>9}")
    for case in CASES:
        ours, theirs = measure(case)
        ratio = theirs / ours
        missed += ratio < case.at_least
        print(f"{case.name:34} {ours * 1e6:8.2f} {theirs * 1e6:11.2f} {ratio:6.1f} {case.at_least:9.0f}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
