"""Every kind of store there is."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gatewayd.store.base import Store
from gatewayd.store.memory import MemoryStore
from gatewayd.store.open import open_store


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    async with open_store(f"sqlite://{tmp_path}/store.db", 1000) as opened:
        yield opened
