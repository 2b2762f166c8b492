"""The way from a job to its run: one line per event, to the file descriptor named by PUSHBUTTON_EVENTS.

Where that was closed on the way (Python's `subprocess` closes it), to the named pipe at PUSHBUTTON_CHANNEL, if
anybody reads it.

A line goes out whole, also from threads and forked processes. Nothing here raises: a run that nobody hears is
still a run.
"""

from __future__ import annotations

import _thread
import errno
import fcntl
import os
import select
import stat
import time

try:
    from _json import encode_basestring
except ImportError:
    encode_basestring = None  # type: ignore[assignment]  # another Python

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    from typing import Any

__all__ = ["CHANNEL", "VARIABLE", "hand_over", "send", "send_in_order"]

VARIABLE = "PUSHBUTTON_EVENTS"
IDENTITY = "PUSHBUTTON_EVENTS_ID"
CHANNEL = "PUSHBUTTON_CHANNEL"
SPOOL = "PUSHBUTTON_SPOOL"
RECEIPTS = "receipts"
PLACE = "PUSHBUTTON_RECEIPTS"
_ANSWER = 10.0  # seconds that a supervisor may take to say that it has heard of a file
_MOMENT = 1.0  # the same of anything else: nothing is lost where it is not waited for
_LONGEST = 60_000  # bytes: below what `protocol.parse` looks at

_lock = _thread.RLock()  # a signal's handler may say something while the same thread is saying something
_saying = False
_unanswered = False  # a supervisor that did not answer is not waited for again


def _fresh_lock() -> None:
    """Another thread may have held the lock when the process was forked; in the child nobody would let it go."""
    global _lock, _saying
    _lock, _saying = _thread.RLock(), False


os.register_at_fork(after_in_child=_fresh_lock)


def send(kind: str, data: dict[str, Any]) -> bool:
    """Write one event. False: there is no run to tell, so the caller shows it itself."""
    inherited = _descriptor()
    fd = _named_pipe() if inherited is None else inherited
    if fd is None:
        return False
    try:
        _in_turn(fd, _encode(kind, data), own=inherited is None)
    except OSError:
        pass  # the reader is gone; the job is not hurt
    finally:
        if inherited is None:
            os.close(fd)
    return True


def hand_over(data: dict[str, Any]) -> bool:
    """Write the event that names a file, and return when the file is kept, or when it is said why it is not.

    Where no supervisor answers (one of 0.2.0 cannot, and the event may go to a file of the job's own), it does not
    wait. False as for `send`.
    """
    return _send_and_wait("artifact", data, _ANSWER)


def send_in_order(kind: str, data: dict[str, Any]) -> bool:
    """Write one event, and return when all that was written to the output before it is taken: so its place in the
    output is known. Where no supervisor answers within a moment, it does not wait. False as for `send`.
    """
    global _unanswered  # noqa: PLW0603 - it only becomes True
    if _unanswered:
        return send(kind, data)
    begun = time.monotonic()
    told = _send_and_wait(kind, data, _MOMENT)
    _unanswered = time.monotonic() - begun > _MOMENT
    return told


def _send_and_wait(kind: str, data: dict[str, Any], patience: float) -> bool:
    waiting = _receipt()
    if waiting is None:
        return send(kind, data)
    path, fd = waiting
    try:
        told = send(kind, {**data, "receipt": os.path.basename(path)})
        if told:
            _wait(fd, patience)
        return told
    finally:
        os.close(fd)
        try:
            os.unlink(path)
        except OSError:
            pass  # the job itself took it away


def _receipt() -> tuple[str, int] | None:
    """(path, descriptor) of a new pipe on which the supervisor answers; None where it has no place for one."""
    folder = os.environ.get(PLACE) or os.path.join(os.environ.get(SPOOL, ""), RECEIPTS)
    if not os.path.isabs(folder):
        return None
    path = os.path.join(folder, f"{os.getpid()}-{os.urandom(8).hex()}")
    try:
        os.mkfifo(path, 0o600)
        if os.stat(folder).st_uid != os.geteuid():
            os.chmod(path, 0o622)  # noqa: S103 - who answers is another user
        return path, os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)  # never at its end
    except (OSError, ValueError):
        return None


