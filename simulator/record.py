"""The record: an append-only file of what the SMSC saw and did, one JSON object a line.

It is the truth that tests and the demo count by. What one read of a socket brought is one `os.write`, made
before any octet of an answer can leave, so every answered submit_sm is in the file even if the simulator is
killed a moment later. A kill can tear the last line; its submit_sm was not answered, and readers skip it.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from gatewayd.smpp import udh
from simulator.messages import Joiner, Message, Reading


class Event(
    msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag_field="kind", tag=str.lower
):
    """at: seconds of Unix time, when the batch it belongs to had been read or was about to be sent."""

    at: float


class Start(Event, frozen=True, kw_only=True, gc=False):
    """A simulator process began to append; session numbers start again from 1."""

    pid: int


class Bind(Event, frozen=True, kw_only=True, gc=False):
    """A bind request and its answer; none of those that are never answered.

    system_type, interface_version, address_range: as the ESME sent them.
    """

    account: str
    session: int
    bind: str
    command_status: int
    system_type: str = ""
    interface_version: int = 0
    address_range: str = ""


class Terms(Event, frozen=True, kw_only=True, gc=False):
    """What holds for an account from here on: before its first bind, and when the scenario is changed.

    window: submit_sm it may leave unanswered per session (0: not stated).
    throughput: submit_sm a second over all its sessions (0: not stated).
    judge: the section of the scenario, without defaults.
    """

    account: str
    window: int = 0
    throughput: float = 0
    reading: Reading = Reading()
    judge: dict[str, Any] = msgspec.field(default_factory=dict)


class Submit(Event, frozen=True, kw_only=True, gc=False):
    """A submit_sm or data_sm as received, or of a submit_multi what goes to one destination.

    request: which of them. short_message, message_payload: in hex.
    outstanding: submit_sm of this session that had no answer yet when it had been read, itself included.
    message_id: what the SMSC calls it; empty if it did not take it.
    command_status: of the answer, which a lost connection may keep from the ESME; null if none is given.
    sar: reference, total and number of the SAR TLVs.
    """

    account: str
    session: int
    request: str = "submit_sm"
    sequence_number: int
    source: str
    destination: str
    esm_class: int
    data_coding: int
    short_message: str
    registered_delivery: int
    validity_period: str = ""
    message_payload: str | None = None
    reference: int | None = None
    sar: tuple[int, int, int] | None = None
    outstanding: int
    message_id: str
    command_status: int | None

    @property
    def taken(self) -> bool:
        """The SMSC has it, whether the ESME was told or not."""
        return self.message_id != ""

    def user_data(self) -> udh.UserData:
        """Its octets without the UDH, and its place in a long message."""
        tlvs = () if self.sar is None else udh.sar(*self.sar)
        if self.message_payload is not None:
            tlvs = ((udh.MESSAGE_PAYLOAD, bytes.fromhex(self.message_payload)), *tlvs)
        return udh.user_data(self.esm_class, bytes.fromhex(self.short_message), tlvs)


class Receipt(Event, frozen=True, kw_only=True, gc=False):
    """A receipt handed to a session; attempt counts from 1 over all sessions."""

    account: str
    session: int
    sequence_number: int
    message_id: str
    stat: str
    attempt: int


class Mo(Event, frozen=True, kw_only=True, gc=False):
    """A segment of an MO handed to a session.

    short_message: its octets in hex, wherever they stand. sar: as of Submit.
    """

    account: str
    session: int
    sequence_number: int
    source: str
    destination: str
    esm_class: int
    data_coding: int
    short_message: str
    sar: tuple[int, int, int] | None = None
    attempt: int

    def user_data(self) -> udh.UserData:
        """Its octets without the UDH, and its place in a long message."""
        tlvs = () if self.sar is None else udh.sar(*self.sar)
        return udh.user_data(self.esm_class, bytes.fromhex(self.short_message), tlvs)


class Answer(Event, frozen=True, kw_only=True, gc=False):
    """The deliver_sm_resp to a Receipt or Mo of the same session and sequence_number."""

    account: str
    session: int
    sequence_number: int
    command_status: int


class Manage(Event, frozen=True, kw_only=True, gc=False):
    """A query_sm, cancel_sm or replace_sm and its answer. short_message: the new one, in hex."""

    account: str
    request: str
    message_id: str
    short_message: str | None
    command_status: int


class Loss(Event, frozen=True, kw_only=True, gc=False):
    """The connection of a session ended. unanswered: deliver_sm that will be repeated."""

    account: str
    session: int
    reason: str
    unanswered: int


AnyEvent = Start | Bind | Terms | Submit | Receipt | Mo | Answer | Manage | Loss

E = TypeVar("E", bound=Event)

_encode_lines = msgspec.json.Encoder().encode_lines
_decode_line = msgspec.json.Decoder(AnyEvent).decode


class Recorder:
    """Appends events to a file; `flush` before any octet of the batch can leave."""

    def __init__(self, path: Path | None) -> None:
        """path: None records nothing. Raises OSError if the file cannot be opened for appending."""
        self._waiting: list[AnyEvent] = []
        self._fd = -1
        if path is not None:
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._end_torn_line()

    def add(self, event: AnyEvent) -> None:
        self._waiting.append(event)

    def flush(self) -> None:
        """One write of all that was added. Raises OSError if the disk refuses it."""
        events, self._waiting = self._waiting, []
        if self._fd < 0 or not events:
            return
        octets = memoryview(_encode_lines(events))
        while octets:
            octets = octets[os.write(self._fd, octets) :]

    def close(self) -> None:
        self.flush()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _end_torn_line(self) -> None:
        size = os.fstat(self._fd).st_size
        if size and os.pread(self._fd, 1, size - 1) != b"\n":
            os.write(self._fd, b"\n")


class Record:
    """What a record file holds; `refresh` reads on from where it stopped, also while the simulator writes."""

    def __init__(self, path: Path) -> None:
        self.events: list[AnyEvent] = []
        self._path = path
        self._offset = 0
        self.refresh()

    def refresh(self) -> Self:
        """Take in the whole lines that came since; a missing file is an empty one."""
        if not self._path.exists():
            return self
        with self._path.open("rb") as file:
            file.seek(self._offset)
            fresh = file.read()
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(whole)
        self.events += [_decode_line(line) for line in whole.splitlines() if line.endswith(b"}")]
        return self

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def submits(self) -> list[Submit]:
        return self.of(Submit)

    @property
    def taken(self) -> list[Submit]:
        """The submit_sm that the SMSC took, repeated ones too."""
        return [submit for submit in self.submits if submit.taken]

    def messages(self) -> list[Message[Submit]]:
        """The texts that were taken, long ones joined; incomplete ones come last."""
        return list(join(self.events))

    def count(self, pattern: str) -> Counter[str]:
        """How many taken texts hold each token that the pattern finds, e.g. `#[0-9]+`."""
        token = re.compile(pattern)
        return Counter(found for message in self.messages() for found in set(token.findall(message.text)))


def join(events: Iterable[AnyEvent]) -> Iterator[Message[Submit]]:
    """Of submit_sm that were taken, messages as they become complete, then the incomplete ones."""
    joiners: dict[str, Joiner[Submit]] = {}
    for event in events:
        match event:
            case Terms():
                _joiner(joiners, event.account).reading = event.reading
            case Submit() if event.taken:
                message = _joiner(joiners, event.account).add(event)
                if message is not None:
                    yield message
            case _:
                pass
    for joiner in joiners.values():
        yield from joiner.rest()


def _joiner(joiners: dict[str, Joiner[Submit]], account: str) -> Joiner[Submit]:
    if account not in joiners:
        joiners[account] = Joiner(Reading())
    return joiners[account]
