"""`runtime.ports.Patterns`: compares in a process of its own, which the system ends after a second of work.

It is the same Python as ours, so a pattern means there what it means here. What is compared goes through pipes only: it
may be a secret.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Mapping, Sequence

__all__ = ["LimitedPatterns"]

log = logging.getLogger(__name__)

SECONDS = 1.0
"""Time on a processor that one comparison gets: what else the machine does costs nobody an answer."""
_WALL = 20.0  # for all of it, if the machine hardly runs us
_AT_ONCE = 2
_IN_LINE = 8  # behind these; the next is told at once that it took too long
_LATE = 2  # of one press; what stands behind so many is not begun
_CHILD = """
import json, re, signal, sys
for pattern, text in json.load(sys.stdin):
    signal.setitimer(signal.ITIMER_PROF, float(sys.argv[1]))
    print(int(re.fullmatch(pattern, text) is not None), flush=True)
"""
Asked = tuple[str, str]
"""(pattern, text)"""


class LimitedPatterns:
    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._here = 0

    async def fits(self, asked: Sequence[Asked]) -> Mapping[Asked, bool | None]:
        if self._here >= _AT_ONCE + _IN_LINE:
            return dict.fromkeys(asked)
        self._here += 1
        try:
            async with self._places:
                return await _compared(asked)
        finally:
            self._here -= 1


async def _compared(asked: Sequence[Asked]) -> dict[Asked, bool | None]:
    answers: dict[Asked, bool | None] = dict.fromkeys(asked)
    todo, late = list(asked), 0
    while todo and late < _LATE:
        found = await _run(todo)
        answers |= dict(zip(todo, found, strict=False))
        todo = todo[len(found) :]
        if todo:
            log.warning("a text could not be compared in time with the pattern %s", todo.pop(0)[0])
            late += 1
    return answers


async def _run(asked: Sequence[Asked]) -> list[bool]:
    """The answers to the first of them, as far as it came."""
    said = b""
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _CHILD, str(SECONDS)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        log.exception("no process could be started to compare a pattern in")
        return []
    assert process.stdin  # noqa: S101  asked for above
    assert process.stdout  # noqa: S101
    try:
        async with asyncio.timeout(_WALL):
            with contextlib.suppress(ConnectionError):
                process.stdin.write(json.dumps(asked).encode())
                await process.stdin.drain()
            process.stdin.close()
            while more := await process.stdout.read(4096):
                said += more
    except TimeoutError:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return [line == b"1" for line in said.splitlines()]
