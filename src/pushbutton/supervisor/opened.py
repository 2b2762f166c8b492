"""Which files a job may hand over, and opening one of them so that it is that file and no other.

A path is followed to its end first; where that end lies decides, and from the root to there no link is followed any
more. So nothing that is changed in between makes another file of it.
"""

from __future__ import annotations

import errno
import os
import stat

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from collections.abc import Iterable

SYSTEM = ("/proc", "/sys", "/dev")
"""Entries in these folders are not files of anybody's, though many say that they are."""

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Refused(Exception):
    """`why`: system, closed, outside, missing, folder, irregular, moved, unreadable; and for copies (`results`) large,
    many, secret, stuck, full. `error` is the system's own word.
    """

    def __init__(self, why: str, error: str = "") -> None:
        super().__init__(why)
        self.why, self.error = why, error


def opened(
    path: str, *, below: Iterable[str] | None, closed: str = "", own: str = "", reader: int | None = None
) -> tuple[int, str]:
    """(descriptor, real path) of a plain file. Raises `Refused`.

    `below`: the folders one of which it must lie in; None: any. `closed`: the folder in which it must not lie, unless
    it lies in `own`. `reader`: the user who has to be able to read it, too, as its owner or as everybody is. May take
    as long as the disk that it lies on.
    """
    try:
        real = os.path.realpath(path)
        if any(_within(place, root) for place in (os.path.normpath(path), real) for root in SYSTEM):
            raise Refused("system")
        mine = bool(own) and _within(real, os.path.realpath(own))
        if not mine and closed and _within(real, os.path.realpath(closed)):
            raise Refused("closed")
        if not mine and below is not None and not any(_lies(real, root) for root in below):
            raise Refused("outside")
        return _open(real, reader), real
    except ValueError:  # a NUL
        raise Refused("missing") from None
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise Refused("missing") from None
        if error.errno == errno.ELOOP:
            raise Refused("moved") from None
        raise Refused("unreadable", error.strerror or "") from None


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _lies(path: str, folder: str) -> bool:
    """A folder that is the root of everything says nothing."""
    real = os.path.realpath(folder)
    return real != "/" and _within(path, real)


def _open(real: str, reader: int | None) -> int:
    *folders, name = [part for part in real.split("/") if part] or [""]
    at = os.open("/", _FOLDER)
    try:
        for folder in folders:
            at, above = os.open(folder, _FOLDER, dir_fd=at), at
            os.close(above)
            _let(os.fstat(at), reader, 0o1)
        _look(os.stat(name or ".", dir_fd=at, follow_symlinks=False))  # before: opening a device may do something
        fd = os.open(name, _FILE, dir_fd=at)
    finally:
        os.close(at)
    try:
        _look(os.fstat(fd))
        _let(os.fstat(fd), reader, 0o4)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _let(about: os.stat_result, reader: int | None, right: int) -> None:
    """Raises `Refused` when that user has not this right: 1 for a folder, 4 for a file."""
    if reader in (None, 0):
        return
    if not about.st_mode & (right << 6 if about.st_uid == reader else right):
        raise Refused("unreadable", os.strerror(errno.EACCES))


def _look(about: os.stat_result) -> None:
    """Raises `Refused` for what is no plain file, and for what a system's own drive holds, wherever it is mounted."""
    if stat.S_ISDIR(about.st_mode):
        raise Refused("folder")
    if stat.S_ISLNK(about.st_mode):
        raise Refused("moved")
    if not stat.S_ISREG(about.st_mode):
        raise Refused("irregular")
    if about.st_dev in _drives():
        raise Refused("system")


def _drives() -> set[int]:
    found = set()
    for folder in SYSTEM:
        try:
            found.add(os.stat(folder).st_dev)
        except OSError:
            pass  # a system without it
    return found - {os.stat("/").st_dev}  # a plain folder there says nothing of other files
