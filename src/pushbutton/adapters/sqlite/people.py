"""`runtime.ports.people.People` on SQLite."""

from __future__ import annotations

from dataclasses import replace

import apsw

from pushbutton.adapters.entries import data_of, entry_from, key_of, snapshot
from pushbutton.domain.person import Snapshot
from pushbutton.runtime.ports.people import Work

from .audit import record
from .database import Database
from .end import End


class SqlitePeople:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def load(self) -> Snapshot:
        return await self._db.read(_load)

    async def version(self) -> int:
        return await self._db.read(_version)

    async def change(self, work: Work) -> Snapshot:
        return await self._db.write(lambda db: change(db, self._db.end, work))


def change(db: apsw.Connection, end: End, work: Work) -> Snapshot:
    """Inside the caller's transaction."""
    asked = work(_load(db))
    for entry in asked.drop:
        db.execute("DELETE FROM people WHERE kind = ? AND key = ?", key_of(entry))
    for entry in asked.put:
        db.execute(
            "INSERT INTO people (kind, key, data) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET data = excluded.data",
            (*key_of(entry), data_of(entry)),
        )
    if asked.put or asked.drop:
        db.execute(
            "INSERT INTO meta (name, value) VALUES ('people', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1"
        )
    if asked.act:
        record(db, end, asked.act)
    return _load(db)


def _load(db: apsw.Connection) -> Snapshot:
    with db:  # one view of both
        entries = [entry_from(kind, data) for kind, data in db.execute("SELECT kind, data FROM people")]
        version = _version(db)
    return replace(snapshot(entries), version=version)


def _version(db: apsw.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(value), 0) FROM meta WHERE name = 'people'").get)
