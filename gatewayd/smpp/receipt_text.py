"""The body of a receipt: octets to raw fields, in the order of SMPP 3.4 Appendix B or in any other.

The usual form is one match of a regular expression; what does not match it is read key by key.
Nothing here judges a value: states, dates and ids get their meaning in `receipt`.
"""

import re
from typing import NamedTuple

from gatewayd.smpp.udh import parse_udh

MAX_MESSAGE_ID = 128  # as much as the codec reads of a submit_sm_resp; 3.4 section 5.2.23 allows 64
MAX_CODE = 32  # of stat and err: more than any SMSC is known to send


class Fields(NamedTuple):
    """Values as sent; b"" where absent.

    clean: nothing but keys with one value each stands before the text, so no person typed it.
    """

    message_id: bytes = b""
    submit_date: bytes = b""
    done_date: bytes = b""
    stat: bytes = b""
    err: bytes = b""
    text: bytes = b""
    clean: bool = False


NOTHING = Fields()

_appendix_b = re.compile(
    rb"id:(\S{1,128}) (?:sub:\d{1,3} )?(?:dlvrd:\d{1,3} )?submit date:(\d{10,14}) done date:(\d{10,14}) "
    rb"stat:([A-Z]{5,13})(?: err:(\S{1,8}))?(?: [Tt]ext:(.*))?\Z",
    re.DOTALL,
).match

# A key starts a token: not the end of `resubmit:` or `apiMsgId:`.
_keys = re.compile(
    rb"(?<![\x21-\xff])(?:(?P<message_id>id)|(?P<sub>sub)|(?P<dlvrd>dlvrd)|(?P<submit_date>submit\s*date)"
    rb"|(?P<done_date>done\s*date)|(?P<stat>stat)|(?P<err>err)|(?P<text>text))\s*:",
    re.IGNORECASE,
)
_BLANKS = bytes(range(0x21))


def read_fields(body: bytes, *, udhi: bool) -> Fields:
    """What the body of a deliver_sm or data_sm holds of a receipt; NOTHING where no key is found.

    udhi: it may begin with a user data header, or only have the bit copied from the submit_sm.
    ASCII first, whatever data_coding says (SMPPSim copies data_coding 8 over an ASCII body), then UTF-16BE.
    """
    if found := _appendix_b(body):
        return Fields._make((*found.groups(b""), True))
    if udhi:
        _, body = parse_udh(body)
    return _by_keys(body) or _by_keys_utf16(body) or NOTHING


def _by_keys(body: bytes) -> Fields | None:
    """Keys in any case, order and white space; the first of a name counts, and `text` is the last of all."""
    values: dict[str, bytes] = {}
    name, start, clean = "", 0, True
    for key in _keys.finditer(body):
        clean &= _take(values, name, body[start : key.start()])
        name, start = key.lastgroup or "", key.end()
        if name == "text":
            values["text"] = body[start:]
            break
    else:
        clean &= _take(values, name, body[start:])
    return _fields(values, clean=clean) if values else None


def _take(values: dict[str, bytes], name: str, raw: bytes) -> bool:
    """Keep one value; True if it is at most one token (a date: two), and before the first key none."""
    value = raw.strip(_BLANKS)
    if name:
        values.setdefault(name, value)
    return len(value.split()) <= (2 if name.endswith("date") else 1 if name else 0)


def _fields(values: dict[str, bytes], *, clean: bool) -> Fields:
    """Cut values to what their fields can hold. An id too long to be one is none."""
    message_id = _token(values.get("message_id", b""))
    done_date = values.get("done_date", b"")
    return Fields(
        message_id if len(message_id) <= MAX_MESSAGE_ID else b"",
        _date(values.get("submit_date", b"")),
        _date(done_date),
        _token(values.get("stat", b""))[:MAX_CODE] or _stat_without_key(done_date),
        _token(values.get("err", b""))[:MAX_CODE],
        values.get("text", b""),
        clean,
    )


def _token(value: bytes) -> bytes:
    return value.split(maxsplit=1)[0] if value else b""


def _date(value: bytes) -> bytes:
    """Day and time, without a word that follows them."""
    return b" ".join(token for token in value.split() if not token.isalpha())[:MAX_CODE]


def _stat_without_key(done_date: bytes) -> bytes:
    """`done date:180903120816 DELIVRD err:000`: the word after the date (ksmppd #108)."""
    last = done_date.split()[-1:]
    return last[0] if last and last[0].isalpha() else b""


def _by_keys_utf16(body: bytes) -> Fields | None:
    """The same for UTF-16BE: the low octets are read, the high ones before the text must be zero."""
    wide = body.removeprefix(b"\xfe\xff")
    fields = _by_keys(wide[1::2]) if wide[:1] == b"\0" else None
    if fields is None:
        return None
    header = 2 * (len(wide) // 2 - len(fields.text))
    return fields._replace(text=wide[header:]) if not any(wide[:header:2]) else None
