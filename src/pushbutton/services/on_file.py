"""Presses for files that come to rest in folders that tasks watch. Where no task watches one, it looks at nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from pushbutton.errors import PushbuttonError
from pushbutton.runtime.core import Core
from pushbutton.runtime.on_file import Lookout
from pushbutton.runtime.ports.files_seen import Folders

log = logging.getLogger(__name__)

AGAIN: Final = 1.0
"""Seconds until it is tried again where it could not be done."""
AT_REST: Final = 3600.0


async def run(core: Core, opened: Callable[[], Folders]) -> None:
    """Until cancelled."""
    folders = opened()
    lookout = Lookout(core, folders)
    listening = [core.notifier.listen(topic, folders.ring) for topic in ("catalog", "schedules")]
    try:
        while True:
            wait: float | None = AGAIN
            try:
                if not core.catalog.reading:
                    wait = await lookout.look()
            except PushbuttonError as error:
                log.warning("files that came wait: %s", error)
            except Exception:
                log.exception("pressing for files that came failed; trying again")
            await folders.wait(AT_REST if wait is None else wait)
    finally:
        for end in listening:
            end()
        await folders.close()
