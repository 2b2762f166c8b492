"""The port for the files that came to rest in folders that are watched, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from pushbutton.domain.on_file import FileSeen, Lying, OnFile


class FilesSeen(Protocol):
    """Kept by their task; one that is the same file again replaces what was kept of it, and has its number."""

    async def keep(self, seen: Sequence[FileSeen]) -> Sequence[FileSeen]:
        """With the numbers that they have in their task from now on."""
        ...

    async def of(self, task: str) -> Sequence[FileSeen]:
        """All of them, newest first."""
        ...

    async def forget(self, seen: Sequence[FileSeen]) -> None: ...


class Folders(Protocol):
    """The folders that are watched."""

    def over(self, folders: Sequence[str]) -> None:
        """Watch these from now on; those that do not exist are left out."""
        ...

    def ring(self) -> None:
        """Ends the wait of everybody who waits."""
        ...

    async def wait(self, seconds: float) -> None:
        """So long, until something changed there, or until it is rung."""
        ...

    async def look(self, rules: Mapping[str, OnFile]) -> Mapping[str, Sequence[Lying]]:
        """The files that lie there by each name, oldest first. Without those whose folder is not there, cannot be read
        or does not answer.
        """
        ...

    async def close(self) -> None: ...
