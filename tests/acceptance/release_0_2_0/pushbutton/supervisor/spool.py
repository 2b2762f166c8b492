"""The spool: the folder in which a supervisor writes, and what is in it. Read by the collector.

    lock      `flock`ed for the supervisor's whole life: a free lock means that it is gone
    events    one JSON object a line, appended; the last one is `end`
    output    what the job wrote, as it came
    times     16-byte records (offset, microseconds since the epoch): bytes from `offset` on came then
    control   a FIFO: the server writes JSON lines, `{"do": "stop", "grace": 10, "by": "…"}`
    channel   a FIFO: reports of processes that the job's descriptor does not reach, and of the HTTP API
    tree      the processes of the run at the last look, for who must clean up after us: the boot id in the first
              line, then "pid start name" a line, then "end"
    log       what the supervisor itself had to complain about

Every event record has `t` (microseconds since the epoch), `o` (output bytes at that moment) and `k`:

    born      pid, start, boot, epoch     written before the job is started: without it, the job never ran
    started   pid, start
    line      line                        what the job wrote to its event channel
    stop      why (cancel | timeout | signal | background), by, grace
    exit      code (negative: that signal ended it)
    truncated kept                        the output reached its cap
    deaf      kept                        it reported more often than is listened to; the rest is not kept
    storage   lost                        output that could not be written, in bytes
    end       code, why, background, error, survivors, verified, bytes, lost, unheard
"""

from __future__ import annotations

import _socket  # `socket` adds selectors and more enums, which cost a start 4 ms, for nothing that is needed here
import errno
import fcntl
import json
import os
import struct
import time

LOCK, EVENTS, OUTPUT, TIMES, TREE, LOG = "lock", "events", "output", "times", "tree", "log"
CONTROL, CHANNEL = "control", "channel"
TIME_RECORD = struct.Struct("<QQ")
FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO})
"""What a write says when the storage cannot take it now. It may be able to later."""

Record = dict[str, object]


def micros() -> int:
    """Wall clock, microseconds since the epoch."""
    return time.time_ns() // 1000


def read_records(fd: int, position: int, size: int = 1 << 20) -> tuple[list[Record], int]:
    """The complete records from `position` on, at most `size` bytes of them, and the position behind them.

    A line that is not finished yet is left for the next call. A line that is no record (a torn write after a
    full disk) is passed over.
    """
    data = os.pread(fd, size, position)
    end = data.rfind(b"\n") + 1
    if not end and len(data) == size:
        return [], position + size  # no record is that long: step over the debris
    records: list[Record] = []
    for line in data[:end].splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and "k" in record:
            records.append(record)
    return records, position + end


def is_held(folder: str | os.PathLike[str]) -> bool:
    """Whether a live supervisor has this spool. Holds a shared lock for a moment: whoever takes it tries again."""
    try:
        fd = os.open(os.path.join(folder, LOCK), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(fd)


class Spool:
    """The writing side. A full disk loses output, counted and said once there is room.

    Records wait in memory for room; only reports of the job beyond `BACKLOG` bytes are dropped, and counted.
    """

    BACKLOG = 1 << 20

    def __init__(self, folder: str, hint: str, cap: int) -> None:
        self._events = self._open(os.path.join(folder, EVENTS))
        self._output = self._open(os.path.join(folder, OUTPUT))
        self._times = self._open(os.path.join(folder, TIMES))
        self._tree = os.open(os.path.join(folder, TREE), os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        self._hint = hint
        self._name = os.path.basename(folder).encode()
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._pending = b""  # events that the disk did not take yet
        self._cap = cap
        self.size = os.fstat(self._output).st_size
        self.lost = 0  # bytes of output that nobody will see
        self._unsaid = 0  # of those, not yet told
        self._capped = self._ended = False
        self.unheard = 0  # reports that were dropped
        self._unsynced: set[int] = set()  # descriptors of what was written since the last `sync`

    @staticmethod
    def _open(path: str) -> int:
        return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def record(self, kind: str, **facts: object) -> None:
        """Append one event and tell the server. While the disk is full it is kept and tried again by `settle`."""
        line = json.dumps({"t": micros(), "o": self.size, "k": kind, **facts}, separators=(",", ":")).encode() + b"\n"
        if self._ended:
            return  # nothing follows the last record, whatever is left behind says
        self._ended = kind == "end"
        if kind != "line" or len(self._pending) + len(line) <= self.BACKLOG:
            self._pending += line
        else:
            self.unheard += 1
        self.settle()
        self.hint()

    def settle(self) -> bool:
        """Try to write what is pending; True when nothing is."""
        while self._pending:
            try:
                written = os.write(self._events, self._pending)
                self._unsynced.add(self._events)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                return False
            self._pending = self._pending[written:]
        return True

    def write(self, data: bytes) -> None:
        """Append output. Never raises for a full disk and never waits for room: the job must not hang on it."""
        keep = data[: max(0, self._cap - self.size)]
        if len(keep) < len(data):
            self.lost += len(data) - len(keep)
            if not self._capped:
                self._capped = True
                self.record("truncated", kept=self._cap)
        if not keep:
            return
        at = TIME_RECORD.pack(self.size, micros())
        self._unsynced |= {self._output, self._times}
        written = 0
        try:
            while written < len(keep):
                written += os.write(self._output, keep[written:])
        except OSError as error:
            if error.errno not in FULL:
                raise
        if written:
            try:
                os.write(self._times, at)
            except OSError:
                pass  # only the time of these lines is lost
        self.size += written
        if written < len(keep):
            if not self.lost:
                self.record("storage", lost=0)
            self.lost += len(keep) - written
            self._unsaid += len(keep) - written
        elif self._unsaid:
            unsaid, self._unsaid = self._unsaid, 0
            self.record("storage", lost=unsaid)
        self.hint()

    def tree(self, boot: str, processes: list[tuple[int, int, str]]) -> None:
        """Overwrite the list of the run's processes."""
        lines = (f"{pid} {start} {name}\n" for pid, start, name in processes)
        text = f"{boot}\n{''.join(lines)}end\n".encode()
        try:
            os.pwrite(self._tree, text, 0)
            os.ftruncate(self._tree, len(text))
        except OSError:
            pass  # a full disk: the list of a moment ago is better than none

    def sync(self) -> None:
        """Make everything survive a power cut."""
        for fd in sorted(self._unsynced):
            try:
                os.fdatasync(fd) if hasattr(os, "fdatasync") else os.fsync(fd)
            except OSError:
                pass
        self._unsynced.clear()

    def close(self) -> None:
        self._socket.close()
        for fd in (self._events, self._output, self._times, self._tree):
            os.close(fd)

    def hint(self) -> None:
        """Say "this run grew". If nobody listens, the server looks by itself a little later."""
        try:
            self._socket.sendto(self._name, self._hint)
        except OSError:
            pass
