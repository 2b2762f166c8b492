"""Loops beside the straight line: each runs in one process only, and a follower of the events goes on where it was.

A lease in the store says which process that is. It counts for a minute, by the clock of the store, and is prolonged
meanwhile; one that ends gives it back, and of one that is gone the others take it when it has run out. A server that
starts again has the name that it had, so it goes on at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from pushbutton.domain.event import Event
from pushbutton.errors import StoreError
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import EVERYTHING, Store

log = logging.getLogger(__name__)

LEASE = 60.0  # seconds
RENEW = 20.0
PAUSE = 5.0  # between two tries to get it, and after a fault
MANY: Final = 1000  # events that were passed over, after which the bookmark is moved all the same


async def alone(store: Store, name: str, holder: str, work: Callable[[], Awaitable[None]]) -> None:
    """Until cancelled: `work`, while this process has the lease `name`, and once more after a pause when it ends."""
    while True:
        try:
            if await store.lease(name, holder, seconds=LEASE):
                await _while_held(store, name, holder, work)
        except (StoreError, OSError) as error:
            log.warning("%s waits: %s", name, error)
        except Exception:
            log.exception("%s failed; trying again", name)
        await asyncio.sleep(PAUSE)


async def _while_held(store: Store, name: str, holder: str, work: Callable[[], Awaitable[None]]) -> None:
    until = time.monotonic() + LEASE
    working = asyncio.ensure_future(work())
    try:
        while not working.done():
            await asyncio.wait({working}, timeout=_until_next())
            if working.done():
                break
            try:
                if not await store.lease(name, holder, seconds=LEASE):
                    log.warning("%s goes on in another process", name)
                    return
                until = time.monotonic() + LEASE
            except StoreError:
                if time.monotonic() > until:
                    raise
        await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        with contextlib.suppress(StoreError):
            await store.lease(name, holder, seconds=0)


def _until_next() -> float:
    """All loops of a process prolong theirs at the same moment: that is one write."""
    return RENEW - time.monotonic() % RENEW


async def events(core: Core, name: str, deal: Callable[[Event], Awaitable[bool]]) -> None:
    """Deal with each event behind the bookmark `name`, in order and at least once, until cancelled. `deal` says whether
    it did anything; where it did, its event is not dealt with again.

    Who follows for the first time begins with what comes from now on.
    """
    newest = await core.store.last_event()
    kept = await core.store.bookmark(name)
    if kept is None or kept > newest:  # the history is another one: nothing of the past
        kept = newest
        await core.store.keep(name, kept)
    async for event in core.hub.events(EVERYTHING, kept):
        if await deal(event) or event.id >= kept + MANY:
            kept = event.id
            await core.store.keep(name, kept)
