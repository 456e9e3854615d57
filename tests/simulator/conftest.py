"""An SMSC in this process and ESMEs on memory streams; every octet passes the real sessions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from gatewayd.smpp.driver import Driver
from gatewayd.smpp.events import RequestReceived, ResponseReceived, SessionEvent
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import REQUESTS, Bind, BindTransceiver, DeliverSm, Pdu, SubmitSm, SubmitSmResp
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import Role
from simulator.record import Record, Recorder
from simulator.scenario import Scenario
from simulator.smsc import Smsc


class Esme:
    """received: what came, in the order of the wire. answer: command_status to deliver_sm; None: silence."""

    def __init__(self, stream: trio.abc.Stream, nursery: trio.Nursery) -> None:
        limits = Limits(window=10_000, response_timeout=10_000, enquire_link_interval=10_000)
        self.received: list[Pdu] = []
        self.answer: int | None = 0
        self.driver = Driver(stream, Session(Role.ESME, limits, trio.current_time()), self._handle)
        nursery.start_soon(self.driver.run)

    def _handle(self, events: list[SessionEvent]) -> None:
        for event in events:
            match event:
                case RequestReceived(request):
                    self.received.append(request)
                    if self.answer is not None:
                        response = REQUESTS[type(request)](command_status=self.answer)
                        self.driver.respond(request, response)
                case ResponseReceived(response=response):
                    self.received.append(response)
                case _:
                    pass

    @property
    def responses(self) -> list[SubmitSmResp]:
        return [pdu for pdu in self.received if isinstance(pdu, SubmitSmResp)]

    @property
    def delivered(self) -> list[DeliverSm]:
        return [pdu for pdu in self.received if isinstance(pdu, DeliverSm)]

    def submit(self, *texts: str, **fields: Any) -> None:
        """One write of a submit_sm per text."""
        for text in texts:
            submit = {
                "destination_addr": b"8613800138000",
                "source_addr": b"10690001",
                "registered_delivery": 1,
            }
            self.driver.send(SubmitSm(**{**submit, "short_message": text.encode(), **fields}))

    async def cut(self) -> None:
        """The connection breaks."""
        self.driver.close("cut by the test")
        await trio.testing.wait_all_tasks_blocked()


class Lab:
    """One SMSC under one scenario. epoch: Unix time at which the trio clock is 0; absent: the system's."""

    def __init__(
        self, values: Mapping[str, Any], path: Path, nursery: trio.Nursery, epoch: float | None = None
    ) -> None:
        self.nursery = nursery
        self.path = path
        self.smsc = Smsc(Scenario().changed(values), Recorder(path), epoch)
        nursery.start_soon(self.smsc.run)

    @property
    def record(self) -> Record:
        return Record(self.path)

    def connect(self) -> tuple[Esme, trio.StapledStream[Any, Any]]:
        """An ESME that is not bound, and the SMSC's end of its connection."""
        ours, theirs = trio.testing.memory_stream_pair()
        self.nursery.start_soon(self.smsc.serve, theirs)
        return Esme(ours, self.nursery), theirs

    async def bind(self, kind: type[Bind] = BindTransceiver, name: bytes = b"acme") -> Esme:
        """A bound ESME; a refused bind fails the test."""
        esme, _ = self.connect()
        response = await esme.driver.request(kind(system_id=name, password=b"secret"))
        assert response.command_status == 0
        return esme


@pytest.fixture
def lab(nursery: trio.Nursery, tmp_path: Path) -> Callable[..., Lab]:
    """Starts an SMSC under `default` values of a scenario and whatever else is given."""

    def start(default: Mapping[str, Any] | None = None, *, epoch: float | None = None, **rest: Any) -> Lab:
        return Lab({"default": default or {}, **rest}, tmp_path / "record", nursery, epoch)

    return start
