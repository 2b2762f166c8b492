"""The end of the audit trail as it is known apart from the database: by this process, and by a file that it writes.

A cut in the database, with an earlier note of the end put back there, changes neither of them.

The file is written after each commit that holds a record, by a thread of its own and without waiting for the disk: no
press is slower for it. So it may be behind the database by a moment, or by more after a power cut, and is never ahead
of it: a kill at any time leaves nothing that looks like a cut. It is one line, written over in one piece.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from pathlib import Path

from pushbutton.domain.audit import Head, sealed

log = logging.getLogger(__name__)

PAUSE = 0.02  # seconds between two notes: of many commits in a row each would take the processor from the next one
WIDTH = 200
"""Bytes: of one sector, so that not even a power cut leaves half a line."""


class End:
    def __init__(self, key: bytes = b"", file: Path | None = None) -> None:
        """`key`: of the chain; `file`: None for none."""
        self.key = key
        self.head = Head()  # the last that was committed, as far as is known here; none: nothing is known
        self.touched = False  # a record was written in the transaction that is open
        self._file = file
        self._asked = threading.Event()
        self._closing = threading.Event()
        self._writer: threading.Thread | None = None

    def read(self) -> Head:
        """The head in the file; an empty one where there is none, or none with our seal."""
        try:
            number, digest, seal = self._file.read_text().strip().split(":") if self._file else ("", "", "")
        except (OSError, ValueError):
            return Head()
        found = sealed(self.key, int(number), digest) if number.isascii() and number.isdigit() else Head()
        return found if found.seal == seal else Head()

    @property
    def heads(self) -> tuple[Head, ...]:
        """All that are known."""
        return tuple(head for head in dict.fromkeys((self.head, self.read())) if head.id)

    # -- the process that writes

    def open(self) -> None:
        self.head = self.read()
        if self._file:
            self._writer = threading.Thread(target=self._write, name="audit-end", daemon=True)
            self._writer.start()

    def committed(self, head: Head) -> None:
        """In the thread of the database; it waits for nothing."""
        self.head, self.touched = head, False
        self._asked.set()

    def close(self) -> None:
        """The last one is written."""
        if self._writer:
            self._closing.set()
            self._asked.set()
            self._writer.join()
            self._writer = None

    def _write(self) -> None:
        written, closing = self.head, False
        while not closing:
            self._asked.wait()
            self._asked.clear()
            closing = self._closing.is_set()
            head = self.head
            if head.id and head != written:
                try:
                    self._put(f"{head.note}:{head.seal}")
                    written = head
                except OSError as error:
                    log.warning("the end of the audit trail is not noted in %s: %s", self._file, error.strerror)
            self._closing.wait(PAUSE)

    def _put(self, text: str) -> None:
        assert self._file  # noqa: S101  there is no thread without it
        new = not self._file.exists()
        fd = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.pwrite(fd, f"{text:<{WIDTH - 1}}\n".encode(), 0)
            if new:
                with contextlib.suppress(OSError):  # a place that cannot be asked for it
                    os.fsync(fd)
        finally:
            os.close(fd)
