"""How a watcher hears that something grew."""

from __future__ import annotations

import asyncio
from typing import Protocol


class Listener(Protocol):
    """A watcher. `wake` is called in the event loop's thread when something grew; it must not wait nor raise."""

    def wake(self) -> None: ...


class Wakeup:
    """Wakes one watcher. Woken while nobody waits, it makes the next wait return at once."""

    def __init__(self) -> None:
        self._rung = False
        self._waiting: asyncio.Future[None] | None = None

    def wake(self) -> None:
        self._rung = True
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, seconds: float) -> bool:
        """False when nothing rang for so long."""
        if not self._rung:
            loop = asyncio.get_running_loop()
            self._waiting = loop.create_future()
            timer = loop.call_later(seconds, self._expire, self._waiting)
            try:
                await self._waiting
            finally:
                timer.cancel()
                self._waiting = None
        rung, self._rung = self._rung, False
        return rung

    @staticmethod
    def _expire(waiting: asyncio.Future[None]) -> None:
        if not waiting.done():
            waiting.set_result(None)
