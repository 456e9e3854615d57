"""What holds for every receipt and every MO, beyond the rows of the corpus."""

import re
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.smpp.consts import TLV_TAGS
from gatewayd.smpp.pdu import DataSm, DeliverSm
from gatewayd.smpp.receipt import FINAL, STATES, STATS, Dialect, Receipt, ReceiptState, parse, read_again

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RECEIPT = 0x04

ids = st.from_regex(rb"[\x21-\x7e]{1,64}", fullmatch=True)
dates = st.datetimes(datetime(2021, 1, 1), datetime(2039, 12, 31))  # noqa: DTZ001  the zone is the dialect's
errs = st.from_regex(rb"[0-9A-Fa-f:]{1,8}", fullmatch=True)
tags = st.sampled_from([0x001E, 0x0427, 0x0424, 0x0423, 0x0204, 0x1403])
tlvs = st.lists(st.tuples(tags, st.binary(max_size=90)), max_size=4).map(tuple)
keys = st.sampled_from(
    [b"id:", b"sub:", b"submit date:", b"done date:", b"stat:", b"err:", b"text:", b"2611220758", b"DELIVRD"]
)
bodies = st.one_of(
    st.binary(max_size=254),
    st.lists(st.one_of(keys, st.sampled_from([b" ", b"\0", b"\r\n", b"+", b":"]), st.binary(max_size=5))).map(
        b"".join
    ),
)


def receipt(body: bytes = b"", esm_class: int = RECEIPT, **fields: object) -> Receipt | None:
    return parse(DeliverSm(esm_class=esm_class, short_message=body, **fields), Dialect(), NOW)  # type: ignore[arg-type]


@given(
    message_id=ids,
    submit=dates,
    done=dates,
    stat=st.sampled_from(sorted(STATS)),
    err=errs,
    text=st.binary(max_size=60),
    marked=st.booleans(),
)
def test_appendix_b_reads_back(
    *, message_id: bytes, submit: datetime, done: datetime, stat: bytes, err: bytes, text: bytes, marked: bool
) -> None:
    """What an SMSC writes as Appendix B says is what we read, marked or not, whatever the text holds."""
    body = b"id:%s sub:001 dlvrd:001 submit date:%s done date:%s stat:%s err:%s text:%s" % (
        message_id,
        f"{submit:%y%m%d%H%M}".encode(),
        f"{done:%y%m%d%H%M}".encode(),
        stat,
        err,
        text,
    )

    told = receipt(body, RECEIPT if marked else 0)

    assert told is not None
    assert (told.smsc_message_id, told.state) == (message_id.decode(), STATS[stat])
    assert (told.stat, told.err, told.text_head) == (stat.decode(), err.decode(), text)
    assert told.submit_at == submit.replace(second=0, microsecond=0, tzinfo=UTC)
    assert told.done_at == done.replace(second=0, microsecond=0, tzinfo=UTC)


@given(
    message_id=ids,
    stat=st.from_regex(rb"[A-Z]{5,13}", fullmatch=True),
    err=errs,
    text=st.binary(max_size=60),
    esm_class=st.sampled_from([0, RECEIPT]),
)
def test_the_quick_and_the_tolerant_reading_agree(
    message_id: bytes, stat: bytes, err: bytes, text: bytes, esm_class: int
) -> None:
    """White space and letter case change how a receipt is read, never what it says."""
    form = b"id:%s sub:001 dlvrd:001 submit date:2611220758 done date:2611220759 stat:%s err:%s text:%s"
    slow = (
        b"\r\nID:%s SUB:001\tdlvrd:001  Submit Date:2611220758 done date:2611220759\nstat: %s err: %s TEXT:%s"
    )

    assert receipt(form % (message_id, stat, err, text), esm_class) == receipt(
        slow % (message_id, stat, err, text), esm_class
    )


@given(message_id=ids, stat=st.sampled_from(sorted(STATS)), text=st.text(max_size=20))
def test_utf16_says_the_same_as_ascii(message_id: bytes, stat: bytes, text: str) -> None:
    """A UTF-16BE body is read like an ASCII one; its text stays as it was sent."""
    head = f"id:{message_id.decode()} stat:{stat.decode()} err:000 text:"
    wide = text.encode("utf-16-be", "surrogatepass")

    narrow, told = receipt(head.encode()), receipt(head.encode("utf-16-be") + wide)

    assert narrow is not None
    assert told is not None
    assert (told.smsc_message_id, told.state, told.err) == (narrow.smsc_message_id, narrow.state, "000")
    assert told.text_head == wide[:160]


