"""Fixtures for tests of links."""

from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from tests.link.lab import Lab, Steps


@pytest.fixture
def lab(nursery: trio.Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Lab]:
    """Makes a lab of the links given; see `Lab`."""

    def make(links: dict[str, str] | None = None, **rest: object) -> Lab:
        return Lab(nursery, tmp_path, monkeypatch, links or {"a": "window: 10"}, **rest)  # type: ignore[arg-type]

    return make


@pytest.fixture
async def steps(nursery: trio.Nursery) -> Steps:
    """Counts task steps of this run."""
    del nursery
    counter = Steps()
    trio.lowlevel.add_instrument(counter)
    return counter
