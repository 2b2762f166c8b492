"""Each adapter of a port, one after the other, under the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pushbutton.adapters.memory import MemoryStore
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.runtime.ports import Store

KEY = b"the key of the tests"


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path) -> AsyncIterator[Store]:
    adapter: Store = MemoryStore(KEY) if request.param == "memory" else SqliteStore(tmp_path / "history.db", KEY)
    await adapter.open()
    yield adapter
    await adapter.close()
