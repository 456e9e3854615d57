"""What the running simulator can be told, one struct for each; README.md has them as requests."""

from typing import Annotated, Any, Final, assert_never

import msgspec
from msgspec import Meta

from gatewayd.errors import GatewayError
from simulator.mo import Mo
from simulator.settings import Outcome, Stat, What
from simulator.smsc import Smsc


class Set(msgspec.Struct, forbid_unknown_fields=True):
    """Merge values into the scenario (RFC 7396: null takes a value back to its default)."""

    values: dict[str, Any]


class Drop(msgspec.Struct, forbid_unknown_fields=True):
    """Cut all connections, or those of an account, without unbind."""

    account: str | None = None


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """Let something befall all bound sessions, or those of an account; see `faults` of a scenario."""

    do: What
    account: str | None = None
    seconds: Annotated[float, Meta(ge=0)] = 5.0


class Receipt(msgspec.Struct, forbid_unknown_fields=True):
    """One more receipt of a message that was taken, asked for or not, whatever others told of it."""

    message_id: str
    stat: Stat = "DELIVRD"
    err: Annotated[str, Meta(max_length=8)] = "000"
    written: Annotated[str, Meta(min_length=1, max_length=20, pattern="^[!-~]+$")] | None = None
    account: str | None = None


class HoldReceipts(msgspec.Struct, forbid_unknown_fields=True):
    """Keep receipts back."""


class ReleaseReceipts(msgspec.Struct, forbid_unknown_fields=True):
    """Let out what was kept back, and keep back no more."""


Command = Mo | Set | Drop | Fault | Receipt | HoldReceipts | ReleaseReceipts

COMMANDS: Final[dict[str, type[Command]]] = {
    "mo": Mo,
    "set": Set,
    "drop": Drop,
    "fault": Fault,
    "receipt": Receipt,
    "hold_receipts": HoldReceipts,
    "release_receipts": ReleaseReceipts,
}


class Refused(GatewayError):
    """The simulator could not do what it was told; says why."""


def obey(name: str, body: bytes, smsc: Smsc) -> dict[str, Any]:
    """Do what the JSON object in `body` says; returns what came of it. Raises Refused: nothing was done."""
    try:
        return _do(msgspec.json.decode(body or b"{}", type=COMMANDS[name]), smsc)
    except (msgspec.DecodeError, GatewayError) as error:
        raise Refused(str(error)) from None


def _do(command: Command, smsc: Smsc) -> dict[str, Any]:
    came_of_it: dict[str, Any] = {}
    match command:
        case Mo():
            came_of_it["segments"] = smsc.write(command)
        case Set(values=values):
            smsc.change(values)
        case Drop(account=account):
            came_of_it["dropped"] = smsc.drop(account)
        case Fault(do=what, account=account, seconds=seconds):
            came_of_it["sessions"] = smsc.inject(what, account, seconds)
        case Receipt(stat=stat, err=err, written=written):
            outcome = Outcome(stat=stat, err=err, written=written)
            came_of_it["receipts"] = smsc.report(command.message_id, outcome, command.account)
        case HoldReceipts():
            smsc.hold_receipts()
        case ReleaseReceipts():
            came_of_it["released"] = smsc.release_receipts()
        case _:
            assert_never(command)
    return came_of_it
