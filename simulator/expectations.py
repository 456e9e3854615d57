"""How an account's texts are read, and what the judge holds against them; sections of a scenario."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gatewayd.smpp.shift_tables import LANGUAGES
from gatewayd.smpp.style import DefaultAlphabet, SignatureBy, Style, Wide
from simulator.keys import Seconds, Section, Zone
from simulator.messages import Reading


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles), Field(min_length=1)]
Language = Literal["tr", "es", "pt", "bn", "gu", "hi", "kn", "ml", "or", "pa", "ta", "te", "ur"]
TimeOfDay = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")]


class CarrierSignature(Section):
    """What the carrier writes on each text, which the ESME must leave room for."""

    text: Annotated[str, Field(min_length=1, max_length=20)]
    at: Literal["head", "tail"] = "head"


class Texts(Section):
    """How this SMSC reads what is submitted and writes what handsets do, where it differs from most.

    packed, byte_order: both ways. wide, byte_order_mark, national_shift: of what it writes; it reads all.
    """

    alphabet: DefaultAlphabet = DefaultAlphabet.GSM7
    packed: bool = False
    wide: Wide = Wide.UCS2
    byte_order: Literal["big", "little"] = "big"
    byte_order_mark: bool = False
    national_shift: tuple[Language, ...] = ()
    signature: CarrierSignature | None = None

    @property
    def reading(self) -> Reading:
        """For whoever reads or writes them."""
        by = SignatureBy.KEEP
        if self.signature is not None:
            by = SignatureBy.STRIP_HEAD if self.signature.at == "head" else SignatureBy.STRIP_TAIL
        style = Style(
            alphabet=self.alphabet,
            packed=self.packed,
            wide=self.wide,
            little_endian=self.byte_order == "little",
            byte_order_mark=self.byte_order_mark,
            shifts=tuple(LANGUAGES[language] for language in self.national_shift),
            signature=by,
        )
        return Reading(style, self.signature.text if self.signature else "")


class Quiet(Section):
    """When no marketing may come, in the number's time zone: `elsewhere` by prefix, the longest first."""

    begin: Annotated[TimeOfDay, Field(alias="from")] = "21:00"
    end: Annotated[TimeOfDay, Field(alias="to")] = "08:00"
    timezone: Zone = "Asia/Shanghai"
    elsewhere: dict[Annotated[str, Field(pattern="^[0-9]{1,15}$")], Zone] = Field(default_factory=dict)


class Cap(Section):
    """At most so many texts to one number of one brand within any so many seconds.

    texts: what those counted match; absent: marketing.
    """

    count: Annotated[int, Field(ge=0)]
    seconds: Annotated[Seconds, Field(gt=0)]
    texts: Pattern | None = None


class Judge(Section):
    """What is held against texts. Patterns are searched for; a brand is what stands in a text's 【】.

    marketing: what marketing texts match; absent: there is none.
    opt_out, opt_in: words of an MO. opt_out_of: all of the sender's marketing, or that of the brand of the
        last marketing text from there.
    leeway: seconds for which what was on its way is forgiven.
    """

    marketing: Pattern | None = None
    opt_out: frozenset[str] = frozenset({"TD", "T", "N", "R", "退订", "STOP"})
    opt_in: frozenset[str] = frozenset()
    opt_out_of: Literal["sender", "brand"] = "sender"
    opt_out_text: Pattern | None = None
    quiet: Quiet | None = None
    caps: tuple[Cap, ...] = ()
    signed: bool = False
    leeway: Seconds = 0.2
