"""`runtime.ports.Files` in the data folder: uploads together, everything else in the folders of the runs."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import secrets
import shutil
import stat
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pushbutton.runtime.ports import UPLOADS, Disk, Stored, Taken
from pushbutton.runtime.ports.files import NoPlainFile, all_given
from pushbutton.supervisor import spool

_CLONE: Final = 0x40049409
"""FICLONE of Linux: a copy that shares its blocks until one of the two is written, on file systems that can."""


_BLOCK: Final = 512
"""Bytes of what `stat` counts as a block."""


class FileFolder:
    def __init__(self, uploads: Path, runs: Path) -> None:
        self._uploads, self._runs = uploads, runs

    @contextlib.contextmanager
    def put(self, name: str) -> Iterator[io.BufferedWriter]:
        place = self.place(name)
        fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                yield file
        except BaseException:
            place.unlink(missing_ok=True)
            raise

    def copy(self, source: str, target: str) -> None:
        with plain(self.place(source)) as content, self.made(target) as file:
            try:
                fcntl.ioctl(file, _CLONE, content.fileno())
            except OSError:
                shutil.copyfileobj(content, file, 1 << 20)

    @contextlib.contextmanager
    def made(self, name: str) -> Iterator[io.BufferedWriter]:
        """Write a file that is there whole and durable afterwards, or not at all, and that nobody changes any more."""
        place = self.place(name)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = place.parent.parent / f".{secrets.token_hex(8)}"  # a job lists the file's own folder
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o400)
        try:
            with os.fdopen(fd, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            draft.rename(place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def open(self, name: str) -> io.BufferedReader:
        return plain(self.place(name))

    def find(self, name: str) -> Stored | None:
        try:
            status = self.place(name).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(status.st_mode):
            raise NoPlainFile(name)
        return _stored(name, status)

    def below(self, folder: str) -> Sequence[Stored]:
        found = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self.place(folder)) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # it went in this moment
                    if entry.is_file(follow_symlinks=False):
                        found.append(_stored(f"{folder}/{entry.name}", entry.stat(follow_symlinks=False)))
        return found

    def touch(self, name: str) -> None:
        os.utime(self.place(name), follow_symlinks=False)

    def remove(self, name: str) -> None:
        place = self.place(name)
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)

    def disk(self) -> Disk:
        found = os.statvfs(self._uploads)
        return Disk(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)

    def taken(self, seconds: float) -> Taken:
        end, found, whole = time.monotonic() + seconds, Counter[bool](), True
        folders = [(self._runs, 0), (self._uploads, 2)]
        while folders and whole:
            folder, depth = folders.pop()
            with contextlib.suppress(OSError), os.scandir(folder) as entries:  # a run may go meanwhile
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append((Path(entry.path), depth + 1))
                    else:
                        found[depth > 1] += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
            whole = time.monotonic() < end
        return Taken(found[False], found[True], whole or not folders)

    def renew(self, run: int) -> None:
        self.remove(all_given(run))

    def place(self, name: str) -> Path:
        kind, *rest = name.split("/")
        if any(part in ("", ".", "..") or "\0" in part for part in rest):
            raise FileNotFoundError(name)
        if kind == UPLOADS:
            return self._uploads.joinpath(*rest)
        folder = self._runs / rest[0]
        if kind == "given":
            return folder.joinpath(spool.GIVEN, *rest[1:])
        kept = folder.joinpath(spool.RESULTS, *rest[1:])
        # A run of 0.2.0 has what it handed over where the job made it.
        return kept if os.path.lexists(kept) else folder.joinpath(spool.FILES, *rest[1:])


def _stored(name: str, status: os.stat_result) -> Stored:
    mark = f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"
    return Stored(name, status.st_size, status.st_mtime, mark)


def plain(place: Path) -> io.BufferedReader:
    """A plain file: through no link, and waiting for nobody."""
    fd = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise FileNotFoundError(place)
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise
