"""Work that would hold up the event loop, in threads: each kind has its own, so that one that hangs (a network drive, a
name that nobody resolves) holds up its own kind alone; and of what may hang, each place has its own.

Nothing else uses threads for that: the executor that every event loop has is everybody's.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from .errors import NoAnswer

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """Called like `asyncio.to_thread`."""

    def __init__(self, name: str, at_once: int) -> None:
        self._name, self._at_once = name, at_once
        self._pool: ThreadPoolExecutor | None = None  # a command that needs none has none

    async def __call__(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._at_once, thread_name_prefix=self._name)
        return await asyncio.get_running_loop().run_in_executor(self._pool, functools.partial(work, *args, **kwargs))


class Places:
    """Called like `asyncio.to_thread`, with the place (a folder, a name) first. Raises `NoAnswer` where that takes more
    than `seconds`; at once where all that may be done there at the same time was given up already and goes on.

    A thread that hangs cannot be ended: it stays until the system answers, and keeps nobody from ending the process.
    """

    def __init__(self, name: str, each: int, seconds: float | None) -> None:
        """`each`: works at one place at the same time; `seconds` None: they may take as long as they do."""
        self._name, self._each, self._seconds = name, each, seconds
        self._places: dict[str, _Place] = {}
        self._lock = threading.Lock()

    async def __call__(self, place: str, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        future: Future[T] = Future()
        with self._lock:
            there = self._places.setdefault(place, _Place())
            if len(there.given_up) >= self._each:
                raise NoAnswer(place)
            there.line.append((future, functools.partial(work, *args, **kwargs)))
            if there.threads < self._each:
                there.threads += 1
                name = f"{self._name} {place}"
                threading.Thread(target=self._serve, args=(place, there), name=name, daemon=True).start()
        waited = asyncio.wrap_future(future)
        try:
            await asyncio.wait({waited}, timeout=self._seconds)
            if waited.done():
                return waited.result()
            with self._lock:
                if future.running():
                    there.given_up.add(future)
            raise NoAnswer(place)
        finally:
            waited.cancel()  # what is not begun is not begun any more

    def _serve(self, place: str, there: _Place) -> None:
        while True:
            with self._lock:
                if not there.line:
                    there.threads -= 1
                    if not there.threads:
                        del self._places[place]
                    return
                future, work = there.line.popleft()
                if not future.set_running_or_notify_cancel():
                    continue
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001  raised where it is awaited
                future.set_exception(error)
            with self._lock:
                there.given_up.discard(future)
            del future, work  # nothing is kept while it waits for more


class _Place:
    def __init__(self) -> None:
        self.line: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self.threads = 0
        self.given_up: set[Future[Any]] = set()  # that go on, though nobody waits any more


starting = Threads("starting", 8)
"""A run's folder, and its supervisor."""
ending = Threads("ending", 8)
"""Cleaning up a run whose supervisor is gone or hangs; removing its folder."""
programs = Places("programs", 4, 30.0)
"""Files of authors, by the folder that they lie in: what is about to be started."""
hashing = Places("hashing", 4, 60.0)
"""The same, read whole: of a large one that takes a while, for which no start is to wait."""
catalogue = Places("catalogue", 4, None)
"""Files of authors, by what is done with them: listing, reading, putting together, accounting."""
watching = Places("watching", 16, None)
"""Notifications of the system, by the folder."""
incoming = Places("incoming", 1, 5.0)
"""Folders that tasks watch for files, by the folder."""
opening = Places("opening", 4, 2.0)
"""Checks of the paths before a server opens, by the path."""
checking = Places("checking", 4, 10.0)
"""The same for `check`, by the path."""
comparing = Threads("comparing", 1)
"""Comparing today's declarations with those that were recorded."""
bringing = Threads("bringing", 8)
"""Files that people bring."""
shipping = Threads("shipping", 1)
"""Output, on its way to other machines."""
pruning = Threads("pruning", 1)
"""Which of them are old."""
searching = Threads("searching", 1)
"""A text in the outputs of runs, one output at a time: many who search do not take the whole processor."""
showing = Threads("showing", 4)
"""Parts of pages, and what stands in files that runs made."""
calls = Threads("calls", 2)
"""Reading the calls of other systems."""
asking = Places("asking", 2, 30.0)
"""Secrets that lie in files, by the file."""
measuring = Places("measuring", 1, 2.0)
"""How much room a disk has, by what lies on it."""
keeping = Threads("keeping", 2)
"""Secrets that are kept here, when they change."""
resolving = Places("resolving", 2, 30.0)
"""Names of other machines, by the name."""
notifying = Threads("notifying", 2)
"""Telling other systems: how far it is."""
tracing = Threads("tracing", 1)
"""Telling a collector of traces."""
auditing = Threads("auditing", 2)
"""The audit trail: its chain, and the file that notes its end."""
closing = Threads("closing", 2)
"""The store, when it closes."""
