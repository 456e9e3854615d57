"""node's `smpp` package as a peer: `node_peer.js` does what is said here and tells what it meets."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

import pytest

from tests.daemon.harness import PATIENCE, Object, Process, Slow

SCRIPT: Final = Path(__file__).with_name("node_peer.js")

needs_node: Final = pytest.mark.skipif(
    not (shutil.which("node") and os.environ.get("NODE_PATH")),
    reason="needs node's smpp: apt-get install nodejs npm; npm install --prefix DIR smpp@0.5.1; "
    "NODE_PATH=DIR/node_modules",
)


class Node(Process):
    """Sessions of one node process. A request is answered by `answer`, enquire_link by node itself."""

    def __init__(self, folder: Path, role: str, port: int = 0) -> None:
        """role: esme, which connects to `port`; or smsc, whose port is then told."""
        super().__init__(folder, f"node-{role}")
        self.port = port
        self._backlog: list[Object] = []  # what came while something else was waited for
        self._role = role
        self._lines = SimpleQueue[bytes]()

    def start(self) -> None:
        argv, pipe = ("node", SCRIPT, self._role, str(self.port)), subprocess.PIPE
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=log)
        Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()
        if self._role == "smsc":
            self.port = self.until("listening")["port"]
        else:
            self.until("session")

    def _listen(self, lines: Any) -> None:
        for line in lines:
            self._lines.put(line)

    def ask(self, name: str, /, **fields: Any) -> Object:
        """A request on the newest session, and its response."""
        return self.ask_on(None, name, **fields)

    def ask_on(self, session: int | None, name: str, /, **fields: Any) -> Object:
        """The same on the session of that number."""
        self._write({"name": name, "session": session, "fields": fields})
        return self.receive(f"{name}_resp")

    def answer(self, request: Object, **fields: Any) -> None:
        """The response to a request that was received; after an unbind node closes the connection."""
        self._write({"answer": [request["session"], request["sequence_number"]], "fields": fields})

    def _write(self, line: Object) -> None:
        stdin = self.running.stdin
        assert stdin is not None
        stdin.write(json.dumps(line).encode() + b"\n")
        stdin.flush()

    def receive(self, *commands: str) -> Object:
        """The first PDU of one of these names that was not received yet."""
        return self._first(lambda told: told.get("command") in commands, str(commands))

    def until(self, event: str, **fields: object) -> Object:
        """The first event of that kind with these fields that was not asked for yet."""
        wanted = {"event": event, **fields}
        return self._first(lambda told: wanted.items() <= told.items(), str(wanted))

    def _first(self, wanted: Callable[[Object], bool], what: str) -> Object:
        for place, told in enumerate(self._backlog):
            if wanted(told):
                return self._backlog.pop(place)
        while not wanted(told := self._told(what)):
            self._backlog.append(told)
        return told

    def unreceived(self) -> list[str]:
        """Names of the PDUs nobody asked for, once the connection has ended."""
        self.until("closed")
        return [told["command"] for told in self._backlog if told["event"] == "pdu"]

    def _told(self, what: str) -> Object:
        try:
            told: Object = json.loads(self._lines.get(timeout=PATIENCE))
        except Empty:
            raise Slow(f"{what}; came: {self._backlog[-5:]} {self.log_text()}") from None
        return told

    def kill(self) -> None:
        super().kill()
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


def octets(raw: bytes) -> dict[str, str]:
    """A Buffer."""
    return {"hex": raw.hex()}
