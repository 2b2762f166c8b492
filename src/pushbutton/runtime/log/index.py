"""Where each line of one run is, kept up as its output grows. All of this blocks: `reader.LineReader` is the way in.

Beside `output` and `times` stand, once they are worth it, derived files that are made anew whenever they do not fit:

    lines        the lines that were rewritten, as they ended; all others are read from `output` itself
    lines.at     one number per line of `lines`: offset of its first byte in `output` * 2, plus 1 if it is continued
    lines.idx    extents, five numbers each: stretches of up to 64 KiB of lines in `output` or in `lines`
    lines.state  JSON: how far the other files go, and the terminal with the lines that may still change

`screen`, which is made before the job starts, says how large its terminal is; a job without one has none.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import tempfile
import threading
import time
import weakref
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pushbutton.domain.encoding import AsUtf8
from pushbutton.runtime.ports import Log
from pushbutton.terminal import styles
from pushbutton.terminal.cells import Drawn, Settled, Shown
from pushbutton.terminal.terminal import PIECE, Terminal

VERSION = 2  # of the files and of what a terminal shows: files of another version are made anew
CHUNK = 1 << 17  # bytes read at a time
BREATH = 5e-5  # seconds between two chunks, in which the event loop can have the interpreter
BUFFERED = 10_000  # rewritten lines that wait to be written
STEP = 0.03  # seconds of reading on, before others get a look in
SAVE_EVERY = 32 << 20  # bytes that may have to be read again after a crash
WORTH_SAVING = 1 << 20  # bytes of output below which reading it anew is as quick
SMALL = 1 << 14  # bytes; fewer between rewritten lines are copied to `lines`, so that extents stay few
_FIELDS = 5
_FILES = ("lines.state", "lines.idx", "lines.at", "lines")


@dataclass(frozen=True, slots=True)
class Extent:
    """Whole lines, one after the other in one file."""

    first: int  # lines before it
    drawn: bool  # in `lines`, else in `output`
    offset: int  # in that file
    size: int
    begin: int  # offset in `output` of its first line
    extra: int  # its first line's place in `lines.at`, or the style that it begins in

    def longer(self, size: int) -> Extent:
        return Extent(self.first, self.drawn, self.offset, self.size + size, self.begin, self.extra)

    def row(self) -> tuple[int, ...]:
        return self.first, self.offset * 2 + self.drawn, self.size, self.begin, self.extra


@dataclass(frozen=True, slots=True)
class View:
    """All lines at one moment: those of the extents, then those within the cursor's reach."""

    closed: int  # extents that will not change any more
    rows: array[int]  # of the extents; only its first `closed` ones are ours
    last: Extent | None  # the one that still grew
    settled: int  # lines in extents
    reach: Sequence[Shown]
    read: int  # bytes of output that all of this stands for
    place: Path  # where `lines` and `lines.at` are

    @property
    def total(self) -> int:
        return self.settled + len(self.reach)

    @property
    def extents(self) -> int:
        return self.closed + (self.last is not None)

    def extent(self, index: int) -> Extent:
        if index == self.closed and self.last:
            return self.last
        first, where, size, begin, extra = self.rows[index * _FIELDS : index * _FIELDS + _FIELDS]
        return Extent(first, bool(where & 1), where >> 1, size, begin, extra)

    def holding(self, line: int) -> int:
        """The extent that the line is in; `line` counts from 0 and is settled."""
        return bisect_right(range(self.extents), line, key=lambda index: self.extent(index).first) - 1

    def reaching(self, offset: int) -> int:
        """The last extent that begins at or before this offset of `output`, or -1."""
        return bisect_right(range(self.extents), offset, key=lambda index: self.extent(index).begin) - 1


