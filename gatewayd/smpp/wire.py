"""Kinds of mandatory fields: what each is on the wire, and the source lines that read and write it.

codec.py strings these lines together into one straight function per PDU class. `accepts` says the same
as `refuse` in plain Python; it runs only to name the field that was refused.
"""

from typing import NamedTuple, Protocol

import msgspec

Tlv = tuple[int, bytes]
"""Tag and raw value."""


class Unreadable(ValueError):
    """The octets of a field (named by the only argument) are cut off, unterminated or over-long."""


class Place(NamedTuple):
    """An offset into the PDU as source text: a variable plus a constant."""

    base: str
    offset: int

    def __str__(self) -> str:
        return " + ".join(filter(None, (self.base, str(self.offset or ""))))

    def plus(self, octets: int) -> "Place":
        return Place(self.base, self.offset + octets)


class Reading(NamedTuple):
    """Source lines to run first, the expression that is then the value, and where the next field starts."""

    lines: list[str]
    value: str
    after: Place


class Kind(Protocol):
    """One kind of field."""

    @property
    def form(self) -> str:
        """Its part of a bytes format."""

    @property
    def rule(self) -> str:
        """What a value must be, for an error text."""

    def accepts(self, value: object) -> bool:
        """Whether this value can be sent."""

    def refuse(self, name: str) -> str:
        """Condition on the variable `name` under which it must not be sent; "" if the format refuses it."""

    def values(self, name: str) -> str:
        """Arguments of `form`."""

    def read(self, name: str, at: Place) -> Reading:
        """Lines that read it from `buf` (of `size` octets); an index past the end means it is cut off."""


class U8(msgspec.Struct, frozen=True):
    """One octet, an unsigned integer."""

    form = "%c"
    rule = "an integer from 0 to 255"

    def accepts(self, value: object) -> bool:
        return isinstance(value, int) and 0 <= value <= 0xFF

    def refuse(self, name: str) -> str:  # noqa: ARG002  the format refuses it
        return ""

    def values(self, name: str) -> str:
        return name

    def read(self, name: str, at: Place) -> Reading:  # noqa: ARG002  it needs no variable of its own
        return Reading([], f"buf[{at}]", at.plus(1))


class CStr(msgspec.Struct, frozen=True):
    """A C-octet string. size: octets at most, the NUL included; accept: what is tolerated from a peer."""

    size: int
    accept: int = 0

    form = "%b\\0"

    @property
    def rule(self) -> str:
        return f"at most {self.size - 1} octets without a NUL"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bytes) and len(value) < self.size and 0 not in value

    def refuse(self, name: str) -> str:
        return f"len({name}) >= {self.size} or 0 in {name}"

    def values(self, name: str) -> str:
        return name

    def read(self, name: str, at: Place) -> Reading:
        end = f"{name}_end"
        lines = [  # the bound of the search is the check of the length
            f"{end} = find(0, {at}, {at.plus(max(self.size, self.accept))})",
            f"if {end} < 0: raise Unreadable({name!r})",
        ]
        return Reading(lines, f"buf[{at}:{end}]", Place(end, 1))


class Counted(msgspec.Struct, frozen=True):
    """An octet string behind one octet that counts it (sm_length, short_message). size: octets at most.

    From a peer any count is taken: 5.0 allows 255.
    """

    size: int

    form = "%c%b"

    @property
    def rule(self) -> str:
        return f"at most {self.size} octets"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bytes) and len(value) <= self.size

    def refuse(self, name: str) -> str:
        return f"len({name}) > {self.size}"

    def values(self, name: str) -> str:
        return f"len({name}), {name}"

    def read(self, name: str, at: Place) -> Reading:
        end = f"{name}_end"
        lines = [f"{end} = {at.plus(1)} + buf[{at}]", f"if {end} > size: raise Unreadable({name!r})"]
        return Reading(lines, f"buf[{at.plus(1)}:{end}]", Place(end, 0))
