"""Results: files that a job hands over, copied the moment it says so; what becomes of them later does not matter.

A thread copies them, one after the other: a large file, or a network drive that does not answer, must not keep the
supervisor from reading what the job writes. Values of secrets are masked on the way.
"""

from __future__ import annotations

import _thread
import errno
import os
import time

from .opened import Refused, opened
from .reported_file import Named
from .spool import FILES, FULL, RESULTS

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .redact import Redactor

MOST = 2_000_000_000
"""Bytes of all results of a run together, where the spec does not say."""
MANY = 1000
"""Files that may be named."""
STALL = 30.0
"""Seconds without a byte after which a file is given up."""
CHUNK = 256 << 10
SYNC = 64 << 20
"""Bytes after which they are put on the disk: a slow disk is not taken for one that does not answer."""
NAME = 200
"""Bytes of a kept file's name: there is room for a number."""
TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108  where jobs put their files, not we


class Copy:
    """One file on its way. What came of it is known when it is `over`."""

    __slots__ = ("masked", "moved", "named", "over", "part", "refused", "room", "seen", "since", "size", "source")

    def __init__(self, named: Named, part: str, room: int) -> None:
        self.named, self.part, self.room = named, part, room
        self.source = ""  # its real path
        self.moved = self.seen = 0  # bytes read; what of it was seen when it was last looked at
        self.since = time.monotonic()  # when it was last seen to move
        self.size = 0  # of the copy
        self.masked = False
        self.refused: Refused | None = None
        self.over = False


