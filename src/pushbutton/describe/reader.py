"""Describe files one after another, in one process: `python -m pushbutton.describe.reader`.

Each line of its standard input is an order, {"path": …, "all": bool, "import": bool, "limit": seconds} or {"path": …,
"arguments": true, "limit": seconds}; for each it writes one line: what `describe` or `read_file` gives, or {"slow":
true, "ran": whether the author's code was running then}, or
{"code": how the reading ended without an answer}. Every file is read by a fork of its own, in its folder and in a
session of its own, and nothing of that session is left when the answer is written: one file's code touches no other's.
What costs is to load the modules, and that is done once.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any

from .arguments.read import read_file
from .describe import describe

__all__ = ["run"]

_PIECE = 1 << 16
_MEMORY = 512 << 20  # bytes that working out what stands in a file may take; running it may take more
_SECONDS = 2  # of a processor, for the arguments that a script takes
_RUNS = b"\t"  # said before the author's code runs; white space, so that it is no part of the answer


class _Fork:
    """`answer(order)`; `end()` is for the moment when the whole process is told to end."""

    def __init__(self) -> None:
        self._child = 0

    def answer(self, order: dict[str, Any]) -> str:
        inlet, outlet = os.pipe()
        self._child = child = os.fork()
        if child == 0:
            _read(order, outlet)
        os.close(outlet)
        try:
            said, whole = _until_line(inlet, order["limit"])
        finally:
            os.close(inlet)
            code = self.end()
        if not whole:
            return json.dumps({"slow": True, "ran": said.startswith(_RUNS)})
        return said.decode("ascii") if said.endswith(b"\n") else json.dumps({"code": code})

    def end(self) -> int:
        """The exit code of the one that reads now, which is gone with all that it started; a signal as below zero."""
        child, self._child = self._child, 0
        if not child:
            return 0
        if not _soon_over(child):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)  # it may have no session of its own yet
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # before it is waited for: its number is nobody else's until then
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _soon_over(child: int) -> bool:
    """Whether it ends by itself, now that it has nothing more to say. It is not waited for yet."""
    for _ in range(20):
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(0.005)
    return False


def _read(order: dict[str, Any], outlet: int) -> None:
    """In the fork. Never returns."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)  # what the author's file prints when it is run must not mix with the answers
        os.chdir(os.path.dirname(order["path"]))
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY if most < 0 else min(_MEMORY, most), most))

        def runs() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            os.write(outlet, _RUNS)

        if order.get("arguments"):
            resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS + 1))
            found = read_file(order["path"])
        else:
            found = describe(order["path"], every=order["all"], execute=order["import"], runs=runs)
        said = memoryview(f"{json.dumps(found)}\n".encode("ascii"))
        while said:
            said = said[os.write(outlet, said) :]
        code = 0
    finally:
        os._exit(code)  # whatever the author's file raised or left behind ends here


def _until_line(inlet: int, limit: float) -> tuple[bytes, bool]:
    """What comes, up to the end of a line or of the pipe; False: it took longer than `limit` seconds."""
    said = bytearray()
    until = time.monotonic() + limit
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([inlet], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            return bytes(said), False
        piece = os.read(inlet, _PIECE)
        if not piece:
            break
        said += piece
    return bytes(said), True


def run() -> None:
    """The whole process: it ends when its standard input does."""
    fork = _Fork()

    def leave(*_: object) -> None:
        fork.end()
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    for line in sys.stdin.buffer:
        sys.stdout.write(f"{fork.answer(json.loads(line)).rstrip()}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run()
