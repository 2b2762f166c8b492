"""The catalog over paths: it reads each file once, follows changes, and reads again only what changed.

A change is seen by the system's notification or, where there is none, by looking (`file_watch`). Files are read in the
background (`readers`), and what one held before stays until it is sure that it is gone (`settling`). All tasks are put
together in a thread (`assembly`), once for all that changed together.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import logging
import os
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from pushbutton import threads
from pushbutton.domain.secret import Secret
from pushbutton.domain.skipped import Skipped
from pushbutton.domain.task import Offered, Task
from pushbutton.errors import NoSuchTask, StillReading, StoreError
from pushbutton.runtime.ports import Patterns

from .assembly import Assembly, Part
from .choices import ProgramChoices
from .file_watch import FileWatch, pause_after
from .folder import Listing, Named, concerns, named, scan
from .model import FileTasks, Found, Problem, slug_of
from .readers import Key, Readers, key_of
from .sanitise import readable
from .secrets import doubts
from .settling import File
from .skipped import account
from .slow_patterns import SlowPatterns

__all__ = ["PathCatalog"]

log = logging.getLogger(__name__)

_OPENING = 2.0  # seconds for which opening waits until everything is read; the rest is read while others press
_PRESS = 20.0  # seconds for which a press waits for a task that is not read yet
_SHOWN = 0.5  # seconds between two states that are shown while much is read
_ACCOUNTED = 10.0  # seconds for which it holds what was passed over
_LONGEST = 600.0  # and so many at most, for a folder may have hung
_PATIENCE = 10.0  # seconds for which who asks for it waits
_NAMES = 1.0  # seconds between two looks at the names of the stored secrets, where a task needs one


class PathCatalog:
    """A `Catalog` over folders, Python files (`file.py:function`), scripts and YAML files.

    `changed` is called in the event loop's thread after each change of what `tasks()` gives. `python` reads the
    Python files; it should be the one that will run their tasks. `stored` gives the names of secrets that need no
    declaration; where it is left out, every name is taken for one. `remembered` is the file in which the addresses of
    tasks outlive this process. `contact`: whom to ask about tasks that do not say it.
    `refused`: why a task cannot have here what it asks for, nothing where it can. `before`: words in front of a task's
    programs that tell choices.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]],
        changed: Callable[[], None] = lambda: None,
        *,
        python: str = sys.executable,
        stored: Callable[[], Collection[str]] | None = None,
        remembered: Path | None = None,
        contact: str = "",
        refused: Callable[[Task], str] = lambda _: "",
        before: Callable[[Task], Sequence[str]] = lambda _: (),
        patterns: Patterns | None = None,
    ) -> None:
        self._words = paths
        self._stored = stored
        self._paths: list[Named] = []
        self._changed = changed
        self._tasks: Mapping[str, Task] = MappingProxyType({})
        self._declared: Mapping[str, Secret] = MappingProxyType({})
        self._files: dict[Key, File] = {}
        self._known: frozenset[Path] = frozenset()  # the files and folders of the last look; read in other threads
        self._links: Mapping[str, Path] = {}  # by the address that a link to a shown file would have
        self._kept: Collection[str] | None = None  # the names of stored secrets at the last look; None: nobody knows
        self._assembly = Assembly(remembered, contact, refused)
        self._readers = Readers(python, self._read)
        self._lookout = FileWatch(self._concerned)
        self._offers = ProgramChoices(before)
        self._doubted = SlowPatterns(patterns, changed) if patterns else None
        self._passed: Sequence[Skipped] = ()
        self._accounted = 0.0  # until when that holds
        self._accounting: asyncio.Task[None] | None = None
        self._dirty = asyncio.Event()  # what is shown is not what was read
        self._whole = asyncio.Event()  # everything was read once
        self._work: list[asyncio.Task[None]] = []

    def tasks(self) -> Mapping[str, Task]:
        return self._tasks

    def secrets(self) -> Mapping[str, Secret]:
        return self._declared

    def task(self, slug: str) -> Task:
        if slug in self._tasks:
            return self._tasks[slug]
        if self.reading:
            raise StillReading(slug[:100])
        near = difflib.get_close_matches(slug[:100], list(self._tasks), 1)
        raise NoSuchTask(slug[:100], near[0] if near else None)

    def places(self) -> Sequence[str]:
        return [readable(str(one.path)) for one in self._paths]

    def problems(self) -> Sequence[Problem]:
        found = [problem for file in self._files.values() if file.shown for problem in file.shown.all]
        found += doubts((), self._declared)
        found += self._doubted.problems if self._doubted else ()
        return sorted(found, key=lambda one: (one.file, one.line, one.column))

    async def passed(self) -> Sequence[Skipped]:
        if self._accounting is None and time.monotonic() > self._accounted:
            self._accounting = asyncio.create_task(self._account(), name="catalog: account")
            # A folder may not answer; and others are told meanwhile what was found before.
            await asyncio.wait({self._accounting}, timeout=_PATIENCE)
        return self._passed

    async def _account(self) -> None:
        readings = {path: file.shown for (path, _), file in self._files.items() if file.shown is not None}
        begun = time.monotonic()
        try:
            self._passed = await threads.catalogue("accounting", account, self._paths, readings)
        except Exception:
            log.exception("what is passed over in the task folders is not known")
        finally:
            self._accounted = time.monotonic() + min(max(_ACCOUNTED, 100 * (time.monotonic() - begun)), _LONGEST)
            self._accounting = None

    @property
    def reading(self) -> bool:
        return not self._whole.is_set()

    async def awaited(self, slug: str) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PRESS):
                while slug not in self._tasks and not self._whole.is_set():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_SHOWN):
                            await self._whole.wait()
        if slug not in self._tasks and (path := self._links.get(slug)):
            scripts = (one for one in self._tasks.values() if one.target.alone)
            return next((one.slug for one in scripts if one.source.file == str(path)), slug)
        return slug

    async def offered(self, slug: str) -> Offered:
        return await self._offers.of(self.task(slug))

    async def open(self) -> None:
        self._paths = named(self._words)
        await threads.catalogue("together", self._assembly.open, self._paths)
        pause = await self._look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OPENING):
                await self._readers.idle()
                self._whole.set()
        await self._publish()
        self._work = [asyncio.create_task(work, name="catalog") for work in (self._follow(pause), self._show())]

    async def close(self) -> None:
        await self._offers.close()
        if self._doubted:
            await self._doubted.close()
        work = [*self._work, *([self._accounting] if self._accounting else [])]
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await self._lookout.close()
        await self._readers.close()

    # -- looking

    async def _follow(self, pause: float) -> None:
        said = ""
        while True:
            try:
                begun = time.monotonic()
                await asyncio.sleep(pause / 100)  # where a look costs much, not one after the other
                while (left := begun + self._soon(pause) - time.monotonic()) > 0:
                    if await self._lookout.wait(min(left, _NAMES)):
                        break
                    await self._look_at_names()
                pause = await self._look()
                said = ""
            except OSError as error:  # no more files can be opened: what cannot be looked at now is not gone
                if str(error) != said:
                    log.warning("the task folders cannot be looked at now: %s", error)
                said = str(error)
                await asyncio.sleep(1)
            except Exception:
                log.exception("looking at the task folders failed; looking again")
                await asyncio.sleep(1)

    def _soon(self, pause: float) -> float:
        """Seconds until the next look: sooner where a file may be gone."""
        unsettled = [at for file in self._files.values() if (at := file.unsettled) is not None]
        return min([pause, *(max(0.05, at - time.monotonic()) for at in unsettled)])

    async def _look(self) -> float:
        """Compare what is there with what was read, and begin to read what is new or other. How long to pause."""
        listing, pause = await threads.catalogue("listing", _timed, self._paths)
        there = {key_of(found): found for found in listing.files}
        self._known = frozenset([*(path for path, _ in there), *listing.folders])
        self._links = {slug_of(link.stem): path for link, path in listing.links.items()}
        self._lookout.over(listing.folders)
        now = time.monotonic()
        for key in [key for key in self._files if key not in there]:
            self._readers.forget(key)
            if self._files[key].missed(now):
                del self._files[key]
                self._dirty.set()
        for key, found in there.items():
            before = self._files.get(key)
            if before is None:
                before = self._files[key] = File(found)
            elif before.away is None and before.found == found and before.found.stamp == found.stamp:
                if before.settle(now):
                    self._dirty.set()
                continue
            before.found, before.away = found, None
            self._readers.read(found)
        if list(there) != list(self._files):
            gone = {key: file for key, file in self._files.items() if key not in there}
            self._files = {key: self._files[key] for key in there} | gone
        await self._look_at_names()
        return pause

    async def _look_at_names(self) -> None:
        if self._stored is None or not any(task.secret_names for task in self._tasks.values()):
            return
        kept = await threads.catalogue("names", self._names)
        if kept != self._kept:
            self._dirty.set()

    def _names(self) -> Collection[str] | None:
        try:
            return self._stored() if self._stored else None
        except StoreError:
            return None  # why is said by the run that needs one

    def _concerned(self, paths: Collection[Path]) -> bool:
        return any(path in self._known or concerns(path) for path in paths)

    def _read(self, found: Found, reading: FileTasks) -> None:
        file = self._files.get(key_of(found))
        if file is None or file.found.stamp != found.stamp:
            return  # it is gone, or is read again
        if file.read(reading, time.monotonic()):
            self._dirty.set()

    # -- showing

    async def _show(self) -> None:
        """Show what changed: at once when everything is read, and now and then meanwhile."""
        took = 0.0
        while True:
            if self._whole.is_set():
                await self._dirty.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(_SHOWN, 10 * took)):
                    await self._readers.idle()
            begun = time.monotonic()
            whole = not self._readers.busy
            try:
                await self._publish(whole=whole)
            except Exception:
                log.exception("putting the tasks together failed; trying again")
                await asyncio.sleep(1)
                self._dirty.set()
            took = time.monotonic() - begun

    async def _publish(self, *, whole: bool = False) -> None:
        self._dirty.clear()
        parts = [
            Part(file.found, file.shown, file.known, file.secrets, away=file.unsettled is not None)
            for file in self._files.values()
            if file.shown is not None
        ]
        self._kept = await threads.catalogue("names", self._names)
        unread = [path for (path, _), file in self._files.items() if file.shown is None]
        tasks, declared = await threads.catalogue("together", self._assembly.make, parts, self._kept, unread)
        begun_whole = whole and not self._whole.is_set()
        if whole:
            self._whole.set()
        self._declared = declared
        if begun_whole or tasks is not self._tasks:
            self._tasks = tasks
            if self._doubted:
                self._doubted.over(tasks.values())
            self._changed()


def _timed(paths: Sequence[Named]) -> tuple[Listing, float]:
    """What is there, and how long to wait until the next look."""
    cpu, wall = time.thread_time(), time.monotonic()
    listing = scan(paths)
    return listing, pause_after(cpu=time.thread_time() - cpu, wall=time.monotonic() - wall)