@settings(max_examples=400)
@given(body=bodies, esm_class=st.integers(0, 255), tlvs=tlvs, in_payload=st.booleans())
def test_anything_may_come(
    *, body: bytes, esm_class: int, tlvs: tuple[tuple[int, bytes], ...], in_payload: bool
) -> None:
    """No octets make the parser fail; marked ones are always a receipt, within the bounds of its fields."""
    pdus = (
        DeliverSm(esm_class=esm_class, short_message=body, tlvs=tlvs),
        DataSm(esm_class=esm_class, tlvs=((TLV_TAGS["message_payload"], body), *tlvs)),
    )

    told = parse(pdus[in_payload], Dialect(), NOW)

    assert told is not None or esm_class & 0x3C not in {0x04, 0x08, 0x20}
    if told is not None:
        assert max(len(told.smsc_message_id), len(told.text_message_id)) <= 128
        assert max(len(told.stat), len(told.err)) <= 32
        assert len(told.text_head) <= 160


@given(text=st.text(max_size=70))
def test_a_text_without_keys_is_an_mo(text: str) -> None:
    """Whatever a person writes without `id:` stays an MO, in both alphabets."""
    if re.search(r"(?i)id\s*:", text) is None:
        assert receipt(text.encode("utf-16-be", "surrogatepass"), 0, data_coding=8) is None
        assert receipt(text.encode("latin-1", "replace"), 0) is None


def test_final_states() -> None:
    """Only these five are the last word of an SMSC; the other three leave the segment open."""
    finals = {state for state in ReceiptState if (told := receipt(_stat(state))) is not None and told.final}

    assert finals == FINAL
    assert {*ReceiptState} - finals == {ReceiptState.ENROUTE, ReceiptState.ACCEPTED, ReceiptState.UNKNOWN}


def _stat(state: ReceiptState) -> bytes:
    return b"id:1 stat:" + next(stat for stat, meaning in STATS.items() if meaning is state)


def test_message_state_alone() -> None:
    """Each value of message_state gives its state without any text (3.4 section 5.2.28)."""
    told = {
        value: parse(
            DeliverSm(esm_class=RECEIPT, tlvs=((TLV_TAGS["message_state"], bytes((value,))),)), Dialect(), NOW
        )
        for value in STATES
    }

    assert {value: receipt and receipt.state for value, receipt in told.items()} == STATES


def test_a_huge_body_is_read_in_linear_time() -> None:
    """64 KiB of half keys and blanks cost a pass, not a search for each of them."""
    for piece in (b"submit ", b"id ", b"id:", b"submit date\t\t", b"\0i\0d\0 "):
        body = piece * (65_000 // len(piece))

        told = parse(DataSm(esm_class=RECEIPT, tlvs=((TLV_TAGS["message_payload"], body),)), Dialect(), NOW)

        assert told is not None
        assert told.state is ReceiptState.UNKNOWN


def test_a_repeated_key_does_not_change_the_record() -> None:
    """Of a key that comes twice the first counts."""
    told = receipt(b"id:1 stat:UNDELIV err:027 id:2 stat:DELIVRD err:000")

    assert told is not None
    assert (told.smsc_message_id, told.state, told.err) == ("1", ReceiptState.UNDELIVERABLE, "027")


def test_of_a_long_text_the_head_is_kept() -> None:
    """Some SMSCs repeat the whole text: 160 octets of it are enough to know it by."""
    told = receipt(tlvs=((TLV_TAGS["message_payload"], b"id:1 stat:DELIVRD err:000 text:" + b"x" * 5000),))

    assert told is not None
    assert told.text_head == b"x" * 160


def test_repr_tells_no_text_and_no_number() -> None:
    """A receipt in a log or a traceback names its id and state, nothing of the people."""
    told = receipt(
        b"id:1 stat:DELIVRD err:000 text:secret", source_addr=b"8613800138000", destination_addr=b"1069"
    )

    assert repr(told) == "Receipt('1', delivered, final=True, stat='DELIVRD', err='000')"


def test_what_message_state_said_still_counts_when_it_is_read_again() -> None:
    """UNKNOWN in the TLV beside UNDELIV in the text stays unknown, whatever is learnt of words since."""
    told = receipt(b"id:1 stat:UNDELIV err:001", tlvs=((TLV_TAGS["message_state"], b"\x07"),))
    assert told is not None
    assert told.state is ReceiptState.UNKNOWN
    assert read_again(told, Dialect(unknown_stat="undeliverable")) == told


def test_an_intermediate_notification_is_never_final() -> None:
    """Not when it comes, and not when its word gets a meaning later."""
    told = receipt(b"id:1 stat:NOVEL1 err:001", esm_class=0x20)
    assert told is not None
    again = read_again(told, Dialect(stats={b"NOVEL1": ReceiptState.DELIVERED}))
    assert (again.state, again.final) == (ReceiptState.DELIVERED, False)
