"""Describe files one after another, in one process: `python -m pushbutton.describe.reader`.

Each line of its standard input is an order, {"path": …, "all": bool, "main": bool, "import": bool, "limit": seconds};
for each it writes one line: what `describe` gives, or {"slow": true, "ran": whether the author's code was running
then}, or {"code": how the reading ended without an answer}. Every file is read by a fork of its own, in its folder and
in a session of its own, and nothing of that session is left when the answer is written: one file's code touches no
other's. What costs is to load the modules: that is done once, with the first order that needs them.

{"arguments": [path, …], "limit": seconds for each} is answered by a line for each path, with what `read_file` gives.
Nothing of the author's runs then, so one fork reads them one after another; where one of them ends it, another fork
goes on behind that one.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import ModuleType
from typing import Any

__all__ = ["run"]

_PIECE = 1 << 16
_MEMORY = 512 << 20  # bytes that working out what stands in a file may take; running it may take more
_SECONDS = 2  # of a processor, for the arguments that a script takes
_RUNS = b"\t"  # said before the author's code runs; white space, so that it is no part of the answer


class _Fork:
    """`answer(order)`, `arguments(paths, limit)`; `end()` is for the moment when the whole process is told to end."""

    def __init__(self) -> None:
        self._child = 0

    def answer(self, order: dict[str, Any]) -> str:
        from .describe import describe  # noqa: PLC0415  a folder of scripts never needs it

        inlet = self._begin(partial(_describe, describe, order))
        try:
            said, whole = next(_lines(inlet, order["limit"]))
        finally:
            os.close(inlet)
            code = self.end()
        if not whole:
            return json.dumps({"slow": True, "ran": said.startswith(_RUNS)})
        return said.decode("ascii") if said.endswith(b"\n") else json.dumps({"code": code})

    def arguments(self, paths: Sequence[str], limit: float) -> Iterator[str]:
        """One for each path."""
        from .arguments import read  # noqa: PLC0415  a folder of functions never needs it

        while paths:
            inlet, told = self._begin(partial(_tell_arguments, read, paths)), 0
            try:
                for said, whole in _lines(inlet, limit):
                    if not whole or not said.endswith(b"\n"):
                        break
                    told += 1
                    yield said.decode("ascii")
                    if told == len(paths):
                        break
            finally:
                os.close(inlet)
                code = self.end()
            if told < len(paths):
                yield json.dumps({"code": code})
            paths = paths[told + 1 :]

    def _begin(self, work: Callable[[int], None]) -> int:
        """`work(outlet)` in a fork; what it writes there comes out here."""
        inlet, outlet = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            _apart(work, outlet)
        os.close(outlet)
        return inlet

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
    for pause in range(14):
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return True
        time.sleep(min(0.0005 * 2**pause, 0.01))
    return False


def _apart(work: Callable[[int], None], outlet: int) -> None:
    """In the fork. Never returns."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)  # what the author's file prints when it is run must not mix with the answers
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY if most < 0 else min(_MEMORY, most), most))
        work(outlet)
        code = 0
    finally:
        os._exit(code)  # whatever the author's file raised or left behind ends here


def _describe(describe: Callable[..., object], order: dict[str, Any], outlet: int) -> None:
    def runs() -> None:
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        os.write(outlet, _RUNS)

    os.chdir(os.path.dirname(order["path"]))
    _say(outlet, describe(order["path"], every=order["all"], main=order["main"], execute=order["import"], runs=runs))


def _tell_arguments(read: ModuleType, paths: Sequence[str], outlet: int) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    pythons = read.Pythons()  # they end with this fork
    for path in paths:
        until = math.ceil(time.process_time()) + _SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (until if most < 0 else min(until, most), most))
        _say(outlet, read.read_file(path, pythons))


def _say(outlet: int, found: object) -> None:
    said = memoryview(f"{json.dumps(found)}\n".encode("ascii"))
    while said:
        said = said[os.write(outlet, said) :]


def _lines(inlet: int, limit: float) -> Iterator[tuple[bytes, bool]]:
    """Line by line, and what stands before the end of the pipe without one; False: it took longer than `limit` seconds,
    and nothing more comes.
    """
    said = bytearray()
    until = time.monotonic() + limit
    while True:
        while (end := said.find(b"\n")) >= 0:
            yield bytes(said[: end + 1]), True
            del said[: end + 1]
            until = time.monotonic() + limit
        ready, _, _ = select.select([inlet], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(inlet, _PIECE) if ready else b""
        if not piece:
            yield bytes(said), bool(ready)
            return
        said += piece


def run() -> None:
    """The whole process: it ends when its standard input does."""
    fork = _Fork()

    def leave(*_: object) -> None:
        fork.end()
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    for line in sys.stdin.buffer:
        order = json.loads(line)
        paths = order.get("arguments")
        for answer in [fork.answer(order)] if paths is None else fork.arguments(paths, order["limit"]):
            sys.stdout.write(f"{answer.rstrip()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    run()
