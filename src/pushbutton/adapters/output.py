"""`runtime.ports.Output` on the files that supervisors write."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import Final

from pushbutton.domain.run import Run
from pushbutton.job.kinds import ENCODING, Unfit
from pushbutton.supervisor import spool

_KEPT: Final = 1000


class OutputFiles:
    """Below `root` each run has a folder by its number."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._digests: OrderedDict[tuple[int, int, int, int], str] = OrderedDict()

    async def bring(self, run: Run) -> None:
        """It is here."""

    def lags(self, run: int) -> bool:  # noqa: ARG002
        return False

    def log(self, run: int) -> LogFolder:
        return LogFolder(self._root / str(run))

    def size(self, run: int) -> int:
        return self.log(run).size()

    def read(self, run: int, offset: int, most: int) -> bytes:
        return self.log(run).read(offset, most)

    def encoding(self, run: int) -> str:
        return self.log(run).encoding()

    def digest(self, run: int) -> str:
        try:
            with (self._root / str(run) / spool.OUTPUT).open("rb") as file:
                status = os.fstat(file.fileno())
                key = (run, status.st_ino, status.st_mtime_ns, status.st_size)
                if key not in self._digests:
                    self._digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
                    while len(self._digests) > _KEPT:
                        self._digests.popitem(last=False)
                return self._digests[key]
        except FileNotFoundError:
            return hashlib.sha256().hexdigest()


class LogFolder:
    """Output as a supervisor writes it into this folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def size(self) -> int:
        return _size(self._folder / spool.OUTPUT)

    def read(self, offset: int, most: int) -> bytes:
        return _read(self._folder / spool.OUTPUT, offset, most)

    def encoding(self) -> str:
        try:
            return _fit((self._folder / spool.ENCODING).read_text("ascii"))
        except (OSError, ValueError):
            return ""

    def screen(self) -> tuple[int, int] | None:
        try:
            rows, columns = (self._folder / spool.SCREEN).read_text("ascii").split()
            return int(rows), int(columns)
        except (OSError, ValueError):
            return None

    def times(self) -> int:
        return _size(self._folder / spool.TIMES) // spool.TIME_RECORD.size

    def noted(self, first: int, count: int) -> bytes:
        size = spool.TIME_RECORD.size
        return _read(self._folder / spool.TIMES, first * size, count * size)

    def place(self) -> Path:
        return self._folder


@lru_cache(maxsize=100)
def _fit(name: str) -> str:
    try:
        return str(ENCODING.read(name))
    except Unfit:  # a folder that somebody changed: what is in it is shown all the same
        return ""


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _read(file: Path, offset: int, most: int) -> bytes:
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    try:
        return os.pread(fd, most, offset)
    finally:
        os.close(fd)
