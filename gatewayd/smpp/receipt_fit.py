"""Which open segment a receipt without a known id belongs to: the last means to settle a segment in doubt.

A segment whose submit_sm_resp was lost has no id: its receipt can be recognised only by what it repeats of
the submit_sm. A wrong guess would be a lie about a message: what does not point to exactly one segment points
to none.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from gatewayd.smpp.receipt import Receipt
from gatewayd.smpp.text import decode
from gatewayd.smpp.udh import parse_udh

TOLERANCE: Final = timedelta(seconds=120)  # between the SMSC's clock and ours
MINUTE: Final = timedelta(minutes=1)  # dates of Appendix B are cut to the minute
NUMBER_TAIL: Final = 7  # digits that must agree where one side leaves the country code out
NOISE: Final = bytes(octet for octet in range(0x80) if not chr(octet).isalnum())
PLACEHOLDERS: Final = frozenset({b"", b"none", b"null", b"na", b"empty"})  # Vonage writes "text:none"
GARBLED: Final = "?\ufffd\x1a"  # what a transcoder leaves of a character it lacks


class Candidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An open segment without a known id.

    key: the owner's name for it.
    destination, source: as in its submit_sm. sent_at: aware UTC.
    head: octets of its text as in short_message, without UDH; the first 20 or more.
    reference: user_message_reference it was sent with.
    """

    key: tuple[int, ...]
    destination: str
    source: str
    sent_at: datetime
    head: bytes
    data_coding: int
    reference: int | None = None

    def __repr__(self) -> str:
        """Without text and numbers, which must not reach a log."""
        return f"Candidate(key={self.key!r})"


def fit(
    receipt: Receipt, candidates: Iterable[Candidate], tolerance: timedelta = TOLERANCE
) -> Candidate | None:
    """The one candidate `receipt` fits; None if it is none or several.

    candidates: all open segments of the link without an id; one left out could be the true one.
    By the echoed user_message_reference and the addresses; else by addresses, submit date and text head. The
    receipt must show at least one of the last two, and whatever it shows must agree.
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
    elif receipt.submit_at is None:
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

    Some SMSCs count the user data header as text, some pad with blanks or NULs.
    """
    echoes = {text_head, text_head.lstrip(b" "), text_head.rstrip(b" \0"), parse_udh(text_head)[1]} - {b""}
    if any(candidate.head.startswith(echo) for echo in echoes):
        return True
    sent = decode(candidate.head, candidate.data_coding) or ""
    return any(_same_characters(reading, sent) for echo in echoes for reading in _readings(echo))


def _readings(echo: bytes) -> Sequence[str]:
    """What the octets can mean; a character cut in the middle is left out."""
    return [echo.decode(encoding, "ignore") for encoding in ("latin-1", "utf-8", "utf-16-be", "gbk")]


def _same_characters(reading: str, sent: str) -> bool:
    """Character by character as far as the echo goes; a garbled one agrees with any, one is sound."""
    pairs = list(zip(reading.strip(), sent.strip(), strict=False))
    return (
        len(pairs) == len(reading.strip())
        and any(one.isalnum() and one not in GARBLED for one, _ in pairs)
        and all(_agree(one, other) for one, other in pairs)
    )


def _agree(one: str, other: str) -> bool:
    return one in GARBLED or one.casefold() == other.casefold() or (one.isspace() and other.isspace())
