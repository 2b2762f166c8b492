"""Removes old runs and uploads, a few at a time, so that presses and watchers never wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from pushbutton.errors import StoreError
from pushbutton.runtime.core import Core, now

log = logging.getLogger(__name__)

EVERY = 3600.0
FEW = 50  # runs in one transaction
BREATH = 0.2  # seconds between two of them
KEEP = 10  # the newest runs of each task stay, however old they are: they say how long it takes, and how it went
DAY = 86_400


async def run(core: Core, days: float) -> None:
    """Look every hour; `days` 0 keeps everything."""
    while days > 0:
        try:
            runs, files = await prune(core, days)
            if runs or files:
                log.info("removed %d runs and %d uploads that are older than %g days", runs, files, days)
        except (StoreError, OSError) as error:
            log.warning("old runs stay for now: %s", error)
        await asyncio.sleep(EVERY)


async def prune(core: Core, days: float) -> tuple[int, int]:
    """Remove what is older than so many days; how many runs and uploads that were."""
    before, removed = now() - int(days * DAY * 1_000_000), 0
    while old := await core.store.expired(before, keep=KEEP, limit=FEW):
        for number in old:
            # The folder first: killed in between, the row is still there and leads to what is left of it.
            await core.spools.remove(number)
        await core.store.forget(old)
        removed += len(old)
        await asyncio.sleep(BREATH)
    return removed, await asyncio.to_thread(_uploads, core.uploads, time.time() - days * DAY)


def _uploads(folder: Path, before: float) -> int:
    old = [file for file in folder.iterdir() if file.stat().st_mtime < before]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)
