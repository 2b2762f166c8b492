"""Tells other systems that runs ended or wait for others: each at least once, in order, from where it was told last.

Each target is followed by itself, so that one that is down holds up nobody but itself. A message is tried a few times;
then it is given up and the next one's turn comes, with one try each until the target takes one again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from pushbutton.domain.event import Event, Kind
from pushbutton.domain.run import RunState
from pushbutton.domain.webhook import Target, ended, wanted
from pushbutton.errors import NoSuchRun, StoreError, Undelivered
from pushbutton.runtime.core import Core
from pushbutton.runtime.watch import EVERYTHING, is_last

log = logging.getLogger(__name__)

TRIES = 8
FIRST, LONGEST = 1.0, 60.0  # seconds between two tries: doubled each time; two minutes for all of them
MANY = 1000  # events that concern no target, after which the place is kept all the same
PAUSE = 5.0  # after a fault


class Sender(Protocol):
    async def send(self, target: Target, number: int, body: bytes) -> None:
        """Raises `Undelivered`."""
        ...


class Places(Protocol):
    async def read(self, name: str) -> int | None: ...

    async def keep(self, name: str, event: int) -> None:
        """Raises `OSError`."""
        ...


class Webhooks:
    """`url` gives the address of a run's page."""

    def __init__(self, core: Core, sender: Sender, places: Places, url: Callable[[int], str]) -> None:
        self._core, self._sender, self._places, self._url = core, sender, places, url

    async def run(self, targets: Sequence[Target]) -> None:
        async with asyncio.TaskGroup() as group:
            for target in targets:
                group.create_task(self._follow(target))

    async def _follow(self, target: Target) -> None:
        while True:
            try:
                await self._go_on(target)
            except (StoreError, OSError) as error:
                log.warning("messages to %s wait: %s", target, error)
            except Exception:
                log.exception("following the events for %s failed; trying again", target)
            await asyncio.sleep(PAUSE)

    async def _go_on(self, target: Target) -> None:
        newest = await self._core.store.last_event()
        kept = await self._places.read(target.key)
        if kept is None or kept > newest:  # it is new, or the history is another one: nothing of the past
            kept = newest
            await self._places.keep(target.key, kept)
        works = True
        async for event in self._core.hub.events(EVERYTHING, kept):
            if event.run is not None and (is_last(event) or _asks(event)):
                works = await self._tell(target, event, TRIES if works else 1)
            elif event.id < kept + MANY:
                continue
            kept = event.id
            await self._places.keep(target.key, kept)

    async def _tell(self, target: Target, event: Event, tries: int) -> bool:
        """Whether the target was there: False after the last try."""
        assert event.run is not None  # noqa: S101  asked before
        try:
            run = await self._core.store.run(event.run)
        except NoSuchRun:
            return True  # removed meanwhile
        if run.aside:
            return True  # in a copy of the data folder: how it ended in the original, if it did, is told by that
        if is_last(event):
            body = ended(event, run, self._url(run.id))
        elif run.state is RunState.HELD and run.hold:
            body = wanted(event, run, run.hold, self._url(run.id))
        else:
            return True  # decided meanwhile: nobody is asked any more
        for attempt in range(tries):
            try:
                await self._sender.send(target, event.id, body)
            except Undelivered as error:
                if error.final or attempt == tries - 1:
                    log.warning("what became of run %d was not told: %s", run.id, error)
                    return error.final
                await asyncio.sleep(min(LONGEST, FIRST * 2**attempt))
            else:
                break
        return True


def _asks(event: Event) -> bool:
    """Whether it says that the run waits for an approval."""
    return event.kind is Kind.STATE and event.data["state"] == RunState.HELD
