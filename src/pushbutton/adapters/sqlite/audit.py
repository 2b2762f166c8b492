"""The audit trail on SQLite. Records are written by whoever writes what they tell of, in the same transaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import apsw

from pushbutton.domain.audit import FIRST, SERVER, Act, Deed, Head, Record, chained, sealed
from pushbutton.domain.event import Json
from pushbutton.domain.redaction import left, vouched, without
from pushbutton.errors import Refused, StoreDamaged, StoreError
from pushbutton.runtime.ports.people import AuditQuery

from .database import Database, head_of
from .end import End

T = TypeVar("T")

_COLUMNS = "id, at, actor, verb, about, address, data, hash"
_TEXTS = ("actor", "verb", "about", "address", "data", "hash")
# As bytes, with the types that they are kept in: what somebody else wrote there must not stop who reads.
_BYTES = ", ".join(f"CAST({name} AS BLOB)" for name in _TEXTS)
_SOUND = " AND ".join(["typeof(at) = 'integer'", *(f"typeof({name}) = 'text'" for name in _TEXTS)])
_READ = f"id, at, {_BYTES}, {_SOUND}"
_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)
_DECODER = json.JSONDecoder(parse_constant=str)
ABOUT = "the audit trail"
_BEYOND = 1 << 62
"""No number that we give comes near it; one that somebody else put there must not be the last that we can."""

_TRIGGER = """CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END"""

_LATEST = 253_402_300_800_000_000
"""The year 10,000: no calendar goes on."""


def record(db: apsw.Connection, end: End, act: Act) -> None:
    """Inside the caller's transaction."""
    end.touched = True
    head = head_of(db)
    fits, known = _fits(db, end.key, head), _is_there(db, end.head)
    if not (fits and known):
        found: dict[str, Any] = {"head": str(head.id), "hash": head.hash}
        found |= {} if known else {"known": end.head.note}
        last = _hashes(db, "id BETWEEN 0 AND ? ORDER BY id DESC LIMIT 1", _BEYOND)
        head = Head(*last[0]) if last else Head()
        head = _write(db, end.key, head, Act(SERVER, Deed.AUDIT_BROKEN, ABOUT, act.at, found))
    _write(db, end.key, head, act)


def _is_there(db: apsw.Connection, known: Head) -> bool:
    """Whether the record that was the last one when we looked before is, or was said to be missing."""
    if not known.id or _hashes(db, "id = ?", known.id) == [(known.id, known.hash)]:
        return True
    sql = "SELECT data FROM audit WHERE about = ? AND verb = ? ORDER BY id DESC LIMIT 1"
    told = db.execute(sql, (ABOUT, Deed.AUDIT_BROKEN)).get
    return isinstance(told, str) and known.note in told  # in this transaction: nothing of it is committed yet


def _fits(db: apsw.Connection, key: bytes, head: Head) -> bool:
    """Whether the end of the trail is as it was left."""
    near = _hashes(db, "id >= ? ORDER BY id LIMIT 2", head.id)
    if head == Head():
        return not near
    return (
        head == sealed(key, head.id, head.hash) and near[:1] == [(head.id, head.hash)] and head.id + 1 not in dict(near)
    )


def _write(db: apsw.Connection, key: bytes, head: Head, act: Act) -> Head:
    digest = chained(key, head.hash, head.id + 1, act)
    after = sealed(key, head.id + 1, digest)
    db.execute(
        f"INSERT INTO audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (after.id, act.at, act.actor, act.verb, act.about, act.address, _data(act.data), digest),
    )
    db.execute(
        "INSERT INTO audit_head (one, id, hash, seal) VALUES (1, ?, ?, ?)"
        " ON CONFLICT (one) DO UPDATE SET id = excluded.id, hash = excluded.hash, seal = excluded.seal",
        (after.id, after.hash, after.seal),
    )
    return after


def _data(data: Any) -> str:
    """There is one way only to write a value, so that another way is a change."""
    return _ENCODER.encode(data)


def _hashes(db: apsw.Connection, where: str, value: int) -> list[tuple[int, str]]:
    rows = db.execute(f"SELECT id, CAST(hash AS BLOB) FROM audit WHERE {where}", (value,))
    return [(number, digest.decode(errors="replace")) for number, digest in rows]


