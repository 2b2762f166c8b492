"""Hands a run's orders to its supervisor; for the collector, which alone speaks to one.

The rows are the truth: whatever waits is handed over in its order, and goes once the supervisor has written down that
it has heard it. The supervisor drops what it has heard before, so being killed anywhere repeats or loses nothing. One
of protocol 1 says nothing: there an order goes once it is in the pipe, and being killed in that moment repeats it.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from pushbutton.domain.order import Order, OrderKind
from pushbutton.domain.run import Run
from pushbutton.errors import StoreDamaged

from . import journal
from .core import Core
from .watch.wakeup import Wakeup
from .watchdog import Watchdog

log = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two tries while the supervisor has no room, or does not hear


class Delivery:
    """`look` as often as there may be something to do; `wake` when there are new orders."""

    def __init__(self, core: Core, run: Run, wakeup: Wakeup, watchdog: Watchdog) -> None:
        self._core, self._run, self._wakeup, self._watchdog = core, run, wakeup, watchdog
        self._waiting: list[Order] = []  # as far as we know, what the supervisor has not heard
        self._last = 0  # the number of the last order that we know of
        self._woken = True
        self._next = 0.0  # when it is tried again

    def wake(self) -> None:
        self._woken = True
        self._wakeup.wake()

    def heard(self, last: int) -> None:
        """The supervisor has carried out all up to this one, and these are gone from the store."""
        if last:
            self._waiting = [order for order in self._waiting if order.n > last]
            self._next = 0.0  # there may be room again, in the pipe and among what may wait
            self._core.notifier.hint(f"told:{self._run.id}")

    async def look(self) -> None:
        """Raises `Fenced` when another has the run."""
        if not self._woken and not (self._waiting and time.monotonic() >= self._next):
            return
        core, run = self._core, self._run
        if self._woken:
            self._woken = False
            self._waiting += [_opened(core, order) for order in await core.store.orders(run.id, after=self._last)]
            self._last = self._waiting[-1].n if self._waiting else self._last
        if any(order.kind is OrderKind.STOP for order in self._waiting):
            self._watchdog.order()
        if not self._waiting:
            return
        self._next = time.monotonic() + LOOK
        unanswered = core.supervisors.tell(run.id, self._waiting, self._room)
        core.notifier.hint(f"told:{run.id}")
        if unanswered:
            await journal.said(core, run, [], {}, unanswered)
            self.heard(unanswered)

    def _room(self) -> None:
        self._next = 0.0
        self._wakeup.wake()

    def close(self) -> None:
        self._core.supervisors.hang_up(self._run.id)
        self._core.notifier.hint(f"told:{self._run.id}")


def _opened(core: Core, order: Order) -> Order:
    """Readable again: what was reported may hold a secret, which only the supervisor knows."""
    if order.kind is not OrderKind.REPORT:
        return order
    try:
        return replace(order, data={"lines": core.seal.open(str(order.data["lines"]))})
    except StoreDamaged:
        log.warning("a report on a run cannot be read: server.key is not the one with which it was kept")
        return replace(order, data={"lines": ""})
