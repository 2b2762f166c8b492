"""A store in SQLite as one side of a move, see `sql.moving`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from pushbutton.adapters.sql.connection import Rows
from pushbutton.adapters.sql.moving import Table

from .database import translated

__all__ = ["SqliteSide", "read", "written"]


class SqliteSide:
    def __init__(self, path: Path, db: apsw.Connection) -> None:
        self.name = str(path)
        self._db = db

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        return self._db.execute(sql, tuple(values))

    def empty(self, table: Table) -> None:
        known = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?"
        guards = list(self._db.execute(known, (table.name,)))
        with self._db:
            for name, _ in guards:
                self._db.execute(f'DROP TRIGGER "{name}"')
            self._db.execute(f'DELETE FROM "{table.name}"')
            for _, guard in guards:
                self._db.execute(guard)


@contextmanager
def read(path: Path) -> Iterator[SqliteSide]:
    with translated(path), closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)) as db:
        yield SqliteSide(path, db)


@contextmanager
def written(path: Path) -> Iterator[SqliteSide]:
    """At the end it is one file, without a log beside it."""
    with translated(path), closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
        db.execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF")
        yield SqliteSide(path, db)
        db.execute("PRAGMA journal_mode = DELETE")
