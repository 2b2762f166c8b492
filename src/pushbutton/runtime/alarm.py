"""Rings at a moment of the wall clock. The clock can be set meanwhile, which no timer notices, so it is looked at each
second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LOOK = 1.0  # seconds between two looks at the clock


class Alarm:
    """One moment at a time; a new one takes the place of the one before."""

    def __init__(self, ring: Callable[[], None], clock: Callable[[], int]) -> None:
        """`clock`: microseconds since the epoch."""
        self._ring, self._clock = ring, clock
        self._timer: asyncio.TimerHandle | None = None

    def set(self, moment: int | None) -> None:
        """None: it does not ring."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if moment is not None:
            left = max(0.0, (moment - self._clock()) / 1e6)
            self._timer = asyncio.get_running_loop().call_later(min(left, LOOK), self._look, moment)

    def _look(self, moment: int) -> None:
        if self._clock() >= moment:
            self._timer = None
            self._ring()
        else:
            self.set(moment)
