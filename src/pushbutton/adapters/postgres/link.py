"""One connection: how it is made, the shared statements on it, and what may keep it from answering for ever."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import psycopg
from psycopg import errors

from pushbutton.errors import StorageFull, StoreAway, StoreBusy, StoreDamaged, StoreError

from .address import Address

__all__ = ["SILENT", "SILENT_WRITING", "Link", "Watch", "lost", "translated", "why"]

CONNECT: Final = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""Seconds and tries, where the address says nothing else."""
SILENT = 40.0  # seconds after which a statement is given up that the database has not ended itself
SILENT_WRITING = 15.0  # the same for the connection that writes: others may be waiting for what it holds
_ROWS: Final = 64  # in one statement, at most
_SESSION = """
SET standard_conforming_strings = on;
SET jit = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET statement_timeout = '30s';
SET lock_timeout = '10s';
SET idle_in_transaction_session_timeout = '5s';
SET tcp_keepalives_idle = 10;
SET tcp_keepalives_interval = 5;
SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');
"""
"""Joins go from one row to the next by an index, which the statements are written for: the gate steps along the lines,
is believed to find ten at each step, and had all runs read for them. A statement has an end, and a process that is
stopped with the pen in its hand loses it. What waits for more than the disk of this machine (`remote_apply`) stays as
it is.
"""
_REFUSALS = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded)
_GOING_DOWN = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.DatabaseDropped)


class Rows:
    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        with _refusing():
            return iter(self._cursor.fetchall())

    def fetchone(self) -> tuple[Any, ...] | None:
        with _refusing():
            row: tuple[Any, ...] | None = self._cursor.fetchone()
        return row

    @property
    def get(self) -> Any:
        row = self.fetchone()
        return row[0] if row else None


class Link:
    def __init__(self, address: Address) -> None:
        """Raises what psycopg raises."""
        words = {**CONNECT, **address.words, "client_encoding": "utf8"}
        words.setdefault("application_name", f"pushbutton (process {os.getpid()} on {socket.gethostname()})"[:63])
        self.raw: Any = psycopg.connect(**words, autocommit=True)
        self.since = 0.0  # when a statement began that goes on; 0: none does
        self.silent = SILENT  # seconds after which it is given up
        self._piped = False
        try:
            self.raw.execute(_SESSION)
            known = self.raw.execute(
                "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            )
            self.identity: tuple[int, str] = known.fetchone()
        except BaseException:
            self.raw.close()
            raise

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Rows:
        self.since = time.monotonic()
        try:
            with _refusing():
                if not values:
                    return Rows(self.raw.execute(sql, prepare=False))
                return Rows(self.raw.execute(_marked(sql), [_plain(value) for value in values]))
        finally:
            if not self._piped:
                self.since = 0.0

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]], /) -> None:
        """`INSERT … VALUES (?, …)` for each row, many with one statement: in few lengths, so that few are planned."""
        into, _, places = sql.partition(" VALUES ")
        while rows:
            some = rows[: min(_ROWS, 1 << (len(rows).bit_length() - 1))]
            rows = rows[len(some) :]
            self.execute(f"{into} VALUES {', '.join([places] * len(some))}", [value for row in some for value in row])

    @contextlib.contextmanager
    def pipeline(self) -> Iterator[None]:
        """In it, a statement is sent without waiting for the answers of those before; whoever reads rows waits. What
        the database refuses is raised by whatever reads rows after it, at the latest by the end.
        """
        pipeline = self.raw.pipeline()
        with _refusing():
            pipeline.__enter__()
            self._piped = True
            try:
                yield
            except BaseException:
                with contextlib.suppress(psycopg.Error):  # what follows a statement that was refused is refused as well
                    pipeline.__exit__(None, None, None)
                raise
            else:
                self.since = time.monotonic()
                pipeline.__exit__(None, None, None)
            finally:
                self._piped, self.since = False, 0.0

    def send(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The same for what is large: nothing is written as text on its way."""
        self.since = time.monotonic()
        try:
            cursor = self.raw.execute(_marked(sql, "%b"), values, binary=True)
            return list(cursor) if cursor.description else []
        finally:
            self.since = 0.0

    def copy(self, sql: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """`COPY … FROM STDIN (FORMAT BINARY)`, the quickest way in; whatever is there already makes all of it fail."""
        self.since = time.monotonic()
        try:
            with self.raw.cursor() as cursor, cursor.copy(sql) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
        finally:
            self.since = 0.0

    @contextlib.contextmanager
    def transaction(self, begin: str = "BEGIN") -> Iterator[None]:
        self.execute(begin)
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if not self.gone:
                self.execute("ROLLBACK")
            raise

    @property
    def gone(self) -> bool:
        return bool(self.raw.closed)

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self.raw.close()

    def hang_up(self) -> None:
        """From another thread: whoever waits for an answer is told that there is none."""
        with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(self.raw.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)


class Watch:
    """Hangs up where a statement is not answered in time: what stands in between may go on saying that all is well."""

    def __init__(self) -> None:
        self._links: set[Link] = set()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def add(self, link: Link) -> None:
        with self._lock:
            self._links.add(link)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="store-watch", daemon=True)
                self._thread.start()

    def drop(self, link: Link) -> None:
        with self._lock:
            self._links.discard(link)
        link.close()

    def end(self) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()
        for link in list(self._links):
            self.drop(link)

    def _look(self) -> None:
        while not self._ended.wait(1.0):
            now = time.monotonic()
            with self._lock:
                links = list(self._links)
            for link in links:
                if link.since and now - link.since > link.silent:
                    link.hang_up()


@functools.lru_cache(maxsize=1024)
def _marked(sql: str, mark: str = "%s") -> str:
    return sql.replace("%", "%%").replace("?", mark)


def _plain(value: Any) -> Any:
    """No text has the character 0 here."""
    return value.replace("\0", "␀") if isinstance(value, str) else value


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """What the database does not take is a refusal of ours."""
    try:
        yield
    except _REFUSALS as error:
        raise StoreError(f"The database does not take this ({_first_line(error)}). Nothing was recorded.") from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].strip().rstrip(".")


def lost(error: Exception, link: Link | None) -> bool:
    """Whether it tells that the connection is gone, and nothing of what was asked."""
    return isinstance(error, _GOING_DOWN) or (
        isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and (link is None or link.gone)
    )


@contextlib.contextmanager
def translated(address: Address) -> Iterator[None]:
    """PostgreSQL's errors as ours."""
    try:
        yield
    except errors.DiskFull:
        raise StorageFull from None
    except (errors.QueryCanceled, errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure):
        raise StoreBusy from None
    except errors.ReadOnlySqlTransaction:
        raise StoreError(f"{address.shown} cannot be written: it is a standby, or was made read-only.") from None
    except errors.InsufficientPrivilege as error:
        raise StoreDamaged(
            f"A right is missing at {address.shown} ({_first_line(error)}): give it to the user of that address, or "
            "make it the owner of the tables."
        ) from None
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        raise StoreDamaged(f"{address.shown} is no store of Pushbutton ({_first_line(error)}).") from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreAway(address.shown, why(address, error)) from None
    except psycopg.Error as error:
        raise StoreError(f"{address.shown} does not do what is asked of it: {why(address, error)}.") from None


def why(address: Address, error: Exception) -> str:
    """Libpq's message, without the address that it begins with, and without the password."""
    text = _first_line(error).removeprefix("connection failed: ")
    text = text.rpartition("failed: ")[2].removeprefix("FATAL:").strip()
    return address.without_secrets(text)
