"""Each adapter of a port, one after the other, under the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pushbutton.adapters.memory import MemoryStore
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.runtime.ports import Store


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path) -> AsyncIterator[Store]:
    adapter: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "history.db")
    await adapter.open()
    yield adapter
    await adapter.close()
