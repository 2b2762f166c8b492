"""`runtime.ports.bundles.Bundles` on any SQL database.

A content is kept in pieces, each in a transaction of its own: a large one holds up no other writer.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from pushbutton.domain.bundle import Publishing
from pushbutton.errors import NoSuchBundle
from pushbutton.runtime.ports.bundles import CONTENTS

from .connection import Connection, Database
from .run_rows import dumps
from .statements import UNFINISHED_STATES
from .trail import Trail
from .turn import Turn

_PIECE: Final = 1 << 20
_UNDER_WAY: Final = 86_400_000_000
"""Microseconds for which a content is kept that nobody has published yet."""
_COLUMNS: Final = "number, bundle, at, actor, folder, files, size, tasks, addresses"
_NEEDED: Final = f"SELECT DISTINCT bundle FROM runs WHERE state IN ({UNFINISHED_STATES}) AND bundle <> ''"


class SqlBundles:
    def __init__(self, database: Database, trail: Trail) -> None:
        self._db, self._trail = database, trail

    async def keep(self, digest: str, content: bytes, *, at: int) -> None:
        known = await self._db.write(lambda db: _begun(db, digest, len(content), at))
        for place in range(0, len(content), _PIECE):
            if place not in known:
                await self._put(digest, place, content[place : place + _PIECE])

    async def _put(self, digest: str, place: int, piece: bytes) -> None:
        sql = "INSERT INTO bundle_pieces (bundle, place, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        await self._db.write(lambda db: db.execute(sql, (digest, place, piece)))

    async def content(self, digest: str) -> bytes:
        size = await self._db.read(lambda db: db.execute("SELECT size FROM bundles WHERE digest = ?", (digest,)).get)
        sql = "SELECT bytes FROM bundle_pieces WHERE bundle = ? AND place = ?"
        content = bytearray()
        while size is not None and len(content) < size:
            at = len(content)
            piece = await self._db.read(lambda db, at=at: db.execute(sql, (digest, at)).get)  # type: ignore[misc]
            if not piece:
                raise NoSuchBundle(digest)
            content += piece
        if size is None or len(content) != size:
            raise NoSuchBundle(digest)
        return bytes(content)

    async def publish(self, new: Publishing, *, again: bool) -> Publishing | None:
        return await self._db.write(lambda db: _publish(db, self._trail, new, again=again))

    async def last(self) -> int:
        return int(await self._db.read(lambda db: db.execute("SELECT max(number) FROM publishings").get) or 0)

    async def newest(self) -> Publishing | None:
        return await self._db.read(_newest)

    async def of(self, digest: str) -> Publishing | None:
        return await self._db.read(lambda db: _found(db, "WHERE bundle = ? ORDER BY number DESC LIMIT 1", (digest,)))

    async def needed(self) -> Collection[str]:
        return await self._db.read(lambda db: [row[0] for row in db.execute(_NEEDED)])


def _begun(db: Connection, digest: str, size: int, at: int) -> set[int]:
    """Where the pieces begin that are there already."""
    db.execute(
        "INSERT INTO bundles (digest, size, begun) VALUES (?, ?, ?)"
        " ON CONFLICT (digest) DO UPDATE SET begun = excluded.begun",
        (digest, size, at),
    )
    return {row[0] for row in db.execute("SELECT place FROM bundle_pieces WHERE bundle = ?", (digest,))}


def _publish(db: Turn, trail: Trail, new: Publishing, *, again: bool) -> Publishing | None:
    last = _newest(db)
    if last and last.bundle == new.bundle:
        return None
    if not again and db.execute("SELECT 1 FROM publishings WHERE bundle = ? LIMIT 1", (new.bundle,)).get:
        return None
    kept = "SELECT coalesce(sum(length(bytes)), 0) FROM bundle_pieces WHERE bundle = ?"
    if db.execute(kept, (new.bundle,)).get != new.size:
        raise NoSuchBundle(new.bundle)
    made = replace(new, number=last.number + 1 if last else 1)
    db.execute(
        f"INSERT INTO publishings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(made.number, made.bundle, made.at, made.actor, made.folder, made.files, made.size),
            *(dumps(made.tasks), dumps(made.addresses)),
        ),
    )
    trail.record(db, made.act(last))
    _prune(db, made)
    return made


def _prune(db: Connection, made: Publishing) -> None:
    goes = (
        "NOT IN (SELECT bundle FROM publishings WHERE number > ?)"
        " AND {0} NOT IN (SELECT digest FROM bundles WHERE begun > ?)"
        f" AND {{0}} NOT IN ({_NEEDED})"
    )
    values = (made.number - CONTENTS, made.at - _UNDER_WAY)
    db.execute(f"DELETE FROM bundle_pieces WHERE bundle {goes.format('bundle')}", values)
    db.execute(f"DELETE FROM bundles WHERE digest {goes.format('digest')}", values)


def _newest(db: Connection) -> Publishing | None:
    return _found(db, "ORDER BY number DESC LIMIT 1")


def _found(db: Connection, where: str, values: Sequence[Any] = ()) -> Publishing | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM publishings {where}", values).fetchone()
    if row is None:
        return None
    number, bundle, at, actor, folder, files, size, tasks, addresses = row
    return Publishing(bundle, at, actor, folder, files, size, json.loads(tasks), json.loads(addresses), number)
