"""How one SMSC wants texts written: what differs from carrier to carrier and is set per link."""

from enum import StrEnum

import msgspec


class DefaultAlphabet(StrEnum):
    """What the SMSC reads in data_coding 0. The handset gets GSM 7-bit characters with each of them."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    ASCII = "ascii"


class Wide(StrEnum):
    """How other characters than the default alphabet's travel: data_coding 8, or 15 of CMPP and SMGP."""

    UCS2 = "ucs2"
    GBK = "gbk"


class SignatureBy(StrEnum):
    """Who writes 【signature】: we, or the carrier, which puts it in front or at the end of what it gets."""

    KEEP = "keep"
    STRIP_HEAD = "strip_head"
    STRIP_TAIL = "strip_tail"


class Flash(StrEnum):
    """Whether texts are shown at once and not kept: message class 0 of 3GPP TS 23.038 section 4.

    GENERAL, CLASS: by which coding group GSM 7-bit texts say so, 0x10 or 0xF0; UCS-2 has one, 0x18.
    """

    NO = "no"
    GENERAL = "general"
    CLASS = "class"


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """packed: septets, both ways. little_endian: UCS-2, both ways. byte_order_mark: in front of UCS-2.

    shifts: national language identifiers that may be used (`shift_tables.LANGUAGES`).
    flash: of texts in the GSM 7-bit alphabet and in UCS-2; Latin-1, GBK and binary have no such coding.
    """

    alphabet: DefaultAlphabet = DefaultAlphabet.GSM7
    packed: bool = False
    wide: Wide = Wide.UCS2
    little_endian: bool = False
    byte_order_mark: bool = False
    shifts: tuple[int, ...] = ()
    transliterate: bool = False
    signature: SignatureBy = SignatureBy.KEEP
    flash: Flash = Flash.NO


PLAIN = Style()
"""What most SMSCs take."""
