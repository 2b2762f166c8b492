"""Sends what runs of this machine wrote and had before its history was shared: once, beside everything else."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from pushbutton import threads
from pushbutton.errors import NoSuchRun, StoreError
from pushbutton.runtime.core import Core

log = logging.getLogger(__name__)

PAUSE = 5.0  # seconds after a fault


async def run(core: Core, note: Path) -> None:
    """Until all is sent. `note`: the file in which stands up to which run it was."""
    while True:
        try:
            return await send(core, note)
        except (StoreError, OSError) as error:
            log.warning("what runs wrote before is not sent yet: %s", error)
        except Exception:
            log.exception("sending what runs wrote before failed; trying again")
        await asyncio.sleep(PAUSE)


async def send(core: Core, note: Path) -> None:
    done = await threads.ending(_noted, note)
    for number in await threads.ending(core.supervisors.kept):
        if number > done:
            await _all_of(core, number)
            await threads.ending(note.write_text, f"{number}\n")


async def _all_of(core: Core, number: int) -> None:
    """Output of a run that goes on its collector sends."""
    try:
        run = await core.store.run(number)
    except NoSuchRun:
        return
    if run.state.over:
        end = core.shipping.follow(number)
        await core.shipping.settled(number)
        end()
    await core.shipping.files(number)


def _noted(note: Path) -> int:
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return 0
