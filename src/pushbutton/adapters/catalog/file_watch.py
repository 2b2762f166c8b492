"""When to look at the folders again: when the system notifies of a change, and now and then all the same.

Not every change is notified (network mounts, other machines, a system that has no watches left), so there is always a
next look; how soon depends on what a look costs, so that looking takes next to nothing however much lies there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from watchfiles._rust_notify import RustNotify  # `awatch` is this and all of anyio

from pushbutton import threads

__all__ = ["FileWatch", "pause_after"]

log = logging.getLogger(__name__)

_SOONEST, _LATEST = 0.8, 60.0  # seconds between two looks of which nothing was notified
_OF_A_CORE, _OF_THE_TIME = 300, 10  # a look may take one part in so many
_AGAIN = 60.0  # seconds until the system is asked for notifications again, where it had none
_ANSWER = 3.0  # seconds within which a folder must answer, or it is not watched
_TICK = 1000  # milliseconds after which a watch says that it is there
_TOGETHER, _STEP = 200, 50  # milliseconds: changes that come one after the other are one; how soon a watch ends


def pause_after(*, cpu: float, wall: float) -> float:
    """Seconds until the next unprompted look, after one that took so many: of a core, and of time."""
    return min(_LATEST, max(_SOONEST, _OF_A_CORE * cpu, _OF_THE_TIME * wall))


class FileWatch:
    """Watches folders, not what is below them. `concerned` is asked in a thread which changes matter.

    Beginning to watch one that does not answer would hold up the whole process: the call into the system keeps Python
    from everything else. So each is asked first, in threads.
    """

    def __init__(self, concerned: Callable[[Collection[Path]], bool]) -> None:
        self._concerned = concerned
        self._wakeup = asyncio.Event()
        self._folders: Mapping[Path, Sequence[Path]] = {}
        self._moved = asyncio.Event()  # the folders are others; it ends a watch
        self._watch: asyncio.Task[None] | None = None

    def over(self, folders: Mapping[Path, Sequence[Path]]) -> None:
        """Watch these from now on, by the folder that is served."""
        if folders != self._folders:
            self._folders = folders
            self._moved.set()
        if self._watch is None:
            self._watch = asyncio.create_task(self._follow(), name="catalog: watch")

    async def wait(self, seconds: float) -> bool:
        """Wait so long, or until something changed that matters: whether it did."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wakeup.wait()
        rung = self._wakeup.is_set()
        self._wakeup.clear()
        return rung

    def ring(self) -> None:
        """End all waiting, as if something had changed."""
        self._wakeup.set()

    async def close(self) -> None:
        if self._watch:
            self._moved.set()  # a watch ends by this at once; cancelled, it would go on for a moment in its thread
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _follow(self) -> None:
        said = ""
        while True:
            self._moved.clear()
            try:
                await self._notified(await self._answering())
            except FileNotFoundError:
                self._wakeup.set()  # one was removed while the watch began
                await self._rest(_SOONEST)
            except Exception as error:  # noqa: BLE001 - no notifications to be had: a strange file system, too many
                if str(error) != said:
                    log.warning("nothing notifies of changes in the task folders, so they are looked for: %s", error)
                said = str(error)
                await self._rest(_AGAIN)

    async def _answering(self) -> Sequence[Path]:
        """Those that answer, none when they are others meanwhile."""
        asked = {
            asyncio.create_task(threads.catalogue(f"watching {root}", _ask, folders)): folders
            for root, folders in self._folders.items()
        }
        moved = asyncio.create_task(self._moved.wait())
        ended = asyncio.gather(*asked, return_exceptions=True)
        waited: set[asyncio.Future[Any]] = {moved, ended}
        await asyncio.wait(waited, timeout=_ANSWER, return_when=asyncio.FIRST_COMPLETED)
        found = [one for task, folders in asked.items() if task.done() and not task.exception() for one in folders]
        for task in (moved, *asked):
            task.cancel()
        await asyncio.gather(moved, ended, return_exceptions=True)
        return [] if self._moved.is_set() else list(dict.fromkeys(found))

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()

    async def _notified(self, folders: Sequence[Path]) -> None:
        """Until the folders are others."""
        if not folders:
            return await self._rest(_AGAIN)
        begun = False
        with _system(folders) as system:
            while (some := await self._some(system, str(folders[0]))) != "stop":
                paths = set() if isinstance(some, str) else {Path(path) for _, path in some}
                if not begun or (paths and await threads.catalogue("listing", self._concerned, paths)):
                    self._wakeup.set()  # the first time for what changed before the watch was there
                begun = True
        return None

    async def _some(self, system: RustNotify, place: str) -> set[tuple[int, str]] | str:
        """The system's notifications, or a word: timeout, stop. It is over in its thread when this returns."""
        watch = asyncio.ensure_future(threads.watching(place, system.watch, _TOGETHER, _STEP, _TICK, self._moved))
        try:
            return await asyncio.shield(watch)
        except asyncio.CancelledError:
            self._moved.set()
            await asyncio.gather(watch, return_exceptions=True)  # what it still says is for nobody any more
            raise


def _system(folders: Sequence[Path]) -> RustNotify:
    """Notifies from now on. Raises `FileNotFoundError`, and what the system has against it."""
    return RustNotify(
        [str(folder) for folder in folders],
        debug=False,
        force_polling=False,
        poll_delay_ms=0,
        recursive=False,
        ignore_permission_denied=False,
    )


def _ask(folders: Sequence[Path]) -> None:
    """Returns when they answer."""
    for folder in folders:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            os.close(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
