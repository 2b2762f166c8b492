"""The port `Files`: what people bring, each run's own copy of it, and what runs hand over."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final, Protocol

UPLOADS: Final = "uploads"
"""The folder of what was brought and waits for a press."""


def upload(stored: str) -> str:
    """The name of a file that was brought and waits for a press."""
    return f"{UPLOADS}/{stored}"


def given(run: int, entry: str, name: str) -> str:
    """The run's own copy of what was brought for this input."""
    return f"given/{run}/{entry}/{name}"


def all_given(run: int) -> str:
    return f"given/{run}"


def result(run: int, name: str) -> str:
    """The name of a file that the run handed over; `name` as its event says."""
    return f"results/{run}/{name}"


@dataclass(frozen=True, slots=True)
class Stored:
    name: str
    size: int
    at: float  # Unix time of the last change or `touch`
    mark: str  # another one whenever the content may be another


@dataclass(frozen=True, slots=True)
class Disk:
    """In bytes."""

    free: int  # for us
    size: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What runs take up on this machine's disk, in bytes."""

    output: int  # what they wrote, and what is kept beside it
    files: int  # what people brought, and what runs handed over
    whole: bool  # False: there is more, which was not counted for want of time


class NoPlainFile(OSError):
    """A link, a folder or a device lies where a file should."""


class Writing(Protocol):
    def write(self, data: bytes, /) -> int: ...


class Files(Protocol):
    """Files by name: `upload`, `given` and `result` say which there are. All of it blocks. Where machines share a
    store they share these, and each may raise `StoreError`.

    Nothing is read through a link; a name with a part that is "", "." or ".." does not exist. Errors:
    `FileNotFoundError`, and `OSError` for what a disk says.
    """

    def put(self, name: str) -> AbstractContextManager[Writing]:
        """Write a file that appears under its name once it is complete; with an error inside nothing is kept. Raises
        `FileExistsError`.
        """
        ...

    def copy(self, source: str, target: str) -> None:
        """The same content under another name, whole or not at all: a file that nobody writes to, durable when this
        returns.
        """
        ...

    def open(self, name: str) -> BufferedReader: ...

    def find(self, name: str) -> Stored | None:
        """The facts about it; None where there is nothing. Raises `NoPlainFile`."""
        ...

    def below(self, folder: str) -> Sequence[Stored]:
        """The files of a folder, in no order."""
        ...

    def touch(self, name: str) -> None:
        """Its age counts from now."""
        ...

    def remove(self, name: str) -> None:
        """A file, or a folder with all that is in it; harmless where there is none."""
        ...

    def renew(self, run: int) -> None:
        """The run was just made: what lies here as brought for one of its number is another's, and goes."""
        ...

    def disk(self) -> Disk:
        """The room on this machine's disk."""
        ...

    def taken(self, seconds: float) -> Taken:
        """Counted for as long as that, at most."""
        ...

    def place(self, name: str) -> Path:
        """Where a job on this machine finds it, which is a file by then if there is any of this name."""
        ...
