"""Things that have a latest value only: a list of tasks with their states, the end of an output."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from .wakeup import Listener

log = logging.getLogger(__name__)

Producer = Callable[[str], AsyncIterator[bytes]]
"""Given what follows the prefix of a topic, yields its frames, newest wins; runs only while somebody watches."""


class Board:
    """A topic with a latest value only: a slow watcher gets the newest and misses what is stale."""

    def __init__(self, topic: str, frames: AsyncIterator[bytes]) -> None:
        self.topic = topic
        self.version, self.frame = 0, b""
        self.listeners: set[Listener] = set()
        self._task = asyncio.create_task(self._follow(frames))

    async def _follow(self, frames: AsyncIterator[bytes]) -> None:
        try:
            async for latest in frames:
                self.frame = latest
                self.version += 1
                for listener in self.listeners:
                    listener.wake()
        except Exception:
            log.exception("a board stopped")

    def after(self, version: int) -> tuple[bytes, int]:
        return (self.frame, self.version) if self.version > version else (b"", version)

    def close(self) -> None:
        self._task.cancel()
