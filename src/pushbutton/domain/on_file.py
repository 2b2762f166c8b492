"""A folder that is watched: each file that comes to rest there presses a task once. Pure.

A file is another one where its path and its number on the disk are both others, or its size or time of change is: so
one that is only renamed, or lies behind a mount that numbers its files anew, is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from .event import Json
from .run import Micros

KEPT: Final = 50
"""Files that are shown of a task, the newest."""
REMEMBERED: Final = 30 * 86_400 * 1_000_000
"""Microseconds for which one is known though it lies there no more."""
REST: Final = 2.0
"""Seconds for which a file has to stay as it is."""
INPUT: Final = "file"
"""The input that gets the path where none is named and there is one of that name."""


@dataclass(frozen=True, slots=True)
class OnFile:
    """A task's options for the folder that it watches."""

    folder: str  # absolute
    pattern: str  # of names, with * ? [ ]
    input: str = ""  # that gets the path of the file; "": none does
    inputs: Mapping[str, Json] = field(default_factory=dict)
    rest: float = REST  # seconds

    @property
    def text(self) -> str:
        return f"{self.folder.rstrip('/')}/{self.pattern}"

    def concerns(self, name: str) -> bool:
        """Whether a file of that name is one of these. As in a shell, `*` is no name that begins with a dot."""
        return fnmatchcase(name, self.pattern) and (self.pattern.startswith(".") or not name.startswith("."))


@dataclass(frozen=True, slots=True, order=True)
class Lying:
    """A file as it lies there. `changed` is in nanoseconds."""

    changed: int
    path: str
    inode: int
    size: int


class Verdict(StrEnum):
    BEGUN = "begun"  # no file: from here on those that come count; `path` is what is watched
    THERE = "was there"  # it lay there when the folder was first looked at
    PRESSED = "pressed"
    WAITS = "waits"  # the task is paused, or was pressed too often: it is pressed later
    UNFIT = "did not fit"  # its path is nothing for the input
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that had come to rest, and what became of it."""

    task: str
    at: Micros
    verdict: Verdict
    file: Lying
    run: int = 0  # the number of the run that came of it; 0: none
    why: str = ""
    number: int = 0  # among those of its task, from 1; 0: it is not kept yet


class Known:
    """The files of a task that were dealt with."""

    def __init__(self, seen: Iterable[FileSeen] = ()) -> None:
        self._by_path: dict[tuple[str, int, int], FileSeen] = {}
        self._by_inode: dict[tuple[int, int, int], FileSeen] = {}
        for one in seen:
            self.add(one)

    def add(self, seen: FileSeen) -> None:
        file = seen.file
        self._by_path[file.path, file.changed, file.size] = seen
        self._by_inode[file.inode, file.changed, file.size] = seen

    def of(self, file: Lying) -> FileSeen | None:
        key = (file.path, file.changed, file.size)
        return self._by_path.get(key) or self._by_inode.get((file.inode, file.changed, file.size))

    def __iter__(self) -> Iterator[FileSeen]:
        return iter(list(self._by_path.values()))

    def drop(self, gone: Iterable[FileSeen]) -> None:
        for one in gone:
            file = one.file
            self._by_path.pop((file.path, file.changed, file.size), None)
            self._by_inode.pop((file.inode, file.changed, file.size), None)


def gone(known: Iterable[FileSeen], there: Collection[Lying], at: Micros) -> list[FileSeen]:
    """Those that need not be known any more: they lie there no more, and have not for long or were seen long ago."""
    paths, inodes = {one.path for one in there}, {one.inode for one in there}
    old = sorted((one for one in known if one.verdict is not Verdict.BEGUN), key=lambda one: -one.number)[KEPT:]
    return [
        one for one in old if one.at < at - REMEMBERED and one.file.path not in paths and one.file.inode not in inodes
    ]
