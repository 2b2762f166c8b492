"""`runtime.ports.Store` in one file of SQLite."""

from __future__ import annotations

from pathlib import Path

from pushbutton.adapters.sql.store import SqlStore
from pushbutton.adapters.sql.trail_end import End

from .database import SqliteDatabase


class SqliteStore(SqlStore):
    def __init__(self, path: Path, key: bytes = b"", *, apart: Path | None = None) -> None:
        """`key`: of the audit trail's chain; `apart`: the file in which its end is noted, see `sql.end`."""
        super().__init__(SqliteDatabase(path, End(key, apart)))
