"""The simulated SMSC: accepts connections and binds, and hands PDUs to their account."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

import msgspec
import trio

from gatewayd.errors import GatewayError
from gatewayd.smpp import consts
from gatewayd.smpp.events import RequestExpired, RequestReceived, ResponseReceived, SessionEvent
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import REQUESTS, Bind, DeliverSm, Pdu, SubmitSm, wire_name
from simulator import record
from simulator.account import Account, World
from simulator.agenda import Agenda
from simulator.connection import Connection, Delivery
from simulator.scenario import Scenario

INTERFACE_VERSION: Final = ((consts.TLV_TAGS["sc_interface_version"], b"\x34"),)


class UnknownAccount(GatewayError):
    """A command does not say, or not rightly, which account it means."""


class Smsc:
    """One SMSC in this process. `run` must run for anything delayed to happen."""

    def __init__(self, scenario: Scenario, recorder: record.Recorder) -> None:
        """Reads the trio clock, so it is made inside trio.run."""
        self.scenario = scenario
        self._recorder = recorder
        self._agenda = Agenda()
        wall_offset = time.time() - trio.current_time()
        self._world = World(self._agenda, recorder, _numbers(scenario), wall_offset)
        self._accounts: dict[str, Account] = {}
        self._bound: dict[Connection, Account] = {}
        self._open: set[Connection] = set()
        self._sessions = count(1)
        self._holding = False
        self._recorder.add(record.Start(at=self._world.wall(), pid=os.getpid()))
        self._recorder.flush()

    async def run(self) -> None:
        """What is due later, for ever."""
        await self._agenda.run()

    async def serve(self, stream: trio.abc.Stream) -> None:
        """One connection, until it ends."""
        scenario = self.scenario
        limits = Limits(
            enquire_link_interval=scenario.enquire_link_interval, response_timeout=scenario.response_timeout
        )
        connection = Connection(next(self._sessions), stream, limits, self._handle)
        self._open.add(connection)
        reason = "stopped"
        try:
            reason = await connection.run()
        finally:
            self._lose(connection, reason)

    # ------------------------------------------------------------------------------- what a read brought

    def _handle(self, connection: Connection, events: list[SessionEvent]) -> None:
        """One batch: all of it is recorded before the writer can send any answer."""
        submits: list[SubmitSm] = []
        for event in events:
            match event:
                case RequestReceived(SubmitSm() as submit):
                    submits.append(submit)
                case RequestReceived(Bind() as request):
                    self._bind(connection, request)
                case RequestReceived(request) if type(request) in REQUESTS:
                    self._refuse(connection, request)
                case ResponseReceived(response=response, context=Delivery() as delivery):
                    self._bound[connection].answered(connection, response, delivery)
                case RequestExpired(context=Delivery() as delivery):
                    self._bound[connection].expired(connection, delivery)
                case _:
                    pass  # what ended the session is told by run(), what was malformed has been answered
        if connection in self._bound:
            account = self._bound[connection]
            account.take(connection, submits, trio.current_time())
            account.deliver()
        self._recorder.flush()

    def _bind(self, connection: Connection, request: Bind) -> None:
        name = request.system_id.decode("latin-1")
        account = self._account(name)
        status = _bind_status(request, account)
        self._recorder.add(
            record.Bind(
                at=self._world.wall(),
                account=name,
                session=connection.number,
                bind=wire_name(request),
                command_status=status,
                window=account.settings.window if account else 0,
                throughput=account.settings.throughput if account else 0,
            )
        )
        response = REQUESTS[type(request)](command_status=status)
        if account is not None and not status:
            system_id = self.scenario.system_id.encode()
            response = msgspec.structs.replace(response, system_id=system_id, tlvs=INTERFACE_VERSION)
            account.sessions.append(connection)
            self._bound[connection] = account
        connection.respond(request, response)

    def _refuse(self, connection: Connection, request: Pdu) -> None:
        """What this SMSC does not offer: data_sm, submit_multi, query_sm, cancel_sm, replace_sm."""
        connection.respond(request, REQUESTS[type(request)](command_status=consts.ESME_RINVCMDID))

    def _lose(self, connection: Connection, reason: str) -> None:
        self._open.discard(connection)
        account = self._bound.pop(connection, None)
        if account is not None:
            unanswered = account.lose(connection)
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
                self._accounts[name].hold()
        return self._accounts[name] if settings is not None else None

    # ----------------------------------------------------------------------------------------- commands

    def change(self, patch: Mapping[str, Any]) -> None:
        """Merge a patch into the scenario, in force from the next PDU on. ConfigError: nothing was changed.

        An account that the patch takes away keeps its sessions as they are, but cannot bind again.
        """
        self.scenario = self.scenario.changed(patch)
        for name, account in self._accounts.items():
            account.settings = self.scenario.account(name) or account.settings

    def drop(self, account: str | None = None) -> int:
        """Cut the connections of an account, or all, without unbind; returns their number."""
        names = {connection: bound.name for connection, bound in self._bound.items()}
        doomed = [
            connection for connection in self._open if account is None or names.get(connection) == account
        ]
        for connection in doomed:
            connection.cut("dropped")
        return len(doomed)

    def hold_receipts(self) -> None:
        """Keep back all receipts that fall due from now on, until they are released."""
        self._holding = True
        for account in self._accounts.values():
            account.hold()

    def release_receipts(self) -> int:
        """Returns the number of receipts that had been kept back."""
        self._holding = False
        released = sum(account.release() for account in self._accounts.values())
        self._recorder.flush()
        return released

    def deliver(self, pdus: Sequence[DeliverSm], name: str | None = None) -> None:
        """Send the segments of an MO to an account, in the order given; they wait until it is bound.

        name: may be left out if one account only has been bound so far. Raises UnknownAccount.
        """
        known = self._accounts if name is None else [name]
        account = self._account(next(iter(known))) if len(known) == 1 else None
        if account is None:
            raise UnknownAccount(
                f"name one account of: {', '.join(sorted(self._accounts)) or 'none was bound yet'}"
            )
        account.post(pdus)
        self._recorder.flush()

    def stats(self) -> dict[str, Any]:
        """Counts of each account, and the open connections."""
        return {
            "connections": len(self._open),
            "delayed": len(self._agenda),
            "accounts": {name: account.stats() for name, account in self._accounts.items()},
        }


def _bind_status(request: Bind, account: Account | None) -> int:
    if account is None:
        return consts.ESME_RINVSYSID
    settings = account.settings
    if settings.password is not None and settings.password.encode() != request.password:
        return consts.ESME_RINVPASWD
    if settings.refuse_bind is not None:
        return settings.refuse_bind
    if wire_name(request).removeprefix("bind_") not in settings.binds:
        return consts.ESME_RBINDFAIL
    if settings.sessions and len(account.sessions) >= settings.sessions:
        return consts.ESME_RALYBND
    return consts.ESME_ROK


def _numbers(scenario: Scenario) -> Iterator[int]:
    """Of message ids: from the clock unless the scenario has its own, so that no restart repeats one."""
    return count(scenario.first_id or time.time_ns() // 1_000)
