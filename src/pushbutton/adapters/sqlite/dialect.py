"""SQLite's words that differ from other databases', see `sql.connection.Dialect`."""

from __future__ import annotations

from typing import Final

import apsw

from pushbutton.adapters.sql.connection import Dialect

__all__ = ["SQLITE"]

_TEXTS = ("actor", "verb", "about", "address", "data", "hash")

SQLITE: Final = Dialect(
    like="LIKE",
    bytes_of="CAST({} AS BLOB)",
    number_of="CAST({} AS INTEGER)",
    # A column takes a value of any type here.
    typed=" AND ".join(["typeof(at) = 'integer'", *(f"typeof({name}) = 'text'" for name in _TEXTS)]),
    thaw="DROP TRIGGER IF EXISTS audit_is_not_changed",
    freeze="CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit\n"
    "BEGIN SELECT RAISE(ABORT, 'the audit trail only grows'); END",
    size="SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
    clock="CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)",
    unreadable=(apsw.SQLError,),
)
