"""The two lists of submit_multi (3.4 sections 4.5.1 and 4.5.2): destinations, and those that failed."""

import struct
from typing import Any

import msgspec

from gatewayd.smpp.wire import Place, Reading, Unreadable

_SME = 1  # dest_flag
_DISTRIBUTION_LIST = 2
_SIZE = 21  # octets of destination_addr and dl_name, NUL included
_STATUS = struct.Struct(">I")


class SmeAddress(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One destination number (dest_flag 1)."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: bytes

    def __repr__(self) -> str:
        return "SmeAddress()"  # numbers stay out of logs

    def pack(self) -> bytes:
        """Octets of the item; ValueError or TypeError where a field does not fit."""
        return bytes((_SME, self.dest_addr_ton, self.dest_addr_npi)) + _c_string(self.destination_addr)


class DistributionList(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A list of numbers kept by the SMSC (dest_flag 2)."""

    dl_name: bytes

    def pack(self) -> bytes:
        return bytes((_DISTRIBUTION_LIST,)) + _c_string(self.dl_name)


class UnsuccessSme(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One destination submit_multi did not reach; error_status_code is a command_status."""

    dest_addr_ton: int = 0
    dest_addr_npi: int = 0
    destination_addr: bytes
    error_status_code: int

    def __repr__(self) -> str:
        return f"UnsuccessSme(error_status_code={self.error_status_code})"

    def pack(self) -> bytes:
        address = bytes((self.dest_addr_ton, self.dest_addr_npi)) + _c_string(self.destination_addr)
        return address + _STATUS.pack(self.error_status_code)


Destination = SmeAddress | DistributionList


def _c_string(value: bytes) -> bytes:
    if len(value) >= _SIZE or 0 in value:
        raise ValueError
    return value + b"\0"


def _read_c_string(buf: bytes, at: int, name: str) -> tuple[bytes, int]:
    end = buf.find(0, at, at + _SIZE)
    if end < 0:
        raise Unreadable(name)
    return buf[at:end], end + 1


class _Listed(msgspec.Struct, frozen=True):
    """A list behind one octet that counts its items. least, most: how many may be sent."""

    least: int
    most: int

    form = "%c%b"

    @property
    def rule(self) -> str:
        return f"{self.least} to {self.most} items, each address at most {_SIZE - 1} octets without a NUL"

    def accepts(self, value: Any) -> bool:
        try:
            self.pack(value)
        except (AttributeError, TypeError, ValueError, struct.error):
            return False
        return self.least <= len(value) <= self.most

    def refuse(self, name: str) -> str:
        return f"not {self.least} <= len({name}) <= {self.most}"

    def values(self, name: str) -> str:
        return f"len({name}), {name}_kind.pack({name})"

    def read(self, name: str, at: Place) -> Reading:
        end = f"{name}_end"
        return Reading([f"{name}, {end} = {name}_kind.unpack(buf, {at})"], name, Place(end, 0))

    def pack(self, items: tuple[Destination | UnsuccessSme, ...]) -> bytes:
        return b"".join([item.pack() for item in items])

    def unpack(self, buf: bytes, at: int) -> tuple[tuple[Destination | UnsuccessSme, ...], int]:
        """Items from the counting octet at `at`, and the offset after them.

        IndexError or Unreadable if they are cut off.
        """
        count, at = buf[at], at + 1
        items = []
        for _ in range(count):
            item, at = self._item(buf, at)
            items.append(item)
        return tuple(items), at

    def _item(self, buf: bytes, at: int) -> tuple[Destination | UnsuccessSme, int]:
        raise NotImplementedError


class Destinations(_Listed, frozen=True):
    """number_of_dests and dest_address(es)."""

    def _item(self, buf: bytes, at: int) -> tuple[Destination, int]:
        if buf[at] == _SME:
            address, end = _read_c_string(buf, at + 3, "destination_addr")
            item = SmeAddress(dest_addr_ton=buf[at + 1], dest_addr_npi=buf[at + 2], destination_addr=address)
            return item, end
        if buf[at] == _DISTRIBUTION_LIST:
            name, end = _read_c_string(buf, at + 1, "dl_name")
            return DistributionList(dl_name=name), end
        raise Unreadable("dest_flag")


class UnsuccessSmes(_Listed, frozen=True):
    """no_unsuccess and unsuccess_sme(s)."""

    def _item(self, buf: bytes, at: int) -> tuple[UnsuccessSme, int]:
        address, end = _read_c_string(buf, at + 2, "destination_addr")
        if end + 4 > len(buf):
            raise Unreadable("error_status_code")
        (status,) = _STATUS.unpack_from(buf, end)
        ton, npi = buf[at], buf[at + 1]
        item = UnsuccessSme(
            dest_addr_ton=ton, dest_addr_npi=npi, destination_addr=address, error_status_code=status
        )
        return item, end + 4
