"""Between the end of a session and the end of its connection."""

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from gatewayd.link import place as place_module
from gatewayd.smpp.codec import encode
from gatewayd.smpp.pdu import BindTransceiverResp, DeliverSm, Unbind
from tests.link.lab import Lab
from tests.link.test_link_life import LabOf


async def _half_closed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link is bound to a peer that reads nothing more and has ended its own side."""
    ours, theirs = trio.testing.lockstep_stream_pair()

    async def connect(*_: object) -> trio.abc.Stream:
        monkeypatch.setattr(place_module, "connect", lab.net.connect)
        await trio.lowlevel.checkpoint()
        return ours

    monkeypatch.setattr(place_module, "connect", connect)
    await lab.bound()
    await theirs.receive_some(1000)
    await theirs.send_all(encode(BindTransceiverResp(), 1))
    await trio.testing.wait_all_tasks_blocked()
    assert lab.link().binds_bound == 1
    await lab.submit("stuck in the writer")
    await trio.testing.wait_all_tasks_blocked()
    await theirs.send_eof()
    await trio.testing.wait_all_tasks_blocked()


async def test_nothing_is_given_to_a_bind_whose_session_is_over(
    autojump_clock: MockClock, lab: LabOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While its last octets linger, what is submitted waits for the next bind, and the daemon lives."""
    world = lab()
    await _half_closed(world, monkeypatch)
    assert world.link().binds_bound == 0
    [later] = await world.submit("later")
    await trio.sleep(5)
    assert world.texts() == ["later"]
    assert await world.story(later) == "submitted delivered"
    assert autojump_clock.current_time() < 10


async def test_nothing_is_given_to_a_bind_that_the_smsc_unbinds(
    autojump_clock: MockClock, lab: LabOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the answer to its unbind waits for an MO to be kept, submits wait for the next bind."""
    ours, theirs = trio.testing.memory_stream_pair()

    async def connect(*_: object) -> trio.abc.Stream:
        monkeypatch.setattr(place_module, "connect", world.net.connect)
        await trio.lowlevel.checkpoint()
        return ours

    world = lab()
    monkeypatch.setattr(place_module, "connect", connect)
    await world.bound()
    await theirs.send_all(encode(BindTransceiverResp(), 1))
    await trio.testing.wait_all_tasks_blocked()
    await world.store.hold()
    mo = DeliverSm(source_addr=b"8613800138001", destination_addr=b"10690001", short_message=b"hi")
    await theirs.send_all(encode(mo, 1) + encode(Unbind(), 2))
    await trio.testing.wait_all_tasks_blocked()
    assert world.link().binds_bound == 0
    await world.store.release()
    [later] = await world.submit("later")
    await trio.sleep(5)
    assert await world.story(later) == "submitted delivered"
    assert autojump_clock.current_time() < 10
