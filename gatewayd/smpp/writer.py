"""Texts to segments in the style of one link; `text` does what most SMSCs take, `reader` the way back."""

from codecs import utf_16_be_decode
from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

from gatewayd.smpp import alphabet, gsm, septets, transliterate, ucs2, udh
from gatewayd.smpp.alphabet import Alphabet
from gatewayd.smpp.style import PLAIN, DefaultAlphabet, Flash, SignatureBy, Style, Wide
from gatewayd.smpp.text import (
    GBK,
    SINGLE_OCTETS,
    Carry,
    Encoding,
    Part,
    Unencodable,
    choose,
    concatenated,
    count,
    split,
    whole,
)

_CONCATENATION: Final[Mapping[Carry, int]] = {Carry.UDH8: 6, Carry.UDH16: 7, Carry.SAR: 6}  # octets
_FLASH: Final[Mapping[tuple[Flash, Encoding], int]] = {
    (Flash.GENERAL, Encoding.GSM7): 0x10,
    (Flash.CLASS, Encoding.GSM7): 0xF0,
    (Flash.GENERAL, Encoding.UCS2): 0x18,
    (Flash.CLASS, Encoding.UCS2): 0x18,
}


@cache
def _repertoire(default: DefaultAlphabet) -> Alphabet:
    """The GSM characters that the SMSC's default alphabet can write; of others it would make `?`."""
    codec = {DefaultAlphabet.LATIN1: "latin-1", DefaultAlphabet.ASCII: "ascii"}.get(default)
    if codec is None:
        return gsm.DEFAULT
    written = {
        character: septet
        for septet, character in (*gsm.BASIC.items(), *gsm.EXTENSION.items())
        if character.encode(codec, "ignore")
    }
    return Alphabet(
        {septet: c for c, septet in written.items() if gsm.BASIC.get(septet) == c},
        {septet: c for c, septet in written.items() if gsm.EXTENSION.get(septet) == c},
    )


class Plan(NamedTuple):
    """How one text will be written. letters: the 7-bit alphabet. shifts: locking, single; 0: none."""

    text: str
    encoding: Encoding
    letters: Alphabet
    shifts: tuple[int, int] = (0, 0)
    gbk: bool = False

    def units(self, text: str) -> int:
        """Length in what segments are measured by: septets, octets, or UTF-16 units (GBK becomes those)."""
        match self.encoding:
            case Encoding.GSM7:
                return len(self.letters.encode(text))
            case Encoding.UCS2:
                return len(ucs2.encode(text)) // 2
            case _:
                return len(text)

    def room(self, header: int) -> int:
        """Units that fit behind a header of so many octets."""
        match self.encoding:
            case Encoding.GSM7:
                return (SINGLE_OCTETS - header) * 8 // 7
            case Encoding.UCS2:
                return (SINGLE_OCTETS - header) // 2
            case _:
                return SINGLE_OCTETS - header

    def cut(self, text: str, room: int) -> list[str]:
        """Pieces of at most `room` units, never inside an escape or surrogate pair."""
        match self.encoding:
            case Encoding.GSM7:
                pieces = alphabet.cut(self.letters.encode(text), room)
                return [self.letters.decode(piece) for piece in pieces]
            case Encoding.UCS2:
                return [utf_16_be_decode(piece)[0] for piece in ucs2.cut(text, room * 2)]
            case _:
                return [text[start : start + room] for start in range(0, len(text), room)]


