"""A store in PostgreSQL as one side of a move, see `sql.moving`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from pushbutton.adapters.files import FileFolder
from pushbutton.adapters.sql.connection import Rows
from pushbutton.adapters.sql.moving import MARK, Table
from pushbutton.errors import StoreInUse

from .address import Address
from .connections import Connections
from .link import Link, translated
from .locks import MOVE, NODES
from .pieces import Place, joined, take
from .schema import prepare

__all__ = ["PostgresSide", "connected"]

_PIECES: Final = 16  # that are read at once


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

    # -- what lies beside a history

    def bring_files(self, folder: Path) -> int:
        """Bring the files of other nodes and of people into this data folder, where they are not there yet. How many
        files those are. Raises `OSError`.
        """
        found = [Place(run, name) for run, name in self.execute("SELECT DISTINCT run, name FROM pieces ORDER BY 1, 2")]
        return sum(self._bring(place, _in(folder, place)) for place in found)

    def _bring(self, place: Place, file: Path) -> bool:
        if file.exists():
            return False
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.part")
        with part.open("wb") as out:
            while data := joined(out.tell(), take(self._link, {place: out.tell()}, _PIECES)):
                out.write(data)
        part.rename(file)
        return True

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
            link.execute("SELECT pg_advisory_unlock_all()")  # the database may not notice at once that we are gone
        finally:
            connections.drop(link)
            connections.end()


def _alone(link: Link, address: Address) -> None:
    """Raises `StoreInUse` while a node is connected: it holds a lock for as long as it is. None begins from here on."""
    try:
        link.execute(f"SELECT pg_advisory_lock({MOVE})")  # of one that was killed, for a moment
    except psycopg.errors.LockNotAvailable:
        raise StoreInUse(address.shown, "another pushbutton move", "wait until it has ended") from None
    if holder := link.execute(NODES).get:
        raise StoreInUse(address.shown, f"another server ({holder})", "name another database")


def _in(folder: Path, place: Place) -> Path:
    """Where a machine that is alone has it."""
    runs = folder / "runs"
    kind, _, rest = place.name.partition("/")
    if not rest:
        return runs / str(place.run) / kind
    name = f"{kind}/{place.run}/{rest}" if place.run else place.name
    return FileFolder(folder / "uploads", runs).place(name)
