"""Tells a collector of each run that has ended: one span, at least once, from where it was told last."""

from __future__ import annotations

import logging
from functools import partial
from typing import Final, Protocol

from pushbutton.domain.event import Event
from pushbutton.domain.run import Run, is_last
from pushbutton.domain.trace import Span, span_of
from pushbutton.errors import NoSuchRun
from pushbutton.runtime.core import Core
from pushbutton.runtime.tally import Receiver

from . import follow, tries

log = logging.getLogger(__name__)

NAME: Final = "traces"
"""Of the bookmark."""


class Exporter(Protocol):
    async def send(self, run: Run, span: Span) -> None:
        """Raises `Undelivered`."""
        ...


async def run(core: Core, exporter: Exporter) -> None:
    """Until cancelled."""

    async def deal(event: Event) -> bool:
        if event.run is None or not is_last(event):
            return False
        try:
            ended = await core.store.run(event.run)
        except NoSuchRun:
            return False  # removed meanwhile
        span = span_of(ended, core.key)
        if span.sampled and not ended.aside:
            await _send(core, exporter, ended, span)
        return True

    await follow.events(core, NAME, deal)


async def _send(core: Core, exporter: Exporter, ended: Run, span: Span) -> None:
    if error := await tries.sent(partial(exporter.send, ended, span), core.tally, Receiver.COLLECTOR):
        log.warning("run %d is in no trace: %s", ended.id, error)
