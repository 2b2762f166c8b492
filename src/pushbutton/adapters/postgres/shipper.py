"""`runtime.ports.Shipping` into the tables `pieces` and `sizes`.

One turn at a time for all runs that grew, in one statement: a commit for each of two hundred runs would cost the
database more than their bytes do. How far it came is what is there, so whoever follows a run next goes on from there.

While a run grows, nobody waits for the database's disk: the worker's own has what it wrote. A database that crashed may
have lost the last of it; that ends the connection, and with a new one is asked how far each run came. What a run has
when it does not grow for a while, and at its end, is known to be on the database's disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final

from pushbutton import threads
from pushbutton.adapters.files import plain
from pushbutton.domain.pieces import BLOCK, block, cut
from pushbutton.errors import StoreError
from pushbutton.runtime.ports import Notifier
from pushbutton.supervisor import spool

from .pieces import AnotherLink, Piece, Pieces, Place

__all__ = ["Shipper"]

log = logging.getLogger(__name__)

TURN = 0.020  # seconds between two turns, when many runs grow; one at a time is sent as it comes
EACH = 0.004  # the same for each run that grew, where they are few
LOOK = 1.0  # how often to look without a hint
GROWING_FOR = 0.1  # seconds for which a run that grew is looked at in each turn: of many hints at once some are lost
AGAIN = 1.0  # seconds between two tries while the database is away
LEAST, MOST = 64 << 10, 8 << 20  # bytes of all runs in a turn: fewer while the way to the database is slow
SHARE: Final = 1 << 20  # bytes of one run in a turn, at least while there is room
MERGED: Final = 16  # blocks that are made one in a turn
FIXED: Final = (spool.ENCODING, spool.SCREEN)
"""How its output is to be read: nothing of it may change once there is output."""
GROWING: Final = (spool.OUTPUT, spool.TIMES)


@dataclass(slots=True, eq=False)
class _Run:
    number: int
    folder: Path
    sent: dict[str, int] | None = None  # bytes by name; None: not known yet
    parts: dict[str, int] = field(default_factory=dict)  # pieces in the block that is being filled, at most
    open: dict[str, int] = field(default_factory=dict)  # descriptors by name, once there is output
    settled: list[asyncio.Future[int]] = field(default_factory=list)
    grew: float = -math.inf  # when it last had something to send, monotonic
    lasting: int = 0  # bytes of output that are known to be on the database's disk

    def files(self) -> Mapping[str, int]:
        """None before there is output: an attempt that never came to start the job may be made anew in another way."""
        if self.open.keys() >= set(GROWING) or not _size(self.folder / spool.OUTPUT):
            return self.open
        for name in GROWING if self.open else (*FIXED, *GROWING):
            if name not in self.open:
                with contextlib.suppress(OSError):  # it is not there yet, or a link that somebody put there
                    self.open[name] = os.open(self.folder / name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        return self.open

    def next(self, most: int) -> tuple[list[Piece], bool]:
        """The bytes that were not sent, up to so many of each file, and whether there are more."""
        assert self.sent is not None  # noqa: S101  it was asked for
        pieces, more = list[Piece](), False
        for name, file in self.files().items():
            sent, size = self.sent.get(name, 0), os.fstat(file).st_size
            end = min(size, sent + most)
            try:
                pieces += [Piece(Place(self.number, name), a, _read(file, a, b)) for a, b in cut(sent, end)]
            except OSError as error:
                log.warning("run %d: “%s” stays on this machine, it cannot be read: %s", self.number, name, error)
            else:
                more = more or end < size
        return pieces, more

    @property
    def growing(self) -> bool:
        return time.monotonic() - self.grew < GROWING_FOR

    def close(self) -> None:
        for file in self.open.values():
            os.close(file)
        self.open = {}


@dataclass(frozen=True, slots=True)
class _Merge:
    place: Place
    file: Path
    begin: int
    end: int


class Shipper:
    def __init__(self, pieces: Pieces, runs: Path, notifier: Notifier) -> None:
        """`runs`: the folder of the spools."""
        self._pieces, self._folder, self._notifier = pieces, runs, notifier
        self._runs: dict[int, _Run] = {}
        self._left: list[_Run] = []  # not followed any more, and to be closed in the thread
        self._grown: set[int] = set()
        self._turns = 0
        self._links = 1  # of `pieces`; the first one has lost nothing
        self._most = MOST
        self._merges: list[_Merge] = []  # of the thread
        self._rung = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._loop = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop. Bytes that are not sent by now are for the next shipper."""
        if self._loop:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop
            self._pieces.close()
            self._left += self._runs.values()
            await threads.shipping(self._close_left)  # a turn that was under way is over

    # -- what the worker asks for

    def follow(self, run: int) -> Callable[[], None]:
        followed = self._runs.setdefault(run, _Run(run, self._folder / str(run)))
        unlisten = self._notifier.listen(f"run:{run}", lambda: self._grew(run))
        self._grew(run)

        def end() -> None:
            unlisten()
            if self._runs.get(run) is followed:
                self._left.append(self._runs.pop(run))

        return end

    async def settled(self, run: int) -> int | None:
        found = self._runs[run]
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        found.settled.append(done)
        self._grew(run)
        return await done

    async def handed_over(self, run: int, names: Collection[str]) -> None:
        results = self._folder / str(run) / spool.RESULTS
        for name in names:
            await self._sent(Place(run, f"results/{name}"), results / name)

    async def files(self, run: int) -> None:
        for name, file in await threads.shipping(_files, self._folder / str(run)):
            await self._sent(Place(run, name), file)

    async def _sent(self, place: Place, file: Path) -> None:
        while True:
            try:
                return await self._send(place, file)
            except StoreError as error:
                log.warning("run %d: “%s” waits to be sent: %s", place.run, file.name, error)
                await asyncio.sleep(AGAIN)
            except OSError as error:
                log.warning("run %d: “%s” stays on this machine, it cannot be read: %s", place.run, file.name, error)
                return None

    async def _send(self, place: Place, file: Path) -> None:
        """A file that does not change, whole. It gets its size last, so nobody finds it before."""
        at = 0 if not await threads.shipping(self._pieces.kept, [place]) else None
        while at is not None:
            at = await threads.shipping(self._send_part, place, file, at)

    def _send_part(self, place: Place, file: Path, at: int) -> int | None:
        with plain(file) as content:
            size = os.fstat(content.fileno()).st_size
            end = min(size, at + SHARE)
            pieces = [Piece(place, a, _read(content.fileno(), a, b)) for a, b in cut(at, end)]
        self._pieces.put(pieces, {place: size} if end == size else {})
        return end if end < size else None

    # -- turns

    def _grew(self, run: int) -> None:
        self._grown.add(run)
        self._rung.set()

    async def _follow(self) -> None:
        looked, next_look = -math.inf, LOOK
        while True:
            await self._wait(next_look)
            begun = time.monotonic()
            if begun - looked >= LOOK:
                looked = begun
                self._grown |= self._runs.keys()
            runs = self._in_turn()
            asked = [(run, list(run.settled)) for run in runs]
            self._grown.clear()
            try:
                more = await threads.shipping(self._turn, runs)
            except Exception as error:
                if isinstance(error, StoreError | OSError):
                    log.warning("output waits to be sent: %s", error)
                else:
                    log.exception("sending output failed; trying again")
                self._most = max(LEAST, self._most // 2)  # it may have taken longer than a statement may
                self._grown |= {run.number for run in runs}
                self._rung.set()
                await asyncio.sleep(AGAIN)
                continue
            self._most = min(MOST, self._most * 2)
            for run, futures in asked:
                if run.number not in more:
                    _settle(run, futures)
            growing = {run.number for run in runs if run.growing}
            self._grown |= more | growing
            if more:
                self._rung.set()
            else:
                await asyncio.sleep(_rest(len(growing), begun))
            next_look = max(0.0, begun + TURN - time.monotonic()) if self._grown else LOOK

    async def _wait(self, seconds: float) -> None:
        """Until somebody rings, or for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()

    def _in_turn(self) -> list[_Run]:
        """Those that grew; another one is the first each time, for there may be no room left for the last."""
        numbers = deque(sorted(self._grown & self._runs.keys()))
        self._turns += 1
        numbers.rotate(self._turns)
        return [self._runs[number] for number in numbers]

    def _turn(self, runs: Sequence[_Run]) -> set[int]:
        """Send what there is, up to a bound; the runs that have more."""
        try:
            more = self._send_next(runs)
            return more if self._pieces.links == self._links else self._anew()
        except AnotherLink:
            return self._anew()
        finally:
            self._close_left()  # last: what was followed when the turn began was open in it

    def _anew(self) -> set[int]:
        """All runs: the database may have crashed, and has to be asked how far each of them came."""
        self._links = self._pieces.links
        runs = list(self._runs.values())
        for run in runs:
            run.sent, run.lasting = None, 0
        return {run.number for run in runs}

    def _send_next(self, runs: Sequence[_Run]) -> set[int]:
        self._resume([run for run in runs if run.sent is None])
        pieces: list[Piece] = []
        more: set[int] = set()
        left, share = self._most, max(SHARE, self._most // max(1, len(runs)))
        for run in runs:
            found, run_has_more = run.next(min(share, max(0, left)))
            pieces += found
            left -= sum(len(piece.bytes) for piece in found)
            if run_has_more:
                more.add(run.number)
        by_run = {number: list(of_run) for number, of_run in groupby(pieces, key=lambda piece: piece.place.run)}
        still = [run for run in runs if run.settled or not (run.growing or run.number in by_run)]
        sizes = {run: size for run in still if (size := _end(run, by_run.get(run.number, []))) > run.lasting}
        if pieces or sizes:
            whole = {Place(run.number, spool.OUTPUT): size for run, size in sizes.items()}
            self._pieces.put(pieces, whole, wait=bool(whole), link=self._links)
        for run in runs:
            self._note(run, by_run.get(run.number, []))
            run.lasting = sizes.get(run, run.lasting)
            if run.settled and run.number not in more:
                self._last(run)
        self._merge()
        return more

    def _close_left(self) -> None:
        while self._left:
            self._left.pop().close()

    def _resume(self, runs: Sequence[_Run]) -> None:
        names = (*FIXED, *GROWING)
        ends = self._pieces.ends([Place(run.number, name) for run in runs for name in names]) if runs else {}
        for run in runs:
            run.sent = {name: end for name in names if (end := ends.get(Place(run.number, name)))}
            run.parts = {name: 2 for name, size in run.sent.items() if size % BLOCK}  # it may be many

    def _note(self, run: _Run, pieces: Sequence[Piece]) -> None:
        """Note the sent bytes; a full block that lies there in parts is to be made one."""
        assert run.sent is not None  # noqa: S101  resumed above
        run.grew = time.monotonic() if pieces else run.grew
        for piece in pieces:
            name, end = piece.place.name, piece.at + len(piece.bytes)
            run.sent[name] = max(run.sent.get(name, 0), end)
            run.parts[name] = 1 if piece.at % BLOCK == 0 else run.parts.get(name, 1) + 1
            if end % BLOCK == 0:
                self._to_merge(run, name, end - BLOCK, end)

    def _last(self, run: _Run) -> None:
        """There is no more: the block that is not full stays so."""
        for name, size in (run.sent or {}).items():
            if size % BLOCK:
                self._to_merge(run, name, block(size), size)

    def _to_merge(self, run: _Run, name: str, begin: int, end: int) -> None:
        if run.parts.get(name, 1) > 1:
            self._merges.append(_Merge(Place(run.number, name), run.folder / name, begin, end))
            run.parts[name] = 1

    def _merge(self) -> None:
        for merge in self._merges[:MERGED]:
            with contextlib.suppress(OSError), plain(merge.file) as file:  # it has gone: it stays in parts
                self._pieces.merge(Piece(merge.place, merge.begin, _read(file.fileno(), merge.begin, merge.end)))
            self._merges.remove(merge)


def _rest(growing: int, begun: float) -> float:
    """Seconds until the next turn. The longer one took, the longer is the rest behind it: what grows meanwhile goes
    together, and costs a database that is busy less.
    """
    now = time.monotonic()
    return max(begun + min(TURN, EACH * growing) - now, min(TURN, (now - begun) / 2))


def _files(folder: Path) -> Sequence[tuple[str, Path]]:
    """Their names for `runtime.ports.Files`, and where they are."""
    results = [(f"results/{file.name}", file) for file in _inside(folder / spool.RESULTS)]
    given = [
        (f"given/{entry.name}/{file.name}", file) for entry in _inside(folder / spool.GIVEN) for file in _inside(entry)
    ]
    return [*results, *given]


def _inside(folder: Path) -> Sequence[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _settle(run: _Run, futures: Sequence[asyncio.Future[int]]) -> None:
    for future in futures:
        run.settled.remove(future)
        if not future.done():
            future.set_result((run.sent or {}).get(spool.OUTPUT, 0))


def _end(run: _Run, pieces: Iterable[Piece]) -> int:
    """How many bytes of output the database has with these."""
    ends = (piece.at + len(piece.bytes) for piece in pieces if piece.place.name == spool.OUTPUT)
    return max(ends, default=(run.sent or {}).get(spool.OUTPUT, 0))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _read(file: int, begin: int, end: int) -> bytes:
    """Exactly that. Raises `OSError`."""
    found = b""
    while begin + len(found) < end:
        more = os.pread(file, end - begin - len(found), begin + len(found))
        if not more:
            raise OSError("a file of a run has become shorter")
        found += more
    return found
