"""sd_notify: told if somebody listens, and harmless if nobody does."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewayd.systemd import notify


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_the_manager_is_told(manager: socket.socket) -> None:
    """One datagram, a state a line."""
    assert notify({"NOTIFY_SOCKET": manager.getsockname()}, "READY=1", "STATUS=up")
    assert manager.recv(100) == b"READY=1\nSTATUS=up"


def test_an_abstract_address_begins_with_an_at_sign(tmp_path: Path) -> None:
    """`@name` stands for the abstract address, whose first octet is NUL."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{tmp_path}")
        listener.settimeout(5)
        assert notify({"NOTIFY_SOCKET": f"@{tmp_path}"}, "STOPPING=1")
        assert listener.recv(100) == b"STOPPING=1"


def test_nobody_listens(manager: socket.socket, tmp_path: Path) -> None:
    """Not set, never there, gone since, or full: False, and no error that would end a daemon."""
    path = manager.getsockname()
    assert not notify({}, "READY=1")
    assert not notify({"NOTIFY_SOCKET": str(tmp_path / "none")}, "READY=1")
    while notify({"NOTIFY_SOCKET": path}, "WATCHDOG=1"):
        pass  # until its queue is full
    manager.close()
    assert not notify({"NOTIFY_SOCKET": path}, "STOPPING=1")
