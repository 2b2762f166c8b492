"""The catalog of published tasks: those of the newest bundle, and for runs that were pressed before, those of theirs.

Each bundle is unpacked into a folder of its own, which does not change, and read there by a `PathCatalog`. That another
one was published is told by a hint, and seen by a look each second.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from pushbutton import threads
from pushbutton.domain.bundle import BadBundle, Bundled, Publishing, portable
from pushbutton.domain.messages import Channel
from pushbutton.domain.problem import Problem
from pushbutton.domain.secret import Secret
from pushbutton.domain.skipped import Skipped
from pushbutton.domain.task import Offered, Task
from pushbutton.errors import ConfigError, NoSuchBundle, NoSuchTask, StillReading, StoreError
from pushbutton.runtime.ports import Notifier
from pushbutton.runtime.ports.bundles import Bundles

from .path_catalog import PathCatalog

__all__ = ["TOPIC", "PublishedCatalog", "Unpacked"]

log = logging.getLogger(__name__)

TOPIC = "bundles"
_LOOK = 1.0  # seconds
_AGAIN = 5.0  # seconds after which what is missing is asked for once more

Make = Callable[[Path, Mapping[str, str], Callable[[], None]], PathCatalog]
"""A catalog over a folder, with the addresses that it begins with, and what to call after each change of it."""


class Unpacked(Protocol):
    """Where bundles lie unpacked, see `adapters.bundles.cache`. Its methods block."""

    def found(self, digest: str) -> Path | None: ...

    def put(self, digest: str, content: bytes) -> Path: ...

    def tidy(self, needed: Collection[str]) -> None: ...


@dataclass(slots=True)
class _Opened:
    """One bundle, unpacked and followed."""

    publishing: Publishing
    at: Bundled
    catalog: PathCatalog
    read: Mapping[str, Task]  # as the catalog had them last
    tasks: Mapping[str, Task]  # the same, each with where it lies

    def current(self) -> Mapping[str, Task]:
        read = self.catalog.tasks()
        if read is not self.read:
            known = {slug: (self.read[slug], task) for slug, task in self.tasks.items()}
            fresh = {slug: self._same(task, *known.get(slug, (None, task))) for slug, task in read.items()}
            self.read, self.tasks = read, MappingProxyType(fresh)
        return self.tasks

    def _same(self, task: Task, before: Task | None, marked: Task) -> Task:
        """The very task that was given out where it is as it was."""
        return marked if before is task else self.marked(task)

    def marked(self, task: Task) -> Task:
        return replace(task, bundled=self.at, broken=portable(task.broken, self.at))

    def task(self, slug: str) -> Task:
        return self.current().get(slug) or self.catalog.task(slug)


class PublishedCatalog:
    """A `Catalog` of what was published in a store. Nothing is there before the first publishing."""

    def __init__(
        self,
        bundles: Bundles,
        unpacked: Unpacked,
        make: Make,
        notifier: Notifier,
        changed: Callable[[], None],
        faults: Callable[[], Sequence[Problem]] = tuple,
    ) -> None:
        """`changed` as for `PathCatalog`: also when an older bundle can be read now. `faults`: why something is not
        published.
        """
        self._bundles, self._unpacked, self._make = bundles, unpacked, make
        self._notifier, self._changed, self._faults = notifier, changed, faults
        self._now: _Opened | None = None
        self._older: dict[str, _Opened] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._missing: dict[str, float] = {}  # bundles that cannot be had, and until when that is not asked again
        self._looked = False  # whether the store said once what is published
        self._last = 0  # the number of the publishing that was looked at last
        self._work: asyncio.Task[None] | None = None

    def tasks(self) -> Mapping[str, Task]:
        return self._now.current() if self._now else {}

    def task(self, slug: str) -> Task:
        if self._now:
            return self._now.task(slug)
        raise StillReading(slug[:100]) if self.reading else NoSuchTask(slug[:100])

    def of(self, slug: str, bundle: str) -> Task:
        if not bundle or (self._now and self._now.at.bundle == bundle):
            return self.task(slug)
        if opened := self._older.get(bundle):
            return opened.task(slug)
        if self._missing.get(bundle, 0.0) > time.monotonic():
            raise NoSuchBundle(bundle)
        if bundle not in self._fetching:
            self._fetching[bundle] = asyncio.create_task(self._fetch(bundle), name="catalog: bundle")
        raise StillReading(slug[:100])

    def secrets(self) -> Mapping[str, Secret]:
        return self._now.catalog.secrets() if self._now else {}

    def channels(self) -> Mapping[str, Channel]:
        return self._now.catalog.channels() if self._now else {}

    def places(self) -> Sequence[str]:
        return [self._now.publishing.folder] if self._now else []

    def silent(self) -> Sequence[str]:
        return self._now.catalog.silent() if self._now else ()

    def problems(self) -> Sequence[Problem]:
        found = portable(list(self._now.catalog.problems()), self._now.at) if self._now else []
        return [*self._faults(), *found]

    async def passed(self) -> Sequence[Skipped]:
        return portable(list(await self._now.catalog.passed()), self._now.at) if self._now else ()

    @property
    def reading(self) -> bool:
        return self._now.catalog.reading if self._now else not self._looked

    async def awaited(self, slug: str) -> str:
        return await self._now.catalog.awaited(slug) if self._now else slug

    async def offered(self, slug: str) -> Offered:
        now = self._now
        if now is None:
            return Offered(self.task(slug))
        found = await now.catalog.offered(slug)
        same = now.current().get(slug) if found.task is now.read.get(slug) else None
        return Offered(same or now.marked(found.task), found.faults)

    async def open(self) -> None:
        await self._look()
        if self._looked and not self._last and not self._now:
            log.warning("nothing is published for the nodes of this store yet: pushbutton publish FOLDER")
        self._work = asyncio.create_task(self._follow(), name="catalog: published")

    async def close(self) -> None:
        going = [*([self._work] if self._work else []), *self._fetching.values()]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        for opened in [*([self._now] if self._now else []), *self._older.values()]:
            await opened.catalog.close()

    # -- following

    async def _follow(self) -> None:
        heard = asyncio.Event()
        unlisten = self._notifier.listen(TOPIC, heard.set)
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK):
                        await heard.wait()
                heard.clear()
                try:
                    await self._look()
                except Exception:
                    log.exception("looking at what is published failed; looking again")
        finally:
            unlisten()

    async def _look(self) -> None:
        """Have the newest bundle here. What cannot be had leaves everything as it was, and is tried again."""
        try:
            last = await self._bundles.last()
            self._looked = True
            if last == self._last:
                return
            publishing = await self._bundles.newest()
            if publishing is None:
                return
            opened = self._older.pop(publishing.bundle, None) or await self._opened(publishing)
        except (StoreError, NoSuchBundle, OSError, ConfigError) as error:
            log.warning("what was published is not here yet: %s", error)
            return
        if self._now:
            self._older[self._now.at.bundle] = self._now
        self._now, self._last = opened, publishing.number
        self._changed()
        await self._tidy()

    async def _opened(self, publishing: Publishing) -> _Opened:
        digest = publishing.bundle
        place = await threads.catalogue("unpacking", self._unpacked.found, digest)
        if place is None:
            content = await self._bundles.content(digest)
            try:
                place = await threads.catalogue("unpacking", self._unpacked.put, digest, content)
            except BadBundle as error:
                log.warning("the published tasks %s cannot be unpacked: %s", digest[:12], error)
                raise NoSuchBundle(digest) from None
        catalog = self._make(place, publishing.addresses, self._changed)
        await catalog.open()
        opened = _Opened(publishing, Bundled(digest, str(place)), catalog, {}, {})
        opened.current()
        return opened

    async def _fetch(self, bundle: str) -> None:
        """For a run that was pressed before the newest publishing."""
        try:
            publishing = await self._bundles.of(bundle)
            if publishing is None:
                raise NoSuchBundle(bundle)
            self._older[bundle] = await self._opened(publishing)
        except NoSuchBundle as error:
            log.warning("a run waits for the tasks that it was pressed with: %s", error)
            self._missing[bundle] = time.monotonic() + _AGAIN
        except (StoreError, OSError, ConfigError) as error:
            log.warning("a run waits for the tasks that it was pressed with: %s", error)
            await asyncio.sleep(_LOOK)
        finally:
            del self._fetching[bundle]
        self._changed()

    async def _tidy(self) -> None:
        """Let go of the bundles that no run needs any more."""
        try:
            needed = {*(await self._bundles.needed()), *([self._now.at.bundle] if self._now else [])}
            for digest in [digest for digest in self._older if digest not in needed]:
                await self._older.pop(digest).catalog.close()
            await threads.catalogue("unpacking", self._unpacked.tidy, needed)
        except (StoreError, OSError) as error:
            log.warning("bundles that nobody needs stay where they are: %s", error)
