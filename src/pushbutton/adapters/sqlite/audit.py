"""The audit trail on SQLite. Records are written by whoever writes what they tell of, in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import apsw

from pushbutton.adapters.rows import dumps
from pushbutton.domain.audit import FIRST, Act, Record, chained
from pushbutton.runtime.ports.people import AuditQuery

from .database import Database

_COLUMNS = "id, at, actor, verb, about, address, data, hash"


def record(db: apsw.Connection, key: bytes, act: Act) -> None:
    """Inside the caller's transaction."""
    number, before = _head(db)
    number += 1
    digest = chained(key, before, number, act)
    db.execute(
        f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (number, act.at, act.actor, act.verb, act.about, act.address, dumps(act.data), digest),
    )
    db.execute(
        "INSERT INTO audit_head (one, id, hash) VALUES (1, ?, ?)"
        " ON CONFLICT (one) DO UPDATE SET id = excluded.id, hash = excluded.hash",
        (number, digest),
    )


def _head(db: apsw.Connection) -> tuple[int, str]:
    row = db.execute("SELECT id, hash FROM audit_head").fetchone()
    return (row[0], row[1]) if row else (0, FIRST)


class SqliteAudit:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def record(self, act: Act) -> None:
        await self._db.write(lambda db: record(db, self._db.key, act))

    async def records(self, query: AuditQuery) -> Sequence[Record]:
        sql, values = _where(query)
        return await self._db.read(lambda db: [_record(row) for row in db.execute(sql, values)])

    async def chain(self, after: int, limit: int) -> Sequence[Record]:
        sql = f"SELECT {_COLUMNS} FROM audit WHERE id > ? ORDER BY id LIMIT ?"
        return await self._db.read(lambda db: [_record(row) for row in db.execute(sql, (after, limit))])

    async def head(self) -> tuple[int, str]:
        return await self._db.read(_head)


def _record(row: Sequence[Any]) -> Record:
    number, at, actor, verb, about, address, data, digest = row
    return Record(number, Act(actor, verb, about, at, json.loads(data), address), digest)


def _where(query: AuditQuery) -> tuple[str, list[Any]]:
    tests: list[str] = []
    values: list[Any] = []
    for test, given in (
        ("actor = ?", query.actor),
        ("about = ?", query.about),
        ("at >= ?", query.since),
        ("at < ?", query.until),
        ("id < ?", query.before),
    ):
        if given:
            tests.append(test)
            values.append(given)
    if query.verb:
        tests.append("(verb = ? OR substr(verb, 1, ?) = ?)")
        values += [query.verb, len(query.verb) + 1, f"{query.verb}."]
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    return f"SELECT {_COLUMNS} FROM audit {where} ORDER BY id DESC LIMIT ?", [*values, query.limit]
