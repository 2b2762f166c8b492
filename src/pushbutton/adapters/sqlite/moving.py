"""A store in SQLite as one side of a move, see `sql.moving`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import apsw

from pushbutton.adapters.sql.connection import Connection, Rows
from pushbutton.adapters.sql.moving import MARK, Table, quoted

from .database import translated

__all__ = ["SqliteSide", "read", "tables", "written"]


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


def tables(db: Connection) -> list[Table]:
    """Those of a store, which every database has; one that others refer to comes before them."""
    known = "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND name <> ?"
    names = sorted(row[0] for row in db.execute(known, (MARK,)))
    needed = {name: [row[2] for row in db.execute(f"PRAGMA foreign_key_list({quoted(name)})")] for name in names}
    return [_table(db, name) for name in TopologicalSorter(needed).static_order()]


def _table(db: Connection, name: str) -> Table:
    columns = list(db.execute(f"PRAGMA table_info({quoted(name)})"))
    keys = sorted((column[5], column[1]) for column in columns if column[5])
    return Table(name, tuple(column[1] for column in columns), tuple(column for _, column in keys))
