"""Files that are written in small parts: those that were written last stay open, for opening costs more than a line."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

__all__ = ["GrowingFiles"]

MOST = 512


class GrowingFiles:
    """Used by one thread."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, int] = OrderedDict()

    def write(self, file: Path, at: int, data: bytes) -> None:
        """All of it; its folder is made where it is not there. Raises `OSError`; some of it may be written then."""
        fd, rest = self._descriptor(file), memoryview(data)
        while rest:
            written = os.pwrite(fd, rest, at)
            at, rest = at + written, rest[written:]

    def close(self, *files: Path) -> None:
        """Those of them that are open."""
        for file in files:
            if (fd := self._open.pop(file, None)) is not None:
                os.close(fd)

    def close_all(self) -> None:
        self.close(*self._open)

    def _descriptor(self, file: Path) -> int:
        if file in self._open:
            self._open.move_to_end(file)
            return self._open[file]
        if len(self._open) >= MOST:
            self.close(next(iter(self._open)))
        try:
            fd = _opened(file)
        except FileNotFoundError:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            fd = _opened(file)
        self._open[file] = fd
        return fd


def _opened(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
