"""The error tree: each class says who is at fault and what the catcher does.

A refusal by policy is a value (`model.Refusal`), not an exception.
"""

from collections.abc import Sequence
from typing import NamedTuple


class GatewayError(Exception):
    """Root of every error gatewayd raises on purpose."""


class RemoteProtocolError(GatewayError):
    """The peer broke SMPP.

    command_status: the status to answer with (3.4 section 5.1.3).
    fatal: framing is lost (no later octet can be trusted), so the connection must be closed.
    sequence_number, command_id: of the offending PDU where its header could be read, else 0.
    """

    def __init__(
        self,
        detail: str,
        *,
        command_status: int,
        fatal: bool = False,
        sequence_number: int = 0,
        command_id: int = 0,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.command_status = command_status
        self.fatal = fatal
        self.sequence_number = sequence_number
        self.command_id = command_id


class LocalProtocolError(GatewayError):
    """We were about to break SMPP. Nothing was sent."""


class Problem(NamedTuple):
    """One finding in a configuration file; line and column count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(GatewayError):
    """The configuration cannot be used; all that is wrong with it at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


class StoreError(GatewayError):
    """The store cannot be opened or used as it is; says what to do."""


class StoreUnavailable(StoreError):
    """The store could not commit now (disk full, locked); the caller may try again later."""


class StoreLocked(StoreError):
    """Another daemon holds the store. pid: the holder's, 0 if unknown."""

    def __init__(self, path: str, pid: int) -> None:
        super().__init__(f"{path} is in use by the gatewayd with pid {pid}")
        self.pid = pid
