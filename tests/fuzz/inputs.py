"""Input number i of a seed: valid octets of the field, broken as peers, networks and bugs break them."""

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from gatewayd.smpp.codec import decode, encode
from gatewayd.smpp.consts import TLV_TAGS
from gatewayd.smpp.pdu import DataSm, DeliverSm, SubmitSm
from gatewayd.smpp.shift_tables import LANGUAGES
from gatewayd.smpp.text import Carry, Encoding, split
from gatewayd.smpp.udh import LOCKING_SHIFT, SINGLE_SHIFT
from gatewayd.smpp.wire import Tlv
from tests.smpp.test_receipt_corpus import ROWS, pdu_of

GOLDEN: Final = Path(__file__).parents[1] / "smpp" / "golden" / "node_smpp.json"
TEXTS: Final = ("您的验证码为987654,请勿泄露😀" * 6, "Total: 12€ {net} [gross] ~ é @" * 9)
EDGES: Final = (0x00, 0x01, 0x1B, 0x3C, 0x40, 0x7F, 0x80, 0xFE, 0xFF)
LENGTHS: Final = (0, 1, 15, 16, 17, 254, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0xFFFF_FFFF)
MOST: Final = 4  # changes of one input


def _segments() -> list[bytes]:
    """MO and MT in every alphabet and every form of a long message."""
    texts = ((TEXTS[0], Encoding.UCS2), (TEXTS[1], Encoding.GSM7), (TEXTS[1][:99], Encoding.GSM7))
    parts = [
        part for text, encoding in texts for carry in Carry for part in split(text, encoding, carry, 0x1234)
    ]
    parts += split(TEXTS[0] * 100, Encoding.UCS2, Carry.PAYLOAD, 0)
    return [
        encode(
            kind(
                source_addr=b"8613800138000",
                destination_addr=b"10690001",
                esm_class=0x40 if part.udhi else 0,
                data_coding=part.data_coding,
                short_message=part.short_message,
                tlvs=part.tlvs,
            ),
            number,
        )
        for number, part in enumerate(parts, 1)
        for kind in (SubmitSm, DeliverSm)
    ]


def _shifted() -> list[bytes]:
    """Texts in each national table (TS 23.038 annex A), locking and single."""
    bodies = (
        bytes((6, LOCKING_SHIFT, 1, language, SINGLE_SHIFT, 1, language)) + bytes(range(0x10, 0x60))
        for language in sorted(LANGUAGES.values())
    )
    return [encode(DeliverSm(esm_class=0x40, short_message=body), 1) for body in bodies]


def _golden() -> list[bytes]:
    """Each PDU with all its fields and TLVs, as node's `smpp` writes it."""
    return [bytes.fromhex(case["octets"]) for case in json.loads(GOLDEN.read_text("utf-8"))["pdus"]]


def _receipts() -> list[bytes]:
    return [encode(pdu_of(row), number) for number, row in enumerate(ROWS, 1)]


GOLDEN_PDUS: Final = _golden()
PDUS: Final = (*GOLDEN_PDUS * 3, *_receipts(), *_segments(), *_shifted())
"""Valid PDUs; each kind often enough to be chosen."""

MESSAGES: Final = tuple(pdu for pdu in map(decode, PDUS) if isinstance(pdu, DeliverSm | DataSm | SubmitSm))
BODIES: Final = tuple(pdu.short_message for pdu in MESSAGES if not isinstance(pdu, DataSm))
TAGS: Final = tuple(TLV_TAGS.values())
LONGEST: Final = 254  # octets of short_message
"""What they carry, to be broken by itself."""

LINES: Final = tuple(
    json.dumps({"seq": 1, **fields}, ensure_ascii=False).encode()
    for fields in (
        {"op": "submit", "to": "13800138000", "class": "otp", "brand": "xxmall", "text": "您的验证码😀"},
        {
            "op": "submit",
            "to": "1",
            "class": "otp",
            "data": "00ff",
            "udh": "0500",
            "valid_for": 60,
            "key": "k",
        },
        {
            "op": "submit",
            "to": "1",
            "class": "x",
            "template": "t",
            "params": {"a": "b"},
            "consent": {"at": "x"},
        },
        {"op": "query", "id": "01M82EZRQG00G"},
        {"op": "cancel", "tag": "sale-7"},
        {"op": "subscribe", "consumer": "a.b-c_d", "after": None},
        {"op": "ack", "consumer": "test", "cursor": 9_007_199_254_740_992},
        {"op": "optout_add", "to": "13800138000", "brand": "xxmall", "reason": "by phone"},
        {"op": "link_receipts", "link": "sim-1", "replay": True},
        {"op": "ping"},
    )
)
"""Requests of the stream protocol."""


def rng_of(seed: int, number: int) -> random.Random:
    return random.Random(seed << 40 | number)


