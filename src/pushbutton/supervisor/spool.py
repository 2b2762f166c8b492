"""The spool: the folder in which a supervisor writes, and what is in it. Read by the collector.

    lock      `flock`ed for the supervisor's whole life: a free lock means that it is gone. In it, by the server that
              started it: pid, start, boot, timeout
    events    one JSON object a line, appended; the last one is `end`
    output    what the job wrote, as it came
    encoding  the name of the encoding of `output`, as Python calls it; without this file it is UTF-8
    times     16-byte records (offset, microseconds since the epoch): bytes from `offset` on came then
    screen    rows and columns of the job's terminal, "24 80"; only where it has one
    control   a FIFO: the server writes orders, one JSON object a line, see below
    channel   a FIFO: reports of processes that the job's descriptor does not reach
    elsewhere a FIFO, in protocol 1 only: reports that came over HTTP. 0.2.0 had none and took them from `channel`
    receipts  a folder of FIFOs: a process that waits until its file is kept, or its step is noted, makes one, and
              names it in the report
    results   a folder: the files that the job handed over, as they were then
    files     a folder for the job, in which to make files. What lies in its folder `results` when the job has ended is
          handed over, by name: JSON that fits into a report as one, everything else as a file
    tree      the processes of the run at the last look, for the clean-up after our death: the boot id in the first
              line, then "pid start name" a line, then "end"
    log       what the supervisor itself had to complain about
    room      for a job as another user: where it has `files`, `receipts`, `channel` and `in` in place of these, and the
              program by which it is theirs: `{"room": "/tmp/…", "through": ["sudo", …]}`
    in/       what people brought for the run, a folder for each input; made before the supervisor is started

Every event record has `t` (microseconds since the epoch), `o` (output bytes at that moment; a report stands behind
all that the job had written to its pipe before) and `k`:

    born      pid, start, boot, epoch, protocol   written before the job is started: without it, the job never ran
    started   pid, start
    unmasked  count                       so many of its secrets are too short to be masked
    line      line, by, exact             what was reported, by the job or over HTTP ("job", "http"). Up to 0.2.0 it had
                                          no `by`, and could name a file, which the server copied. exact: the job waits,
                                          so that `o` is just what was written before it; else it is missing
    artifact  name, size, masked, path, source, title   a file is kept: in `results`, by this name
    refused   path, why, error, most      a file is not
    stop      why (cancel | timeout | signal | background), by, grace
    heard     n                           the orders up to this number were carried out
    exit      code (negative: that signal ended it)
    truncated kept                        the output reached its cap
    deaf      kept                        it reported more often than is listened to; the rest is not kept
    storage   lost                        output that could not be written, in bytes
    end       code, why, background, error, survivors, verified, bytes, lost, unheard, spoiled; with `error` also
              fault, values               what it says, as a word of `faults.FAULTS` and the texts in its places

An order has a number `n`, from 1 on without gaps, and says what to `do`. It may come torn and come again: the
supervisor skips what is no line of JSON, and every number but the next one.

    {"n": 17, "do": "stop", "grace": 10, "by": "…"}
    {"n": 18, "do": "report", "lines": "…"}   lines from elsewhere, which can name no file

`protocol` is the version of all this, which `born` says: 2. Without it, it is 1, which 0.2.0 speaks: an order has no
number and no answer, there is only `stop`, and a report is a line of text in `elsewhere` or `channel`. A server speaks
the protocol of each supervisor that it finds.
"""

from __future__ import annotations

import _socket  # `socket` adds selectors and more enums, which cost a start 4 ms, for nothing that is needed here
import errno
import fcntl
import os
import struct
import time

from . import slim_json

LOCK, EVENTS, OUTPUT, TIMES, TREE, LOG = "lock", "events", "output", "times", "tree", "log"
ENCODING = "encoding"
CONTROL, CHANNEL = "control", "channel"
ELSEWHERE = "elsewhere"  # of protocol 1
FILES, RESULTS, RECEIPTS, GIVEN, SCREEN, ROOM = "files", "results", "receipts", "in", "screen", "room"
HANDED_OUT = f"{FILES}/results"
TIME_RECORD = struct.Struct("<QQ")
PROTOCOL = 2
"""The protocol version of a supervisor of this version."""
FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO})
"""The errors of a write that the storage cannot take now, and may take later."""

Record = dict[str, object]


def _is_number(value: object) -> bool:
    """One that a database holds, too."""
    return type(value) is int and 0 <= value < 1 << 63


