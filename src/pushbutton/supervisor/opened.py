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
"""What lies there is no file of anybody's, though much of it says that it is one."""

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Refused(Exception):
    """`why`: system, closed, outside, missing, folder, irregular, moved, unreadable; and for copies (`results`) large,
    many, secret, stuck, full. `error` is the system's own word.
    """

    def __init__(self, why: str, error: str = "") -> None:
        super().__init__(why)
        self.why, self.error = why, error


def opened(path: str, *, below: Iterable[str] | None, closed: str = "", own: str = "") -> tuple[int, str]:
    """(descriptor, real path) of a plain file. Raises `Refused`.

    `below`: the folders one of which it must lie in; None: any. `closed`: the folder in which it must not lie, unless
    it lies in `own`. May take as long as the disk that it lies on.
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
        return _open(real), real
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


def _open(real: str) -> int:
    *folders, name = [part for part in real.split("/") if part] or [""]
    at = os.open("/", _FOLDER)
    try:
        for folder in folders:
            at, above = os.open(folder, _FOLDER, dir_fd=at), at
            os.close(above)
        _look(os.stat(name or ".", dir_fd=at, follow_symlinks=False))  # before: opening a device may do something
        fd = os.open(name, _FILE, dir_fd=at)
    finally:
        os.close(at)
    try:
        _look(os.fstat(fd))
    except BaseException:
        os.close(fd)
        raise
    return fd


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
