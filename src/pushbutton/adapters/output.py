"""`runtime.ports.Output` on the files that supervisors write."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

from pushbutton.job.kinds import ENCODING, Unfit
from pushbutton.supervisor import spool

_KEPT: Final = 1000


class OutputFiles:
    """Below `root` each run has a folder by its number."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._encodings: dict[str, str] = {}  # those that are known to be fit
        self._digests: OrderedDict[tuple[int, int, int, int], str] = OrderedDict()

    def _path(self, run: int) -> Path:
        return self._root / str(run) / spool.OUTPUT

    def size(self, run: int) -> int:
        try:
            return self._path(run).stat().st_size
        except FileNotFoundError:
            return 0

    def read(self, run: int, offset: int, most: int) -> bytes:
        try:
            fd = os.open(self._path(run), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        try:
            return os.pread(fd, most, offset)
        finally:
            os.close(fd)

    def encoding(self, run: int) -> str:
        try:
            name = (self._root / str(run) / spool.ENCODING).read_text("ascii")
        except (OSError, ValueError):
            return ""
        if name not in self._encodings:
            try:
                self._encodings[name] = ENCODING.read(name)
            except Unfit:  # a folder that somebody changed: what is in it is shown all the same
                return ""
        return self._encodings[name]

    def digest(self, run: int) -> str:
        try:
            with self._path(run).open("rb") as file:
                status = os.fstat(file.fileno())
                key = (run, status.st_ino, status.st_mtime_ns, status.st_size)
                if key not in self._digests:
                    self._digests[key] = hashlib.file_digest(file, "sha256").hexdigest()
                    while len(self._digests) > _KEPT:
                        self._digests.popitem(last=False)
                return self._digests[key]
        except FileNotFoundError:
            return hashlib.sha256().hexdigest()
