"""Work that would hold up the event loop, in threads: a bounded number at once, and a bounded number that waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pushbutton.errors import TooManySignIns

__all__ = ["BoundedThreads"]

T = TypeVar("T")


class BoundedThreads:
    def __init__(self, name: str, at_once: int, waiting: int) -> None:
        """`name`: how the threads are called."""
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._places = at_once + waiting
        self._taken = 0
        self._lock = threading.Lock()

    async def take(self, work: Callable[[], T]) -> T:
        """The result of `work`, when its turn has come. Raises `TooManySignIns` when too many wait already."""
        with self._lock:
            if self._taken >= self._places:
                raise TooManySignIns
            self._taken += 1
        future = self._pool.submit(work)
        # Not when the one who asked goes away: the thread is at it until it is done.
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Waits for what is being done; what waits for its turn is dropped."""
        self._pool.shutdown(cancel_futures=True)

    def _leave(self, _: Future[T]) -> None:
        with self._lock:
            self._taken -= 1
