"""`runtime.ports.people.People` on any SQL database."""

from __future__ import annotations

from dataclasses import replace

from pushbutton.domain.person import Snapshot
from pushbutton.runtime.ports.people import Work

from .connection import Connection, Database
from .directory_rows import data_of, entry_from, key_of, snapshot
from .trail import Trail
from .turn import Turn

_VERSION = "SELECT value FROM meta WHERE name = 'people'"


class SqlPeople:
    def __init__(self, database: Database, trail: Trail) -> None:
        self._db, self._trail = database, trail

    async def load(self) -> Snapshot:
        return await self._db.read(_load)

    async def version(self) -> int:
        return int(await self._db.read(lambda db: db.execute(_VERSION).get) or 0)

    async def change(self, work: Work) -> Snapshot:
        return await self._db.write(lambda db: change(db, self._trail, work))


def change(db: Turn, trail: Trail, work: Work) -> Snapshot:
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
            "INSERT INTO meta (name, value) VALUES ('people', 1)"
            " ON CONFLICT (name) DO UPDATE SET value = meta.value + 1"
        )
    if asked.act:
        trail.record(db, asked.act)
    return _load(db)


def _load(db: Connection) -> Snapshot:
    """One statement, so that the version is that of the entries; it stands where an entry has its data."""
    version, entries = 0, []
    rows = db.execute(
        "SELECT kind, data FROM people UNION ALL SELECT '', CAST(value AS TEXT) FROM meta WHERE name = 'people'"
    )
    for kind, data in rows:
        if kind:
            entries.append(entry_from(kind, data))
        else:
            version = int(data)
    return replace(snapshot(entries), version=version)
