"""Unix sockets to listen on: handed over by systemd, or made here with the right mode.

A socket file is taken over from the dead, never from the living (G12).
"""

import os
import socket
import stat
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import trio

from gatewayd import systemd
from gatewayd.errors import GatewayError

_BACKLOG: Final = 1024


class ListenFailed(GatewayError):
    """A socket cannot be had, or is one too many; says why."""


@contextmanager
def open_listener(path: str, mode: int) -> Iterator[trio.SocketListener]:
    """Listen on the socket file `path`, on the manager's socket if it has handed one over for that path.

    Otherwise the file is made with the permissions `mode`, and goes with the listener. Raises ListenFailed.
    """
    try:
        handed_over = _handed_over(path)
        if handed_over is None:
            _clear(path)
        listening = handed_over or _bound(path, mode)
    except OSError as error:
        raise ListenFailed(f"{path}: {error.strerror or error}") from None
    with listening:
        try:
            yield trio.SocketListener(trio.socket.from_stdlib_socket(listening))
        finally:
            if handed_over is None:
                Path(path).unlink(missing_ok=True)


def refuse_unknown(paths: Collection[str]) -> None:
    """Raises ListenFailed for a socket of the manager with none of these paths: its clients would hang."""
    known = set(map(os.path.realpath, paths))
    for inherited in _inherited():
        with closing(inherited):
            if _path(inherited) not in known:
                name = inherited.getsockname()
                raise ListenFailed(f"systemd hands over a socket for {name}, where no listener is configured")


def _handed_over(path: str) -> socket.socket | None:
    wanted = os.path.realpath(path)
    for inherited in _inherited():
        if _path(inherited) == wanted:
            return inherited
        inherited.close()
    return None


def _inherited() -> Iterator[socket.socket]:
    """Duplicates: the manager's own descriptors stay as they are."""
    for descriptor in systemd.inherited(os.environ):
        yield socket.socket(fileno=os.dup(descriptor))


def _path(listening: socket.socket) -> str | None:
    """Without links, as the same file may be written as /run or /var/run; None if it is no Unix socket."""
    name = listening.getsockname()
    return os.path.realpath(name) if isinstance(name, str) and name else None


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
