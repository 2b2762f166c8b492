"""`runtime.ports.nodes.Nodes` on any SQL database."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pushbutton.domain.audit import Act
from pushbutton.domain.node import KEPT, Node, NodeKind
from pushbutton.errors import NameTaken, NoSuchNode
from pushbutton.runtime.ports.nodes import BeatAnswer

from .connection import Connection, Database
from .statements import ACTIVE_STATES
from .trail import Trail
from .turn import Turn

__all__ = ["SqlNodes"]

_COLUMNS = "name, kind, folder, tags, room, version, host, started, seen, ahead, draining, ended"
_ITS_RUNS = f"SELECT 1 FROM runs WHERE state IN ({ACTIVE_STATES}) AND worker"


class SqlNodes:
    def __init__(self, database: Database, trail: Trail) -> None:
        self._db, self._trail, self._now = database, trail, database.dialect.clock

    async def join(self, node: Node, *, clock: int) -> None:
        await self._db.write(lambda db: self._join(db, node, clock))

    async def beat(self, name: str, *, clock: int) -> BeatAnswer | None:
        sql = f"UPDATE nodes SET seen = {self._now}, ahead = ? - {self._now} WHERE name = ? RETURNING draining, ahead"
        found = await self._db.beside(lambda db: db.execute(sql, (clock, name)).fetchone())
        return BeatAnswer(bool(found[0]), int(found[1])) if found else None

    async def leave(self, name: str) -> None:
        sql = f"UPDATE nodes SET seen = {self._now}, ended = 1 WHERE name = ? RETURNING 1"
        await self._db.write(lambda db: db.execute(sql, (name,)).get)

    async def drain(self, name: str, act: Act, *, on: bool = True) -> None:
        await self._db.write(lambda db: self._drain(db, name, act, int(on)))

    async def all(self) -> Sequence[Node]:
        return await self._db.read(self._all)

    def _join(self, db: Connection, node: Node, clock: int) -> None:
        known = db.execute("SELECT folder FROM nodes WHERE name = ?", (node.name,)).get
        if known not in (None, node.folder) and _active(db, node.name):
            raise NameTaken(node.name)
        tags = json.dumps(sorted(node.tags))
        old = f"seen < {self._now} - ? AND NOT EXISTS ({_ITS_RUNS} = nodes.name)"
        db.execute(f"DELETE FROM nodes WHERE name = ? OR {old}", (node.name, int(KEPT * 1_000_000)))
        db.execute(
            f"INSERT INTO nodes ({_COLUMNS})"
            f" VALUES (?, ?, ?, ?, ?, ?, ?, {self._now}, {self._now}, ? - {self._now}, 0, 0)",
            (node.name, node.kind.value, node.folder, tags, node.room, node.version, node.host, clock),
        )

    def _drain(self, db: Turn, name: str, act: Act, on: int) -> None:
        if db.execute("UPDATE nodes SET draining = ? WHERE name = ? RETURNING 1", (on, name)).get is None:
            raise NoSuchNode(name)
        self._trail.record(db, act)

    def _all(self, db: Connection) -> Sequence[Node]:
        return [
            Node(
                name=name,
                kind=NodeKind(kind),
                folder=folder,
                tags=frozenset(json.loads(tags)),
                room=room,
                version=version,
                host=host,
                started=started,
                seen=seen,
                silent=max(0, now - seen) / 1_000_000,
                ahead=ahead / 1_000_000,
                draining=bool(draining),
                left=bool(ended),
            )
            for name, kind, folder, tags, room, version, host, started, seen, ahead, draining, ended, now in db.execute(
                f"SELECT {_COLUMNS}, {self._now} FROM nodes ORDER BY name"
            )
        ]


def _active(db: Connection, name: str) -> bool:
    return bool(db.execute(f"{_ITS_RUNS} = ? LIMIT 1", (name,)).get)
