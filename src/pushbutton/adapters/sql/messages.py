"""`runtime.ports.messages.Messages` on any SQL database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pushbutton.domain.messages import Line, Message, Occasion
from pushbutton.domain.run import Micros
from pushbutton.runtime.ports.messages import KEPT

from .connection import Connection, Database

__all__ = ["SqlMessages", "drop_waiting"]

_COLUMNS = "channel, person, event, occasion, at, run, task, times, why, after"
_REMEMBERED = 30 * 86_400 * 1_000_000
"""Microseconds for which is known what was told, so that it is not told once more."""


class SqlMessages:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def tell(self, messages: Sequence[Message]) -> None:
        await self._db.write(lambda db: _tell(db, messages))

    async def waiting(self, channel: str) -> Sequence[Message]:
        sql = f"SELECT id, {_COLUMNS} FROM messages WHERE channel = ? AND told_at IS NULL ORDER BY id"
        return await self._db.read(lambda db: [_from(*row) for row in db.execute(sql, (channel,))])

    async def told(self, messages: Sequence[Message], at: Micros) -> None:
        await self._db.write(lambda db: _told(db, messages, at))

    async def sent(self, channel: str, after: Micros) -> Mapping[str, Sequence[Micros]]:
        sql = "SELECT DISTINCT person, told_at FROM messages WHERE channel = ? AND told_at > ? ORDER BY told_at"
        found: dict[str, list[Micros]] = {}
        for person, at in await self._db.read(lambda db: list(db.execute(sql, (channel, after)))):
            found.setdefault(person, []).append(at)
        return found

    async def broken(self, channel: str, since: Micros, why: str = "") -> None:
        await self._db.write(lambda db: _broken(db, channel, since, why))

    async def forget(self, channel: str) -> None:
        await self._db.write(lambda db: _forget(db, channel))

    async def lines(self) -> Mapping[str, Line]:
        return await self._db.read(_lines)


def drop_waiting(db: Connection) -> None:
    db.execute("DELETE FROM messages WHERE told_at IS NULL")


def _forget(db: Connection, channel: str) -> None:
    db.execute("DELETE FROM messages WHERE channel = ? AND told_at IS NULL", (channel,))
    db.execute("DELETE FROM broken_channels WHERE name = ?", (channel,))


def _tell(db: Connection, messages: Sequence[Message]) -> None:
    for one in messages:
        db.execute(
            f"INSERT INTO messages ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (one.channel, one.person, one.event, one.occasion.value, one.at, one.run, one.task, one.times, one.why,
             one.after),
        )  # fmt: skip
    for channel in {one.channel for one in messages}:
        db.execute(
            "DELETE FROM messages WHERE channel = ? AND told_at IS NULL AND id <="
            " (SELECT id FROM messages WHERE channel = ? AND told_at IS NULL ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (channel, channel, KEPT),
        )


def _told(db: Connection, messages: Sequence[Message], at: Micros) -> None:
    for one in messages:
        db.execute("UPDATE messages SET told_at = ? WHERE id = ?", (at, one.id))
    db.execute("DELETE FROM messages WHERE told_at < ?", (at - _REMEMBERED,))


def _broken(db: Connection, channel: str, since: Micros, why: str) -> None:
    if not since:
        db.execute("DELETE FROM broken_channels WHERE name = ?", (channel,))
        return
    db.execute(
        "INSERT INTO broken_channels (name, since, why) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET why = excluded.why",
        (channel, since, why),
    )


def _lines(db: Connection) -> Mapping[str, Line]:
    faults = {name: (since, why) for name, since, why in db.execute("SELECT name, since, why FROM broken_channels")}
    sql = "SELECT channel, count(*) - count(told_at), max(told_at) FROM messages GROUP BY channel"
    found = {name: Line(waiting, last or 0) for name, waiting, last in db.execute(sql)}
    for name, (since, why) in faults.items():
        known = found.get(name, Line())
        found[name] = Line(known.waiting, known.last, since, why)
    return found


def _from(
    id: int, channel: str, person: str, event: int, occasion: str, at: int, run: int, task: str, times: int, why: str,  # noqa: A002
    after: int,
) -> Message:  # fmt: skip
    return Message(
        channel, Occasion(occasion), event, at, person=person, run=run, task=task, times=times, why=why, after=after,
        id=id,
    )  # fmt: skip
