"""Publishes a folder of tasks: once, or whenever it changes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pushbutton import threads
from pushbutton.domain import task_text
from pushbutton.domain.audit import SERVER
from pushbutton.domain.bundle import Bundled, Publishing
from pushbutton.domain.problem import Problem
from pushbutton.domain.task import Task
from pushbutton.errors import ConfigError, NotFound, PushbuttonError, StoreError
from pushbutton.runtime.clock import now
from pushbutton.runtime.ports import Store

__all__ = ["Published", "Publisher"]

log = logging.getLogger(__name__)

LOOK = 0.5  # seconds between two looks at a folder; longer where a look takes long
PATIENCE = 10.0  # seconds for which a start waits for a folder


class Packed(Protocol):
    """See `adapters.bundles.pack`."""

    @property
    def digest(self) -> str: ...

    @property
    def content(self) -> bytes: ...

    @property
    def files(self) -> int: ...


Read = Callable[[Bundled, Mapping[str, str]], Awaitable[tuple[Mapping[str, Task], Mapping[str, str]]]]
"""The tasks of a bundle that is unpacked, and their addresses; it begins with addresses that were given."""


@dataclass(frozen=True, slots=True)
class Published:
    """The result of one look."""

    digest: str
    tasks: Mapping[str, Task]
    made: Publishing | None  # None: these tasks were published already


class Publisher:
    """Of one folder."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        pack: Callable[[Path], Packed],
        stamp: Callable[[Path], int],
        unpack: Callable[[str, bytes], Path],
        read: Read,
        actor: str = SERVER,
    ) -> None:
        """`pack`, `stamp` and `unpack` block, see `adapters.bundles`."""
        self._store, self._folder, self._actor = store, folder, actor
        self._pack, self._stamp, self._unpack, self._read = pack, stamp, unpack, read
        self._begun = False  # whether what lay in the folder at the start was looked at
        self._last = ""  # the digest of what was published last, or would have been
        self._seen = 0  # the stamp of what was packed last
        self._wrong: ConfigError | None = None  # why what is in the folder now cannot be published

    def faults(self) -> Sequence[Problem]:
        wrong = self._wrong
        return [Problem(wrong.file, wrong.line, wrong.column or 1, wrong.sentence)] if wrong else []

    async def publish(self, *, again: bool, unless: str = "") -> Published:
        """Publish what is in the folder; what was published before, only `again`, and what has the digest `unless` not
        at all. Raises `ConfigError`, `StoreError`.
        """
        packed = await self._packed()
        done = await self._published(packed, again=again) if packed.digest != unless else Published(unless, {}, None)
        self._last = packed.digest
        return done

    async def _published(self, packed: Packed, *, again: bool) -> Published:
        bundles = self._store.bundles
        newest = await bundles.newest()
        if (newest and newest.bundle == packed.digest) or (not again and await bundles.of(packed.digest)):
            return Published(packed.digest, {}, None)
        root = await threads.catalogue("unpacking", self._unpack, packed.digest, packed.content)
        tasks, addresses = await self._read(Bundled(packed.digest, str(root)), newest.addresses if newest else {})
        key, at = self._store.audit.key, now()
        new = Publishing(
            packed.digest,
            at,
            self._actor,
            folder=str(self._folder).encode(errors="replace").decode(),
            files=packed.files,
            size=len(packed.content),
            tasks={slug: task_text.digest(task_text.text(task, key)) for slug, task in tasks.items()},
            addresses=addresses,
        )
        await bundles.keep(packed.digest, packed.content, at=at)
        return Published(packed.digest, tasks, await bundles.publish(new, again=again))

    async def _packed(self) -> Packed:
        """As it was at one moment: it is not changed while it is packed."""
        while True:
            before = await self._stamped()
            packed = await threads.catalogue("packing", self._pack, self._folder)
            if await self._stamped() == before:
                self._seen = before
                return packed

    async def _stamped(self) -> int:
        return await threads.catalogue("packing", self._stamp, self._folder)

    # -- following

    async def begin(self) -> None:
        """Publish what was never published: of a folder that has an older state, nothing. One that does not answer is
        not waited for. Raises `ConfigError`.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                done = await self.publish(again=False)
                self._begun = True
                newest = await self._store.bundles.newest()
        except TimeoutError:
            log.warning("%s does not answer; what is in it is published once it does", self._folder)
            return
        if done.made is None and newest and newest.bundle != done.digest:
            log.warning(
                "what is in %s was published before, and other tasks since, which are served now. To publish it again: "
                "pushbutton publish %s", self._folder, self._folder
            )  # fmt: skip

    async def run(self) -> None:
        """Publish what is saved in the folder, until cancelled."""
        seen = settled = self._seen
        while True:
            begun = time.monotonic()
            found = await self._looked(seen)
            if found != seen:
                seen = found  # somebody is saving: what is there at the next look counts
            elif seen != settled or not self._begun:
                settled = seen if await self._saved() else settled
            await asyncio.sleep(max(LOOK, 20 * (time.monotonic() - begun)))

    async def _looked(self, otherwise: int) -> int:
        try:
            return await self._stamped()
        except (ConfigError, OSError):
            return otherwise  # away for a moment, or half replaced

    async def _saved(self) -> bool:
        """Whether it was dealt with."""
        try:
            # What was only touched is no reason to publish it again: others may have published something else since.
            done = await self.publish(again=self._begun, unless=self._last)
        except ConfigError as error:
            log.warning("what was saved is not published: %s", error)
            self._wrong = error
            return True
        except (StoreError, NotFound, OSError) as error:
            log.warning("what was saved is not published yet: %s", error)
            return False
        except PushbuttonError:
            log.exception("publishing %s failed", self._folder)
            return True
        self._begun, self._wrong = True, None
        if done.made:
            log.info("the tasks of %s are published (%s)", self._folder, done.digest[:12])
        return True
