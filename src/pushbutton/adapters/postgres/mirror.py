"""Output of other machines' runs, in files here: those of `pieces`, for the runs that somebody watches.

The files are a cache: it begins empty with the process, and what nobody has asked for goes when there is too much. One
thread and one connection bring whatever grew: a notification says what, and a look each second makes up for a lost one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import select
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

import psycopg

from pushbutton.adapters.output import OutputFiles
from pushbutton.errors import StorageFull, StoreAway
from pushbutton.supervisor import spool

from .connections import Connections
from .growing import GrowingFiles
from .link import Link, why
from .pieces import GREW, Piece, Place, joined, take

__all__ = ["ROOM", "Mirror"]

log = logging.getLogger(__name__)

ROOM: Final = 4 << 30  # bytes of files
MANY: Final = 10_000  # runs, also those that wrote nothing
WATCHED = 20.0  # seconds for which a run is brought on after it was asked for
KEPT = 120.0  # seconds for which it stays at least
LOOK = 1.0  # how often to look without a notification
AGAIN = 0.5  # seconds between two tries while the database is away
BREATH, LONGEST = 0.005, 0.010  # between two looks: as long as the last one took
PATIENCE = 10.0  # seconds without a byte, after which who waits is told
AT_ONCE: Final = 256  # runs asked for in one statement
ROUNDS: Final = 8  # statements for the same runs before others have their turn
LEAST, MOST = 8, 4096  # pieces of each run in one statement
_GROWN: Final = 2 << 20  # bytes of a run that are brought in one statement, about
_BEFORE: Final = (spool.ENCODING, spool.SCREEN, spool.TIMES)
"""What has to be here before the output is."""


@dataclass(slots=True)
class _Copy:
    folder: Path
    elsewhere: bool = False  # it is known to be of another machine
    whole: bool = False  # it is over, and all that there was of it is here
    used: float = 0.0  # when it was asked for, monotonic
    have: dict[str, int] = field(default_factory=dict)  # bytes by name
    pieces: int = LEAST  # that are asked for at once
    thorough: bool = True  # the next look may miss nothing: somebody waits, or pieces have become one


@dataclass(frozen=True, slots=True)
class _Wish:
    run: int
    over: bool
    done: asyncio.Future[None]


class Mirror:
    def __init__(self, connections: Connections, folder: Path, grown: Callable[[int], None], room: int = ROOM) -> None:
        """`folder` is made anew; `grown` is called in the event loop with a run that has more."""
        self.files = OutputFiles(folder)
        self._connections, self._folder, self._grown, self._room = connections, folder, grown, room
        self._copies: dict[int, _Copy] = {}
        self._wishes: list[_Wish] = []
        self._lock = threading.Lock()
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._closing = False
        self._link: Link | None = None
        self._thread: threading.Thread | None = None
        self._size = 0
        self._growing = GrowingFiles()

    def open(self) -> None:
        """In the event loop."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._serve, args=(loop,), name="mirror", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._ring()
        if link := self._link:
            link.hang_up()
        if self._thread:
            self._thread.join()
        self._growing.close_all()
        os.close(self._bell)

    # -- from the event loop

    def holds(self, run: int) -> bool:
        """Whether it was asked for; it then comes on for a while."""
        copy = self._copies.get(run)
        if copy is None:
            return False
        if not copy.whole and copy.used < time.monotonic() - WATCHED / 2:
            self._ring()
        copy.used = time.monotonic()
        return True

    def elsewhere(self, run: int) -> bool:
        copy = self._copies.get(run)
        return copy is not None and copy.elsewhere

    def whole(self, run: int) -> bool:
        copy = self._copies.get(run)
        return copy is not None and copy.whole

    async def bring(self, run: int, *, elsewhere: bool, over: bool) -> None:
        """All that is in the database at this moment. Raises `StoreError`."""
        copy = self._copies.setdefault(run, _Copy(self._folder / str(run)))
        copy.used, copy.elsewhere = time.monotonic(), copy.elsewhere or elsewhere
        wish = _Wish(run, over, asyncio.get_running_loop().create_future())
        with self._lock:
            self._wishes.append(wish)
        self._ring()
        before = -1
        while not wish.done.done():
            have = copy.have.get(spool.OUTPUT, 0)
            if have == before:
                raise StoreAway(self._connections.address.shown, "it does not answer")
            before = have
            await asyncio.wait({wish.done}, timeout=PATIENCE)
        wish.done.result()

    def _ring(self) -> None:
        os.eventfd_write(self._bell, 1)

    # -- in the thread

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._closing:
            try:
                self._link = self._connections.connect()
                self._follow(self._link, loop)
            except psycopg.Error as error:
                if not self._connections.lost(error, self._link):
                    log.warning("output of other machines waits: %s", why(self._connections.address, error))
            except Exception:
                log.exception("bringing output of other machines failed; trying again")
            finally:
                self._connections.drop(self._link)
                self._link = None
            if not self._closing:
                time.sleep(AGAIN)

    def _follow(self, link: Link, loop: asyncio.AbstractEventLoop) -> None:
        """Until the connection breaks."""
        said: list[str] = []
        link.raw.add_notify_handler(lambda notification: said.append(notification.payload))
        link.execute(f'LISTEN "{link.execute(f"SELECT {GREW}").get}"')
        waiting = select.poll()
        waiting.register(self._bell, select.POLLIN)
        waiting.register(link.raw.fileno(), select.POLLIN)
        looked, behind = -math.inf, set[int]()
        while not self._closing:
            everything = time.monotonic() - looked > LOOK
            looked = time.monotonic() if everything else looked
            due = behind | self._due(said, everything=everything)
            said.clear()
            begun = time.monotonic()
            behind = self._turn(link, loop, due)
            time.sleep(min(max(BREATH, time.monotonic() - begun), LONGEST))
            if not (said or behind or self._wishes):
                waiting.poll(LOOK * 1000)
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._bell)
            link.raw.pgconn.consume_input()
            while notification := link.raw.pgconn.notifies():
                said.append(notification.extra.decode())

    def _turn(self, link: Link, loop: asyncio.AbstractEventLoop, due: set[int]) -> set[int]:
        """The runs that may have more."""
        with self._lock:
            wishes, self._wishes = self._wishes, []
        behind = set[int]()
        try:
            self._thoroughly(wish.run for wish in wishes)
            behind = self._bring(link, loop, due | {wish.run for wish in wishes})
            self._fulfil(loop, [wish for wish in wishes if wish.run not in behind])
            wishes = [wish for wish in wishes if wish.run in behind]
            self._make_room()
        except OSError as error:
            log.warning("output of other machines has no place here: %s", error)
            _call(loop, _fail, wishes)
            wishes = []
            time.sleep(AGAIN)
        finally:
            with self._lock:  # also those of a connection that broke: the next one has them
                self._wishes = wishes + self._wishes
        return behind

    def _due(self, said: Iterable[str], *, everything: bool) -> set[int]:
        """The watched runs that may have more."""
        now = time.monotonic()
        watched = {run for run, copy in list(self._copies.items()) if not copy.whole and now - copy.used < WATCHED}
        if everything:
            self._thoroughly(watched)
        if everything or "" in said:
            return watched
        return watched & {int(run) for payload in said for run in payload.split(",")}

    def _thoroughly(self, runs: Iterable[int]) -> None:
        for run in runs:
            if copy := self._copies.get(run):
                copy.thorough = True

    def _bring(self, link: Link, loop: asyncio.AbstractEventLoop, runs: Collection[int]) -> set[int]:
        """Until a look that found nothing more, or for a while; the runs that may have more."""
        left, slow = iter(sorted(runs)), set[int]()
        while some := list(islice(left, AT_ONCE)):
            behind = {run: self._copies[run] for run in some if run in self._copies}
            for _ in range(ROUNDS):
                if not behind:
                    break
                more, grew = self._look(link, behind)
                if grew:
                    _call(loop, self._tell, grew)
                behind = {run: copy for run, copy in behind.items() if run in more}
            slow |= behind.keys()
        return slow

    def _look(self, link: Link, copies: Mapping[int, _Copy]) -> tuple[set[int], list[int]]:
        """The runs that may have more, and those of which more is here than before."""
        limit = min(copy.pieces for copy in copies.values())
        found: list[Piece] = []
        for quick in (True, False):
            some = {run: copy for run, copy in copies.items() if copy.thorough is not quick}
            have = {Place(run, name): copy.have.get(name, 0) for run, copy in some.items() for name in _names(copy)}
            found += take(link, have, limit, quick=quick) if have else []
        by_run = {run: list(pieces) for run, pieces in groupby(found, key=lambda piece: piece.place.run)}
        more, grew = set[int](), list[int]()
        for run, copy in copies.items():
            if run in by_run or copy.thorough:
                before = copy.have.get(spool.OUTPUT, 0)
                if self._take_in(copy, by_run.get(run, []), limit):
                    more.add(run)
                if copy.have.get(spool.OUTPUT, 0) > before:
                    grew.append(run)
        return more, grew

    def _take_in(self, copy: _Copy, found: Sequence[Piece], limit: int) -> bool:
        """What a look found of a run; whether there may be more."""
        by_name = {name: list(pieces) for name, pieces in groupby(found, key=lambda piece: piece.place.name)}
        full, gap = False, False
        for name in (*_BEFORE, spool.OUTPUT):
            if not (pieces := by_name.get(name)):
                continue
            data = joined(copy.have.get(name, 0), pieces)
            if data:
                self._append(copy, name, data)
            if len(pieces) >= limit:
                full = True
                copy.pieces = max(LEAST, min(MOST, len(pieces) * _GROWN // max(1, len(data))))
            gap = gap or not (data or copy.thorough)
        copy.thorough = gap or (copy.thorough and full)
        return full or gap

    def _append(self, copy: _Copy, name: str, data: bytes) -> None:
        at = copy.have.get(name, 0)
        self._growing.write(copy.folder / name, at, data)
        self._size += len(data)
        copy.have[name] = at + len(data)

    def _fulfil(self, loop: asyncio.AbstractEventLoop, wishes: Iterable[_Wish]) -> None:
        for wish in wishes:
            if wish.over and wish.run in self._copies:
                self._copies[wish.run].whole = True
            _call(loop, _done, wish.done)

    def _tell(self, runs: Iterable[int]) -> None:
        for run in runs:
            self._grown(run)

    def _make_room(self) -> None:
        if self._size <= self._room and len(self._copies) <= MANY:
            return
        old = sorted(self._copies.items(), key=lambda item: item[1].used)
        for run, copy in old:
            enough = self._size <= self._room and len(self._copies) <= MANY
            if enough or copy.used > time.monotonic() - KEPT:
                return
            del self._copies[run]
            self._growing.close(*(copy.folder / name for name in copy.have))
            shutil.rmtree(copy.folder, ignore_errors=True)
            self._size -= sum(copy.have.values())


def _names(copy: _Copy) -> Iterable[str]:
    """The files to fetch; those that do not change came with the first output."""
    return (spool.TIMES, spool.OUTPUT) if copy.have.get(spool.OUTPUT) else (*_BEFORE, spool.OUTPUT)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _fail(wishes: Iterable[_Wish]) -> None:
    for wish in wishes:
        if not wish.done.done():
            wish.done.set_exception(StorageFull())


def _call(loop: asyncio.AbstractEventLoop, *call: Any) -> None:
    with contextlib.suppress(RuntimeError):  # it has ended meanwhile
        loop.call_soon_threadsafe(*call)
