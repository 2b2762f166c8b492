"""Tells other systems that runs ended or wait for others: each at least once, in order, from where it was told last.

Each endpoint is followed on its own, so that one that is down holds up no other. A message is tried a few times; then
it is given up and the next one's turn comes, with one try each until the endpoint takes one again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from pushbutton.domain.event import Event, Kind
from pushbutton.domain.run import RunState, is_last
from pushbutton.domain.webhook import Endpoint, ended, wanted
from pushbutton.errors import NoSuchRun
from pushbutton.runtime.core import Core
from pushbutton.runtime.tally import Receiver

from . import follow, tries

log = logging.getLogger(__name__)

BOOKMARK = "webhook:"
"""In front of an endpoint's key: how its bookmark and its lease are called."""


class Sender(Protocol):
    async def send(self, endpoint: Endpoint, number: int, body: bytes) -> None:
        """Raises `Undelivered`."""
        ...


class Webhooks:
    """`url` gives the address of a run's page."""

    def __init__(self, core: Core, sender: Sender, url: Callable[[int], str]) -> None:
        self._core, self._sender, self._url = core, sender, url

    async def run(self, endpoints: Sequence[Endpoint]) -> None:
        async with asyncio.TaskGroup() as group:
            for endpoint in endpoints:
                name = f"{BOOKMARK}{endpoint.key}"
                group.create_task(
                    follow.alone(self._core.store, name, self._core.worker, partial(self._follow, name, endpoint))
                )

    async def _follow(self, name: str, endpoint: Endpoint) -> None:
        works = True

        async def deal(event: Event) -> bool:
            nonlocal works
            if event.run is None or not (is_last(event) or _asks(event)):
                return False
            works = await self._tell(endpoint, event, tries.MOST if works else 1)
            return True

        await follow.events(self._core, name, deal)

    async def _tell(self, endpoint: Endpoint, event: Event, most: int) -> bool:
        """Whether the endpoint was there: False after the last try."""
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
        send = partial(self._sender.send, endpoint, event.id, body)
        if error := await tries.sent(send, self._core.tally, Receiver.WEBHOOK, most):
            log.warning("what became of run %d was not told: %s", run.id, error)
            return error.final
        return True


def _asks(event: Event) -> bool:
    """Whether it says that the run waits for an approval."""
    return event.kind is Kind.STATE and event.data["state"] == RunState.HELD
