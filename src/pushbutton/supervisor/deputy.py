"""A job as another user, through a program such as `sudo`. It passes on neither variables nor descriptors, so both
follow by a socket, which is its standard input; nothing of them is in a command line. Processes that we may not signal
then are ended by a process of that user.
"""

from __future__ import annotations

import _socket
import array
import os
import select
import sys
import time

from . import process, slim_json
from .faults import SpawnError

TYPE_CHECKING = False  # `typing` takes as long to load as all the rest; checkers know this name
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterable, Sequence
    from typing import Any
else:
    import _signal as signal  # what `signal` adds are enums, and 3 ms of a start

LIMIT = 60.0
"""Seconds in which a job has to begin: `sudo` may have to ask another machine."""
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from pushbutton.supervisor import {module}; {module}.{name}()"
_SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_HERE = b"\0"
_CLOSE = getattr(_socket, "MSG_CMSG_CLOEXEC", 0)


def spawn(through: Sequence[str], order: dict[str, Any], fds: dict[str, int | None]) -> int:
    """Start the job of `order` (argv, cwd, env, files, core), with these descriptors (output, events, stdin, inputs,
    rules); the pid of what we see of it. Raises `SpawnError`.
    """
    ours, theirs = _socket.socketpair()
    told, tell = os.pipe()
    there = {name: fd for name, fd in {**fds, "tell": tell}.items() if fd is not None}
    output = there["output"]
    pid = os.fork()
    if pid == 0:
        _begin([*through, *_words("deputy.become", f"pushbutton: starts run {order['run']}")], theirs.fileno(), output)
    theirs.close()
    text = slim_json.dumps({**order, "fds": list(there)}).encode(errors="surrogateescape")
    answer: bytes | None = b""
    try:
        ours.settimeout(LIMIT)
        rights = array.array("i", there.values())
        ours.sendmsg([b"%d\n" % len(text)], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        rest = memoryview(text)
        while rest:
            rest = rest[ours.send(rest) :]
        os.close(tell)
        tell = -1
        ours.close()  # what was not taken is gone with it
        answer = _read(told)
    except OSError:
        pass  # the other side is gone
    finally:
        ours.close()
        os.close(told)
        if tell >= 0:
            os.close(tell)
    if answer == _HERE:
        return pid
    by = " ".join(through[:4])
    if answer is None:  # when it comes, the other side is gone, and it ends
        raise SpawnError("late", program=by, seconds=f"{LIMIT:g}")
    os.waitpid(pid, 0)
    if answer:
        raise SpawnError.from_bytes(answer[1:])
    raise SpawnError("silent", program=by)


def become() -> None:
    """As the other user: take what is to be started, and become it."""
    sock = _socket.socket(fileno=0)
    fds = array.array("i")
    head, ancillary, _, _ = sock.recvmsg(4096, _socket.CMSG_SPACE(64 * fds.itemsize), _CLOSE)
    for level, kind, data in ancillary:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
            fds.frombytes(data)
    size, _, text = head.partition(b"\n")
    while len(text) < int(size):
        more = sock.recv(int(size) - len(text))
        if not more:
            sys.exit("its supervisor has gone")
        text += more
    order = slim_json.loads(text.decode(errors="surrogateescape"))
    found = dict(zip(order["fds"], fds, strict=True))
    os.write(found["tell"], _HERE)
    process.become(
        order["argv"],
        order["cwd"],
        order["env"],
        found.get("stdin"),
        found["output"],
        found["events"],
        found.get("inputs"),
        False,
        order["files"],
        order["core"],
        found.get("rules"),
        found["tell"],
    )


def asking(through: Sequence[str], members: Iterable[process.Process]) -> list[str]:
    """The words that ask these to end."""
    return [*through, *_words("deputy.ask", "pushbutton: asks to end", *_named((m.pid, m.start) for m in members))]


def ending(through: Sequence[str], members: Iterable[tuple[int, int]], mark: str) -> list[str]:
    """The words that end these, (pid, start) each, and all that belong to them; `mark` is in their environment."""
    return [*through, *_words("orphans.main", "pushbutton: ends", mark, *_named(members))]


def ask() -> None:
    """As the other user."""
    for pid, start in known(sys.argv[3:]):
        if one := process.living(pid, start):
            process.send(one, signal.SIGTERM)
            process.send(one, signal.SIGCONT)


def _begin(argv: list[str], stdin: int, output: int) -> None:
    try:
        os.setsid()
        stdin, output = os.dup(stdin), os.dup(output)
        os.dup2(stdin, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.chdir("/")
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"{argv[0]} could not be started: {error.strerror}.\n".encode())
    finally:
        os._exit(127)


def _words(name: str, *words: str) -> list[str]:
    module, name = name.split(".")
    return [sys.executable, "-I", "-S", "-c", _BOOT.format(module=module, name=name), _SOURCE, *words]


def _named(members: Iterable[tuple[int, int]]) -> list[str]:
    return [f"{pid}:{start}" for pid, start in members]


def known(words: Iterable[str]) -> list[tuple[int, int]]:
    """The processes in the words of `asking` and `ending`: pid and start of each."""
    pairs = (word.split(":") for word in words)
    return [(int(pid), int(start)) for pid, start in pairs]


def _read(fd: int) -> bytes | None:
    """Until its end; None when that does not come in time."""
    found, poll, end = b"", select.poll(), time.monotonic() + LIMIT
    poll.register(fd, select.POLLIN)
    while poll.poll(max(0.0, end - time.monotonic()) * 1000):
        more = os.read(fd, 4096)
        if not more:
            return found
        found += more
    return None
