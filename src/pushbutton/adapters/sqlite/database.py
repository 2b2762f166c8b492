"""The file: opening it with care, upgrading its schema, one writer thread, a few reader threads.

apsw brings its own SQLite, because the systems' ones up to 3.51.2 can lose a WAL after a reset.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import apsw

from pushbutton import threads
from pushbutton.adapters.sql.connection import Connection
from pushbutton.adapters.sql.trail import Trail
from pushbutton.adapters.sql.trail_end import End
from pushbutton.errors import PushbuttonError, StorageFull, StoreBusy, StoreDamaged, StoreError, StoreTooNew
from pushbutton.sentence import say

from .dialect import SQLITE

T = TypeVar("T")
Work = Callable[[Connection], T]
Batch = list[tuple[Work[Any], asyncio.Future[Any]]]
Results = list[tuple[asyncio.Future[Any], Any, BaseException | None]]

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
        self._trail = Trail(end, SQLITE)
        self._asked: Batch = []  # in this turn of the loop
        self._jobs: SimpleQueue[tuple[Work[Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._writer: threading.Thread | None = None
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="store-read")
        self._mine = threading.local()
        self._open_readers: list[apsw.Connection] = []
        self._inode = 0
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
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        self._writer = threading.Thread(target=self._serve, args=(loop, ready), name="store-write", daemon=True)
        self._writer.start()
        try:
            await ready
        except BaseException:
            self._readers.shutdown()
            raise

    async def close(self) -> None:
        """Everything that was asked for is written first; then the one file holds all of it, without a log beside it
        (unless another process has it open, or there is no room: the log then stays, and the next opening reads it).
        """
        self._hand_over()
        writer, self._writer = self._writer, None  # from here on both refuse: nothing gets behind the last job
        self._closed = True
        await threads.closing(self._end, writer)

    def _end(self, writer: threading.Thread | None) -> None:
        """The writer goes last: only the last connection moves the log into the file, and a reader cannot."""
        self._readers.shutdown()
        for connection in self._open_readers:
            connection.close()
        if writer:
            self._jobs.put(None)
            writer.join()

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the next transaction; when this returns, it is on the disk."""
        if self._writer is None:
            raise StoreError("The store is closed.")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._hand_over)
        self._asked.append((work, future))
        # Shielded: who was waiting may be cancelled (a client that hung up), what was asked for is still done.
        return await asyncio.shield(future)

    def scrub(self) -> None:
        """Write the file anew, so that nothing that was deleted or replaced is left in it or in the log beside it.

        While others read, the log stays; what comes next writes over it. Writers wait, some seconds for a large file.
        """
        with translated(self.path), contextlib.closing(self._connect(apsw.SQLITE_OPEN_READWRITE)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _hand_over(self) -> None:
        """What was asked for in one turn of the loop goes into one transaction."""
        asked, self._asked = self._asked, []
        for job in asked:
            self._jobs.put(job)

    async def read(self, work: Work[T]) -> T:
        """Also without `open`, to read beside another process."""
        if self._closed:
            raise StoreError("The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work)

    def _read(self, work: Work[T]) -> T:
        with translated(self.path):
            connection = getattr(self._mine, "connection", None)
            if connection is None:
                connection = self._mine.connection = self._connect(apsw.SQLITE_OPEN_READONLY)
                self._open_readers.append(connection)
            return work(connection)

    # -- the writer thread

    def _serve(self, loop: asyncio.AbstractEventLoop, ready: asyncio.Future[None]) -> None:
        try:
            with translated(self.path):
                connection = self._start()
        except Exception as error:  # noqa: BLE001  raised where the store is opened
            loop.call_soon_threadsafe(ready.set_exception, error)
            return
        loop.call_soon_threadsafe(ready.set_result, None)
        try:
            while (job := self._jobs.get()) is not None:
                batch, last = [job], False
                while len(batch) < GROUP and not self._jobs.empty():
                    following = self._jobs.get()
                    if following is None:
                        last = True
                        break
                    batch.append(following)
                results = self._commit(connection, batch)
                loop.call_soon_threadsafe(_settle, results)
                if last:
                    break
        finally:
            with contextlib.suppress(apsw.Error):
                connection.execute("PRAGMA optimize")
            connection.close()
            self.end.close()

    def _commit(self, connection: apsw.Connection, batch: Batch) -> Results:
        """One transaction for all; a refusal (`Fenced`, …) undoes only its own part, a fault undoes everything."""
        try:
            with translated(self.path):
                self._still_there()
                try:
                    results = self._together(connection, batch)
                except PushbuttonError as refusal:
                    connection.execute("ROLLBACK")
                    if len(batch) == 1:
                        return [(batch[0][1], None, refusal)]
                    results = self._apart(connection, batch)
                if self.end.touched:
                    self.end.committed(self._trail.head(connection))
                return results
        except Exception as error:  # noqa: BLE001  every waiter gets it
            if connection.in_transaction:
                with contextlib.suppress(apsw.Error):
                    connection.execute("ROLLBACK")
            return [(future, None, error) for _, future in batch]

    @staticmethod
    def _together(connection: apsw.Connection, batch: Batch) -> Results:
        """Raises the first refusal. Hardly ever is there one, and a savepoint for each takes as long as their work."""
        connection.execute("BEGIN IMMEDIATE")
        results: Results = [(future, work(connection), None) for work, future in batch]
        connection.execute("COMMIT")
        return results

    @staticmethod
    def _apart(connection: apsw.Connection, batch: Batch) -> Results:
        results: Results = []
        connection.execute("BEGIN IMMEDIATE")
        for work, future in batch:
            connection.execute("SAVEPOINT one")
            try:
                results.append((future, work(connection), None))
            except PushbuttonError as refusal:
                connection.execute("ROLLBACK TO one")
                results.append((future, None, refusal))
            connection.execute("RELEASE one")
        connection.execute("COMMIT")
        return results

    def _still_there(self) -> None:
        """A file that was removed or replaced under us still takes writes, but nobody would ever see them again."""
        try:
            inode = os.stat(self.name).st_ino  # noqa: PTH116  a path of pathlib's takes three times as long
        except FileNotFoundError:
            inode = -1
        if inode != self._inode:
            raise StoreDamaged(
                say(
                    "{path} was removed or replaced while in use; restart the server. Nothing was recorded.",
                    path=str(self.path),
                )
            )

    # -- opening

    def _connect(self, flags: int) -> apsw.Connection:
        connection = apsw.Connection(str(self.path), flags=flags)
        connection.set_busy_timeout(BUSY_MS)
        # A statement is planned once, and not again for each value that is bound: that takes longer than most of them.
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}; PRAGMA foreign_keys = ON")
        return connection

    def _start(self) -> apsw.Connection:
        known = self.path.exists() and self.path.stat().st_size > 0
        if known and not os.access(self.path, os.W_OK):
            raise StoreDamaged(f"{self.path} cannot be written. Give it to the user that runs this server.")
        connection = self._connect(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        try:
            steps = _steps()
            found = connection.execute("PRAGMA user_version").get
            if found > len(steps):
                raise StoreTooNew(str(self.path), found, len(steps))
            if known and self.path.stat().st_size <= CHECK_BELOW:
                complaint = connection.execute("PRAGMA quick_check(1)").get
                if complaint != "ok":
                    raise StoreDamaged(f"{self.path} is damaged ({complaint}). It was left as it is; restore a backup.")
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
            self.end.open()
            self.path.chmod(0o600)
            self._inode = self.path.stat().st_ino
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


def _settle(results: Results) -> None:
    for future, value, error in results:
        if future.done():
            continue
        if error:
            future.set_exception(error)
            future.exception()  # seen: the waiter may be gone
        else:
            future.set_result(value)


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
