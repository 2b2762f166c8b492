"""`pushbutton …` as a process of its own that has nothing to load: a fork of one process, which has loaded everything.

A new interpreter takes half a second of the processor to load what a server needs, and tests start a thousand. That a
fork cannot tell itself from one is in `test_forked.py`; `possible` says where it could.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

__all__ = ["Forked", "possible", "start"]

REPOSITORY = Path(__file__).parents[2]
LIMITS = [number for name, number in vars(resource).items() if name.startswith("RLIMIT_")]
ROOM = 8192
"""Bytes that a fork's command line has room for, where the kernel shows it to others."""
NUMBER = struct.Struct("i")


def _read_by_interpreters(env: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter, or a module that it loads, reads once and for all."""
    first = ("PYTHON", "LC_", "LANG", "TERMINAL_WIDTH", "TYPER_", "_TYPER", "OPENSSL_", "SSL_", "LD_", "MALLOC_")
    return {name: value for name, value in env.items() if name.startswith(first)}


class Forked:
    """As much of `subprocess.Popen` as tests use. It is a child of the process that it was forked from."""

    def __init__(self, line: socket.socket, args: Sequence[str]) -> None:
        self.args = args
        self.returncode: int | None = None
        self._line, self._reading = line, threading.Lock()
        self.pid: int = NUMBER.unpack(_exactly(line, NUMBER.size))[0]

    def poll(self) -> int | None:
        if self._reading.acquire(blocking=False):  # otherwise somebody waits for it
            try:
                self._look(0)
            finally:
                self._reading.release()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        with self._reading:
            self._look(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def _look(self, seconds: float | None) -> None:
        if self.returncode is not None:
            return
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        if poll.poll(None if seconds is None else seconds * 1000):
            self.returncode = os.waitstatus_to_exitcode(NUMBER.unpack(_exactly(self._line, NUMBER.size))[0])
            self._line.close()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def possible(env: Mapping[str, str], stdin: int) -> bool:
    """Whether a fork is what a new interpreter with this environment and input would be."""
    return (
        hasattr(os, "pidfd_open")
        and stdin != subprocess.PIPE
        and (stdin < 0 or not os.isatty(stdin))
        and _read_by_interpreters(env) == OURS
    )


OURS = _read_by_interpreters({**os.environ, "PYTHONUNBUFFERED": "1"})


def start(
    words: Sequence[str], *, env: Mapping[str, str], cwd: str | os.PathLike[str] | None, stdin: int, out: int, err: int
) -> Forked:
    """`python -m WORDS`, with these descriptors."""
    told = {
        "argv": list(words),
        "env": {os.fsencode(name).hex(): os.fsencode(value).hex() for name, value in env.items()},
        "cwd": str(Path.cwd() / (cwd or "")),
        "umask": _umask(),
        "limits": [(number, resource.getrlimit(number)) for number in LIMITS],
    }
    ours, its = socket.socketpair()
    with its, Path(os.devnull).open() as nothing:
        _origin().fork(its.fileno(), nothing.fileno() if stdin == subprocess.DEVNULL else stdin, out, err)
    whole = json.dumps(told).encode()
    ours.sendall(struct.pack("I", len(whole)) + whole)
    return Forked(ours, words)


def _umask() -> int:
    """Ours, without changing it for a moment, in which others might make a file."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("Umask:"))
    return int(line.split()[1], 8)


class _Origin:
    """The process that is forked. It ends with this one."""

    def __init__(self) -> None:
        self._line, its = socket.socketpair()
        self._lock = threading.Lock()
        with its:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.acceptance.origin", str(its.fileno()), "-" * ROOM],
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=REPOSITORY,
                env={**os.environ, **OURS},
            )
        atexit.register(self._end)

    def fork(self, *descriptors: int) -> None:
        with self._lock:
            try:
                socket.send_fds(self._line, [b"."], descriptors)
            except OSError:
                raise AssertionError(f"the process to fork has ended: {self._process.communicate()}") from None

    def _end(self) -> None:
        self._line.close()
        self._process.communicate()


@cache
def _origin() -> _Origin:
    return _Origin()


def _exactly(line: socket.socket, many: int) -> bytes:
    read = b""
    while len(read) < many:
        if not (more := line.recv(many - len(read))):
            raise AssertionError("the process that is forked has ended")
        read += more
    return read
