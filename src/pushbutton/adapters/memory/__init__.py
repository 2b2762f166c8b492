"""Stores that are gone with the process: for tests of applications, and as the shortest statements of their ports."""

from .people import MemoryAudit, MemoryPeople
from .store import MemoryStore

__all__ = ["MemoryAudit", "MemoryPeople", "MemoryStore"]
