"""Hands reports that came over HTTP to a run's supervisor, without ever waiting for it in a thread.

Lines go out in pieces that a pipe takes whole or not at all. Only a line that is longer than such a piece can be left
half written; the next one then begins with a line break.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from weakref import WeakValueDictionary

from pushbutton.errors import NotHeard
from pushbutton.supervisor.spool import CHANNEL, ELSEWHERE

PATIENCE = 2.0
"""Seconds that all lines of one request together may wait, for their turn and for room."""
LOOK = 0.02
"""Between two tries to get a lock."""
_OPEN = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC


class ReportSender:
    """`say` is all."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._torn: set[int] = set()  # runs to which the last line went out in part

    async def say(self, run: int, folder: Path, lines: Sequence[bytes]) -> bool:
        """False: nobody is there to hear it. Raises `NotHeard` when there was no room for all of them in time."""
        taken = 0
        turn = self._turns.setdefault(run, asyncio.Lock())
        try:
            async with asyncio.timeout(PATIENCE), turn, _opened(folder) as fd:
                for count, piece in _pieces(lines):
                    await self._write(run, fd, piece)
                    taken += count
        except TimeoutError:
            raise NotHeard(run, taken, len(lines)) from None
        except OSError:
            self._torn.discard(run)
            return False
        return True

    async def _write(self, run: int, fd: int, piece: bytes) -> None:
        rest = b"\n" + piece if run in self._torn else piece
        while rest:
            try:
                rest = rest[os.write(fd, rest) :]
            except BlockingIOError:
                await _room(fd)
            else:
                self._torn.add(run)
        self._torn.discard(run)


def _pieces(lines: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
    """(how many lines, they themselves), as many as a pipe takes in one step; a longer line stands alone."""
    found: list[bytes] = []
    size = 0
    for line in lines:
        if found and size + len(line) >= select.PIPE_BUF:  # one less: a line break may come before it
            yield len(found), b"".join(found)
            found, size = [], 0
        found.append(line + b"\n")
        size += len(line) + 1
    if found:
        yield len(found), b"".join(found)


@contextlib.asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[int]:
    """Raises `OSError` when there is no reader, which means that nobody is there."""
    try:
        fd = os.open(folder / ELSEWHERE, _OPEN)
    except FileNotFoundError:  # a supervisor of 0.2.0: its jobs write to the same pipe, in turns by a lock
        fd = os.open(folder / CHANNEL, _OPEN)
        shared = True
    else:
        shared = False
    try:
        while shared and not _locked(fd):  # noqa: ASYNC110  nothing tells when another process lets go of a lock
            await asyncio.sleep(LOOK)
        yield fd
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _room(fd: int) -> None:
    """Until the pipe takes more."""
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.add_writer(fd, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_writer(fd)
