"""Who may connect, as whom, and how many."""

import os
import pwd
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from gatewayd.upstream.listener import ListenFailed, open_listener
from gatewayd.upstream.peers import identify
from tests.upstream.gateway import Gateway, Upstream, settings


async def test_a_peer_is_known_by_its_user_and_all_its_groups() -> None:
    """Names and numbers, primary and supplementary, as the kernel knew them at the connect."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        peer = await identify(trio.socket.from_stdlib_socket(ours))

    assert (peer.pid, peer.uid) == (os.getpid(), os.getuid())
    assert {str(os.getuid()), pwd.getpwuid(os.getuid()).pw_name} == peer.users
    assert {str(gid) for gid in {os.getgid(), *os.getgroups()}} <= peer.groups


async def test_the_greeting_tells_client_and_window(gateway: Gateway) -> None:
    """What the client needs before its first request."""
    async with await trio.open_unix_socket(gateway.path) as stream:
        greeting = await Upstream(stream).line()

    assert greeting == {"gatewayd": "0.1.0", "protocol": 1, "client": "shop", "window": 50}


async def test_a_peer_that_is_no_client_gets_one_line(gateway: Gateway) -> None:
    """`not_permitted`, then the end of the connection."""
    gateway.configure(uid=os.getuid() + 1)
    async with await trio.open_unix_socket(gateway.path) as stream:
        client = Upstream(stream)
        refusal = await client.line()
        assert await client.line() is None

    assert refusal is not None
    assert refusal["error"]["code"] == "not_permitted"


async def test_connections_are_limited(gateway: Gateway, until: Callable[[Callable[[], bool]], Any]) -> None:
    """One more than allowed is told to try again; when one has left there is room."""
    gateway.configure(connections=1)
    async with gateway.connect(), await trio.open_unix_socket(gateway.path) as stream:
        refusal = await Upstream(stream).line()
        assert refusal is not None
        assert (refusal["error"]["code"], refusal["error"]["retryable"]) == ("overloaded", True)
        assert gateway.connections() == 1

    await until(lambda: gateway.connections() == 0)
    async with gateway.connect() as client:
        assert (await client.ask("ping"))["ok"]


def test_the_first_client_that_fits_is_the_peer() -> None:
    """Order of the file decides; users by name or number."""
    snapshot = settings(uid=4711)

    assert snapshot.client_of({"4711", "alice"}, set()) == "shop"
    assert snapshot.client_of({"nobody-of-this-name", "4711"}, set()) == "other"
    assert snapshot.client_of({"4712"}, {"4711"}) is None


async def test_the_socket_file_has_its_mode_and_goes_with_the_listener(tmp_path: Path) -> None:
    """The mode is the first access rule."""
    path = tmp_path / "s.sock"
    with open_listener(str(path), 0o640):
        assert stat.S_IMODE(path.stat().st_mode) == 0o640

    assert not path.exists()


async def test_a_socket_file_nobody_listens_on_is_replaced(tmp_path: Path) -> None:
    """What kill -9 leaves behind does not keep the next life from starting (G12)."""
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with open_listener(str(path), 0o600):
        async with await trio.open_unix_socket(str(path)):
            pass


@pytest.mark.parametrize("backlog", [0, 100])
async def test_a_socket_file_somebody_listens_on_is_left_alone(tmp_path: Path, backlog: int) -> None:
    """Also when its backlog is full, which refuses in another way (G12)."""
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as living, socket.socket(socket.AF_UNIX) as first:
        living.bind(str(path))
        living.listen(backlog)
        first.connect(str(path))
        with pytest.raises(ListenFailed, match="somebody listens"), open_listener(str(path), 0o600):
            pass

        assert path.exists()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    """A wrong path in the configuration costs nobody a file."""
    path = tmp_path / "notes.txt"
    path.write_text("keep me")
    with pytest.raises(ListenFailed, match="no socket"), open_listener(str(path), 0o600):
        pass

    assert path.read_text() == "keep me"


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The path and the reason, for the operator."""
    with pytest.raises(ListenFailed, match="No such file"), open_listener(str(tmp_path / "no/s.sock"), 0o600):
        pass
