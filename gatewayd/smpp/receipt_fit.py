"""Which open segment a receipt without a usable id belongs to: the last means to settle a segment in doubt.

A segment whose submit_sm_resp was lost has no id, and some receipts name none: then a segment can be
recognised only by what the receipt repeats of its submit_sm. A wrong guess would be a lie about a message:
what does not point to exactly one segment points to none.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from gatewayd.smpp.reader import PLAIN_READER, Reader
from gatewayd.smpp.receipt import Receipt
from gatewayd.smpp.udh import Element, parse_udh, shifts

TOLERANCE: Final = timedelta(seconds=120)  # between the SMSC's clock and ours
MINUTE: Final = timedelta(minutes=1)  # dates of Appendix B are cut to the minute
NUMBER_TAIL: Final = 7  # digits that must agree where one side leaves the country code out
NOISE: Final = bytes(octet for octet in range(0x80) if not chr(octet).isalnum())
PLACEHOLDERS: Final = frozenset({b"", b"none", b"null", b"na", b"empty"})  # Vonage writes "text:none"
GARBLED: Final = "?\ufffd\x1a"  # what a transcoder leaves of a character it lacks


_SIGNATURE: Final = re.compile("【[^】]*】?")


class Candidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An open segment.

    key: the owner's name for it.
    destination, source: as in its submit_sm. sent_at: aware UTC.
    head: octets of its text as in short_message, without UDH; the first 20 or more.
    data_coding, elements (of its UDH), reader: how these octets are read on its link.
    reference: user_message_reference it was sent with.
    """

    key: tuple[int, ...]
    destination: str
    source: str
    sent_at: datetime
    head: bytes
    data_coding: int
    elements: tuple[Element, ...] = ()
    reader: Reader = PLAIN_READER
    reference: int | None = None

    def __repr__(self) -> str:
        """Without text and numbers, which must not reach a log."""
        return f"Candidate(key={self.key!r})"

    @property
    def text(self) -> str:
        """What the handset reads of the head."""
        return self.read(self.reader.unpacked(self.head, self.data_coding, self.elements))

    def read(self, octets: bytes) -> str:
        """Octets, septets unpacked, as text of this segment; empty if it is binary."""
        return self.reader.text(octets, self.data_coding, shifts(self.elements)) or ""


def fit(
    receipt: Receipt,
    candidates: Iterable[Candidate],
    tolerance: timedelta = TOLERANCE,
    *,
    named: bool = False,
) -> Candidate | None:
    """The one candidate `receipt` fits; None if it is none or several.

    candidates: all open segments of the link that it may mean; one left out could be the true one.
    By the echoed user_message_reference and the addresses; else by addresses, submit date and text head. The
    receipt must show at least one of the last two, unless its id is what `named` the candidates, and
    whatever it shows must agree.
    """
    fitting = [candidate for candidate in candidates if _same_addresses(receipt, candidate)]
    if receipt.reference is not None:
        echoed = [candidate for candidate in fitting if candidate.reference == receipt.reference]
        if len(echoed) == 1:
            return echoed[0]
        fitting = echoed or [candidate for candidate in fitting if candidate.reference is None]
    if receipt.submit_at is not None:
        fitting = [
            candidate for candidate in fitting if _same_minute(receipt.submit_at, candidate, tolerance)
        ]
    if _usable(receipt.text_head):
        fitting = [candidate for candidate in fitting if _same_text(receipt.text_head, candidate)]
    elif receipt.submit_at is None and not named:
        return None
    return fitting[0] if len(fitting) == 1 else None


def _same_addresses(receipt: Receipt, candidate: Candidate) -> bool:
    """The receipt comes from the handset and goes to the sender; some SMSCs leave the sender empty."""
    handset, sender = receipt.source.decode("latin-1"), receipt.destination.decode("latin-1")
    return same_number(handset, candidate.destination) and (
        not sender or _bare(sender) == _bare(candidate.source)
    )


def _bare(address: str) -> str:
    """Without `+`, `00` or a trunk `0`."""
    return address.lstrip("+0").casefold()


def same_number(one: str, other: str) -> bool:
    """Equal, or one is the other without its country code."""
    short, long = sorted((_bare(one), _bare(other)), key=len)
    return short == long or (len(short) >= NUMBER_TAIL and long.endswith(short))


def _same_minute(submit_at: datetime, candidate: Candidate, tolerance: timedelta) -> bool:
    return submit_at - tolerance <= candidate.sent_at < submit_at + MINUTE + tolerance


def _usable(text_head: bytes) -> bool:
    """Whether it repeats anything of the message at all."""
    return text_head.translate(None, NOISE).lower() not in PLACEHOLDERS


def _same_text(text_head: bytes, candidate: Candidate) -> bool:
    """The same octets, as far as they go, or the same characters in another encoding.

    Some SMSCs count the user data header as text, some pad with blanks or NULs, some sign it themselves.
    """
    echoes = {text_head, text_head.lstrip(b" "), text_head.rstrip(b" \0"), parse_udh(text_head)[1]} - {b""}
    if any(candidate.head.startswith(echo) for echo in echoes):
        return True
    sent = candidate.text.strip()
    return any(_same_characters(reading, sent) for echo in echoes for reading in _readings(echo, candidate))


def _readings(echo: bytes, candidate: Candidate) -> Iterator[str]:
    """What the octets can mean; a character cut in the middle is left out."""
    texts = [echo.decode(encoding, "ignore") for encoding in ("latin-1", "utf-8", "utf-16-be", "gbk")]
    for text in (*texts, candidate.read(echo).rstrip("\ufffd")):
        reading = text.lstrip("\ufeff").strip()
        yield reading
        if candidate.reader.signed_ahead:
            yield _SIGNATURE.sub("", reading, count=1) if reading.startswith("【") else ""


def _same_characters(reading: str, sent: str) -> bool:
    """Character by character as far as the echo goes; a garbled one agrees with any, one is sound."""
    pairs = list(zip(reading, sent, strict=False))
    return (
        len(pairs) == len(reading)
        and any(one.isalnum() and one not in GARBLED for one, _ in pairs)
        and all(_agree(one, other) for one, other in pairs)
    )


def _agree(one: str, other: str) -> bool:
    return one in GARBLED or one.casefold() == other.casefold() or (one.isspace() and other.isspace())
