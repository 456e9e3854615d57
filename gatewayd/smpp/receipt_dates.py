"""Dates in receipt texts: seven shapes, one of them with two readings.

SMPP 3.4 Appendix B knows YYMMDDhhmm only; section 7.1.1 the absolute time. The rest is practice of SMSCs.
"""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache


def read_date(raw: bytes, zone: tzinfo, now: datetime) -> datetime | None:
    """The moment `raw` names, aware UTC; None where it names none (zeros, impossible, empty, unknown shape).

    zone: of dates that carry no offset of their own.
    now: aware; decides between YYMMDDhhmmss and YYYYMMDDhhmm where twelve digits are possible as both.
    """
    readings = _readings(raw, zone)
    if len(readings) < 2:
        return readings[0] if readings else None
    return min(readings, key=lambda reading: abs(reading - now))


@lru_cache(maxsize=4096)  # receipts of one minute share their dates: a hit costs a tenth of a reading
def _readings(raw: bytes, zone: tzinfo) -> tuple[datetime, ...]:
    """All moments that `raw` can name in `zone`."""
    text = raw.decode("latin-1").strip()
    return tuple(moment for shape in _shapes(text) if (moment := _moment(shape, zone)) is not None)


def _shapes(text: str) -> tuple[str, ...]:
    """`text` as ISO 8601, once for each way of reading it."""
    if not text.isascii():
        return ()
    if text.isdigit():
        return _digits(text)
    if len(text) == 16 and text[:15].isdigit():
        return _absolute(text)
    return (text,) if len(text) > 10 and text[4] == text[7] == "-" else ()


def _digits(text: str) -> tuple[str, ...]:
    match len(text):
        case 10:  # YYMMDDhhmm
            return (f"20{text[:6]}T{text[6:]}",)
        case 12:  # YYMMDDhhmmss or YYYYMMDDhhmm (jasmin #753)
            return f"20{text[:6]}T{text[6:]}", f"{text[:8]}T{text[8:]}"
        case 14:  # YYYYMMDDhhmmss
            return (f"{text[:8]}T{text[8:]}",)
        case _:
            return ()


def _absolute(text: str) -> tuple[str, ...]:
    """YYMMDDhhmmsstnnp (3.4 section 7.1.1): nn: quarter hours that local time is ahead if p is +."""
    if text[15] not in "+-":  # R: relative, names no moment
        return ()
    hours, quarters = divmod(int(text[13:15]), 4)
    return (f"20{text[:6]}T{text[6:12]}{text[15]}{hours:02}{quarters * 15:02}",)


def _moment(shape: str, zone: tzinfo) -> datetime | None:
    """ISO 8601 to aware UTC; None for a day, an hour or a year that cannot be."""
    try:
        moment = datetime.fromisoformat(shape)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