def _wait(fd: int, patience: float) -> None:
    """Until ".": it is done. Before it, "+" says that there is somebody who will say so; either comes within
    `patience` seconds, or it is not waited for.
    """
    heard, poll, until = b"", select.poll(), time.monotonic() + patience
    poll.register(fd, select.POLLIN)
    while b"." not in heard:
        if poll.poll(500):
            heard += os.read(fd, 16)
        elif not heard and time.monotonic() > until:
            return
        elif (reader := _named_pipe()) is None:
            return  # the supervisor has gone
        else:
            os.close(reader)


def _encode(kind: str, data: dict[str, Any]) -> bytes:
    line = _json({"kind": kind, "data": data}).encode("utf-8", "replace")
    if len(line) > _LONGEST:
        short = {
            key: f"{value[:8000]} … (cut: {len(value):,} characters)"
            if isinstance(value, str) and len(value) > 8000
            else value
            for key, value in data.items()
        }
        line = _json({"kind": kind, "data": short}).encode("utf-8", "replace")
    return line + b"\n"


def _json(value: object) -> str:
    """As `json.dumps(value, ensure_ascii=False)`, which loads `re` and `enum`: half of the time of `pushbutton status`.
    What it does not know, and a Python without the C part, is for `json` after all.
    """
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) is int:
        return str(value)
    if type(value) is float and value - value == 0:
        return repr(value)
    if type(value) is str and encode_basestring is not None:
        return encode_basestring(value)
    if type(value) is dict and all(type(key) is str for key in value):
        return f"{{{', '.join(f'{_json(key)}: {_json(item)}' for key, item in value.items())}}}"
    import json  # noqa: PLC0415

    return json.dumps(value, ensure_ascii=False)


def _descriptor() -> int | None:
    """The channel, if it is there.

    A program may have closed it (Python's `subprocess` does) or put something of its own in its place (`exec 3>&1`): it
    is the pipe of the inode that PUSHBUTTON_EVENTS_ID names. Where nobody says one, only a pipe, a socket or a file
    open for appending is taken for the channel.
    """
    try:
        fd = int(os.environ.get(VARIABLE, ""))
        status, given = os.fstat(fd), os.environ.get(IDENTITY, "")
        if given and given != str(status.st_ino):
            return None
        mode = status.st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            return fd
        return fd if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_APPEND else None
    except (ValueError, OverflowError, OSError):
        return None


def _named_pipe() -> int | None:
    """The pipe at PUSHBUTTON_CHANNEL, opened for this one event; None when nobody reads it."""
    path = os.environ.get(CHANNEL, "")
    if not path:
        return None
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except (OSError, ValueError):
        return None
    if stat.S_ISFIFO(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    return None


def _in_turn(fd: int, line: bytes, *, own: bool) -> None:
    """Threads take turns by a lock, processes by `flock`. `own`: nobody else has this open file.

    The kernel keeps a line whole up to PIPE_BUF, but would put it into the middle of somebody's longer one. Forked
    processes share one open file, which `flock` would not tell apart; where `/proc` is, each opens the pipe anew.
    """
    global _saying  # noqa: PLW0603 - guarded by the lock
    with _lock:
        if _saying:
            _write(fd, line)
            return
        _saying = True
        try:
            turn = fd if own else os.open(f"/proc/self/fd/{fd}", os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            turn = -1
        try:
            if turn >= 0:
                fcntl.flock(turn, fcntl.LOCK_EX)
            _write(fd, line)
        finally:
            _saying = False
            if turn >= 0:
                fcntl.flock(turn, fcntl.LOCK_UN)  # a process forked meanwhile has it open too
                if not own:
                    os.close(turn)


def _write(fd: int, line: bytes) -> None:
    while line:
        try:
            line = line[os.write(fd, line) :]
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise
            select.select([], [fd], [])
