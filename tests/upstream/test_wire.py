"""Lines to requests and results to lines, without a socket."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.ledger.accept import Answer
from gatewayd.model import Refusal
from gatewayd.upstream import replies, wire
from gatewayd.upstream.wire_base import LARGEST_SEQ

CONTRACT_OPS = {
    *("submit", "preview", "query", "explain", "search", "cancel", "subscribe", "unsubscribe", "ack"),
    *("optout_add", "optout_remove", "optout_check", "consent_add", "consent_revoke", "consent_check"),
    *("template_put", "template_review", "template_get", "tag_pause", "tag_resume", "tag_progress"),
    *("link_pause", "link_resume", "reload", "drain", "status", "ping"),
}
ADDED_OPS = {"consent_list", "consent_load", "link_receipts", "optout_list", "optout_load"}
SUBMIT = {"op": "submit", "seq": 1, "to": "13800138000", "class": "otp", "text": "hello"}


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def with_(**fields: object) -> bytes:
    return line(**{**SUBMIT, **fields})


@pytest.mark.parametrize(
    ("octets", "seq", "field"),
    [
        pytest.param(b"", None, None, id="empty"),
        pytest.param(b"hello", None, None, id="no JSON"),
        pytest.param(b"[1]", None, None, id="an array"),
        pytest.param(b'{"seq":1', None, None, id="cut"),
        pytest.param(b'{"op":"ping","seq":1} {}', None, None, id="two objects"),
        pytest.param(b"[" * 60_000, None, None, id="deep array"),
        pytest.param(b'{"a":' * 10_000, None, None, id="deep objects"),
        pytest.param(b'{"op":"ping","seq":1,"\xff":1}', None, None, id="name not UTF-8"),
        pytest.param(line(op="ping"), None, "seq", id="no seq"),
        pytest.param(line(op="ping", seq="1"), None, "seq", id="seq a string"),
        pytest.param(line(op="ping", seq=1.5), None, "seq", id="seq a fraction"),
        pytest.param(line(op="ping", seq=True), None, "seq", id="seq a truth value"),
        pytest.param(line(op="ping", seq=None), None, "seq", id="seq null"),
        pytest.param(line(op="ping", seq=-1), None, "seq", id="seq negative"),
        pytest.param(line(op="ping", seq=2**53 + 1), None, "seq", id="seq too large"),
        pytest.param(line(op="ping", seq=10**400), None, "seq", id="seq huge"),
        pytest.param(line(seq=1), 1, "op", id="no op"),
        pytest.param(line(seq=1, op=1), 1, "op", id="op a number"),
        pytest.param(line(seq=1, op="teleport"), 1, "op", id="unknown op"),
        pytest.param(line(seq=1, op="drain"), 1, "op", id="op of a later version"),
        pytest.param(line(op="submit", seq=2**53, text="x", to="1"), 2**53, "class", id="class missing"),
        pytest.param(with_(colour="red"), 1, "colour", id="unknown field"),
        pytest.param(with_(class_="otp"), 1, "class_", id="a field's name inside"),
        pytest.param(with_(to=13800138000), 1, "to", id="number as number"),
        pytest.param(with_(text=None, brand=["x"]), 1, "brand", id="brand a list"),
        pytest.param(with_(params={"n": 1}), 1, "params", id="params not strings"),
        pytest.param(with_(valid_for=0), 1, "valid_for", id="valid_for too short"),
        pytest.param(with_(valid_for=604_801), 1, "valid_for", id="valid_for too long"),
        pytest.param(with_(valid_for="60"), 1, "valid_for", id="valid_for a string"),
        pytest.param(with_(encoding="utf8"), 1, "encoding", id="unknown encoding"),
        pytest.param(with_(key=""), 1, "key", id="empty key"),
        pytest.param(with_(tag="x" * 129), 1, "tag", id="long tag"),
        pytest.param(with_(consent={"when": "now"}), 1, "consent", id="unknown field of consent"),
        pytest.param(b'{"op":"submit","seq":1,"to":"\xff","class":"otp"}', 1, "to", id="text not UTF-8"),
        pytest.param(b'{"op":"submit","seq":1,"to":"\\ud800","class":"x"}', 1, "to", id="half a surrogate"),
        pytest.param(b'{"op":"ack","seq":1,"consumer":"a","cursor":NaN}', 1, "cursor", id="NaN"),
        pytest.param(line(op="query", seq=1), 1, "id", id="neither id nor key"),
        pytest.param(line(op="query", seq=1, id="a", key="b"), 1, "key", id="id and key"),
        pytest.param(line(op="cancel", seq=1, key="a", tag="b"), 1, "tag", id="key and tag"),
        pytest.param(line(op="subscribe", seq=1, consumer="a b"), 1, "consumer", id="consumer with a blank"),
        pytest.param(line(op="subscribe", seq=1, consumer="a\n"), 1, "consumer", id="consumer with newline"),
        pytest.param(line(op="subscribe", seq=1, consumer="a", after=-1), 1, "after", id="after negative"),
        pytest.param(line(op="ack", seq=1, consumer="a"), 1, "cursor", id="cursor missing"),
    ],
)
def test_a_wrong_line_gets_its_seq_back_and_the_name_of_the_field(
    octets: bytes, seq: int | None, field: str | None
) -> None:
    """The reply names what is wrong; without a usable seq it is null."""
    found = wire.decode(octets)

    assert isinstance(found, wire.Malformed)
    assert (found.seq, found.refusal.code, found.refusal.field) == (seq, "invalid_request", field)


def test_only_a_line_that_is_no_object_is_junk() -> None:
    """Junk counts towards the ten lines that close a connection; a wrong request does not."""
    junk = [wire.decode(octets) for octets in (b"", b"1", b"[]", b"{")]
    wrong = [wire.decode(octets) for octets in (b"{}", line(op="ping"), line(seq=1, op="x"))]

    assert [one.junk for one in junk + wrong if isinstance(one, wire.Malformed)] == [True] * 4 + [False] * 3


def test_a_field_written_twice_may_not_hide_a_wrong_value() -> None:
    """The first value is wrong, the last is right: still refused, with the seq."""
    found = wire.decode(b'{"op":"ack","seq":7,"consumer":1,"consumer":"a","cursor":1}')

    assert isinstance(found, wire.Malformed)
    assert (found.seq, found.junk) == (7, False)


def test_every_op_of_the_contract_is_known_or_said_to_be_later() -> None:
    """CONTRACT section 4 lists the operations; nothing is missing, nothing is both."""
    assert wire.RECORDS.keys() | wire.LATER == CONTRACT_OPS | ADDED_OPS
    assert not wire.RECORDS.keys() & wire.LATER


def test_an_op_of_a_later_version_says_so() -> None:
    """A client can tell a missing feature from a typing error."""
    for op in wire.LATER:
        found = wire.decode(line(op=op, seq=5, to="1"))
        assert isinstance(found, wire.Malformed)
        assert found.refusal.detail == f"{op} is not available in this version"


def test_a_submit_carries_every_field_of_the_contract() -> None:
    """Each field of the table is taken under its own name."""
    fields: dict[str, Any] = {
        **SUBMIT,
        "brand": "b",
        "template": "t",
        "params": {"n": "v"},
        "data": "00",
        "udh": "01",
        "key": "k",
        "tag": "t",
        "order_key": "o",
        "sender": "106",
        "send_at": "s",
        "valid_until": "u",
        "valid_for": 60,
        "encoding": "ucs2",
        "consent": {"channel": "web", "at": "a", "wording": "w", "proof": "p"},
    }
    found = wire.decode(line(**fields))

    assert isinstance(found, wire.Submit)
    assert msgspec.to_builtins(found) == fields


def octets_of(*lines: bytes) -> bytes:
    return b"".join(one + b"\n" for one in lines)


def test_ten_junk_lines_in_a_row_are_hopeless() -> None:
    """The tenth is still answered; what follows is not read."""
    reader = wire.Reader()
    found = reader.feed(octets_of(*[b"junk"] * 12))

    assert reader.hopeless
    assert len(found) == 10
    assert reader.feed(octets_of(line(op="ping", seq=1))) == []


def test_a_good_line_between_junk_starts_the_count_anew() -> None:
    """Nine, one good, nine: the connection lives."""
    reader = wire.Reader()
    reader.feed(octets_of(*[b"junk"] * 9))
    assert reader.feed(octets_of(line(op="ping", seq=1))) == [wire.Ping(seq=1)]
    assert len(reader.feed(octets_of(*[b"junk"] * 9))) == 9

    assert not reader.hopeless


def test_a_wrong_request_between_junk_starts_the_count_anew() -> None:
    """It is a JSON object, so somebody who speaks the protocol is there."""
    reader = wire.Reader()
    reader.feed(octets_of(*[b"junk"] * 9, line(op="ping"), *[b"junk"] * 9))

    assert not reader.hopeless


@pytest.mark.parametrize("cut", [1, 500, 1000, 1024, 1025, 1500, 3000])
def test_an_over_long_line_is_told_once_and_skipped(cut: int) -> None:
    """However it arrives; the lines around it are read."""
    reader = wire.Reader(line_length=1024)
    stream = octets_of(line(op="ping", seq=1), b"x" * 3000, line(op="ping", seq=2))
    found = [one for at in range(0, len(stream), cut) for one in reader.feed(stream[at : at + cut])]

    first, long, last = found
    assert (first, last) == (wire.Ping(seq=1), wire.Ping(seq=2))
    assert isinstance(long, wire.Malformed)
    assert (long.seq, long.junk) == (None, True)


def test_a_line_of_exactly_the_limit_is_read() -> None:
    """64 KiB is allowed, without counting the newline; one octet more is not."""
    longest = line(op="ping", seq=1).ljust(wire.LINE_LENGTH)
    reader = wire.Reader()

    assert reader.feed(octets_of(longest)) == [wire.Ping(seq=1)]
    assert isinstance(reader.feed(octets_of(longest + b" "))[0], wire.Malformed)


def test_a_line_ending_in_carriage_return_is_read() -> None:
    """JSON takes it for white space, so clients of other habits work."""
    assert wire.Reader().feed(b'{"op":"ping","seq":1}\r\n') == [wire.Ping(seq=1)]


LINES = st.one_of(
    st.binary(max_size=40).filter(lambda octets: b"\n" not in octets),
    st.integers(0, 9).map(lambda seq: line(op="ping", seq=seq)),
    st.just(with_(text="多")),
)


@given(st.lists(LINES, max_size=12), st.lists(st.integers(1, 60), min_size=1, max_size=8))
@settings(max_examples=100)
def test_any_cutting_of_the_stream_gives_the_same_requests(lines: list[bytes], cuts: list[int]) -> None:
    """Where reads begin and end means nothing."""
    stream = octets_of(*lines)
    whole = wire.Reader(line_length=1024)
    expected = whole.feed(stream)
    cut = wire.Reader(line_length=1024)
    found: list[wire.Request | wire.Malformed] = []
    at = step = 0
    while at < len(stream):
        size = cuts[step % len(cuts)]
        found += cut.feed(stream[at : at + size])
        at, step = at + size, step + 1

    assert found == expected
    assert cut.hopeless == whole.hopeless


@given(st.lists(LINES, max_size=9))
@settings(max_examples=100)
def test_every_line_gets_exactly_one_reply(lines: list[bytes]) -> None:
    """Whatever stands in it; fewer than ten lines are never hopeless."""
    found = wire.Reader().feed(octets_of(*lines))

    assert len(found) == len(lines)
    for one in found:
        reply = json.loads(replies.failed(one.seq, Refusal("internal", "x")))
        assert reply["seq"] is None or 0 <= reply["seq"] <= LARGEST_SEQ


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
NAMES = sorted({name for record in wire.RECORDS.values() for name in record.__struct_encode_fields__})


@given(
    st.sampled_from(sorted(wire.RECORDS)),
    st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=3), JSON, max_size=5),
)
@settings(max_examples=300)
def test_a_refused_object_names_a_field_that_is_wrong_or_missing(op: str, fields: dict[str, Any]) -> None:
    """Any object with a known op and a seq: a request, or a refusal that points at one field."""
    found = wire.decode(line(**{**fields, "op": op, "seq": 3}))

    if isinstance(found, wire.Malformed):
        assert found.seq == 3
        assert found.refusal.field in {*fields, *wire.RECORDS[op].__struct_encode_fields__}
    else:
        assert isinstance(found, wire.RECORDS[op])


def test_the_reply_to_a_submit_is_that_of_the_contract() -> None:
    """Fields stand beside `ok`; `duplicate` and `warnings` only where there is something to say."""
    plain = replies.done(1, Answer("01K", "queued", 1, "ucs2"))
    again = replies.done(1, Answer("01K", "queued", 1, "ucs2", duplicate=True))

    assert plain == b'{"seq":1,"ok":true,"id":"01K","state":"queued","segments":1,"encoding":"ucs2"}\n'
    assert json.loads(again) == {**json.loads(plain), "duplicate": True}


def test_a_reply_without_a_result_is_whole() -> None:
    """Ping and ack have nothing to add."""
    assert replies.done(2, {}) == b'{"seq":2,"ok":true}\n'


def test_an_error_always_says_whether_to_try_again() -> None:
    """`retryable` is there even where it is false; other fields only where they hold something."""
    refusal = Refusal("opted_out", "no", field="to")

    assert json.loads(replies.failed(3, refusal)) == {
        "seq": 3,
        "ok": False,
        "error": {"code": "opted_out", "detail": "no", "field": "to", "retryable": False},
    }
    assert json.loads(replies.failed(None, refusal, 7))["error"]["oldest"] == 7
