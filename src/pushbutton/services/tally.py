"""Counts the runs that end, whichever node had them, from the server's start on."""

from __future__ import annotations

import contextlib

from pushbutton.domain.run import is_last
from pushbutton.errors import NoSuchRun
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import EVERYTHING


async def run(core: Core) -> None:
    """Until cancelled."""
    async for event in core.hub.events(EVERYTHING, core.hub.tip):
        if event.run is not None and is_last(event):
            with contextlib.suppress(NoSuchRun):  # removed meanwhile
                core.tally.over(await core.store.run(event.run))
