"""Who is at the other end of a Unix socket: credentials of the kernel, names of the user database."""

import grp
import os
import pwd
import socket
import struct
from typing import Final

import msgspec
import trio

_UCRED: Final = struct.Struct("3i")
_SO_PEERGROUPS: Final = 59  # Linux; the socket module has no name for it
_GROUPS_AT_ONCE: Final = 256  # getsockopt of Python gives at most 1024 octets


class Peer(msgspec.Struct, frozen=True):
    """users, groups: names and numbers as text, of the process that connected, when it did."""

    pid: int
    uid: int
    users: frozenset[str]
    groups: frozenset[str]


async def identify(connection: trio.socket.SocketType) -> Peer:
    """The peer of a connected Unix socket. Raises OSError if the kernel does not tell.

    Names may come from a directory service, so they are asked for in a thread.
    """
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, gid = _UCRED.unpack(credentials)
    supplementary = _supplementary(connection)
    return await trio.to_thread.run_sync(_named, pid, uid, gid, supplementary)


def _supplementary(connection: trio.socket.SocketType) -> tuple[int, ...] | None:
    """Groups as of the connect; None: more than fit."""
    try:
        octets = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, 4 * _GROUPS_AT_ONCE)
    except OSError:
        return None
    return struct.unpack(f"{len(octets) // 4}I", octets)


def _named(pid: int, uid: int, gid: int, supplementary: tuple[int, ...] | None) -> Peer:
    name = _user(uid)
    if supplementary is None:
        supplementary = tuple(os.getgrouplist(name, gid)) if name else ()
    groups = {text for number in {gid, *supplementary} for text in _group(number)}
    return Peer(pid, uid, frozenset(filter(None, (str(uid), name))), frozenset(groups))


def _user(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _group(gid: int) -> tuple[str, ...]:
    try:
        return str(gid), grp.getgrgid(gid).gr_name
    except KeyError:
        return (str(gid),)
