"""Two drivers on real sockets."""

import trio

from gatewayd.smpp.driver import Driver
from gatewayd.smpp.events import Closed, RequestReceived, ResponseReceived, SessionEvent
from gatewayd.smpp.limits import Limits
from gatewayd.smpp.pdu import BindTransceiver, BindTransceiverResp, SubmitSm, SubmitSmResp, Unbind
from gatewayd.smpp.session import Session
from gatewayd.smpp.transitions import Role

LIMITS = Limits(window=50)
MESSAGES = 1000


class Smsc:
    """Takes every bind and every submit_sm."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.driver = Driver(stream, Session(Role.SMSC, LIMITS, trio.current_time()), self._handle)

    def _handle(self, events: list[SessionEvent]) -> None:
        for event in events:
            match event:
                case RequestReceived(request=BindTransceiver() as request):
                    self.driver.respond(request, BindTransceiverResp())
                case RequestReceived(request=SubmitSm() as request):
                    self.driver.respond(request, SubmitSmResp(message_id=request.short_message))
                case _:
                    assert event == Closed("unbound by the peer", flush=True)


class Esme:
    """Keeps the window full until all is answered."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.driver = Driver(stream, Session(Role.ESME, LIMITS, trio.current_time()), self._handle)
        self.answers: list[tuple[object, bytes]] = []
        self._changed = trio.Event()

    def _handle(self, events: list[SessionEvent]) -> None:
        for event in events:
            if isinstance(event, ResponseReceived) and isinstance(event.response, SubmitSmResp):
                self.answers.append((event.context, event.response.message_id))
        self._changed.set()
        self._changed = trio.Event()

    async def submit_all(self) -> None:
        await self.driver.request(BindTransceiver(system_id=b"acme"))
        for context in range(MESSAGES):
            while not self.driver.session.window.free:
                await self._changed.wait()
            self.driver.send(SubmitSm(destination_addr=b"1", short_message=b"%d" % context), context)
        while len(self.answers) < MESSAGES:
            await self._changed.wait()
        await self.driver.request(Unbind())


async def test_a_thousand_messages_over_tcp() -> None:
    """Bind, submit in a window of 50, unbind: each answer comes once, in order, with its own context."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        ours = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
        theirs = await listener.accept()
    esme, smsc = Esme(ours), Smsc(theirs)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(smsc.driver.run)
            nursery.start_soon(esme.driver.run)
            await esme.submit_all()
    assert esme.answers == [(number, b"%d" % number) for number in range(MESSAGES)]
    assert (esme.driver.reason, smsc.driver.reason) == ("unbound", "unbound by the peer")
    lost = esme.driver.session.lost()
    assert not lost.unsent
    assert not lost.unanswered
