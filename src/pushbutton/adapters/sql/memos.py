"""`runtime.ports.memos` on any SQL database."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pushbutton.domain.run import Micros
from pushbutton.runtime.ports import memos
from pushbutton.runtime.ports.memos import Look, Memo

from .connection import Connection, Database

_TOO_MANY = """DELETE FROM memos WHERE kind = ? AND name IN
(SELECT name FROM memos WHERE kind = ? ORDER BY until DESC, name LIMIT 1000000 OFFSET ?)"""


class SqlMemos:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def read(self, kind: str, names: Collection[str] | None = None, *, at: Micros) -> Mapping[str, Memo]:
        return await self._db.read(lambda db: _found(db, kind, names, at))

    async def change(self, kind: str, names: Collection[str] | None, look: Look, *, at: Micros) -> Mapping[str, Memo]:
        return await self._db.write(lambda db: _change(db, kind, names, look, at))


def _found(db: Connection, kind: str, names: Collection[str] | None, at: Micros) -> Mapping[str, Memo]:
    sql = "SELECT name, value, until FROM memos WHERE kind = ? AND until > ?"
    if names is not None:
        sql += f" AND name IN ({', '.join('?' * len(names)) or 'NULL'})"
    return {row[0]: Memo(*row) for row in db.execute(sql, [kind, at, *(names or ())])}


def _change(db: Connection, kind: str, names: Collection[str] | None, look: Look, at: Micros) -> Mapping[str, Memo]:
    """Inside the caller's transaction."""
    seen = _found(db, kind, names, at)
    if not (put := look(seen)):
        return seen
    for memo in put:
        db.execute(
            "INSERT INTO memos (kind, name, value, until) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, until = excluded.until",
            (kind, memo.name, memo.value, memo.until),
        )
    db.execute("DELETE FROM memos WHERE until <= ?", (at,))
    if any(memo.name not in seen for memo in put):
        db.execute(_TOO_MANY, (kind, kind, memos.MOST))
    return seen
