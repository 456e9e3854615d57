"""The part of systemd's protocol a daemon needs: sd_notify over a datagram socket (sd_notify(3))."""

import socket
from collections.abc import Mapping
from typing import Final

PATIENCE: Final = 1.0  # seconds for a manager whose queue is full


def notify(environ: Mapping[str, str], *states: str) -> bool:
    """Tell the manager `READY=1`, `STOPPING=1`, …; False if nobody takes it within a second. Never raises."""
    path = environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.settimeout(PATIENCE)
        try:
            manager.sendto("\n".join(states).encode(), address)
        except OSError:  # a manager that is gone or busy is no reason to fall over
            return False
    return True
