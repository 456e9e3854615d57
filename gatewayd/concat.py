"""Segments of an inbound message to the whole one. The store keeps what has come so far; this decides."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

import msgspec

from gatewayd.model import Millis
from gatewayd.smpp.reader import PLAIN_READER, Reader
from gatewayd.smpp.udh import Element, shifts

WAIT: Final[Millis] = 300_000
"""How long the first segment to arrive waits for the others."""


class Key(msgspec.Struct, frozen=True, gc=False):
    """What segments of one message share (3GPP TS 23.040 section 9.2.3.24.1).

    link: the account, not the bind, since segments may come by any bind of it.
    source, destination: addresses as in the deliver_sm.
    """

    link: str
    source: str
    destination: str
    reference: int
    total: int


class Inbound(msgspec.Struct, frozen=True, gc=False):
    """One received segment. octets: without the header, whose elements (ports) are kept beside them."""

    number: int
    data_coding: int
    octets: bytes
    received_at: Millis
    elements: tuple[Element, ...] = ()

    def __repr__(self) -> str:
        """Without the text, which must not reach a log."""
        return f"Inbound({self.number}, data_coding={self.data_coding}, {len(self.octets)} octets)"


class Whole(msgspec.Struct, frozen=True, gc=False):
    """A message put together. text: None if it is binary. complete: False if segments never came."""

    text: str | None
    octets: bytes
    elements: tuple[Element, ...]
    complete: bool

    def __repr__(self) -> str:
        """Without the text, which must not reach a log."""
        return f"Whole({len(self.octets)} octets, complete={self.complete})"


def assemble(
    total: int, segments: Iterable[Inbound], now: Millis, wait: Millis = WAIT, reader: Reader = PLAIN_READER
) -> Whole | None:
    """The message, once all its segments are there or have been waited for; None before that.

    segments: of one key, first come first; in any order of numbers. Of a repeated number the first counts,
    since SMSCs repeat a deliver_sm whose response came late.
    """
    by_number: dict[int, Inbound] = {}
    for segment in segments:
        by_number.setdefault(segment.number, segment)
    complete = len(by_number) == total
    if not complete and not overdue(by_number.values(), now, wait):
        return None
    ordered = [by_number[number] for number in sorted(by_number)]
    return Whole(_text(ordered, reader), b"".join(s.octets for s in ordered), ordered[0].elements, complete)


def overdue(segments: Iterable[Inbound], now: Millis, wait: Millis = WAIT) -> bool:
    """Whether the first of these to arrive has waited long enough for the others; False for none."""
    return now >= min((segment.received_at for segment in segments), default=now + 1) + wait


def _text(ordered: list[Inbound], reader: Reader) -> str | None:
    """Neighbours in one coding are decoded as one, since a surrogate pair may lie across a cut."""
    texts = [
        reader.text(
            b"".join(reader.unpacked(s.octets, s.data_coding, s.elements) for s in run),
            run[0].data_coding,
            shifts(run[0].elements),
        )
        for run in _runs(ordered)
    ]
    return None if None in texts else "".join(filter(None, texts))


def _runs(ordered: list[Inbound]) -> Iterable[list[Inbound]]:
    """Segments that follow each other without a gap in one data_coding and one alphabet."""
    places = groupby(
        enumerate(ordered),
        lambda place: (place[1].data_coding, shifts(place[1].elements), place[1].number - place[0]),
    )
    return [[segment for _, segment in run] for _, run in places]
