"""One timer for all streams that send keepalives: a timer for each of ten thousand costs six megabytes."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

__all__ = ["Keepalive", "Ticking"]

OFTEN = 1.0
"""Seconds between two looks, at most; and at most a quarter of what is waited for."""


class Ticking(Protocol):
    def tick(self, now: float) -> None:
        """`now` is monotonic, in seconds. In the event loop's thread: it must not wait nor raise."""
        ...


class Keepalive:
    """Calls `tick` of all its members, often enough for one that has something to do every `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._pause = min(OFTEN, seconds / 4)
        self._members: set[Ticking] = set()
        self._timer: asyncio.TimerHandle | None = None

    def join(self, member: Ticking) -> None:
        self._members.add(member)
        if self._timer is None:
            self._wait()

    def leave(self, member: Ticking) -> None:
        self._members.discard(member)
        if self._timer and not self._members:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._pause, self._tick)

    def _tick(self) -> None:
        self._wait()
        now = time.monotonic()
        for member in list(self._members):
            member.tick(now)
