"""Received octets to text in the style of one link; `text.decode` is what most SMSCs mean."""

from gatewayd.smpp import gsm, septets, ucs2, udh
from gatewayd.smpp.style import PLAIN, DefaultAlphabet, SignatureBy, Style
from gatewayd.smpp.text import ALPHABETS, Encoding, decode
from gatewayd.smpp.udh import Element


class Reader:
    """Reads texts of one link."""

    def __init__(self, style: Style = PLAIN) -> None:
        self._style = style
        self._other_default = style.alphabet is not DefaultAlphabet.GSM7

    @property
    def signed_ahead(self) -> bool:
        """Whether the carrier puts a signature in front of what we send."""
        return self._style.signature is SignatureBy.STRIP_HEAD

    def unpacked(self, octets: bytes, data_coding: int, elements: tuple[Element, ...]) -> bytes:
        """Octets of one segment that can be joined with those of its neighbours."""
        if self._style.packed and ALPHABETS.get(data_coding) is Encoding.GSM7:
            return septets.unpack(octets, udh.header_size(elements))
        return octets

    def text(self, octets: bytes, data_coding: int, shifts: tuple[int, int] = (0, 0)) -> str | None:
        """Text of joined octets; nothing makes it fail. None: binary or an unknown coding.

        shifts: national tables that the header told (`udh.shifts`).
        """
        match ALPHABETS.get(data_coding):
            case Encoding.GSM7 if data_coding == 0 and self._other_default:
                return octets.decode("latin-1").rstrip("\0")
            case Encoding.GSM7 if shifts != (0, 0):
                return gsm.decode(octets, gsm.shifted(*shifts))
            case Encoding.UCS2 if self._style.little_endian and not octets.startswith(b"\xfe\xff"):
                return ucs2.decode(b"\xff\xfe" + octets)
            case _:
                return decode(octets, data_coding)


PLAIN_READER = Reader()
