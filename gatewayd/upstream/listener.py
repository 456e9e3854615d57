"""Unix socket files: made with the right mode, taken over from the dead, never from the living (G12)."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import trio

from gatewayd.errors import GatewayError

_BACKLOG: Final = 1024


class ListenFailed(GatewayError):
    """A socket file cannot be had; says why."""


@contextmanager
def open_listener(path: str, mode: int) -> Iterator[trio.SocketListener]:
    """Listen on the socket file `path` with the permissions `mode`; the file goes with the listener.

    Raises ListenFailed.
    """
    try:
        _clear(path)
        listening = _bound(path, mode)
    except OSError as error:
        raise ListenFailed(f"{path}: {error.strerror or error}") from None
    with listening:
        try:
            yield trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        finally:
            Path(path).unlink(missing_ok=True)


def _clear(path: str) -> None:
    """Remove a socket file nobody listens on."""
    try:
        found = Path(path).lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ListenFailed(f"{path} is no socket; it is left alone")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
            return
        except BlockingIOError:
            pass  # its backlog is full, so somebody has it open
    raise ListenFailed(f"{path} is in use: somebody listens on it")


def _bound(path: str, mode: int) -> socket.socket:
    """The umask closes the file to others until it has its mode."""
    listening = socket.socket(socket.AF_UNIX)
    before = os.umask(0o777)
    try:
        listening.bind(path)
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    Path(path).chmod(mode)
    listening.listen(_BACKLOG)
    return listening
