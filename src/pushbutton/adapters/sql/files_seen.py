"""`runtime.ports.files_seen` on any SQL database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pushbutton.domain.on_file import FileSeen, Lying, Verdict

from .connection import Connection, Database

_COLUMNS = "task, at, verdict, changed, path, inode, size, run, why, number"
_SAME = "task = ? AND path = ? AND changed = ? AND size = ? AND inode = ?"


class SqlFilesSeen:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def keep(self, seen: Sequence[FileSeen]) -> Sequence[FileSeen]:
        return await self._db.write(lambda db: [keep(db, one) for one in seen])

    async def of(self, task: str) -> Sequence[FileSeen]:
        sql = f"SELECT {_COLUMNS} FROM files_seen WHERE task = ? ORDER BY number DESC"
        return await self._db.read(lambda db: [_made(*row) for row in db.execute(sql, (task,))])

    async def forget(self, seen: Sequence[FileSeen]) -> None:
        def work(db: Connection) -> None:
            for one in seen:
                db.execute("DELETE FROM files_seen WHERE task = ? AND number = ?", (one.task, one.number))

        await self._db.write(work)


def keep(db: Connection, one: FileSeen) -> FileSeen:
    """Inside the caller's transaction."""
    file = one.file
    same = (one.task, file.path, file.changed, file.size, str(file.inode))
    number = db.execute(f"SELECT number FROM files_seen WHERE {_SAME}", same).get
    if number:
        sql = "UPDATE files_seen SET at = ?, verdict = ?, run = ?, why = ? WHERE task = ? AND number = ?"
        db.execute(sql, (one.at, one.verdict.value, one.run, str(one.why), one.task, number))
        return replace(one, number=int(number))
    last = db.execute("SELECT max(number) FROM files_seen WHERE task = ?", (one.task,)).get or 0
    kept = replace(one, number=int(last) + 1)
    db.execute(
        f"INSERT INTO files_seen ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(kept.task, kept.at, kept.verdict.value, file.changed, file.path, str(file.inode), file.size),
            *(kept.run, str(kept.why), kept.number),
        ),
    )
    return kept


def _made(
    task: str, at: int, verdict: str, changed: int, path: str, inode: str, size: int, run: int, why: str, number: int
) -> FileSeen:
    return FileSeen(task, at, Verdict(verdict), Lying(changed, path, int(inode), size), run, why, number)
