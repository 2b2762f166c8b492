"""The store on SQLite: one writer thread that commits in groups, a few readers, WAL, `synchronous=FULL`."""

from .store import SqliteStore

__all__ = ["SqliteStore"]
