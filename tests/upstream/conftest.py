"""Fixtures for tests of the stream protocol."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.upstream.gateway import Gateway, WatchedStore


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    """Listening; each test has 10 seconds."""
    with trio.fail_after(10):
        gateway = Gateway(tmp_path, WatchedStore())
        async with gateway.running():
            yield gateway


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], Any]:
    """Wait for a condition of the server that has no other sign."""

    async def wait(condition: Callable[[], bool]) -> None:
        while not condition():
            await trio.lowlevel.checkpoint()

    return wait