class LineIndex:
    """One thread at a time may call `grow`; `view` may be called by any, and waits for a step of growing at most."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._folder = self._place = log.place()
        self._lock = threading.Lock()
        self._release: weakref.finalize[..., LineIndex] | None = None  # set: the derived files are ours alone
        self._resumed = False
        self._empty()

    def _empty(self) -> None:
        self._terminal = Terminal()
        self._coded: AsUtf8 | None = None  # what the terminal reads of output that is no UTF-8
        self._rows = array("Q")
        self._last: Extent | None = None
        self._count = 0  # lines in extents
        self._texts: list[bytes] = []  # for `lines`, not written yet
        self._begins = array("Q")  # for `lines.at`, not written yet
        self._drawn = 0  # lines in `lines`
        self._drawn_size = 0
        self._flushed = 0  # bytes of `lines` that are in the file
        self._saved = 0  # bytes of output that the files on disk stand for
        self._view: View | None = None
        self._final = False  # what `_view` was asked for

    @property
    def read(self) -> int:
        """Bytes of output taken in."""
        return self._coded.read if self._coded else self._terminal.read

    @property
    def settled(self) -> int:
        return self._count

    @property
    def worth_saving(self) -> bool:
        """Whether enough was taken in since the last save that the end of a run is reason for another."""
        return self.read - self._saved >= WORTH_SAVING

    def size(self) -> int:
        """Bytes of output that there are."""
        return self._log.size()

    def view(self, *, final: bool) -> View:
        """The index so far; `final` also shows a character that was begun and will not be finished."""
        with self._lock:
            if self._view is None or self._final != final:
                reach = self._reach(final=final)
                closed = len(self._rows) // _FIELDS
                self._final = final
                self._view = View(closed, self._rows, self._last, self._count, reach, self.read, self._place)
            return self._view

    def _reach(self, *, final: bool) -> list[Shown]:
        terminal, coded = self._terminal, self._coded
        if final and (terminal.unfinished or (coded and coded.unfinished)):
            terminal = Terminal.restore(terminal.dump())
            terminal.feed("\N{REPLACEMENT CHARACTER}".encode() if coded and coded.unfinished else b"")
            terminal.finish()
        reach = terminal.reach()
        return [replace(one, begin=coded.place(one.begin)) for one in reach] if coded else reach

    def grow(self, *, final: bool) -> None:
        """Read on for about `STEP` seconds. `final`: when all is read, leave files that the next reader starts from.

        Raises OSError when a file cannot be read or written; the next call then starts afresh.
        """
        with self._lock:
            try:
                self._grow(final=final)
            except OSError:
                self._empty()
                raise

    def close(self) -> None:
        """Save, and let others have the files."""
        with self._lock:
            if self.worth_saving:
                self._save()
            if self._release:
                self._release()
                self._release = None
            self._place = self._folder
            self._resumed = False
            self._empty()

    # taking in

    def _grow(self, *, final: bool) -> None:
        if not self._resumed:
            self._resumed = True
            self._resume()
        if self.read == 0:
            self._terminal = Terminal(self._log.screen())
        size = self.size()
        if size < self.read:  # not what was read before: output only grows
            self._empty()
            self._terminal = Terminal(self._log.screen())
        if size > self.read:
            self._view = None
            if self.read == 0 and (encoding := self._log.encoding()):
                self._coded = AsUtf8(encoding)
            until = time.monotonic() + STEP
            while self.read < size:
                data = self._log.read(self.read, min(CHUNK, size - self.read))
                if not data:
                    break
                for piece in self._terminal.feed(self._coded.feed(data) if self._coded else data):
                    self._add(piece)
                if self._coded:
                    self._coded.forget(self._terminal.first)
                if len(self._begins) > BUFFERED or self._drawn_size - self._flushed > CHUNK:
                    self._flush()
                if time.monotonic() >= until:
                    break
                time.sleep(BREATH)
            self._flush()
        if self.read - self._saved >= (WORTH_SAVING if final and self.read >= size else SAVE_EVERY):
            self._save()

    def _add(self, piece: Settled) -> None:
        last = self._last
        if isinstance(piece, Drawn):
            self._draw(piece.data, piece.begin, piece.continued)
        elif self._coded or (last and last.drawn and len(piece.data) < SMALL and last.size < PIECE):
            style, begin = piece.style, piece.offset
            for line in piece.data.split(b"\n")[:-1]:
                self._draw(styles.drawn(line.rstrip(b"\r"), style), begin, False)
                style = styles.style_after(line, style)
                begin += len(line) + 1
        else:
            size = len(piece.data)
            if last and not last.drawn and last.offset + last.size == piece.offset and last.size + size <= PIECE:
                self._last = last.longer(size)
            else:
                self._begin(Extent(self._count, False, piece.offset, size, piece.offset, piece.style))
            self._count += piece.lines

    def _draw(self, data: bytes, begin: int, continued: bool) -> None:
        last, size = self._last, len(data) + 1
        if self._coded:
            begin = self._coded.place(begin)
        if last and last.drawn and last.size + size <= PIECE:
            self._last = last.longer(size)
        else:
            self._begin(Extent(self._count, True, self._drawn_size, size, begin, self._drawn))
        self._texts.append(data)
        self._begins.append(begin * 2 + continued)
        self._count += 1
        self._drawn += 1
        self._drawn_size += size

    def _begin(self, extent: Extent) -> None:
        if self._last:
            self._rows.extend(self._last.row())
        self._last = extent

    # files

    def _flush(self) -> None:
        """Put rewritten lines where readers find them."""
        if not self._texts:
            return
        self._own()
        data = b"\n".join(self._texts) + b"\n"
        if len(data) == self._drawn_size:  # begun anew: what an older state says of these files is over
            (self._place / "lines.state").unlink(missing_ok=True)
        _write(self._place / "lines", data, self._drawn_size - len(data))
        _write(self._place / "lines.at", self._begins.tobytes(), (self._drawn - len(self._begins)) * 8)
        self._texts = []
        self._begins = array("Q")
        self._flushed = self._drawn_size

    def _own(self) -> None:
        """Make sure that nothing else writes the derived files; where that cannot be had, use own ones."""
        if self._release:
            return
        try:
            lock = os.open(self._folder / "lines.idx", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
                raise
            lock = None
        if lock is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
            else:
                self._release = weakref.finalize(self, os.close, lock)
                return
        self._place = Path(tempfile.mkdtemp(prefix="pushbutton-lines-"))
        self._release = weakref.finalize(self, shutil.rmtree, self._place, ignore_errors=True)

    def _save(self) -> None:
        """Make the files say all that is known, and last of all say so. Failing costs the next reader time only."""
        with contextlib.suppress(OSError):
            self._own()
            rows = self._rows.tobytes()
            state = {
                "version": VERSION,
                "read": self.read,
                "idx": [len(rows), zlib.crc32(rows)],
                "lines": [self._drawn_size, self._drawn, self._count],
                "last": self._last and self._last.row(),
                "terminal": self._terminal.dump(),
                "coded": self._coded and self._coded.dump(),
            }
            text = json.dumps(state, separators=(",", ":"))
            _write(self._place / "lines.idx", rows, 0, sync=True)
            for name in ("lines", "lines.at") if self._drawn else ():
                _write(self._place / name, b"", 0, sync=True)
            new = self._place / "lines.state.new"
            new.unlink(missing_ok=True)
            _write(new, f"{zlib.crc32(text.encode()):08x}{text}".encode(), 0, sync=True)
            new.replace(self._place / "lines.state")
        self._saved = self.read

    def _resume(self) -> None:
        """Start from the files if they fit together, else from nothing."""
        if not (self._folder / "lines.state").exists():
            return
        self._own()
        try:
            self._load()
        except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError):
            self._empty()
            for name in _FILES:
                with contextlib.suppress(FileNotFoundError):
                    if name != "lines.idx":  # it holds the lock
                        (self._place / name).unlink()

    def _load(self) -> None:
        text = (self._place / "lines.state").read_bytes()
        if int(text[:8], 16) != zlib.crc32(text[8:]):
            raise ValueError("damaged")
        state = json.loads(text[8:])
        size, check = state["idx"]
        rows = (self._place / "lines.idx").read_bytes()[:size]
        drawn_size, drawn, count = state["lines"]
        if (
            state["version"] != VERSION
            or (state.get("coded") or {}).get("encoding", "") != self._log.encoding()
            or state["read"] > self.size()
            or len(rows) != size
            or zlib.crc32(rows) != check
            or (drawn and (self._place / "lines").stat().st_size < drawn_size)
            or (drawn and (self._place / "lines.at").stat().st_size < drawn * 8)
        ):
            raise ValueError("does not fit")
        self._terminal = Terminal.restore(state["terminal"])
        self._coded = AsUtf8.restore(state["coded"]) if state.get("coded") else None
        self._rows.frombytes(rows)
        self._drawn_size, self._drawn, self._count = drawn_size, drawn, count
        self._flushed = drawn_size
        if state["last"]:
            first, where, length, begin, extra = state["last"]
            self._last = Extent(first, bool(where & 1), where >> 1, length, begin, extra)
        self._saved = self.read


def _write(path: Path, data: bytes, offset: int, *, sync: bool = False) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while data:
            done = os.pwrite(file, data, offset)
            data, offset = data[done:], offset + done
        if sync:
            os.fsync(file)
    finally:
        os.close(file)
