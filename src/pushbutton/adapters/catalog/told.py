"""The arguments of scripts as their sources tell them, kept by the scripts' content: one that did not change is not
read again after a restart.

A file for each, in a folder for each way of reading: another Pushbutton, or another Python, may read otherwise. Servers
may share it, for a file comes whole or not at all. One that is damaged tells nothing, and is written anew.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pushbutton import describe, job

__all__ = ["Told"]

log = logging.getLogger(__name__)

_UNUSED = 30 * 86400.0  # seconds for which what nobody asks for is kept
_NOTED = 86400.0  # seconds between two notes that somebody asked


class Told:
    """`of` and `keep` by the SHA-256 of a script; both may be called in any thread, and neither raises."""

    def __init__(self, folder: Path, python: str) -> None:
        self._folder, self._python = folder, python
        self._here: Path | None = None  # for this way of reading
        self._full = False  # it cannot be written, which was said

    def open(self) -> None:
        """Let go of what other ways of reading told, and of what nobody asked for in a month."""
        self._here = self._folder / _way(self._python)
        with contextlib.suppress(OSError):
            for other in self._folder.iterdir():
                if other != self._here:
                    shutil.rmtree(other, ignore_errors=True)
            for file in self._here.iterdir():
                if time.time() - file.stat().st_mtime > _UNUSED:
                    file.unlink()

    def of(self, sha256: str) -> dict[str, Any] | None:
        """None: nobody knows."""
        if self._here is None or not sha256:
            return None
        file = self._here / sha256
        try:
            seal, _, said = file.read_bytes().partition(b"\n")
            if seal != _seal(sha256, said):
                return None
            if time.time() - file.stat().st_mtime > _NOTED:
                os.utime(file)
            answer = json.loads(said)
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    def keep(self, sha256: str, answer: Mapping[str, Any]) -> None:
        """Only where it is of these very bytes, and would be the same another time."""
        if self._here is None or not sha256 or answer.get("sha256") != sha256:
            return
        said = json.dumps(answer).encode()
        whole = _seal(sha256, said) + b"\n" + said
        try:
            try:
                _put(self._here, sha256, whole)
            except FileNotFoundError:  # the folder is not there yet
                self._folder.mkdir(exist_ok=True, mode=0o700)
                self._here.mkdir(exist_ok=True, mode=0o700)
                _put(self._here, sha256, whole)
        except OSError as error:
            if not self._full:
                log.warning("what scripts take is read anew at the next start: %s: %s", self._here, error.strerror)
            self._full = True


def _put(folder: Path, name: str, content: bytes) -> None:
    """Whole or not at all. Thousands are put at a first start, so by as few calls of the system as it takes."""
    part = f"{folder}/{name}.{os.getpid()}.{threading.get_ident()}"
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            whole = os.write(fd, content) == len(content)
        finally:
            os.close(fd)
        if not whole:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.rename(part, f"{folder}/{name}")  # noqa: PTH104  a path of pathlib's takes three times as long
    except OSError:
        os.unlink(part)  # noqa: PTH108
        raise


def _seal(sha256: str, said: bytes) -> bytes:
    """A file that was cut off, or put under another name, has another one."""
    return hashlib.sha256(sha256.encode() + said).hexdigest().encode()


def _way(python: str) -> str:
    """Another one where the same bytes may tell something else: by our own code for it, and the Python that runs it."""
    known = hashlib.sha256()
    for package in (describe, job):
        for file in sorted(Path(package.__path__[0]).rglob("*.py")):
            known.update(f"{file.name} {file.stat().st_size}\n".encode() + file.read_bytes())
    real = os.path.realpath(shutil.which(python) or python)
    with contextlib.suppress(OSError):
        status = Path(real).stat()
        real = f"{real} {status.st_size} {status.st_mtime_ns}"
    known.update(real.encode("utf-8", "surrogateescape"))
    return known.hexdigest()[:16]
