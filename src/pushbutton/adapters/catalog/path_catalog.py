"""The catalog over paths: it reads each file once, follows changes, and reads again only what changed.

A change is seen by the system's notification or, where there is none, by looking (`file_watch`). Each folder is looked
at by itself (`branches`): one that does not answer keeps nobody from the others. Files are read in the
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
from pushbutton.domain.messages import Channel
from pushbutton.domain.problem import Problem
from pushbutton.domain.secret import Secret
from pushbutton.domain.skipped import Skipped
from pushbutton.domain.task import Offered, Task
from pushbutton.errors import NoSuchBundle, NoSuchTask, StillReading, StoreError
from pushbutton.runtime.ports import Patterns

from .assembly import Assembly, Part
from .branches import SILENT, Branches
from .choices import ProgramChoices
from .file_watch import FileWatch
from .folder import concerns
from .model import FileTasks, Found, slug_of
from .readers import AT_ONCE, Key, Readers, key_of
from .sanitise import readable
from .secrets import doubts
from .settling import File
from .shared import unknown_channels
from .skipped import account
from .slow_patterns import SlowPatterns
from .told import Told

__all__ = ["PathCatalog"]

log = logging.getLogger(__name__)

_OPENING = 2.0  # seconds for which opening waits until everything is read; the rest is read while others press
_LOOK = 1.0  # seconds for which a look waits for the folders; what comes later is taken when it comes
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
    tasks outlive this process, `addresses` those that it begins with, `told` the folder in which what was read of
    scripts outlives it. `contact`: whom to ask about tasks that do not say it; `on_failure`: what it means that one of
    them failed that does not say that. `refused`: why a task cannot have here what it asks for, nothing where it can.
    `before`: words in front of a task's programs that tell choices.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]],
        changed: Callable[[], None] = lambda: None,
        *,
        python: str = sys.executable,
        stored: Callable[[], Collection[str]] | None = None,
        remembered: Path | None = None,
        told: Path | None = None,
        contact: str = "",
        on_failure: str = "",
        refused: Callable[[Task], str] = lambda _: "",
        before: Callable[[Task], Sequence[str]] = lambda _: (),
        patterns: Patterns | None = None,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        self._stored = stored
        self._branches = Branches([os.fspath(path) for path in paths], self._stuck)
        self._changed = changed
        self._tasks: Mapping[str, Task] = MappingProxyType({})
        self._declared: Mapping[str, Secret] = MappingProxyType({})
        self._channels: Mapping[str, Channel] = MappingProxyType({})
        self._files: dict[Key, File] = {}
        self._known: frozenset[Path] = frozenset()  # the files and folders of the last look; read in other threads
        self._links: Mapping[str, Path] = {}  # by the address that a link to a shown file would have
        self._kept: Collection[str] | None = None  # the names of stored secrets at the last look; None: nobody knows
        self._assembly = Assembly(remembered, {"contact": contact, "on_failure": on_failure}, refused, addresses or {})
        self._python, self._at_once = python, asyncio.Semaphore(AT_ONCE)
        self._told = Told(told, python) if told else None
        self._readers: dict[Path, Readers] = {}  # by the folder that is served
        self._roots: dict[Key, Path] = {}  # that through which each file is served
        self._read_once: set[Path] = set()  # the folders that are served, of which everything was read once
        self._lookout = FileWatch(self._concerned)
        self._offers = ProgramChoices(before)
        self._doubted = SlowPatterns(patterns, changed) if patterns else None
        self._passed: Sequence[Skipped] = ()
        self._accounted = 0.0  # until when that holds
        self._accounting: asyncio.Task[None] | None = None
        self._said: tuple[object, ...] = (True,)  # shown besides the tasks: whether more may come, who is silent
        self._dirty = asyncio.Event()  # what is shown is not what was read
        self._whole = asyncio.Event()  # everything that answers was read once
        self._work: list[asyncio.Task[None]] = []

    def tasks(self) -> Mapping[str, Task]:
        return self._tasks

    def secrets(self) -> Mapping[str, Secret]:
        return self._declared

    def channels(self) -> Mapping[str, Channel]:
        return self._channels

    def task(self, slug: str) -> Task:
        if slug in self._tasks:
            return self._tasks[slug]
        if self.reading:
            raise StillReading(slug[:100], silent=bool(self.silent()))
        near = difflib.get_close_matches(slug[:100], list(self._tasks), 1)
        raise NoSuchTask(slug[:100], near[0] if near else None)

    def of(self, slug: str, bundle: str) -> Task:
        if bundle:
            raise NoSuchBundle(bundle)
        return self.task(slug)

    @property
    def addresses(self) -> Mapping[str, str]:
        """Those of all tasks, also of such as went, by what they are remembered by."""
        return self._assembly.addresses

    def places(self) -> Sequence[str]:
        return [readable(str(path)) for path in self._branches.paths()]

    def silent(self) -> Sequence[str]:
        return self._branches.silent()

    def problems(self) -> Sequence[Problem]:
        found = [problem for file in self._files.values() if file.shown for problem in file.shown.all]
        found += self._branches.problems()
        found += doubts((), self._declared)
        found += unknown_channels(self._tasks.values(), self._channels)
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
            self._passed = await threads.catalogue("accounting", account, self._branches.named(), readings)
        except Exception:
            log.exception("what is passed over in the task folders is not known")
        finally:
            self._accounted = time.monotonic() + min(max(_ACCOUNTED, 100 * (time.monotonic() - begun)), _LONGEST)
            self._accounting = None

    @property
    def reading(self) -> bool:
        return not self._whole.is_set() or bool(self._branches.unseen())

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
        await self._branches.look(SILENT)
        if fault := self._branches.wrong():
            await self._branches.close()
            raise fault
        await threads.catalogue("together", self._assembly.open, *self._branches.first())
        if self._told:
            await threads.catalogue("told", self._told.open)
        await self._take()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OPENING):
                await self._idle()
        await self._publish()
        self._work = [asyncio.create_task(work, name="catalog") for work in (self._follow(), self._show())]

    async def close(self) -> None:
        await self._offers.close()
        if self._doubted:
            await self._doubted.close()
        work = [*self._work, *([self._accounting] if self._accounting else [])]
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await self._lookout.close()
        await self._branches.close()
        for readers in self._readers.values():
            await readers.close()

    # -- looking

    async def _follow(self) -> None:
        while True:
            try:
                begun, pause = time.monotonic(), self._branches.due()
                await asyncio.sleep(pause / 100)  # where a look costs much, not one after the other
                everywhere = await self._until_a_look(begun)
                await self._branches.look(_LOOK, everywhere=everywhere)
                await self._take()
            except Exception:
                log.exception("looking at the task folders failed; looking again")
                await asyncio.sleep(1)

    async def _until_a_look(self, begun: float) -> bool:
        """Whether something is to be seen anywhere, and not only where it is time."""
        while (left := self._branches.due()) > 0:
            unsettled = self._unsettled(begun)
            if unsettled is not None and unsettled <= time.monotonic():
                return True
            left = left if unsettled is None else min(left, unsettled - time.monotonic())
            if await self._lookout.wait(min(max(left, 0.0), _NAMES)):
                return True
            if self._branches.heard():
                self._dirty.set()
            if self._branches.came:
                await self._take()  # of a folder for which the last look did not wait
            await self._look_at_names()
        return False

    def _unsettled(self, begun: float) -> float | None:
        """When to look because a file may be gone; of a folder that does not answer, nobody asks again."""
        asked = self._branches.asked()
        times = [file.unsettled for key, file in self._files.items() if self._roots.get(key) not in asked]
        return min((max(begun + 0.05, at) for at in times if at is not None), default=None)

    async def _take(self) -> None:
        """Compare what is there with what was read, and begin to read what is new or other."""
        listing = self._branches.listing()
        there = {key_of(found): found for found in listing.files}
        self._roots |= self._branches.roots()
        self._known = frozenset([*(path for path, _ in there), *listing.folders])
        self._links = {slug_of(link.stem): path for link, path in listing.links.items()}
        self._lookout.over(self._branches.folders())
        now, looked = time.monotonic(), self._branches.looked()
        for key in [key for key in self._files if key not in there]:
            root = self._roots[key]
            self._reader(root).forget(key)
            if self._files[key].missed(looked.get(root, now)):
                del self._files[key], self._roots[key]
                self._dirty.set()
        for key, found in there.items():
            before, root = self._files.get(key), self._roots[key]
            if before is None:
                before = self._files[key] = File(found)
            elif before.away is None and before.found == found and before.found.stamp == found.stamp:
                if before.settle(looked.get(root, now)):
                    self._dirty.set()
                continue
            before.found, before.away = found, None
            self._reader(root).read(found)
        if list(there) != list(self._files):
            gone = {key: file for key, file in self._files.items() if key not in there}
            self._files = {key: self._files[key] for key in there} | gone
        if self._pending():
            self._whole.clear()
            self._dirty.set()
        await self._look_at_names()

    def _reader(self, root: Path) -> Readers:
        if root not in self._readers:
            self._readers[root] = Readers(self._python, self._read, str(root), self._at_once, self._told)
        return self._readers[root]

    def _stuck(self, root: Path) -> bool:
        return root in self._readers and self._readers[root].stuck

    def _pending(self) -> bool:
        """Whether something that answers was not read once."""
        return not self._branches.read(lambda root: root in self._read_once or self._stuck(root))

    async def _idle(self) -> None:
        """Wait until everything that answers is read."""
        await asyncio.gather(*(readers.idle() for readers in self._readers.values() if not readers.stuck))

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
                    await self._idle()
            begun = time.monotonic()
            try:
                await self._publish()
            except Exception:
                log.exception("putting the tasks together failed; trying again")
                await asyncio.sleep(1)
                self._dirty.set()
            took = time.monotonic() - begun

    async def _publish(self) -> None:
        self._dirty.clear()
        read = [root for root, at in self._branches.looked().items() if at and not self._reader(root).busy]
        parts = [
            Part(file.found, file.shown, file.known, file.secrets, away=file.unsettled is not None)
            for file in self._files.values()
            if file.shown is not None
        ]
        self._kept = await threads.catalogue("names", self._names)
        unread = [path for (path, _), file in self._files.items() if file.shown is None]
        unread += self._branches.unseen()
        tasks, declared, channels = await threads.catalogue("together", self._assembly.make, parts, self._kept, unread)
        self._read_once.update(read)
        if not self._pending():
            self._whole.set()
        self._declared, self._channels = declared, channels
        said = (self.reading, *self.silent())
        if said != self._said or tasks is not self._tasks:
            self._tasks, self._said = tasks, said
            if self._doubted:
                self._doubted.over(tasks.values())
            self._changed()