class Writer:
    """Writes texts for one link."""

    def __init__(self, carry: Carry = Carry.UDH8, style: Style = PLAIN) -> None:
        self.carry, self.style = carry, style
        self._plain = style == PLAIN
        self._letters = _repertoire(style.alphabet)

    @property
    def strips(self) -> bool:
        """Whether the carrier writes the signature."""
        return self.style.signature is not SignatureBy.KEEP

    def measure(self, text: str, asked: Encoding | None, signature: str = "") -> tuple[Encoding, int]:
        """Encoding and number of segments, as `split` makes them. Raises Unencodable."""
        if self._plain:
            encoding = asked or choose(text)
            return encoding, count(text, encoding, self.carry)
        plan, signature = self._plan(text, asked, signature)
        return plan.encoding, len(self._pieces(plan, signature))

    def split(
        self, text: str, asked: Encoding | None, reference: int, signature: str = ""
    ) -> tuple[Part, ...]:
        """The segments of a text (see `text.split`).

        asked: None leaves the encoding to the link. signature: what the carrier writes, at the place its
        style says; taken off the text, and its room left free in the first or last segment.
        """
        if self._plain:
            return split(text, asked or choose(text), self.carry, reference)
        plan, signature = self._plan(text, asked, signature)
        pieces = self._pieces(plan, signature)
        elements, carry = udh.shift_elements(*plan.shifts), self._carry(plan)
        if len(pieces) > 1:
            header = 0 if carry is Carry.SAR else _CONCATENATION[carry] + len(elements)  # in our octets
            several = [self._octets(plan, piece, header) for piece in pieces]
            return concatenated(several, self._data_coding(plan), carry, reference, elements)
        shifts = bytes((len(elements),)) + elements if elements else b""
        octets = shifts + self._octets(plan, pieces[0], len(shifts))
        single = len(octets) if plan.units(plan.text) <= plan.room(len(shifts)) else 0
        return (whole(octets, self._data_coding(plan), single, udhi=bool(shifts)),)

    # what is written

    def _plan(self, text: str, asked: Encoding | None, signature: str) -> tuple[Plan, str]:
        """How it is written, and the signature that is left out; with it, since the handset gets both."""
        body = _without(text, signature)
        if not (signature and body and self.strips):
            signature, body = "", text
        ahead = self.style.signature is SignatureBy.STRIP_HEAD
        full = signature + body if ahead else body + signature
        plan = self._chosen(full) if asked is None else self._asked(full, asked)
        if plan.encoding is Encoding.UCS2 and self.style.byte_order_mark and not plan.gbk:
            plan = plan._replace(text="\ufeff" + plan.text)
        return plan, signature

    def _chosen(self, text: str) -> Plan:
        """Default alphabet, else national tables if they save segments, else near characters, else wide."""
        if self._letters.first_foreign(text) is None:
            return Plan(text, Encoding.GSM7, self._letters)
        wide = self._wide(text)
        national = self._national(text)
        if national is not None and len(self._pieces(national, "")) < len(self._pieces(wide, "")):
            return national
        near = transliterate.into(self._letters, text) if self.style.transliterate else None
        return wide if near is None else Plan(near, Encoding.GSM7, self._letters)

    def _asked(self, text: str, asked: Encoding) -> Plan:
        match asked:
            case Encoding.GSM7:
                foreign = self._letters.first_foreign(text)
                if foreign:
                    raise Unencodable(asked, foreign[0], foreign.start())
                return Plan(text, asked, self._letters)
            case Encoding.LATIN1:
                for index, character in enumerate(text):
                    if ord(character) > 0xFF:
                        raise Unencodable(asked, character, index)
                return Plan(text, asked, self._letters)
            case _:
                return self._wide(text)

    def _wide(self, text: str) -> Plan:
        for index, character in enumerate(text):
            if "\ud800" <= character <= "\udfff":
                raise Unencodable(Encoding.UCS2, character, index)
        gbk = self.style.wide is Wide.GBK and len(text.encode("gbk", "ignore").decode("gbk")) == len(text)
        return Plan(text, Encoding.UCS2, self._letters, gbk=gbk)

    def _national(self, text: str) -> Plan | None:
        """The fewest segments that the tables of one language give; None if none has all characters.

        Never for message_payload: the SMSC cuts it, and would have to repeat our header.
        Single shift comes first: a handset without that table shows s for ş, without a locking one rubbish.
        """
        plans = [
            Plan(text, Encoding.GSM7, gsm.shifted(*shifts), shifts)
            for language in self.style.shifts
            for shifts in ((0, language), (language, 0), (language, language))
            if gsm.shifted(*shifts).first_foreign(text) is None
        ]
        return min(plans, key=lambda plan: len(self._pieces(plan, "")), default=None)

    # where it is cut

    def _carry(self, plan: Plan) -> Carry:
        """SAR becomes a header at the SMSC, and there is one header only: with tables to tell, UDH8."""
        return Carry.UDH8 if self.carry is Carry.SAR and plan.shifts != (0, 0) else self.carry

    def _pieces(self, plan: Plan, signature: str) -> list[str]:
        """Texts of the segments; room is left for the signature, which is not in them."""
        text, elements = plan.text, len(udh.shift_elements(*plan.shifts))
        carry = self._carry(plan)
        if plan.units(text) <= plan.room(elements + bool(elements)) or carry is Carry.PAYLOAD:
            pieces = [text]
        else:
            room = plan.room(_CONCATENATION[carry] + elements)
            pieces = plan.cut(text, room)
            if self.style.signature is SignatureBy.STRIP_TAIL and len(pieces[-1]) <= len(signature):
                pieces[-2:] = _ending_whole(plan, "".join(pieces[-2:]), signature, room)
        if self.style.signature is SignatureBy.STRIP_HEAD:
            return [pieces[0].replace(signature, "", 1), *pieces[1:]]
        return [*pieces[:-1], pieces[-1].removesuffix(signature)]

    def _data_coding(self, plan: Plan) -> int:
        if plan.gbk:
            return GBK
        return _FLASH.get((self.style.flash, plan.encoding), plan.encoding.data_coding)

    def _octets(self, plan: Plan, piece: str, header: int) -> bytes:
        """A piece as it travels behind a header of so many octets."""
        if plan.gbk:
            return piece.encode("gbk")
        match plan.encoding:
            case Encoding.GSM7 if self.style.packed:
                return septets.pack(plan.letters.encode(piece), header)
            case Encoding.GSM7 if self.style.alphabet is DefaultAlphabet.GSM7:
                return plan.letters.encode(piece)
            case Encoding.UCS2:
                return piece.encode("utf-16-le" if self.style.little_endian else "utf-16-be")
            case _:
                return piece.encode("latin-1")


def _without(text: str, signature: str) -> str:
    """The text without the signature, wherever its writer put it."""
    head = text.removeprefix(signature)
    return head if head != text else text.removesuffix(signature)


def _ending_whole(plan: Plan, text: str, signature: str, room: int) -> list[str]:
    """Two pieces, of which the second holds the whole signature and at least one sign before it."""
    body = text.removesuffix(signature)
    first = plan.cut(body, max(plan.units(body) - 1, 1))[0]
    if plan.units(body[len(first) :] + signature) > room:
        first = body[:-1]
    return [first, body[len(first) :] + signature]