def _is_pid(value: object) -> bool:
    return type(value) is int and 0 < value < 1 << 31


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 53


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_sentence(value: object) -> bool:
    """A text without half characters, which no file can hold."""
    return isinstance(value, str) and value.encode(errors="replace").decode() == value


def _is_code(value: object) -> bool:
    return value is None or (type(value) is int and abs(value) < 1 << 31)


def _are_sentences(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_sentence, value))


_BASIC = {"t": _is_number, "o": _is_number}
_FACTS = {
    "born": {**_BASIC, "pid": _is_pid, "start": _is_number, "boot": _is_text},
    "unmasked": {**_BASIC, "count": _is_number},
    "line": {**_BASIC, "line": _is_text},
    "stop": {**_BASIC, "why": _is_text, "grace": _is_seconds},
    "heard": {**_BASIC, "n": _is_number},
    "exit": {**_BASIC, "code": _is_code},
    "truncated": {**_BASIC, "kept": _is_number},
    "deaf": {**_BASIC, "kept": _is_number},
    "storage": {**_BASIC, "lost": _is_number},
    "end": {**_BASIC, "code": _is_code},
}
"""The fields that a record must have to be read, by its kind."""
_MORE = {
    "why": _is_text,
    "error": _is_sentence,
    "survivors": _are_sentences,
    "lost": _is_number,
    "unheard": _is_number,
    "spoiled": _is_number,
}
_END = {"why": "", "error": "", "survivors": [], "lost": 0, "unheard": 0, "spoiled": 0}
"""Fields of `end` where it does not have them."""


def micros() -> int:
    """Wall clock, microseconds since the epoch."""
    return time.time_ns() // 1000


def read_records(fd: int, position: int, size: int = 1 << 20) -> tuple[list[Record], int]:
    """The complete records from `position` on, at most `size` bytes of them, and the position behind them.

    A line that is not finished yet is left for the next call. A line that is no record (a torn write after a
    full disk), or not what a supervisor writes, is passed over: what is returned can be read without a further look.
    """
    data = os.pread(fd, size, position)
    end = data.rfind(b"\n") + 1
    if not end and len(data) == size:
        return [], position + size  # no record is that long: step over the debris
    records: list[Record] = []
    for line in data[:end].splitlines():
        try:
            record = slim_json.loads(line.decode())
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and _sound(record):
            records.append({**_END, **record} if record["k"] == "end" else record)
    return records, position + end


def _sound(record: Record) -> bool:
    """Not everything in there needs to be a supervisor's: the folder belongs to the user whose jobs run."""
    kind = record.get("k")
    if not isinstance(kind, str) or not _is_number(record.get("o", 0)):
        return False
    return all(name in record and is_right(record[name]) for name, is_right in _FACTS.get(kind, {}).items()) and (
        kind != "end" or all(is_right(record.get(name, _END[name])) for name, is_right in _MORE.items())
    )


def protocol(folder: str | os.PathLike[str]) -> int:
    """The protocol version of this spool's supervisor; 0: it has not started yet."""
    try:
        fd = os.open(os.path.join(folder, EVENTS), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        for record in read_records(fd, 0, 1 << 16)[0]:
            if record["k"] == "born":
                spoken = record.get("protocol", 1)
                return spoken if type(spoken) is int and spoken > 0 else 1
    finally:
        os.close(fd)
    return 0


def is_held(folder: str | os.PathLike[str]) -> bool:
    """Whether a live supervisor has this spool. Holds a shared lock for a moment: another taker tries again."""
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
        self._listed = b""
        self._hint = hint
        self._name = os.path.basename(folder).encode()
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._pending = b""  # events that the disk did not take yet
        self._cap = cap
        self.size = os.fstat(self._output).st_size
        self.lost = 0  # bytes of output that are lost
        self._unsaid = 0  # of those, not yet told
        self._capped = self._ended = False
        self.unheard = 0  # reports that were dropped
        self._unsynced: set[int] = set()  # descriptors of what was written since the last `sync`

    @staticmethod
    def _open(path: str) -> int:
        return os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def record(self, kind: str, **facts: object) -> None:
        """Append one event and tell the server. While the disk is full it is kept and tried again by `settle`."""
        line = slim_json.dumps({"t": micros(), "o": self.size, "k": kind, **facts}).encode() + b"\n"
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
        """Overwrite the list of the run's processes, if it has changed."""
        lines = (f"{pid} {start} {name}\n" for pid, start, name in processes)
        text = f"{boot}\n{''.join(lines)}end\n".encode()
        if text == self._listed:
            return
        try:
            os.pwrite(self._tree, text, 0)
            os.ftruncate(self._tree, len(text))
            self._listed = text
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
