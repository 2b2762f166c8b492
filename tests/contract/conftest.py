"""Each adapter of a port, one after the other, under the same tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from pushbutton.adapters.memory import MemoryStore
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.runtime.ports import Store
from tests.postgres import Postgres

KEY = b"the key of the tests"


@pytest.fixture
def tables(postgres: Postgres) -> Iterator[str]:
    """The address of a store's tables on PostgreSQL, with nothing in them."""
    with postgres.tables() as address:
        yield address


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    adapter = _adapter(request)
    await adapter.open()
    yield adapter
    await adapter.close()


def _adapter(request: pytest.FixtureRequest) -> Store:
    match request.param:
        case "memory":
            return MemoryStore(KEY)
        case "sqlite":
            return SqliteStore(request.getfixturevalue("tmp_path") / "history.db", KEY)
        case _:
            address = request.getfixturevalue("tables")  # first: it says what is missing
            from pushbutton.adapters.postgres import PostgresStore

            return PostgresStore(address, KEY)