def broken(corpus: tuple[bytes, ...], rng: random.Random) -> bytes:
    """One of the corpus with one to MOST changes; one in forty is octets that never were anything."""
    if rng.random() < 0.025:
        return rng.randbytes(rng.randrange(80))
    octets = bytearray(rng.choice(corpus))
    for _ in range(rng.randint(1, MOST)):
        rng.choice(_CHANGES)(octets, rng, corpus)
    return bytes(octets)


def frame(rng: random.Random) -> bytes:
    """A PDU, broken as octets, whose body is reached in most cases; or broken in what it carries."""
    if rng.random() < 0.5:
        return _carrying(rng)
    octets = broken(PDUS, rng)
    return len(octets).to_bytes(4) + octets[4:] if rng.random() < 0.8 and len(octets) >= 4 else octets


def _carrying(rng: random.Random) -> bytes:
    """A whole deliver_sm, data_sm or submit_sm whose text, TLVs or marks are broken."""
    pdu = rng.choice(MESSAGES)
    changes: dict[str, Any] = {"tlvs": tuple(_tlv(tag, raw, rng) for tag, raw in pdu.tlvs)}
    if not isinstance(pdu, DataSm):
        changes["short_message"] = broken(BODIES, rng)[:LONGEST]
    if rng.random() < 0.3:
        changes["esm_class"] = rng.choice((0, 4, 8, 0x20, 0x40, 0x44, rng.randrange(256)))
    if rng.random() < 0.3:
        changes["data_coding"] = rng.choice((0, 3, 4, 8, 15, rng.randrange(256)))
    return encode(msgspec.structs.replace(pdu, **changes), rng.randrange(1 << 32))


def _tlv(tag: int, raw: bytes, rng: random.Random) -> Tlv:
    """The same, or another value, or the value under another tag."""
    chance = rng.random()
    if chance < 0.6:
        return tag, raw
    return (tag, broken((raw,), rng)) if chance < 0.9 else (rng.choice(TAGS), raw)


def pieces(octets: bytes, rng: random.Random) -> list[bytes]:
    """The octets cut at up to four places."""
    places = sorted(rng.randrange(len(octets) + 1) for _ in range(rng.randrange(5)))
    return [octets[a:b] for a, b in pairwise([0, *places, len(octets)])]


def _place(octets: bytearray, rng: random.Random) -> int:
    return rng.randrange(len(octets) + 1)


def _flip(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """One bit."""
    if octets:
        octets[rng.randrange(len(octets))] ^= 1 << rng.randrange(8)


def _set(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """One octet, to one at an edge of something or to any."""
    if octets:
        octets[rng.randrange(len(octets))] = rng.choice((*EDGES, rng.randrange(256)))


def _number(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """Digits in place of digits: of a date, an id, a count."""
    place = rng.randrange(len(octets) + 1)
    if octets[place : place + 1].isdigit():
        digits = rng.choice((b"0", b"9", b"0001", b"12", b"%d" % rng.randrange(10**9)))
        octets[place : place + rng.choice((1, len(digits), 4, 14))] = digits * rng.choice((1, 1, 1, 20))


def _cut(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """The end is missing."""
    del octets[_place(octets, rng) :]


def _drop(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """Some octets are missing."""
    start = _place(octets, rng)
    del octets[start : start + rng.randint(1, 12)]


def _repeat(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """Some octets come again, somewhere, once or often."""
    start, place = _place(octets, rng), _place(octets, rng)
    octets[place:place] = octets[start : start + rng.randint(1, 40)] * rng.choice((1, 1, 2, 9))


def _insert(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """Foreign octets."""
    place = _place(octets, rng)
    octets[place:place] = rng.choice((rng.randbytes(rng.randint(1, 12)), bytes(rng.randint(1, 40))))


def _lie(octets: bytearray, rng: random.Random, _corpus: tuple[bytes, ...]) -> None:
    """A length, anywhere, of one, two or four octets, that is at an edge or near to what is there."""
    size, place = rng.choice((1, 2, 4)), _place(octets, rng)
    near = max(0, len(octets) - place + rng.randint(-6, 6))
    length = rng.choice((*LENGTHS, near, near, near, near)) % (1 << 8 * size)
    octets[place : place + size] = length.to_bytes(size)


def _splice(octets: bytearray, rng: random.Random, corpus: tuple[bytes, ...]) -> None:
    """The head of one, the tail of another."""
    other = rng.choice(corpus)
    octets[_place(octets, rng) :] = other[rng.randrange(len(other) + 1) :]


_CHANGES: Final = (
    _flip,
    _flip,
    _set,
    _set,
    _number,
    _number,
    _cut,
    _drop,
    _repeat,
    _insert,
    _lie,
    _lie,
    _splice,
)