class Results:
    """`take` begins, `ready` gives the next one that has come to its end, in their order.

    `spec`: that of the supervisor, with `from` None for files of anywhere. `redactor` makes a new one for each file;
    `nudge` is called by another thread when it is worth to look. `folder`: the spool, which a supervisor is in.
    """

    def __init__(
        self, spec: Mapping[str, Any], redactor: Callable[[], Redactor], nudge: Callable[[], None], folder: str = ""
    ) -> None:
        wanted, env = spec.get("results") or {}, spec["env"]
        self._cwd, more = spec["cwd"], wanted.get("from", ())
        given = (env[name] for name in ("TMPDIR", "TEMP", "TMP") if env.get(name))
        self._below = None if more is None else [self._cwd, *TEMPORARY, *given, *more]
        self._closed = wanted.get("closed", "")
        self._own = os.path.abspath(os.path.join(spec.get("room") or folder, FILES))
        self._reader: int | None = wanted.get("reader")
        self._folder = os.path.join(folder, RESULTS)
        self._most = int(wanted.get("most", MOST))
        self._redactor, self._nudge = redactor, nudge
        self._waiting: list[Named] = []
        self._now: Copy | None = None
        self._count = 0  # of all that were begun
        self._used = 0  # bytes
        self._taken: set[str] = set()  # what lay in the run's own folder, and is kept
        os.makedirs(self._folder, 0o700, exist_ok=True)

    @property
    def pending(self) -> bool:
        return self._now is not None or bool(self._waiting)

    @property
    def many(self) -> bool:
        """Whether so many were named that no other will be kept."""
        return self._count + len(self._waiting) >= MANY

    def take(self, named: Named) -> None:
        self._waiting.append(named)

    def ready(self) -> list[tuple[Named, str, dict[str, object]]]:
        """(what was named, kind of record, its facts) of all that have come to an end; begins the next one."""
        found = []
        while self.pending:
            if self._now is None:
                self._begin(self._waiting.pop(0))
                continue
            if not self._now.over and not self._stuck(self._now):
                break
            done, self._now = self._now, None
            found.append((done.named, *self._end(done)))
        return found

    def tidy(self) -> None:
        """The job is gone: what it made in the run's own folder is there twice, or holds the value of a secret."""
        for path in self._taken:
            try:
                os.unlink(path)
            except OSError:
                pass  # it took it away itself

    def _begin(self, named: Named) -> None:
        self._count += 1
        part = f"{self._folder}-{self._count}.part"
        self._now = copy = Copy(named, part, self._most - self._used)
        try:
            if self._count > MANY:
                raise Refused("many")
            fd = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError as error:
            copy.refused, copy.over = _why(error), True
        except Refused as refused:
            copy.refused, copy.over = refused, True
        else:
            _thread.start_new_thread(self._run, (copy, fd))

    def _run(self, copy: Copy, out: int) -> None:
        try:
            try:
                self._copy(copy, out)
            finally:
                os.close(out)
        except Refused as refused:
            copy.refused = refused
        except OSError as error:
            copy.refused = _why(error)
        except BaseException as error:  # noqa: BLE001  who waits for it must hear of it
            copy.refused = Refused("unreadable", type(error).__name__)
        finally:
            copy.over = True
            self._nudge()

    def _copy(self, copy: Copy, out: int) -> None:
        path = os.path.join(self._cwd, copy.named.path)
        fd, copy.source = opened(path, below=self._below, closed=self._closed, own=self._own, reader=self._reader)
        try:
            if os.fstat(fd).st_size > copy.room:
                raise Refused("large")
            redact, unseen, text, synced = self._redactor(), b"", True, 0
            while data := os.read(fd, CHUNK):
                copy.moved += len(data)
                if copy.moved > copy.room:
                    raise Refused("large")
                text = text and b"\0" not in data
                unseen = self._write(copy, out, unseen + data, redact.feed(data))
                if copy.size - synced >= SYNC:
                    _sync(out)
                    synced = copy.size
            self._write(copy, out, unseen, redact.finish())
            if copy.masked and not text:
                raise Refused("secret")
            _sync(out)
        finally:
            os.close(fd)

    @staticmethod
    def _write(copy: Copy, out: int, unseen: bytes, clean: bytes) -> bytes:
        """Write what is clean; what was read and is not written yet. Where these differ, something was masked."""
        copy.masked = copy.masked or not unseen.startswith(clean)
        copy.size += len(clean)
        rest = clean
        while rest:
            rest = rest[os.write(out, rest) :]
        return b"" if copy.masked else unseen[len(clean) :]

    def _stuck(self, copy: Copy) -> bool:
        """Whether nothing moved for so long that it is given up; its thread may hang for ever."""
        now = time.monotonic()
        if copy.moved != copy.seen:
            copy.seen, copy.since = copy.moved, now
        if now - copy.since < STALL:
            return False
        copy.refused = Refused("stuck")
        return True

    def _end(self, copy: Copy) -> tuple[str, dict[str, object]]:
        refused = copy.refused
        if refused is None:
            try:
                name = _free(self._folder, _name(copy.named.path, self._redactor()))
                os.rename(copy.part, os.path.join(self._folder, name))
            except OSError as error:
                refused = _why(error)
        mine = copy.source.startswith(os.path.realpath(self._own) + "/")
        if mine and (refused is None or refused.why == "secret"):
            self._taken.add(copy.source)
        if refused:
            try:
                os.unlink(copy.part)
            except OSError:
                pass  # it was never made
            return "refused", {"why": refused.why, "error": refused.error, "most": self._most}
        self._used += copy.size
        return "artifact", {"name": name, "size": copy.size, "masked": copy.masked, "source": copy.source}


def _sync(fd: int) -> None:
    """A file that was said to be kept must be there after a power cut as well."""
    os.fdatasync(fd) if hasattr(os, "fdatasync") else os.fsync(fd)


def _why(error: OSError) -> Refused:
    if error.errno in FULL and error.errno != errno.EIO:
        return Refused("full")
    return Refused("unreadable", error.strerror or "")


def _name(path: str, redact: Redactor) -> str:
    """Its name here: the name that the job gave it, without secrets and invisible characters."""
    name = os.fsencode(os.path.basename(os.path.normpath(path))).decode(errors="replace")
    name = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in redact.clean(name))
    stem, ending = os.path.splitext(name)
    while len((stem + ending).encode()) > NAME:
        stem, ending = (stem[:-1], ending) if len(stem) > 1 else (stem, ending[:-1])
    return stem + ending


def _free(folder: str, name: str) -> str:
    """The same name, numbered if it is taken."""
    stem, ending = os.path.splitext(name)
    number = 1
    while os.path.lexists(os.path.join(folder, name)):
        number += 1
        name = f"{stem}-{number}{ending}"
    return name
