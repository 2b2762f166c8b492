"""`runtime.ports.Store` in a database of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pushbutton.adapters.sql.store import SqlStore
from pushbutton.adapters.sql.trail_end import End

from . import pieces
from .address import Address
from .database import PostgresDatabase


class PostgresStore(SqlStore):
    def __init__(self, address: Address | str, key: bytes = b"", *, apart: Path | None = None, node: str = "") -> None:
        """`key`: of the audit trail's chain; `apart`: the file in which its end is noted, see `sql.trail_end`; `node`:
        it is that of the node of this name, of which there is one at a time.

        Raises `StoreError` for what is no address.
        """
        self._database = PostgresDatabase(_read(address), End(key, apart), node)
        super().__init__(self._database)
        self.connections = self._database.connections

    async def forget(self, runs: Sequence[int]) -> None:
        """Their files go first: after a kill in between, their rows are there and lead to the rest."""
        await self._database.aside(lambda db: pieces.forget(db, runs))
        await super().forget(runs)


def _read(address: Address | str) -> Address:
    return Address.of(address) if isinstance(address, str) else address
