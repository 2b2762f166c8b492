"""The catalog over paths: it reads each file once, follows changes, and reads again only what changed.

A change is seen by the system's notification or, where there is none, by looking twice a second; so an edit shows
within a second on any file system. A file is read in the background and what it held before stays until then.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import logging
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from watchfiles import awatch

from pushbutton.domain.secret import Secret
from pushbutton.domain.task import Offered, PythonTarget, ScriptTarget, Source, Target, Task
from pushbutton.errors import NoSuchTask, StoreError
from pushbutton.job.title import title_of

from .config import read_config
from .folder import EXHAUSTED, Named, folders, named, scan
from .offers import Offers
from .python import read_python
from .reading import Form, Found, Problem, Reading, slug_of
from .scripts import read_script
from .secrets import by_name, supplied
from .sound import readable, sound

__all__ = ["PathCatalog", "assemble", "read"]

log = logging.getLogger(__name__)

_LOOK = 400  # milliseconds between two looks when nothing is notified
_AT_ONCE = 2  # Python files that are read at the same time

_Key = tuple[Path, str]


async def read(found: Found, *, execute: bool, python: str = sys.executable) -> Reading:
    """Read one file, whatever it is. Never raises: a file that nobody thought of is broken, and hurts no other."""
    try:
        return sound(await _read(found, execute=execute, python=python))
    except Exception as error:
        log.exception("reading %s failed", found.path)
        sentence = f"It cannot be read ({type(error).__name__}); the server's log says more."
        return sound(Reading(whole=Problem(str(found.path), 1, 1, sentence)))


async def _read(found: Found, *, execute: bool, python: str) -> Reading:
    match found.form:
        case Form.CONFIG:
            return await asyncio.to_thread(read_config, found)
        case Form.SCRIPT:
            return await asyncio.to_thread(read_script, found)
    return await read_python(found, execute=execute, python=python)


class PathCatalog:
    """A `Catalog` over folders, Python files (`file.py:function`), scripts and YAML files.

    `changed` is called in the event loop's thread after each change of what `tasks()` gives. `python` reads the
    Python files; it should be the one that will run their tasks. `stored` gives the names of secrets that need no
    declaration; where it is left out, every name is taken for one.
    """

    def __init__(
        self,
        paths: Sequence[str | os.PathLike[str]],
        changed: Callable[[], None] = lambda: None,
        *,
        python: str = sys.executable,
        stored: Callable[[], Collection[str]] | None = None,
    ) -> None:
        self._words = paths
        self._stored = stored
        self._python = python
        self._paths: list[Named] = []
        self._changed = changed
        self._tasks: Mapping[str, Task] = MappingProxyType({})
        self._found: dict[_Key, Found] = {}
        self._readings: dict[_Key, Reading] = {}
        self._known: dict[_Key, tuple[Task, ...]] = {}  # the tasks of a file when it was last whole
        self._secrets: dict[_Key, tuple[Secret, ...]] = {}  # the same for what it declares of secrets
        self._declared: Mapping[str, Secret] = MappingProxyType({})
        self._kept: Collection[str] | None = None  # the names of stored secrets at the last look; None: nobody knows
        self._under_way: dict[_Key, asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._follower: asyncio.Task[None] | None = None
        self._offers = Offers()
        self._stop = asyncio.Event()

    def tasks(self) -> Mapping[str, Task]:
        return self._tasks

    def secrets(self) -> Mapping[str, Secret]:
        return self._declared

    def task(self, slug: str) -> Task:
        if slug in self._tasks:
            return self._tasks[slug]
        near = difflib.get_close_matches(slug[:100], list(self._tasks), 1)
        raise NoSuchTask(slug[:100], near[0] if near else None)

    async def offered(self, slug: str) -> Offered:
        return await self._offers.of(self.task(slug))

    async def open(self) -> None:
        self._paths = named(self._words)
        await self._look()
        await asyncio.gather(*self._under_way.values())
        self._follower = asyncio.create_task(self._follow(), name="catalog")

    async def close(self) -> None:
        self._stop.set()
        await self._offers.close()
        ending = [*self._under_way.values(), *([self._follower] if self._follower else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _follow(self) -> None:
        polling: bool | None = None
        while not self._stop.is_set():
            try:
                watched = await asyncio.to_thread(folders, self._paths)
                if not watched:  # everything was removed; it may come back
                    await asyncio.sleep(_LOOK / 1000)
                await self._watch(watched, polling)
            except FileNotFoundError:
                continue  # one was removed while the watch began
            except Exception as error:  # noqa: BLE001 - no notifications to be had (a strange file system, too many)
                polling = polling or getattr(error, "errno", None) not in EXHAUSTED
                await asyncio.sleep(_LOOK / 1000)

    async def _watch(self, watched: Sequence[Path], polling: bool | None) -> None:
        """Until the folders to watch are others."""
        await self._look()
        changes = awatch(
            *watched,
            watch_filter=None,
            recursive=False,
            debounce=200,
            step=30,
            rust_timeout=_LOOK,
            yield_on_timeout=True,
            stop_event=self._stop,
            force_polling=polling,
            poll_delay_ms=_LOOK // 2,
        )
        async with contextlib.aclosing(changes):
            async for _ in changes:
                await self._look()
                if await asyncio.to_thread(folders, self._paths) != watched:
                    return

    async def _look(self) -> None:
        """Compare what is there with what was read, and begin to read what is new or other."""
        there = {(found.path, found.function): found for found in await asyncio.to_thread(scan, self._paths)}
        gone = [key for key in self._found if key not in there]
        for key in gone:
            self._drop(key)
        for key, found in there.items():
            before = self._found.get(key)
            if before is None or before != found or before.stamp != found.stamp:
                self._begin(key, found)
        self._found = there
        kept, self._kept = self._kept, await asyncio.to_thread(self._names)
        if gone or kept != self._kept:
            self._publish()

    def _names(self) -> Collection[str] | None:
        try:
            return self._stored() if self._stored else None
        except StoreError:
            return None  # why is said by the run that needs one

    def _drop(self, key: _Key) -> None:
        if key in self._under_way:
            self._under_way.pop(key).cancel()
        self._readings.pop(key, None)
        self._known.pop(key, None)
        self._secrets.pop(key, None)

    def _begin(self, key: _Key, found: Found) -> None:
        if key in self._under_way:
            self._under_way.pop(key).cancel()
        task = self._under_way[key] = asyncio.create_task(self._read(key, found))
        task.add_done_callback(lambda done: self._done(key, done))

    def _done(self, key: _Key, task: asyncio.Task[None]) -> None:
        if self._under_way.get(key) is task:
            del self._under_way[key]

    async def _read(self, key: _Key, found: Found) -> None:
        by_python = found.form in (Form.PYTHON, Form.NAMED)
        async with self._turns if by_python else contextlib.nullcontext():
            reading = await read(found, execute=True, python=self._python)
        self._readings[key] = reading
        if reading.whole is None:
            self._known[key] = reading.tasks
            self._secrets[key] = reading.secrets
        self._publish()

    def _publish(self) -> None:
        order = [key for key in self._found if key in self._readings]
        order += [key for key in self._readings if key not in self._found]
        tasks = assemble((self._readings[key], self._known.get(key, ()), key[0]) for key in order)
        self._declared = MappingProxyType(by_name(one for key in order for one in self._secrets.get(key, ())))
        tasks = supplied(tasks, self._declared, self._kept)
        if tasks != self._tasks or list(tasks) != list(self._tasks):
            self._tasks = MappingProxyType(tasks)
            self._changed()


def assemble(files: Iterable[tuple[Reading, tuple[Task, ...], Path]]) -> dict[str, Task]:
    """All tasks by slug, in the order of a page: those without a group, then group by group.

    Each file comes with its reading, the tasks that it held when it was last whole, and its path.
    """
    found: dict[str, list[Task]] = {}
    unknown: list[tuple[Path, str]] = []
    for reading, known, path in files:
        tasks: Sequence[Task] = reading.tasks
        if reading.whole is not None:
            tasks = [replace(task, broken=reading.whole.reason) for task in known]
            if not tasks:
                unknown.append((path, reading.whole.reason))
        for task in tasks:
            same = found.setdefault(task.slug, [])
            if task.source not in [other.source for other in same]:  # a function may be named beside its folder
                same.append(task)
    merged = [tasks[0] if len(tasks) == 1 else _clash(tasks) for tasks in found.values()]
    taken = set(found)
    for path, reason in unknown:
        slug = slug_of(path.stem)
        if slug in taken:
            slug = slug_of(path.name)
        while slug in taken:
            slug += "-x"
        taken.add(slug)
        title = title_of(readable(path.stem))
        merged.append(Task(slug, title, _target(path), Source(readable(str(path))), broken=reason))
    return {task.slug: task for task in sorted(merged, key=lambda task: task.group.casefold())}


def _clash(tasks: Sequence[Task]) -> Task:
    places = [f"{Path(task.source.file).name} line {task.source.line}" for task in tasks]
    if len({Path(task.source.file).name for task in tasks}) < len({task.source.file for task in tasks}):
        places = [f"{task.source.file} line {task.source.line}" for task in tasks]
    where = f"{', '.join(places[:-1])} and {places[-1]}"
    return replace(tasks[0], broken=f"{where} each have a task named “{tasks[0].slug}”: give them different names.")


def _target(path: Path) -> Target:
    file = readable(str(path))
    return PythonTarget(file, "") if path.suffix == ".py" else ScriptTarget(file)
