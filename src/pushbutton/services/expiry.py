"""Ends the wait of runs that nobody approved in time.

The time is that of the wall clock, for it goes on over restarts. Where that clock jumps, runs end sooner or later than
they would have; what they say of it then names the time that they had, not the time that has passed.
"""

from __future__ import annotations

import asyncio
import logging

from pushbutton.domain.run import RunState
from pushbutton.errors import StoreError
from pushbutton.runtime import approve
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import RunQuery

log = logging.getLogger(__name__)

EVERY = 2.0  # seconds


async def run(core: Core) -> None:
    """Look until cancelled."""
    while True:
        try:
            await expire(core)
        except StoreError as error:
            log.warning("what waits for an approval goes on waiting: %s", error)
        except Exception:
            log.exception("ending what waited too long for an approval failed; trying again")
        await asyncio.sleep(EVERY)


async def expire(core: Core) -> int:
    """How many it ended."""
    held = await core.store.runs(RunQuery(states=frozenset({RunState.HELD}), limit=approve.MANY))
    return sum([await approve.expire(core, run) for run in held])
