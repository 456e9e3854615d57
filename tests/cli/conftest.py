"""A stream listener in a thread of its own, for clients that block."""

import io
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import structlog
import trio
from click.testing import CliRunner, Result

from gatewayd import log
from gatewayd.cli.main import cli
from tests.upstream.gateway import Gateway, WatchedStore

T = TypeVar("T")


class Live:
    """The gateway of these tests, and the command line that talks to it."""

    def __init__(self, folder: Path) -> None:
        self.gateway = Gateway(folder, WatchedStore())
        self._ready = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._serve,))

    async def _serve(self) -> None:
        self._token, self._end = trio.lowlevel.current_trio_token(), trio.Event()
        async with self.gateway.running():
            self._ready.set()
            await self._end.wait()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        """Also for a test that wants to see the daemon go."""
        if self._thread.is_alive():
            trio.from_thread.run_sync(self._end.set, trio_token=self._token)
            self._thread.join()

    def inside(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function where the gateway runs."""
        return trio.from_thread.run(function, trio_token=self._token)

    def run(self, *arguments: str, text: str | None = None) -> Result:
        """One command, as the shell would call it."""
        environment = {"GATEWAYD_SOCKET": self.gateway.path}
        return CliRunner().invoke(cli, arguments, input=text, env=environment)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """Up while the test runs; its log goes elsewhere than the output of commands."""
    log.configure(io.StringIO(), console=False)
    live = Live(tmp_path)
    live.start()
    yield live
    live.stop()
    structlog.reset_defaults()
