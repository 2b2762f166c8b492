"""A secret from a file, read anew for each run: a new file needs no restart."""

from __future__ import annotations

import logging
import os
import stat

from pushbutton.domain.secret import FromFile

from .value import LARGEST, Missing, text

__all__ = ["from_file", "warn"]

log = logging.getLogger(__name__)
_warned: set[str] = set()


def from_file(origin: FromFile) -> str:
    """Raises `Missing`. Warns, once for each file, when others than its owner may read it."""
    try:
        fd = os.open(origin.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a named pipe must not hold us
    except OSError as error:
        raise Missing(f"{error.strerror}") from None
    try:
        mode = os.fstat(fd).st_mode
        if not stat.S_ISREG(mode):
            raise Missing("it is no ordinary file")
        warn(origin.path, mode)
        return text(os.read(fd, LARGEST + 3))
    except OSError as error:
        raise Missing(f"{error.strerror}") from None
    finally:
        os.close(fd)


def warn(path: str, mode: int) -> None:
    """Others may be meant to read it (a group, a mounted secret), so it is used all the same."""
    if mode & 0o077 and path not in _warned:
        _warned.add(path)
        log.warning("others than its owner can read %s, and it holds a secret: chmod 600 %s", path, path)