class SqliteAudit:
    def __init__(self, database: Database) -> None:
        self._db = database

    @property
    def key(self) -> bytes:
        return self._db.end.key

    async def record(self, act: Act) -> None:
        await self._db.write(lambda db: record(db, self._db.end, act))

    async def records(self, query: AuditQuery) -> Sequence[Record]:
        sql, values = _where(query)
        return await self._read(lambda db: [_record(row) for row in db.execute(sql, values)])

    async def newest(self, kind: str, about: str) -> Sequence[Record]:
        sql = (
            f"SELECT {_READ} FROM audit WHERE id IN (SELECT max(id) FROM audit WHERE about > ? AND about < ?"
            " AND substr(verb, 1, ?) = ? GROUP BY about) ORDER BY id"
        )
        values = (f"{about} ", f"{about}!", len(kind) + 1, f"{kind}.")  # "!" is the character behind the space
        return await self._read(lambda db: [_record(row) for row in db.execute(sql, values)])

    async def chain(self, after: int | None, limit: int) -> Sequence[Record]:
        where, values = ("", ()) if after is None else ("WHERE id > ?", (after,))
        sql = f"SELECT {_READ} FROM audit {where} ORDER BY id LIMIT ?"
        return await self._read(lambda db: [_record(row) for row in db.execute(sql, (*values, limit))])

    async def head(self) -> Head:
        return await self._read(head_of)

    async def known(self) -> Sequence[Head]:
        return await asyncio.to_thread(lambda: self._db.end.heads)

    async def unpressed(self, limit: int) -> Sequence[int]:
        sql = (
            "SELECT id FROM runs WHERE id >= (SELECT value FROM meta WHERE name = 'recorded from') AND NOT EXISTS"
            " (SELECT 1 FROM audit WHERE about = 'run ' || runs.id AND verb = ?) ORDER BY id LIMIT ?"
        )
        return await self._read(lambda db: [row[0] for row in db.execute(sql, (Deed.RUN_PRESS, limit))])

    async def redact(self, numbers: Sequence[int], forms: Sequence[str], act: Act) -> Sequence[int]:
        changed = await self._db.write(lambda db: _redact(db, self._db.end, numbers, forms, act))
        try:
            await asyncio.to_thread(self._db.scrub)
        except StoreError as error:
            raise StoreError(
                f"It was taken out of the records, but {self._db.path} could not be written anew ({error}), so what "
                "stood there may still lie in the file."
            ) from None
        return changed

    async def _read(self, work: Callable[[apsw.Connection], T]) -> T:
        try:
            return await self._db.read(work)
        except (apsw.SQLError, UnicodeDecodeError) as error:
            raise StoreDamaged(f"{self._db.path} holds no audit trail that can be read ({error}).") from None


def _record(row: Sequence[Any]) -> Record:
    number, at, *texts, sound = row
    actor, verb, about, address, data, digest = (_text(value) for value in texts)
    sound = sound and None not in (actor, verb, about, address, data, digest)
    try:
        held = _DECODER.decode(data or "")
        sound = sound and isinstance(held, dict) and _data(held) == data and 0 <= at < _LATEST
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


def _redact(db: apsw.Connection, end: End, numbers: Sequence[int], forms: Sequence[str], act: Act) -> Sequence[int]:
    """Inside the caller's transaction."""
    key = end.key
    vouching = db.execute(f"SELECT {_READ} FROM audit WHERE about = ? AND verb = ? ORDER BY id", (act.about, act.verb))
    known = vouched(_record(row) for row in vouching)
    claims: dict[str, Json] = {}
    db.execute("DROP TRIGGER IF EXISTS audit_is_not_changed")
    for number in numbers:
        rows = db.execute(f"SELECT {_READ} FROM audit WHERE id IN (?, ?) ORDER BY id", (number - 1, number))
        *before, old = [_record(row) for row in rows]
        if old.act.verb == Deed.AUDIT_REDACT:
            raise Refused(f"Record {number} vouches for others: nothing can be taken out of it.")
        as_written = old.hash == chained(key, before[0].hash if before else FIRST, number, old.act)
        if not as_written and known.get(number) != left(key, number, old.hash, old.act):
            raise StoreDamaged(f"Record {number} is not as it was written. Nothing was taken out.")
        new = without(old.act, forms)
        db.execute(
            "UPDATE audit SET actor = ?, about = ?, address = ?, data = ? WHERE id = ?",
            (new.actor, new.about, new.address, _data(new.data), number),
        )
        claims[str(number)] = left(key, number, old.hash, new)
    db.execute(_TRIGGER)
    record(db, end, replace(act, data={**act.data, "records": claims}))
    return sorted(int(number) for number in claims)


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
    return f"SELECT {_READ} FROM audit {where} ORDER BY id DESC LIMIT ?", [*values, query.limit]
