"""The store on PostgreSQL 13 or newer: one writer that commits in groups, four readers."""

from .store import PostgresStore

__all__ = ["PostgresStore"]
