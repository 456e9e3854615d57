"""The simulated SMSC: accepts connections and binds, and hands PDUs to their account."""

import os
import time
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

import msgspec
import trio

from gatewayd.errors import GatewayError
from gatewayd.smpp import consts
from gatewayd.smpp.events import RequestExpired, RequestReceived, ResponseReceived, SessionEvent
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import (
    REQUESTS,
    Bind,
    CancelSm,
    DataSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    QuerySm,
    ReplaceSm,
    SubmitMulti,
    SubmitSm,
    wire_name,
)
from simulator import faults, record
from simulator.account import Account
from simulator.agenda import Agenda
from simulator.connection import Connection, Delivery
from simulator.mailbox import World
from simulator.mo import Mo
from simulator.mt import Submission
from simulator.scenario import Scenario
from simulator.settings import Outcome, What

MOST_DATA_SM: Final = 100_000  # under way on a session; receipts.window is what limits
SC_INTERFACE_VERSION: Final = consts.TLV_TAGS["sc_interface_version"]


class UnknownAccount(GatewayError):
    """A command does not say, or not rightly, which account it means."""


class UnknownMessage(GatewayError):
    """A command is about a message that this SMSC does not have."""


class Smsc:
    """One SMSC in this process. `run` must run for anything delayed to happen."""

    def __init__(self, scenario: Scenario, recorder: record.Recorder, epoch: float | None = None) -> None:
        """Made inside trio.run. epoch: Unix time at which the trio clock is 0; absent: the system's."""
        self.scenario = scenario
        self._recorder = recorder
        self._agenda = Agenda()
        wall_offset = time.time() - trio.current_time() if epoch is None else epoch
        first_id = scenario.first_id or int(1e6 * (trio.current_time() + wall_offset))
        self._world = World(self._agenda, recorder, count(first_id), wall_offset)
        self._accounts: dict[str, Account] = {}
        self._bound: dict[Connection, Account] = {}
        self._open: set[Connection] = set()
        self._sessions = count(1)
        self._holding = False
        self._began = trio.current_time()
        self._recorder.add(record.Start(at=self._world.wall(), pid=os.getpid()))
        self._recorder.flush()

    async def run(self) -> None:
        """What is due later, for ever."""
        await self._agenda.run()

    async def serve(self, stream: trio.abc.Stream) -> None:
        """One connection, until it ends."""
        scenario = self.scenario
        limits = Limits(
            window=MOST_DATA_SM,
            enquire_link_interval=scenario.enquire_link_interval,
            response_timeout=scenario.response_timeout,
        )
        connection = Connection(next(self._sessions), stream, limits, scenario.wire, self._handle)
        self._open.add(connection)
        reason = "stopped"
        try:
            if scenario.wire.outbind:
                connection.ask(Outbind(system_id=scenario.system_id.encode()))
            reason = await connection.run()
        finally:
            self._lose(connection, reason)

    # ------------------------------------------------------------------------------- what a read brought

    def _handle(self, connection: Connection, events: list[SessionEvent]) -> None:
        """One batch: all of it is recorded before the writer can send any answer."""
        submits: list[Submission] = []
        for event in events:
            match event:
                case RequestReceived(SubmitSm() | DataSm() | SubmitMulti() as submit):
                    submits.append(submit)
                case RequestReceived(Bind() as request):
                    self._bind(connection, request)
                case RequestReceived(QuerySm() | CancelSm() | ReplaceSm() as request):
                    submits = self._take(connection, submits)
                    connection.respond(request, self._bound[connection].manage(request))
                case ResponseReceived(response=response, context=Delivery() as delivery):
                    if not delivery.message_id:  # an MO: its answer may forbid what comes behind it
                        submits = self._take(connection, submits)
                    self._bound[connection].mailbox.answered(connection, response, delivery)
                case RequestExpired(context=Delivery() as delivery):
                    self._bound[connection].mailbox.expired(connection, delivery)
                case _:
                    pass  # what ended the session is told by run(), what was malformed has been answered
        if connection in self._bound:
            self._take(connection, submits)
            self._bound[connection].mailbox.deliver()
        self._recorder.flush()

    def _take(self, connection: Connection, submits: list[Submission]) -> list[Submission]:
        """What came so far, before what came behind it; gives the place for more."""
        self._bound[connection].take(connection, submits, trio.current_time())
        return []

    def _bind(self, connection: Connection, request: Bind) -> None:
        """Answer it now, or when its account's delay is over."""
        account = self._account(request.system_id.decode("latin-1"))
        delay = account.admission.delay() if account else 0.0
        if account is not None and account.settings.binding.enquire_link_first:
            connection.ask(EnquireLink())
        if account is not None and account.admission.ignores():
            return
        if delay:
            self._agenda.add(trio.current_time() + delay, self._admit_all, (connection, request, account))
        else:
            self._admit(connection, request, account)

    def _admit_all(self, items: list[object]) -> None:
        """The agenda's batch."""
        for item in items:
            match item:
                case (Connection() as connection, Bind() as request, Account() as account):
                    if connection.alive:
                        self._admit(connection, request, account)
                case _:
                    raise AssertionError(item)
        self._recorder.flush()

    def _admit(self, connection: Connection, request: Bind, account: Account | None) -> None:
        status = consts.ESME_RINVSYSID
        if account is not None:
            status = account.admission.status(request, len(account.mailbox.sessions), trio.current_time())
        self._record_bind(connection, request, status)
        response: Pdu = REQUESTS[type(request)](command_status=status)
        if account is None:
            connection.respond(request, response)
        elif status:
            nack = account.settings.binding.generic_nack
            connection.respond(request, GenericNack(command_status=status) if nack else response)
        else:
            system_id = self.scenario.system_id.encode()
            version = account.settings.binding.sc_interface_version
            tlvs = () if version is None else ((SC_INTERFACE_VERSION, version.to_bytes()),)
            connection.respond(request, msgspec.structs.replace(response, system_id=system_id, tlvs=tlvs))
            self._bound[connection] = account
            account.bound(connection)
            account.mailbox.deliver()

    def _record_bind(self, connection: Connection, request: Bind, status: int) -> None:
        self._recorder.add(
            record.Bind(
                at=self._world.wall(),
                account=request.system_id.decode("latin-1"),
                session=connection.number,
                bind=wire_name(request),
                command_status=status,
                system_type=request.system_type.decode("latin-1"),
                interface_version=request.interface_version,
                address_range=request.address_range.decode("latin-1"),
            )
        )

    def _lose(self, connection: Connection, reason: str) -> None:
        self._open.discard(connection)
        account = self._bound.pop(connection, None)
        if account is not None:
            unanswered = account.mailbox.lose(connection)
            account.admission.lost(reason, trio.current_time())
            loss = record.Loss(
                at=self._world.wall(),
                account=account.name,
                session=connection.number,
                reason=reason,
                unanswered=unanswered,
            )
            self._recorder.add(loss)
            self._recorder.flush()

    def _account(self, name: str) -> Account | None:
        """The account of that system_id, made at its first bind; None if the scenario does not know it."""
        settings = self.scenario.account(name)
        if settings is not None and name not in self._accounts:
            self._accounts[name] = Account(name, settings, self.scenario.seed, self._world)
            if self._holding:
                self._accounts[name].mailbox.hold()
        return self._accounts[name] if settings is not None else None

    # ----------------------------------------------------------------------------------------- commands

    def change(self, patch: Mapping[str, Any]) -> None:
        """Merge a patch into the scenario, in force from the next PDU on. ConfigError: nothing was changed.

        An account that the patch takes away keeps its sessions as they are, but cannot bind again.
        """
        self.scenario = self.scenario.changed(patch)
        for name, account in self._accounts.items():
            account.settings = self.scenario.account(name) or account.settings
        self._recorder.flush()

    def drop(self, account: str | None = None) -> int:
        """Cut the connections of an account, or all, without unbind; returns their number."""
        names = {connection: bound.name for connection, bound in self._bound.items()}
        doomed = [
            connection for connection in self._open if account is None or names.get(connection) == account
        ]
        for connection in doomed:
            connection.cut("dropped")
        return len(doomed)

    def inject(self, what: What, account: str | None = None, seconds: float = 5.0) -> int:
        """Let it befall the bound sessions of an account, or all; returns their number."""
        victims = [connection for connection, bound in self._bound.items() if account in (None, bound.name)]
        for connection in victims:
            faults.inject(connection, what, seconds)
        return len(victims)

    def hold_receipts(self) -> None:
        """Keep back all receipts that fall due from now on, until they are released."""
        self._holding = True
        for account in self._accounts.values():
            account.mailbox.hold()

    def release_receipts(self) -> int:
        """Returns the number of receipts that had been kept back."""
        self._holding = False
        released = sum(account.mailbox.release() for account in self._accounts.values())
        self._recorder.flush()
        return released

    def write(self, mo: Mo) -> int:
        """Send an MO to an account, which waits until it is bound; returns the number of its segments.

        Raises UnknownAccount, Unwritable, Unencodable, LocalProtocolError.
        """
        count = self._named(mo.account).write(mo)
        self._recorder.flush()
        return count

    def report(self, message_id: str, outcome: Outcome, name: str | None = None) -> int:
        """Send a receipt by hand. Raises UnknownAccount, UnknownMessage."""
        sent = self._named(name).report(message_id, outcome)
        if not sent:
            raise UnknownMessage("message_id: the SMSC knows no message of that id")
        self._recorder.flush()
        return sent

    def _named(self, name: str | None) -> Account:
        """name: may be left out if one account only has been bound so far. Raises UnknownAccount."""
        known = self._accounts if name is None else [name]
        account = self._account(next(iter(known))) if len(known) == 1 else None
        if account is None:
            raise UnknownAccount(
                f"name one account of: {', '.join(sorted(self._accounts)) or 'none was bound yet'}"
            )
        return account

    def status(self) -> dict[str, Any]:
        """Counts of each account, its sessions, and the open connections. delayed: what is due later."""
        return {
            "seconds": round(trio.current_time() - self._began, 1),
            "connections": len(self._open),
            "delayed": len(self._agenda),
            "holding": self._holding,
            "sessions": [connection.status(account.name) for connection, account in self._bound.items()],
            "accounts": {name: account.status() for name, account in self._accounts.items()},
        }
