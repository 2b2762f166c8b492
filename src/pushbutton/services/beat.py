"""A node's sign of life, and what it learns by it: whether it is to take nothing new."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from pushbutton.domain.node import BEAT, Node
from pushbutton.errors import StoreError
from pushbutton.runtime.clock import now
from pushbutton.runtime.core import Core
from pushbutton.runtime.worker import Worker

log = logging.getLogger(__name__)


async def run(core: Core, node: Node, worker: Worker) -> None:
    """Until cancelled."""
    changed = asyncio.Event()
    end = core.notifier.listen("nodes", changed.set)  # somebody may have asked that it takes nothing new
    try:
        await _go_on(core, node, worker, changed)
    finally:
        end()


async def _go_on(core: Core, node: Node, worker: Worker, changed: asyncio.Event) -> None:
    while True:
        changed.clear()
        try:
            draining = await core.store.nodes.beat(node.name, clock=now())
            if draining is None:
                await core.store.nodes.join(node, clock=now())
            else:
                worker.drain(on=draining)
        except StoreError as error:
            log.warning("%s gives no sign of life: %s", node.name, error)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEAT):
                await changed.wait()
