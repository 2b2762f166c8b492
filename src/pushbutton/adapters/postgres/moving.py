"""A store in PostgreSQL as one side of a move, see `sql.moving`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pushbutton.adapters.sql.connection import Rows
from pushbutton.adapters.sql.moving import MARK, Table
from pushbutton.errors import StoreInUse

from .address import Address
from .connections import Connections
from .link import Link, translated
from .locks import NODES
from .schema import prepare

__all__ = ["PostgresSide", "connected"]


class PostgresSide:
    def __init__(self, address: Address, link: Link) -> None:
        self.name = address.shown
        self._link = link

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        return self._link.execute(sql, values)

    def empty(self, table: Table) -> None:
        self.execute("BEGIN")
        self.execute(f'ALTER TABLE "{table.name}" DISABLE TRIGGER USER')
        self.execute(f'DELETE FROM "{table.name}"')
        self.execute(f'ALTER TABLE "{table.name}" ENABLE TRIGGER USER')
        self.execute("COMMIT")

    # -- the mark: while it is there, no server takes the database for a whole one

    def comes_from(self) -> str:
        """Where the history comes from that is being moved here; "" for none."""
        if self.execute(f"SELECT to_regclass('{MARK}') IS NULL").get:
            return ""
        return str(self.execute(f"SELECT source FROM {MARK}").get)

    def mark(self, source: str) -> None:
        self.execute("BEGIN")
        self.execute(f'CREATE TABLE {MARK} (source TEXT COLLATE "C" PRIMARY KEY)')
        self.execute(f"INSERT INTO {MARK} (source) VALUES (?)", (source,))
        self.execute("COMMIT")

    def unmark(self) -> None:
        self.execute(f"DROP TABLE IF EXISTS {MARK}")


@contextmanager
def connected(address: Address, key: bytes) -> Iterator[PostgresSide]:
    """With the tables of today, and so that no node that was there before starts meanwhile. Raises `StoreError`, and
    `StoreInUse` while one runs.
    """
    connections = Connections(address)
    with translated(address):
        link = connections.connect("SET statement_timeout = 0")
        link.silent = math.inf
        try:
            _alone(link, address)
            prepare(link, address, key, moving=True)
            yield PostgresSide(address, link)
        finally:
            connections.drop(link)
            connections.end()


def _alone(link: Link, address: Address) -> None:
    """Raises `StoreInUse` while a node is connected: it holds a lock for as long as it is."""
    if holder := link.execute(NODES).get:
        raise StoreInUse(address.shown, f"another server ({holder})", "name another database")
