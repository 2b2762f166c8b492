"""The file: opening it with care, upgrading its schema, the writer's side of it, a few reader threads.

apsw brings its own SQLite, because the systems' ones up to 3.51.2 can lose a WAL after a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TypeVar

import apsw

from pushbutton import threads
from pushbutton.adapters.sql.connection import Connection
from pushbutton.adapters.sql.trail import Trail
from pushbutton.adapters.sql.trail_end import End
from pushbutton.adapters.sql.writer import Outcomes, Works, Writer, grouped
from pushbutton.errors import StorageFull, StoreBusy, StoreDamaged, StoreError, StoreTooNew
from pushbutton.sentence import say

from .dialect import SQLITE

T = TypeVar("T")

FIXED = (3, 51, 3)
"""The first SQLite without the WAL-reset bug."""
BUSY_MS = 15_000
GROUP = 500  # writes in one transaction at most
CHECK_BELOW = 64 << 20  # files up to this size are checked whole at start: about 0.2 s
CACHE_KB = 8_000
MOVE_PAGES = 1_000
"""From so many pages in the log on, each commit moves what it can into the file."""
RESTART_PAGES = 3_000
"""From here on (12 MB) it also waits a moment for the readers, so that the log begins anew: who always finds somebody
reading would let it grow for ever."""
RESTART_MS = 500


class SqliteDatabase:
    """`write` and `read` run a function in a thread of the database; both may be awaited from the event loop."""

    dialect = SQLITE

    def __init__(self, path: Path, end: End) -> None:
        self.path = path
        self.name = str(path)
        self.end = end
        self._session = _Session(path, end)
        self._writer = Writer(self._session, GROUP)
        self.write = self.beside = self._writer.write
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-read")
        self._mine = threading.local()
        self._open_readers: list[apsw.Connection] = []
        self._closed = False

    # -- life

    async def open(self) -> None:
        """Raises `StoreDamaged`, `StoreTooNew`; the file is then as it was."""
        version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
        if version < FIXED:
            raise StoreError(
                f"This Python loads SQLite {apsw.sqlite_lib_version()}, which can lose data (its WAL-reset bug); "
                "install apsw 3.51.3.0 or newer."
            )
        try:
            await self._writer.open()
        except BaseException:
            self._readers.shutdown()
            raise

    async def close(self) -> None:
        """Everything that was asked for is written first; then the one file holds all of it, without a log beside it
        (unless another process has it open, or there is no room: the log then stays, and the next opening reads it).
        """
        finish = self._writer.close()
        self._closed = True
        await threads.closing(self._end, finish)

    def _end(self, finish: Callable[[], None]) -> None:
        """The writer goes last: only the last connection moves the log into the file, and a reader cannot."""
        self._readers.shutdown()
        for connection in self._open_readers:
            connection.close()
        finish()

    def scrub(self) -> None:
        """Write the file anew, so that nothing that was deleted or replaced is left in it or in the log beside it.

        While others read, the log stays; what comes next writes over it. Writers wait, some seconds for a large file.
        """
        with translated(self.path), contextlib.closing(_connect(self.path, apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Also without `open`, to read beside another process."""
        if self._closed:
            raise StoreError("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    look = read  # statements are compiled once here, whatever their values are

    def _read(self, work: Callable[[Connection], T]) -> T:
        with translated(self.path):
            connection = getattr(self._mine, "connection", None)
            if connection is None:
                connection = self._mine.connection = _connect(self.path, apsw.SQLITE_OPEN_READONLY)
                self._open_readers.append(connection)
            return work(connection)


class _Session:
    """The writer's side."""

    def __init__(self, path: Path, end: End) -> None:
        self._path, self._name = path, str(path)
        self._end, self._trail = end, Trail(end, SQLITE)
        self._inode = 0
        self._db: apsw.Connection  # from `start` on

    def start(self) -> None:
        with translated(self._path):
            self._db = self._open()
        self._begin = partial(self._db.execute, "BEGIN IMMEDIATE")

    def commit(self, works: Works) -> Outcomes:
        db = self._db
        try:
            with translated(self._path):
                self._still_there()
                outcomes = grouped(db, self._begin, works, lambda _: db.execute("COMMIT"))
                if self._end.touched:
                    self._end.committed(self._trail.head(db))
                return outcomes
        except Exception:
            if db.in_transaction:
                with contextlib.suppress(apsw.Error):
                    db.execute("ROLLBACK")
            raise

    def end(self) -> None:
        with contextlib.suppress(apsw.Error):
            self._db.execute("PRAGMA optimize")
        self._db.close()
        self._end.close()

    def _still_there(self) -> None:
        """A file that was removed or replaced under us still takes writes, but nobody would ever see them again."""
        try:
            inode = os.stat(self._name).st_ino  # noqa: PTH116  a path of pathlib's takes three times as long
        except FileNotFoundError:
            inode = -1
        if inode != self._inode:
            raise StoreDamaged(
                say(
                    "{path} was removed or replaced while in use; restart the server. Nothing was recorded.",
                    path=str(self._path),
                )
            )

    def _open(self) -> apsw.Connection:
        known = self._path.exists() and self._path.stat().st_size > 0
        if known and not os.access(self._path, os.W_OK):
            raise StoreDamaged(f"{self._path} cannot be written. Give it to the user that runs this server.")
        connection = _connect(self._path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        try:
            steps = _steps()
            found = connection.execute("PRAGMA user_version").get
            if found > len(steps):
                raise StoreTooNew(str(self._path), found, len(steps))
            if known and self._path.stat().st_size <= CHECK_BELOW:
                complaint = connection.execute("PRAGMA quick_check(1)").get
                if complaint != "ok":
                    raise StoreDamaged(
                        f"{self._path} is damaged ({complaint}). It was left as it is; restore a backup."
                    )
            connection.execute(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 8000000"
            )
            connection.set_wal_hook(_move)
            if found < len(steps):
                with (
                    connection
                ):  # one transaction: a kill in the middle leaves the old schema, and one wait for the disk
                    for step in steps[found:]:
                        connection.execute(step)
                    connection.execute(f"PRAGMA user_version = {len(steps)}")
            self._end.open()
            self._path.chmod(0o600)
            self._inode = self._path.stat().st_ino
        except BaseException:
            connection.close()
            raise
        return connection


def _move(connection: apsw.Connection, database: str, pages: int) -> int:
    """Called after each commit."""
    with contextlib.suppress(apsw.Error):  # busy, or full: the next commit tries again
        if pages >= RESTART_PAGES:
            connection.set_busy_timeout(RESTART_MS)
            try:
                connection.wal_checkpoint(database, apsw.SQLITE_CHECKPOINT_RESTART)
            finally:
                connection.set_busy_timeout(BUSY_MS)
        elif pages >= MOVE_PAGES:
            connection.wal_checkpoint(database, apsw.SQLITE_CHECKPOINT_PASSIVE)
    return apsw.SQLITE_OK


def _connect(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(BUSY_MS)
    # A statement is planned once, and not again for each value that is bound: that takes longer than most of them.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.execute(f"PRAGMA cache_size = -{CACHE_KB}; PRAGMA foreign_keys = ON")
    return connection


def _steps() -> list[str]:
    """The schema's history, oldest first."""
    folder = resources.files(__package__) / "schema"
    return [
        file.read_text() for file in sorted(folder.iterdir(), key=lambda file: file.name) if file.name.endswith(".sql")
    ]


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except apsw.FullError:
        raise StorageFull from None
    except (apsw.BusyError, apsw.LockedError):
        raise StoreBusy from None
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise StoreDamaged(f"{path} is damaged or is no Pushbutton store ({error}). It was left as it is.") from None
    except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as error:
        raise StoreDamaged(f"{path} cannot be opened for writing ({error}).") from None
    except apsw.IOError as error:
        raise StorageFull from error
