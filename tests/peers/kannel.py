"""Debian's Kannel as ESME: bearerbox speaks SMPP, smsbox HTTP. It writes to the `Sink` what reached it."""

import shutil
import socket
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Final

import pytest

from tests.daemon.harness import PATIENCE, Process, Slow, eventually

needs_kannel: Final = pytest.mark.skipif(
    not (shutil.which("bearerbox") and shutil.which("smsbox")),
    reason="needs Kannel: apt-get install kannel",
)
SENT, DELIVERED, FAILED = "8", "1", "2"  # what the type of a DLR says
MASK: Final = 1 | 2 | 8


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on; Kannel takes no port 0."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [listener.getsockname()[1] for listener in sockets]


class Sink:
    """An HTTP server that keeps what it is asked: what Kannel tells of DLRs and MO."""

    def __init__(self) -> None:
        self.came = Condition()
        self.dlrs: list[tuple[str, str]] = []  # token, type
        self.mos: list[dict[str, str]] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sink.take(self.path)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, path: str) -> None:
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True, encoding="latin-1"))
        with self.came:
            if url.path == "/dlr":
                self.dlrs.append((query["token"], query["type"]))
            else:
                octets = query["text"].encode("latin-1")
                self.mos.append({**query, "text": octets.decode(query["charset"])})
            self.came.notify_all()

    def until_dlrs(self, count: int, kind: str = DELIVERED) -> list[str]:
        """Wait for so many DLRs of one type; gives their tokens in order of arrival."""
        with self.came:
            if not self.came.wait_for(lambda: len(self.tokens(kind)) >= count, PATIENCE):
                raise Slow(f"DLRs: {self.dlrs}")
            return self.tokens(kind)

    def tokens(self, kind: str) -> list[str]:
        return [token for token, told in self.dlrs if told == kind]

    def until_mos(self, count: int) -> list[dict[str, str]]:
        with self.came:
            if not self.came.wait_for(lambda: len(self.mos) >= count, PATIENCE):
                raise Slow(f"MO: {self.mos}")
            return self.mos

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Kannel:
    """bearerbox and smsbox under one configuration, bound to the SMSC at `port`.

    smsc: further settings of the group `smsc`, as the user guide of Kannel names them.
    """

    def __init__(self, folder: Path, port: int, smsc: dict[str, Any], processes: list[Process]) -> None:
        self.sink = Sink()
        self._admin, self._box, self._sendsms = free_ports(3)
        self._path = folder / "kannel.conf"
        self._path.write_text(self._configuration(port, smsc))
        self.bearerbox, self.smsbox = Process(folder, "bearerbox"), Process(folder, "smsbox")
        processes += [self.bearerbox, self.smsbox]

    def start(self) -> None:
        self.bearerbox.spawn("bearerbox", str(self._path))
        self._until_status("(online ")
        self.smsbox.spawn("smsbox", str(self._path))
        self._until_status("(on-line ")
        eventually(lambda: self._answers(self._sendsms), "smsbox takes messages")

    def _configuration(self, port: int, smsc: dict[str, Any]) -> str:
        mo = f"http://127.0.0.1:{self.sink.port}/mo?from=%p&to=%P&text=%b&charset=%C"
        groups: list[dict[str, Any]] = [
            {
                "group": "core",
                "admin-port": self._admin,
                "admin-password": "secret",
                "smsbox-port": self._box,
                "box-allow-ip": "127.0.0.1",
                "sms-resend-freq": 1,
            },
            {
                "group": "smsc",
                "smsc": "smpp",
                "host": "127.0.0.1",
                "port": port,
                "transceiver-mode": 1,
                "smsc-username": "kannel",
                "smsc-password": "secret",
                "system-type": "VMA",
                "reconnect-delay": 1,
                **smsc,
            },
            {"group": "smsbox", "bearerbox-host": "127.0.0.1", "sendsms-port": self._sendsms},
            {
                "group": "sendsms-user",
                "username": "test",
                "password": "secret",
                "concatenation": 1,
                "max-messages": 20,
            },
            {"group": "sms-service", "keyword": "default", "max-messages": 0, "get-url": mo},
        ]
        return "\n\n".join(
            "\n".join(f'{key} = "{value}"' for key, value in group.items()) for group in groups
        )

    def send(self, token: str, text: str, to: str = "8613800138000", **parameters: str) -> None:
        """One message; its DLRs come to the sink under the token."""
        dlr_url = f"http://127.0.0.1:{self.sink.port}/dlr?token={token}&type=%d"
        query = {
            "username": "test",
            "password": "secret",
            "from": "10690001",
            "to": to,
            "text": text,
            "charset": "UTF-8",
            "dlr-mask": str(MASK),
            "dlr-url": dlr_url,
            **parameters,
        }
        answer = self._get(self._sendsms, f"/cgi-bin/sendsms?{urllib.parse.urlencode(query)}")
        assert answer == "0: Accepted for delivery", answer

    def stop(self) -> int:
        """As its init script does; gives bearerbox's exit code."""
        self.bearerbox.signal(15)
        return self.bearerbox.wait()

    def _until_status(self, words: str) -> None:
        eventually(lambda: words in self._status(), words)

    def _status(self) -> str:
        try:
            return self._get(self._admin, "/status.txt?password=secret")
        except OSError:
            assert self.bearerbox.running.poll() is None, self.bearerbox.log_text()
            return ""

    def _answers(self, port: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    def _get(self, port: int, path: str) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as response:
                return str(response.read().decode())
        except urllib.error.HTTPError as error:
            return str(error.read().decode())
