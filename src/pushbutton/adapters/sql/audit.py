"""`runtime.ports.people.Audit` on any SQL database: reading the trail, and taking texts out of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pushbutton import threads
from pushbutton.domain.audit import FIRST, Act, Deed, Head, Record, chained
from pushbutton.domain.event import Json
from pushbutton.domain.redaction import left, vouched, without
from pushbutton.errors import Refused, StoreDamaged, StoreError
from pushbutton.runtime.ports.people import AuditQuery

from .connection import Connection, Database
from .trail import Trail, written
from .turn import Turn

T = TypeVar("T")

_DECODER = json.JSONDecoder(parse_constant=str)
_TEXTS = ("actor", "verb", "about", "address", "data", "hash")
_LATEST = 253_402_300_800_000_000
"""The year 10,000: no calendar goes on."""


class SqlAudit:
    def __init__(self, database: Database, trail: Trail) -> None:
        self._db, self._trail = database, trail
        # As bytes, with the types that they are kept in: what somebody else wrote there must not stop who reads.
        texts = ", ".join(database.dialect.bytes_of.format(name) for name in _TEXTS)
        self._select = f"SELECT id, at, {texts}, {database.dialect.typed} FROM audit"
        self._unreadable: tuple[type[Exception], ...] = (*database.dialect.unreadable, UnicodeDecodeError)

    @property
    def key(self) -> bytes:
        return self._trail.key

    async def record(self, act: Act) -> None:
        await self._db.write(lambda db: self._trail.record(db, act))

    async def records(self, query: AuditQuery) -> Sequence[Record]:
        where, values = _where(query)
        return await self._records(f"{where} ORDER BY id DESC LIMIT ?", [*values, query.limit])

    async def newest(self, kind: str, about: str) -> Sequence[Record]:
        where = (
            "WHERE id IN (SELECT max(id) FROM audit WHERE about > ? AND about < ?"
            " AND substr(verb, 1, ?) = ? GROUP BY about) ORDER BY id"
        )
        # "!" is the character behind the space
        return await self._records(where, [f"{about} ", f"{about}!", len(kind) + 1, f"{kind}."])

    async def chain(self, after: int | None, limit: int) -> Sequence[Record]:
        where, values = ("", []) if after is None else ("WHERE id > ?", [after])
        return await self._records(f"{where} ORDER BY id LIMIT ?", [*values, limit])

    async def head(self) -> Head:
        return await self._read(self._trail.head)

    async def known(self) -> Sequence[Head]:
        return await threads.auditing(lambda: self._db.end.heads)

    async def unpressed(self, limit: int) -> Sequence[int]:
        sql = (
            "SELECT id FROM runs WHERE id >= (SELECT value FROM meta WHERE name = 'recorded from') AND NOT EXISTS"
            " (SELECT 1 FROM audit WHERE about = 'run ' || runs.id AND verb = ?) ORDER BY id LIMIT ?"
        )
        return await self._read(lambda db: [row[0] for row in db.execute(sql, (Deed.RUN_PRESS, limit))])

    async def redact(self, numbers: Sequence[int], forms: Sequence[str], act: Act) -> Sequence[int]:
        changed = await self._db.write(lambda db: self._redact(db, numbers, forms, act))
        try:
            await threads.auditing(self._db.scrub)
        except StoreError as error:
            raise StoreError(
                f"It was taken out of the records, but {self._db.name} could not be written anew ({error}), so what "
                "stood there may still lie in the file."
            ) from None
        return changed

    async def _records(self, where: str, values: Sequence[Any]) -> list[Record]:
        return await self._read(lambda db: self._found(db, where, values))

    def _found(self, db: Connection, where: str, values: Sequence[Any]) -> list[Record]:
        return [_record(row) for row in db.execute(f"{self._select} {where}", values)]

    async def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            return await self._db.read(work)
        except self._unreadable as error:
            raise StoreDamaged(f"{self._db.name} holds no audit trail that can be read ({error}).") from None

    def _redact(self, db: Turn, numbers: Sequence[int], forms: Sequence[str], act: Act) -> Sequence[int]:
        """Inside the caller's transaction."""
        db.flush()
        key = self.key
        known = vouched(self._found(db, "WHERE about = ? AND verb = ? ORDER BY id", (act.about, act.verb)))
        claims: dict[str, Json] = {}
        db.execute(self._db.dialect.thaw)
        for number in numbers:
            *before, old = self._found(db, "WHERE id IN (?, ?) ORDER BY id", (number - 1, number))
            if old.act.verb == Deed.AUDIT_REDACT:
                raise Refused(f"Record {number} vouches for others: nothing can be taken out of it.")
            as_written = old.hash == chained(key, before[0].hash if before else FIRST, number, old.act)
            if not as_written and known.get(number) != left(key, number, old.hash, old.act):
                raise StoreDamaged(f"Record {number} is not as it was written. Nothing was taken out.")
            new = without(old.act, forms)
            db.execute(
                "UPDATE audit SET actor = ?, about = ?, address = ?, data = ? WHERE id = ?",
                (new.actor, new.about, new.address, written(new.data), number),
            )
            claims[str(number)] = left(key, number, old.hash, new)
        db.execute(self._db.dialect.freeze)
        self._trail.record(db, replace(act, data={**act.data, "records": claims}))
        return sorted(int(number) for number in claims)


def _record(row: Sequence[Any]) -> Record:
    number, at, *texts, sound = row
    actor, verb, about, address, data, digest = (_text(value) for value in texts)
    sound = sound and None not in (actor, verb, about, address, data, digest)
    try:
        held = _DECODER.decode(data or "")
        sound = sound and isinstance(held, dict) and written(held) == data and 0 <= at < _LATEST
    except (ValueError, RecursionError):
        held, sound = {"data": data}, False
    if not sound:
        held = held if isinstance(held, dict) else {"data": held}
        at, digest = at if isinstance(at, int) and 0 <= at < _LATEST else 0, ""
    return Record(number, Act(actor or "", verb or "", about or "", at, held, address or ""), digest or "")


def _text(value: bytes | None) -> str | None:
    """None for what is no text."""
    try:
        return value.decode() if value is not None else None
    except UnicodeDecodeError:
        return None


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
    return f"WHERE {' AND '.join(tests)}" if tests else "", values
