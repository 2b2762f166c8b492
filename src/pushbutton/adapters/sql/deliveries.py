"""`runtime.ports.deliveries` on any SQL database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pushbutton.domain.hook import KEPT, Delivery, Verdict

from .connection import Connection, Database

_COLUMNS = "hook, at, delivery, verdict, run, why, body, address, number"
_TOO_MANY = """DELETE FROM deliveries WHERE hook = ? AND signed = ? AND number <=
(SELECT number FROM deliveries WHERE hook = ? AND signed = ? ORDER BY number DESC LIMIT 1 OFFSET ?)"""


class SqlDeliveries:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def keep(self, delivery: Delivery) -> Delivery:
        return await self._db.write(lambda db: keep(db, delivery))

    async def newest(self, hook: str, *, limit: int = 100) -> Sequence[Delivery]:
        sql = f"SELECT {_COLUMNS} FROM deliveries WHERE hook = ? ORDER BY number DESC LIMIT ?"
        return await self._db.read(lambda db: [_made(*row) for row in db.execute(sql, (hook, limit))])

    async def one(self, hook: str, number: int) -> Delivery | None:
        sql = f"SELECT {_COLUMNS} FROM deliveries WHERE hook = ? AND number = ?"
        row = await self._db.read(lambda db: db.execute(sql, (hook, number)).fetchone())
        return _made(*row) if row else None

    async def forget(self, hook: str) -> None:
        await self._db.write(lambda db: db.execute("DELETE FROM deliveries WHERE hook = ?", (hook,)))


def keep(db: Connection, one: Delivery) -> Delivery:
    """Inside the caller's transaction."""
    last = db.execute("SELECT max(number) FROM deliveries WHERE hook = ?", (one.hook,)).get or 0
    signed = int(one.verdict is not Verdict.UNSIGNED)
    kept = replace(one, number=last + 1)
    db.execute(
        f"INSERT INTO deliveries ({_COLUMNS}, signed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(kept.hook, kept.at, kept.id, kept.verdict.value, kept.run, kept.why, kept.body),
            *(kept.address, kept.number, signed),
        ),
    )
    db.execute(_TOO_MANY, (one.hook, signed, one.hook, signed, KEPT))
    return kept


def _made(
    hook: str, at: int, id_: str, verdict: str, run: int, why: str, body: str, address: str, number: int
) -> Delivery:
    return Delivery(hook, at, id_, Verdict(verdict), run, why, body, address, number)
