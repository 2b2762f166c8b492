"""Presses what is due. At rest it looks at the clock, and at schedules when one is due, the tasks change, or one is
paused; in the store only at those that are due or new.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from pushbutton.errors import PushbuttonError
from pushbutton.runtime.alarm import Alarm
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.lookout import Lookout

log = logging.getLogger(__name__)

AGAIN = 1.0  # seconds until it is tried again where it could not be done


async def run(core: Core) -> None:
    """Until cancelled."""
    woken = asyncio.Event()
    lookout = Lookout(core)
    alarm = Alarm(woken.set, now)
    listening = [core.notifier.listen(topic, woken.set) for topic in ("catalog", "schedules")]
    listening.append(core.directory.listen(_if_others(core, woken.set)))  # another server may have made one
    try:
        while True:
            woken.clear()
            try:
                alarm.set(None if core.catalog.reading else await lookout.look())
            except PushbuttonError as error:
                log.warning("what is due waits: %s", error)
                asyncio.get_running_loop().call_later(AGAIN, woken.set)
            except Exception:
                log.exception("pressing what is due failed; trying again")
                asyncio.get_running_loop().call_later(AGAIN, woken.set)
            await woken.wait()
    finally:
        alarm.set(None)
        for end in listening:
            end()


def _if_others(core: Core, heard: Callable[[], None]) -> Callable[[], None]:
    """Calls `heard` where the schedules that people made are others than before."""
    known = core.directory.all.schedules

    def changed() -> None:
        nonlocal known
        before, known = known, core.directory.all.schedules
        if before != known:
            heard()

    return changed
