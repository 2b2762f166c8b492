"""Removes old runs, a few at a time, so that presses and watchers never wait, and uploads that nobody pressed with."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from pushbutton import threads
from pushbutton.domain.run import UNFINISHED, Micros
from pushbutton.domain.upload import is_key, of_value
from pushbutton.errors import StoreError
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import UPLOADS, Files, RunQuery

log = logging.getLogger(__name__)

EVERY = 3600.0
FEW = 50  # runs in one transaction
BREATH = 0.2  # seconds between two of them
KEEP = 10  # the newest runs of each task stay, however old they are: they say how long it takes, and how it went
UNPRESSED = 1.0  # days for which a file waits for a press
DAY = 86_400
MANY = 1_000_000


async def run(core: Core, days: float) -> None:
    """Look every hour; with `days` 0 every run is kept, and what nobody pressed with goes all the same."""
    while True:
        try:
            runs, files = await prune(core, days)
            if runs or files:
                log.info("removed %d old runs and %d uploads", runs, files)
        except (StoreError, OSError) as error:
            log.warning("old runs and uploads stay for now: %s", error)
        except Exception:
            log.exception("removing old runs and uploads failed; trying again later")
        await asyncio.sleep(EVERY)


async def follow(core: Core) -> None:
    """Every hour, on each machine of several: one of them removes old runs, and all have something of theirs."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            if removed := await sweep(core):
                log.info("removed what was here of %d old runs", removed)
        except (StoreError, OSError) as error:
            log.warning("what is here of old runs stays for now: %s", error)
        except Exception:
            log.exception("removing what is here of old runs failed; trying again later")


async def sweep(core: Core) -> int:
    """Remove what is here of runs that are in the store no more; of how many that was. What has a higher number than
    any run stays: the store may have been put back to an earlier state.
    """
    newest = max((run.id for run in await core.store.runs(RunQuery(limit=1))), default=0)
    here = [number for number in await threads.ending(core.supervisors.kept) if number <= newest]
    gone = 0
    for begin in range(0, len(here), FEW):
        some = here[begin : begin + FEW]
        for number in set(some) - await core.store.known(some):
            await core.supervisors.remove(number)
            gone += 1
    return gone


async def prune(core: Core, days: float) -> tuple[int, int]:
    """Remove what is older than so many days (0: no runs), or than its task says; how many runs and uploads that were.

    A run has its own copies of what was brought for it, so an upload that no unfinished run names goes after a day.
    """
    own = {slug: task.keep for slug, task in core.catalog.tasks().items() if task.keep}
    removed = await _runs(core, _before(days), but=own)
    for slug, said in own.items():
        before, keep = _before(said.days or days), min(KEEP, said.runs or KEEP)
        removed += await _runs(core, before, keep=keep, task=slug, failed=not said.failed)
        if said.runs:
            removed += await _runs(core, now(), keep=said.runs, task=slug, failed=not said.failed)
    return removed, await _uploads(core, days)


def _before(days: float) -> Micros:
    """The moment before which a press is older than so many days; 0: none is too old."""
    return now() - int(days * DAY * 1_000_000) if days else 0


async def _runs(core: Core, before: Micros, *, keep: int = KEEP, **which: Any) -> int:
    """Remove what was pressed before that, but for the newest `keep` of each task; how many."""
    removed = 0
    while before and (old := await core.store.expired(before, keep=keep, limit=FEW, **which)):
        for number in old:
            # The folder first: killed in between, the row is still there and leads to what is left of it.
            await core.supervisors.remove(number)
        await core.store.forget(old)
        removed += len(old)
        await asyncio.sleep(BREATH)
    return removed


async def _uploads(core: Core, days: float) -> int:
    """How many went: none that an unfinished run names, for it may have no copy yet."""
    old = await threads.pruning(_old, core.files, days)
    if not old:
        return 0
    unfinished = await core.store.runs(RunQuery(states=UNFINISHED, limit=MANY))
    named = {of_value(value).stored for run in unfinished for value in run.inputs.values() if isinstance(value, str)}
    going = [file for file in old if _stored(file) not in named]
    for file in going:
        await threads.pruning(core.files.remove, file)
    return len(going)


def _old(files: Files, days: float) -> list[str]:
    found, at = [], time.time()
    for file in files.below(UPLOADS):
        # An earlier version kept a run's files here, without a copy, for as long as the run.
        most = days if not is_key(_stored(file.name)) else min(UNPRESSED, days or UNPRESSED)
        if most and file.at < at - most * DAY:
            found.append(file.name)
    return found


def _stored(name: str) -> str:
    """As `Upload.stored` has it."""
    return name.removeprefix(f"{UPLOADS}/")
