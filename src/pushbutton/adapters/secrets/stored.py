"""What keeps secrets: a data folder, or the database that nodes share."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

__all__ = ["Stored"]


class Stored(Protocol):
    """Everything here blocks. Errors: `SecretsLocked`, `StoreError`."""

    def names(self) -> Collection[str]:
        """Sorted."""
        ...

    def get(self, name: str) -> str:
        """Raises `NoSuchSecret`."""
        ...

    def put(self, name: str, value: bytes) -> None:
        """Keep it, in the place of what was there. Raises `Missing` for what no job could get."""
        ...

    def remove(self, name: str) -> None:
        """Raises `NoSuchSecret`."""
        ...

    def rotate(self) -> int:
        """Seal everything under a new key; how many there are."""
        ...
