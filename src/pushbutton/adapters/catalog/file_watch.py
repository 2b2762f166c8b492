"""When to look at the folders again: when the system notifies of a change, and now and then all the same.

Not every change is notified (network mounts, other machines, a system that has no watches left), so there is always a
next look; how soon depends on what a look costs, so that looking takes next to nothing however much lies there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from watchfiles import awatch

from pushbutton import threads

__all__ = ["FileWatch", "pause_after"]

log = logging.getLogger(__name__)

_SOONEST, _LATEST = 0.8, 60.0  # seconds between two looks of which nothing was notified
_OF_A_CORE, _OF_THE_TIME = 300, 10  # a look may take one part in so many
_AGAIN = 60.0  # seconds until the system is asked for notifications again, where it had none
_TICK = 1000  # milliseconds after which a watch says that it is there


def pause_after(*, cpu: float, wall: float) -> float:
    """Seconds until the next look of its own accord, after one that took so many: of a core, and of time."""
    return min(_LATEST, max(_SOONEST, _OF_A_CORE * cpu, _OF_THE_TIME * wall))


class FileWatch:
    """Watches folders, not what is below them. `concerned` is asked in a thread which changes matter."""

    def __init__(self, concerned: Callable[[Collection[Path]], bool]) -> None:
        self._concerned = concerned
        self._wakeup = asyncio.Event()
        self._folders: Sequence[Path] = ()
        self._moved = asyncio.Event()  # the folders are others; it ends a watch
        self._watch: asyncio.Task[None] | None = None

    def over(self, folders: Sequence[Path]) -> None:
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
                await self._notified(self._folders)
            except FileNotFoundError:
                self._wakeup.set()  # one was removed while the watch began
                await self._rest(_SOONEST)
            except Exception as error:  # noqa: BLE001 - no notifications to be had: a strange file system, too many
                if str(error) != said:
                    log.warning("nothing notifies of changes in the task folders, so they are looked for: %s", error)
                said = str(error)
                await self._rest(_AGAIN)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._moved.wait()

    async def _notified(self, folders: Sequence[Path]) -> None:
        """Until the folders are others."""
        if not folders:
            return await self._rest(_AGAIN)
        begun = False
        changes = awatch(
            *folders,
            watch_filter=None,
            recursive=False,
            debounce=200,
            step=50,
            rust_timeout=_TICK,
            yield_on_timeout=True,
            stop_event=self._moved,
        )
        async with contextlib.aclosing(changes):
            async for some in changes:
                paths = {Path(path) for _, path in some}
                if not begun or (paths and await threads.catalogue("listing", self._concerned, paths)):
                    self._wakeup.set()  # the first time for what changed before the watch was there
                begun = True
        return None
