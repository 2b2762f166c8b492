"""Where a node keeps bundles unpacked: a folder for each, named by its digest, which nobody writes into.

A bundle is there whole or not at all: it is unpacked beside its place and then renamed. What a process found there it
looks through once, for a machine that lost its power may have forgotten the contents of files that it had named. One
process at a time uses such a folder; what another one left half is removed.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from pushbutton.domain.bundle import BadBundle, Entry, EntryKind, digest_of, parsed
from pushbutton.errors import ConfigError

from .pack import packed_whole

__all__ = ["KEPT", "Cache"]

KEPT: Final = 5
"""Bundles that are kept besides those that somebody needs: the newest."""
_HALF: Final = ".half-"


class Cache:
    """Its methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sound: set[str] = set()  # that this process has looked through
        self._lock = threading.Lock()

    def open(self) -> None:
        """Make the folder, and remove what another process left half. Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        for path in self._folder.glob(f"{_HALF}*"):
            _remove(path)

    def found(self, digest: str) -> Path | None:
        """The folder in which it lies unpacked; None: it is not here."""
        with self._lock:
            return self._found(digest)

    def put(self, digest: str, content: bytes) -> Path:
        """Unpack it, and say where. Raises `BadBundle` for bytes that are not that bundle or that must not be unpacked,
        and `OSError`; then nothing of it is there.
        """
        if digest_of(content) != digest:
            raise BadBundle("it is not what was published: some of its bytes are others")
        entries, begin = parsed(content)
        with self._lock:
            if there := self._found(digest):
                return there
            half = Path(tempfile.mkdtemp(prefix=_HALF, dir=self._folder))
            try:
                _unpack(half, entries, content, begin)
                half.rename(self._folder / digest)
            except BaseException:
                _remove(half)
                raise
            self._sound.add(digest)
            return self._folder / digest

    def tidy(self, needed: Collection[str]) -> None:
        """Remove all but those that are needed and the newest of the others."""
        with self._lock:
            kept = sorted(self._unpacked(), key=lambda path: path.stat().st_mtime, reverse=True)
            others = [path for path in kept if path.name not in needed]
            for path in others[KEPT:]:
                self._sound.discard(path.name)
                _remove(path)

    def _found(self, digest: str) -> Path | None:
        place = self._folder / digest
        if digest in self._sound:
            return place
        if not place.is_dir():
            return None
        if not _is(place, digest):
            _remove(place)
            return None
        self._sound.add(digest)
        return place

    def _unpacked(self) -> Iterator[Path]:
        return (path for path in self._folder.iterdir() if len(path.name) == _DIGITS and path.is_dir())


_DIGITS: Final = 64


def _is(place: Path, digest: str) -> bool:
    try:
        return packed_whole(place).digest == digest
    except ConfigError:
        return False


def _unpack(root: Path, entries: Sequence[Entry], content: bytes, at: int) -> None:
    """First what is no link, so that nothing is written through one. Raises `BadBundle`, `OSError`."""
    for entry in entries:
        path = root / entry.path
        if entry.kind is EntryKind.FOLDER:
            path.mkdir(mode=0o755)
        elif entry.kind is not EntryKind.LINK:
            mode = 0o555 if entry.kind is EntryKind.PROGRAM else 0o444
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
            with os.fdopen(fd, "wb") as file:
                os.fchmod(fd, mode)
                file.write(memoryview(content)[at : at + entry.size])
            at += entry.size
    links = [entry for entry in entries if entry.kind is EntryKind.LINK]
    for entry in links:
        (root / entry.path).symlink_to(entry.target)
    real = os.path.realpath(root)
    for entry in links:
        if not Path(os.path.realpath(root / entry.path)).is_relative_to(real):
            raise BadBundle(f"the link “{entry.path}” leads out of it")
    for entry in reversed(entries):
        if entry.kind is EntryKind.FOLDER:
            (root / entry.path).chmod(0o555)
    root.chmod(0o555)


def _remove(place: Path) -> None:
    """Also what nobody may write into."""
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(stat.S_IRWXU)
    shutil.rmtree(place, ignore_errors=True)
